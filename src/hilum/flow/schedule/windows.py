"""Windows: the hours of a week in which a source looks, or a receiver may be called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from hilum.connector import Tables
from hilum.errors import SettingsError
from hilum.flow.schedule.days import DAY_NAMES, DAY_WORDS, Holidays, first_instant, last_instant, listed, zone_of

_EXAMPLE: Final = "write days and hours, for example 'MON-FRI 06:00-18:00'"
_HOURS: Final = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_FURTHEST: Final = 400  # days that are looked through for the next window: a year with all its holidays

Span = tuple[datetime, datetime]
"""From, and up to (not with): moments in UTC."""


@dataclass(frozen=True, slots=True)
class _Week:
    """One text, read: on which days, from when to when, in minutes after midnight."""

    days: frozenset[int]  # 0: Monday
    hours: tuple[tuple[int, int], ...]


class Windows:
    """When something is open.

    Each text has days (`MON-FRI`, `MON,WED`; none: every day) and hours (`06:00-18:00`, several with commas). A window
    that ends before it begins goes on past midnight and belongs to the day on which it begins. On `holidays` (dates, or
    the name of a lookup table of dates) none begins. In the hour that the clock shows twice, a window begins at the
    first showing and ends at the last; one in the hour that it skips begins or ends at the jump.
    """

    def __init__(self, *weeks: str, zone: str, holidays: str | Iterable[str | date] = ()) -> None:
        where = f"Windows({', '.join(map(repr, weeks))})"
        if not weeks:
            raise SettingsError(f"{where}: {_EXAMPLE}.")
        self.texts = weeks
        self.zone = zone_of(zone, where)
        self.holidays = Holidays(holidays, where)
        self._weeks = tuple(_read(text, where) for text in weeks)

    def __repr__(self) -> str:
        return f"<Windows {'; '.join(self.texts)} {self.zone.key}>"

    def open_at(self, moment: datetime) -> bool:
        """Is it open then?"""
        day = moment.astimezone(self.zone).date()
        return any(begin <= moment < end for begin, end in self._spans(day - timedelta(days=1), 2))

    def opens_at(self, moment: datetime) -> datetime | None:
        """When it is open next: the moment itself where it is open then; none where that is more than a year away."""
        day = moment.astimezone(self.zone).date() - timedelta(days=1)
        for begin, end in self._spans(day, _FURTHEST):
            if end > moment:
                return max(begin, moment)
        return None

    def closes_at(self, moment: datetime) -> datetime | None:
        """When it closes next; none where it never does. The moment itself where it is closed then."""
        day = moment.astimezone(self.zone).date() - timedelta(days=1)
        until = moment
        for begin, end in self._spans(day, _FURTHEST):
            if begin > until:
                return until
            until = max(until, end)
        return None if until - moment > timedelta(days=_FURTHEST - 3) else until

    def spans(self, first: date, days: int) -> Iterator[Span]:
        """When it is open on so many days from the first on, in order; what overlaps or touches is one span."""
        last: Span | None = None
        for begin, end in self._spans(first, days):
            if last is not None and begin <= last[1]:
                last = (last[0], max(last[1], end))
                continue
            if last is not None:
                yield last
            last = (begin, end)
        if last is not None:
            yield last

    @property
    def day_length(self) -> timedelta:
        """How long it is open on a day on which it is, on average over the week; holidays do not count."""
        minutes, days = 0, 0
        for day in range(7):
            hours = sorted(each for week in self._weeks if day in week.days for each in week.hours)
            until = 0
            for begin, end in hours:
                minutes += max(end - max(begin, until), 0)
                until = max(until, end)
            days += bool(hours)
        return timedelta(minutes=minutes / days)

    def _spans(self, first: date, days: int) -> Iterator[Span]:
        """The windows that begin on these days, in order of their beginning; none that is empty."""
        for number in range(days):
            day = first + timedelta(days=number)
            if day in self.holidays:
                continue
            yield from sorted(
                span
                for week in self._weeks
                if day.weekday() in week.days
                for hours in week.hours
                if (span := self._span(day, *hours))[0] < span[1]
            )

    def _span(self, day: date, begin: int, end: int) -> Span:
        last = day + timedelta(days=end // 1440)
        end %= 1440
        return (
            first_instant(day, time(begin // 60, begin % 60), self.zone),
            last_instant(last, time(end // 60, end % 60), self.zone),
        )

    def bind(self, tables: Tables) -> None:
        """Use these lookup tables. Raises `SettingsError` where the table of holidays is missing or wrong."""
        self.holidays.bind(tables)

    def words(self) -> str:
        """For people: `Monday to Friday 06:00 to 18:00 (Europe/Berlin), not on holidays`."""
        said = listed([_said(week) for week in self._weeks])
        return f"{said} ({self.zone.key}){', not on holidays' if self.holidays else ''}"

    def until_words(self, now: datetime) -> str:
        """For people, while it is closed: `until Monday 06:00 (Europe/Berlin)`; a date where it is a week away."""
        opens = self.opens_at(now)
        if opens is None:
            return "for good: it never opens"
        local = opens.astimezone(self.zone)
        day = f"{local:%A}" if opens - now < timedelta(days=6) else f"{local:%A} {local.day} {local:%B %Y}"
        return f"until {day} {local:%H:%M} ({self.zone.key})"


def _read(text: str, where: str) -> _Week:
    parts = text.upper().split()
    if not 1 <= len(parts) <= 2:
        raise SettingsError(f"{where}: {text!r} cannot be read; {_EXAMPLE}.")
    days = _days(parts[0], where) if len(parts) == 2 else frozenset(range(7))
    return _Week(days, tuple(_hours(each, where) for each in parts[-1].split(",")))


def _days(text: str, where: str) -> frozenset[int]:
    found: set[int] = set()
    for each in text.split(","):
        first, _, last = each.partition("-")
        last = last or first
        if first not in DAY_NAMES or last not in DAY_NAMES:
            raise SettingsError(f"{where}: {each!r} is no day; days are {', '.join(DAY_NAMES)}; {_EXAMPLE}.")
        begin, end = DAY_NAMES.index(first), DAY_NAMES.index(last)
        found.update(number % 7 for number in range(begin, end + 1 if end >= begin else end + 8))
    return frozenset(found)


def _hours(text: str, where: str) -> tuple[int, int]:
    found = _HOURS.fullmatch(text)
    if not found:
        raise SettingsError(f"{where}: {text!r} are no hours; {_EXAMPLE}.")
    begin, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if int(found[2]) > 59 or int(found[4]) > 59 or begin >= 1440 or end > 1440 or begin == end:
        raise SettingsError(f"{where}: {text!r} are no hours of a day (00:00 to 24:00); {_EXAMPLE}.")
    return begin, end if end > begin else end + 1440


def _said(week: _Week) -> str:
    hours = listed([f"{_clock(begin)} to {_clock(end % 1440 or 1440)}" for begin, end in week.hours])
    return f"{_days_said(week.days)} {hours}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _days_said(days: frozenset[int]) -> str:
    """`every day`, `Monday to Friday`, `Monday and Wednesday`."""
    if len(days) == 7:
        return "every day"
    ordered = sorted(days)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{DAY_WORDS[ordered[0]]} to {DAY_WORDS[ordered[-1]]}"
    return listed([DAY_WORDS[day] for day in ordered])

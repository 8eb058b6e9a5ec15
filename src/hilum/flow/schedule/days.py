"""Days and places: time zones by name, holidays from a table or a list, moments of the clock on the wall."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hilum.connector import Tables
from hilum.errors import SettingsError

log = logging.getLogger("hilum.schedule")

DAY_NAMES: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
DAY_WORDS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_ONE_SECOND: Final = timedelta(seconds=1)


def zone_of(name: str, where: str) -> ZoneInfo:
    """The time zone of this name. Raises `SettingsError`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(
            f"{where}: there is no time zone {name!r}; write its name in the IANA list, for example 'Europe/Berlin'."
        ) from None


class Holidays:
    """Days on which nothing runs: a list of dates, or the name of a lookup table whose first column is the date.

    The table is a file like any other of `lookups/` (`date,name`), and is read again when it changes.
    """

    def __init__(self, given: str | Iterable[str | date], where: str) -> None:
        self.table = given if isinstance(given, str) else ""
        self._where = where
        self._tables: Tables | None = None
        self._read: tuple[int, frozenset[date]] = (-1, frozenset())  # version of the table, its dates
        self._listed = frozenset() if isinstance(given, str) else frozenset(_day(each, where) for each in given)

    def __bool__(self) -> bool:
        return bool(self.table or self._listed)

    def __contains__(self, day: date) -> bool:
        return day in self._days()

    def bind(self, tables: Tables) -> None:
        """Use these lookup tables. Raises `SettingsError` where the table is missing or holds what is no date."""
        if self.table:
            self._read = (tables.version(self.table), self._dates(tables))
            self._tables = tables

    def _days(self) -> frozenset[date]:
        """The days. A table that changed to something wrong keeps its former days in force, as lookups do."""
        if not self.table:
            return self._listed
        if self._tables is None:
            raise SettingsError(
                f"{self._where}: the table of holidays '{self.table}' is not at hand outside a project."
            )
        version = self._tables.version(self.table)
        if version != self._read[0]:
            try:
                self._read = (version, self._dates(self._tables))
            except SettingsError as error:
                log.warning("the former holidays stay in force: %s", error)
                self._read = (version, self._read[1])
        return self._read[1]

    def _dates(self, tables: Tables) -> frozenset[date]:
        return frozenset(_day(code, f"lookups/{self.table}.csv") for code in tables.codes(self.table))


def _day(given: str | date, where: str) -> date:
    if isinstance(given, date) and not isinstance(given, datetime):
        return given
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise SettingsError(
            f"{where}: {str(given)[:20]!r} is no date; write year, month and day, as 2026-12-25."
        ) from None


def first_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first moment at which the clock of that place shows this time, or has passed it where it skips it."""
    return _instant(day, at, zone, fold=0)


def last_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The last moment at which the clock of that place shows this time: it shows some twice when summer time ends."""
    return _instant(day, at, zone, fold=1)


def _instant(day: date, at: time, zone: ZoneInfo, *, fold: int) -> datetime:
    found = datetime.combine(day, at.replace(fold=fold), tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None, fold=0) == datetime.combine(day, at):
        return found
    # The clock skips it: the moment at which it jumps lies between the two readings of a time that does not exist
    # (PEP 495), and is where the offset changes.
    low = datetime.combine(day, at.replace(fold=1), tzinfo=zone).astimezone(UTC)
    high = datetime.combine(day, at.replace(fold=0), tzinfo=zone).astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    while high - low > _ONE_SECOND:
        middle = low + timedelta(seconds=(high - low) // _ONE_SECOND // 2)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)

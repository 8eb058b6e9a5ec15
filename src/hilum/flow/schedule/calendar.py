"""A calendar of runs: the times of a cron expression in one place, without its holidays."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from cronsim import CronSim, CronSimError

from hilum.connector import Tables
from hilum.errors import SettingsError
from hilum.flow.schedule.days import Holidays, zone_of

CatchUp = Literal["latest", "all", "skip"]
"""What becomes of runs that were missed while no hub ran."""

CATCH_UP_LIMIT: Final = 1_000
"""The most missed runs of one calendar that are made up after an outage; older ones are left out, and that is said."""

_FAR: Final = timedelta(days=366 * 5)
"""Times that do not come within five years are as good as never."""

_CATCH_UP_WORDS: Final = {
    "latest": "missed runs are made up once",
    "all": f"missed runs are made up one by one, at most {CATCH_UP_LIMIT}",
    "skip": "missed runs are left out",
}


class Calendar:
    """When a flow runs.

    `cron` has five fields: minute, hour, day of month, month, day of week (`0 6 * * MON-FRI`), as cron reads them.
    `zone` is the name of a time zone; as in cron, a fixed time that the clock skips runs right after the jump, and one
    that it shows twice runs once. `holidays` are dates, or the name of a lookup table of dates: nothing runs on them.
    `catch_up`: after an outage make up the `latest` missed run, `all` of them, or none (`skip`).
    """

    def __init__(
        self,
        cron: str,
        *,
        zone: str,
        holidays: str | Iterable[str | date] = (),
        catch_up: CatchUp = "latest",
    ) -> None:
        where = f"Calendar({cron!r})"
        self.cron = " ".join(cron.split())
        self.zone = zone_of(zone, where)
        self.holidays = Holidays(holidays, where)
        if catch_up not in _CATCH_UP_WORDS:
            raise SettingsError(f"{where}: catch_up is 'latest', 'all' or 'skip', not {catch_up!r}.")
        self.catch_up: CatchUp = catch_up
        self._check(where)

    def __repr__(self) -> str:
        return f"<Calendar {self.cron} {self.zone.key}>"

    def _check(self, where: str) -> None:
        example = "for example '0 6 * * MON-FRI': minute, hour, day of month, month, day of week"
        if len(self.cron.split()) != 5:
            raise SettingsError(f"{where}: a cron expression has five fields, {example}.")
        try:
            next(self._times(datetime(2000, 1, 1, tzinfo=UTC)))
        except CronSimError as error:
            what = str(error).removeprefix("Bad ")
            raise SettingsError(f"{where}: the {what} cannot be read; write {example}.") from None
        except StopIteration:
            raise SettingsError(f"{where}: this never comes; write {example}.") from None

    def after(self, moment: datetime) -> datetime | None:
        """The first run after this moment; none where there is none within five years."""
        return next(self.between(moment, moment + _FAR), None)

    def before(self, moment: datetime) -> datetime | None:
        """The last run before this moment; none where there is none within five years."""
        found = self.latest(moment - _FAR, moment - timedelta(microseconds=1), 1)
        return found[-1] if found else None

    def between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """The runs after the first moment up to and with the second, in order."""
        for at in self._times(after):
            if at > until:
                return
            if at.astimezone(self.zone).date() not in self.holidays:
                yield at

    def latest(self, after: datetime, until: datetime, count: int) -> list[datetime]:
        """The last `count` runs after the first moment up to and with the second, in order; fewer where there are."""
        span = timedelta(days=1)
        while True:  # backwards in growing steps: years of missed minutes are never counted through
            start = max(after, until - span)
            found = deque(self.between(start, until), maxlen=count)
            if len(found) == count or start == after:
                return list(found)
            span *= 8

    def _times(self, after: datetime) -> Iterator[datetime]:
        for found in CronSim(self.cron, after.astimezone(self.zone)):
            at = found.astimezone(UTC)
            # in the hour that the clock shows twice cron's fixed times are those of the first showing
            if at > after:
                yield at

    def bind(self, tables: Tables) -> None:
        """Use these lookup tables. Raises `SettingsError` where the table of holidays is missing or wrong."""
        self.holidays.bind(tables)

    def words(self) -> str:
        """For people: `at 06:00 on Monday to Friday (Europe/Berlin), not on holidays; missed runs are made up once`."""
        explained = CronSim(self.cron, datetime(2000, 1, 1, tzinfo=UTC)).explain().replace(" through ", " to ")
        said = f"{explained[0].lower()}{explained[1:]} ({self.zone.key})"
        if self.holidays:
            said += ", not on holidays"
        return f"{said}; {_CATCH_UP_WORDS[self.catch_up]}"

    def at(self, moment: datetime) -> str:
        """A moment as people of that place say it: `Monday 2 November 2026, 06:00`."""
        local = moment.astimezone(self.zone)
        return f"{local:%A} {local.day} {local:%B %Y, %H:%M}"

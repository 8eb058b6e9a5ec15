"""Working hours: clocks of a team run only while it works, by days, hours, time zone and public holidays.

They are settings, and their holidays may be a lookup table that people edit. The hub writes the spans of many months
into the database, where every clock is counted: so a case that is opened, a question, a reminder, an escalation and a
filter of the desk all count by the same hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Final

from psycopg.rows import class_row

from hilum.cases.clocks import retime
from hilum.flow import Criticality
from hilum.flow.hours import TeamHours
from hilum.flow.schedule.windows import Span
from hilum.flow.stakes import RANK
from hilum.postgres import Connection

BACK: Final = timedelta(days=400)
AHEAD: Final = timedelta(days=800)
"""Around the first day of this month: what waits longer, or is due later, counts every hour beyond."""

Row = tuple[int, str, list[int], str, float, str]


class WorkingHours:
    """Keeps the hours in the database as the settings and the tables of holidays say."""

    def __init__(self, hours: Sequence[TeamHours]) -> None:
        self._hours = hours
        self._kept: object = None

    def changed(self) -> bool:
        """Has a holiday come or gone, or a month passed, since they were kept? Cheap: it asks no database."""
        return self._mark(_today()) != self._kept

    async def keep(self, connection: Connection) -> bool:
        """Within a transaction: they hold from now on, also for what is open. False: they held already."""
        today = _today()
        mark = self._mark(today)
        changed = await declare(connection, self._hours, today)
        self._kept = mark
        return changed

    def _mark(self, today: date) -> object:
        first, days = _period(today)
        dates = [first + timedelta(days=number) for number in range(days)]
        return first, [[day for day in dates if day in each.windows.holidays] for each in self._hours]


async def declare(connection: Connection, hours: Sequence[TeamHours], today: date) -> bool:
    """Within a transaction: these hold from now on, also for what is open. False: they held already."""
    first, days = _period(today)
    spans = [list(each.windows.spans(first, days)) for each in hours]
    wanted = [_row(place, each, found) for place, (each, found) in enumerate(zip(hours, spans, strict=True))]
    await connection.execute("LOCK TABLE service_hours IN SHARE ROW EXCLUSIVE MODE")
    cursor = await connection.execute(
        "SELECT place, team, criticality, words, day_seconds, digest FROM service_hours ORDER BY place"
    )
    if await cursor.fetchall() == wanted:
        return False
    await connection.execute("DELETE FROM service_hours")
    await connection.cursor().executemany(
        "INSERT INTO service_hours (place, team, criticality, words, day_seconds, digest)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        wanted,
    )
    await _write(connection, spans)
    await retime(connection)
    return True


def _row(place: int, hours: TeamHours, spans: Sequence[Span]) -> Row:
    ranks = sorted(RANK[each] for each in hours.criticality)
    said = " ".join(f"{begin.isoformat()}/{end.isoformat()}" for begin, end in spans)
    digest = blake2b(said.encode(), digest_size=12).hexdigest()
    return place, hours.team, ranks, hours.windows.words(), hours.windows.day_length.total_seconds(), digest


async def _write(connection: Connection, found: Sequence[Sequence[Span]]) -> None:
    columns = "COPY service_span (place, starts_at, ends_at, before) FROM STDIN"
    async with connection.cursor() as cursor, cursor.copy(columns) as copy:
        for place, spans in enumerate(found):
            before = 0.0
            for begin, end in spans:
                await copy.write_row((place, begin, end, before))
                before += (end - begin).total_seconds()


def _today() -> date:
    return datetime.now(UTC).date()


def _period(today: date) -> tuple[date, int]:
    """The first day, and how many: the same for a month, so that they are written once in it."""
    first = today.replace(day=1) - BACK
    return first, (BACK + AHEAD).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How a team works now."""

    words: str  # days, hours, time zone
    opens_at: datetime | None  # when it works next; none: it works now, or not for a long time


async def shift(connection: Connection, team: str, criticality: int) -> Shift | None:
    """The hours in which a clock of this team runs; none: around the clock."""
    async with connection.cursor(row_factory=class_row(Shift)) as cursor:
        await cursor.execute(
            "SELECT h.words, (SELECT nullif(greatest(s.starts_at, now()), now()) FROM service_span s"
            "  WHERE s.place = h.place AND s.ends_at > now() ORDER BY s.starts_at LIMIT 1) AS opens_at"
            " FROM service_hours h WHERE h.team IN ('', %(team)s)"
            " AND (h.criticality = '{}' OR %(criticality)s = ANY (h.criticality)) ORDER BY h.place LIMIT 1",
            {"team": team, "criticality": criticality},
        )
        return await cursor.fetchone()


async def shifts_of(connection: Connection, teams: Sequence[str]) -> dict[str, Shift]:
    """By team, for what is of normal criticality; those that work around the clock are missing."""
    found = {team: await shift(connection, team, RANK[Criticality.NORMAL]) for team in teams}
    return {team: one for team, one in found.items() if one is not None}

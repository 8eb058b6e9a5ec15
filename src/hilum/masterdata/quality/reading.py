"""What stewards ask: scores by source and facility, the trend by day, and the list of what is to be put right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How much of what was checked holds."""

    object: str
    source: str
    facility: str
    checked: int
    failed: int

    @property
    def percent(self) -> float:
        """From 0 to 100."""
        return 100.0 * (self.checked - self.failed) / self.checked if self.checked else 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The same of one day."""

    day: date
    checked: int
    failed: int

    @property
    def percent(self) -> float:
        """From 0 to 100."""
        return 100.0 * (self.checked - self.failed) / self.checked if self.checked else 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A record of which a rule does not hold. It goes when the record comes again and the rule holds."""

    object: str
    key: str
    rule: str
    source: str
    facility: str
    first_seen: datetime
    last_seen: datetime
    seen: int


async def scores(connection: Connection, *, days: int = 30) -> list[Score]:
    """By object, source and facility, the worst first."""
    async with connection.cursor(row_factory=class_row(Score)) as cursor:
        await cursor.execute(
            "SELECT object, source, facility, sum(checked)::bigint AS checked, sum(failed)::bigint AS failed"
            " FROM quality_count WHERE day > current_date - %s::int GROUP BY 1, 2, 3"
            " ORDER BY sum(failed) / sum(checked) DESC, 1, 2, 3",
            [days],
        )
        return await cursor.fetchall()


async def trend(connection: Connection, object_: str = "", *, days: int = 30) -> list[Day]:
    """By day, the latest last."""
    async with connection.cursor(row_factory=class_row(Day)) as cursor:
        await cursor.execute(
            "SELECT day, sum(checked)::bigint AS checked, sum(failed)::bigint AS failed FROM quality_count"
            " WHERE day > current_date - %s::int AND (%s = '' OR object = %s) GROUP BY 1 ORDER BY 1",
            [days, object_, object_],
        )
        return await cursor.fetchall()


async def work_list(connection: Connection, object_: str = "", *, limit: int = 200) -> list[Finding]:
    """What is to be put right, the latest seen first."""
    async with connection.cursor(row_factory=class_row(Finding)) as cursor:
        await cursor.execute(
            "SELECT * FROM quality_finding WHERE %s = '' OR object = %s ORDER BY last_seen DESC, object, key LIMIT %s",
            [object_, object_, limit],
        )
        return await cursor.fetchall()

"""What stewards ask: scores by source, facility or rule, the trend by day, and the list of what is to be put right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from psycopg.rows import class_row

from hilum.masterdata.quality import unique
from hilum.postgres import Connection

By = Literal["object", "rule", "source", "facility"]
"""What scores and trends are told apart by."""

FINDING_DAYS: Final = 400
COUNT_DAYS: Final = 1100
"""Whole days for which a record stays in the list that does not come again, and for which counts are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which part of it all. An empty object, rule or source: all of them; a facility of none: all of them."""

    object: str = ""
    rule: str = ""
    source: str = ""
    facility: str | None = None  # the empty one: where neither object nor flow says it

    def where(self) -> tuple[str, list[Any]]:
        """As a condition, with its values."""
        found: list[tuple[str, Any]] = [
            (name, value) for name in ("object", "rule", "source") if (value := getattr(self, name))
        ]
        if self.facility is not None:
            found.append(("facility", self.facility))
        return " AND ".join(["true", *(f"{name} = %s" for name, _ in found)]), [value for _, value in found]


EVERYTHING: Final = About()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How much of what was checked holds."""

    checked: int
    failed: int

    @property
    def percent(self) -> float:
        """From 0 to 100."""
        return 100.0 * (self.checked - self.failed) / self.checked if self.checked else 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(Counted):
    """Of all days. What it is not told apart by is empty."""

    object: str = ""
    rule: str = ""
    source: str = ""
    facility: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Counted):
    """Of one day."""

    day: date
    of: str = ""  # the rule, source or facility, where they are told apart


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


async def scores(
    connection: Connection,
    about: About = EVERYTHING,
    *,
    by: Sequence[By] = ("object", "source", "facility"),
    days: int = 30,
) -> list[Score]:
    """The score of each of them, the worst first."""
    where, values = about.where()
    names = ", ".join(by)
    async with connection.cursor(row_factory=class_row(Score)) as cursor:
        await cursor.execute(
            f"SELECT {names}, sum(checked)::bigint AS checked, sum(failed)::bigint AS failed"
            f" FROM quality_count WHERE day > current_date - %s::int AND {where} GROUP BY {names}"
            f" ORDER BY sum(failed) / sum(checked) DESC, {names}".encode(),
            [days, *values],
        )
        return await cursor.fetchall()


async def trend(
    connection: Connection, about: About = EVERYTHING, *, by: By | None = None, days: int = 30
) -> list[Day]:
    """By day, the latest last; `by`: told apart by this, one after the other."""
    where, values = about.where()
    of = by or "''"
    async with connection.cursor(row_factory=class_row(Day)) as cursor:
        await cursor.execute(
            f"SELECT day, {of} AS of, sum(checked)::bigint AS checked, sum(failed)::bigint AS failed"
            f" FROM quality_count WHERE day > current_date - %s::int AND {where} GROUP BY 1, 2 ORDER BY 2, 1".encode(),
            [days, *values],
        )
        return await cursor.fetchall()


async def work_list(connection: Connection, about: About = EVERYTHING, *, limit: int = 200) -> list[Finding]:
    """What is to be put right, the latest seen first."""
    where, values = about.where()
    async with connection.cursor(row_factory=class_row(Finding)) as cursor:
        await cursor.execute(
            f"SELECT * FROM quality_finding WHERE {where} ORDER BY last_seen DESC, object, key LIMIT %s".encode(),
            [*values, limit],
        )
        return await cursor.fetchall()


async def to_do(connection: Connection, about: About = EVERYTHING) -> int:
    """How many are to be put right."""
    where, values = about.where()
    cursor = await connection.execute(f"SELECT count(*) FROM quality_finding WHERE {where}".encode(), values)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def forget(connection: Connection) -> None:
    """Drop what is old."""
    await unique.forget(connection)
    for statement, days in (
        (b"DELETE FROM quality_finding WHERE last_seen < now() - make_interval(days => %s)", FINDING_DAYS),
        (b"DELETE FROM quality_count WHERE day < current_date - %s::int", COUNT_DAYS),
    ):
        await connection.execute(statement, [days])

"""Fact tables for analytics: the facts of one kind and day as a Parquet file, of a schema that is versioned.

A day that is closed has a version of each of its tables; facts that come later make another one. What is in a version
is what the count knew of which it was made, so its file has the same rows whenever it is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import UnionType
from typing import Any, Final, get_args
from uuid import UUID

from hilum.facts import KINDS, Fact
from hilum.formats.parquet import Column, ColumnType, write_table
from hilum.observe.indicators.counting import CLOSED, locked, mark
from hilum.observe.indicators.stored import Counted, facts_where
from hilum.postgres import Connection

_TYPES: Final[Mapping[Any, ColumnType]] = {
    str: "text",
    UUID: "text",
    int: "number",
    bool: "flag",
    Decimal: "decimal",
    datetime: "moment",
    date: "day",
    tuple[str, ...]: "texts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of one day of a table."""

    id: int
    kind: str
    day: date
    version: int
    count: int  # what was known at this count

    @property
    def name(self) -> str:
        """The name of its file, without an ending: `order_lines-s1-2026-03-01-v0001`."""
        return f"{self.kind}-s{KINDS[self.kind].schema_version}-{self.day}-v{self.version:04d}"


def columns(kind: type[Fact]) -> list[Column]:
    """The columns of a kind's table, in order."""
    own = [
        Column("day", "day", "The day in which it counts, in the hub's time zone"),
        Column("noted_at", "moment", "When the hub noted it"),
        Column("table_version", "number", "Version of this day of the table: only the highest of a day counts"),
    ]
    fields = [
        Column(name, _type_of(field.annotation), field.description or "")
        for name, field in kind.model_fields.items()
        if not field.exclude
    ]
    return [*own, *fields]


def _type_of(annotation: Any) -> ColumnType:
    """Of the field's type, which may be none."""
    plain = [each for each in get_args(annotation) if each is not type(None)] if _is_union(annotation) else [annotation]
    return _TYPES[plain[0]]


def _is_union(annotation: Any) -> bool:
    return isinstance(annotation, UnionType)


async def make_versions(connection: Connection, flow: str, kinds: Sequence[str], quiet: timedelta) -> int:
    """Within a transaction: a version for each closed day of these tables of which the flow has not what is known now.

    Days whose facts changed less than `quiet` ago wait, so that many late facts make one version. Nothing is made while
    facts wait for the count, or another hub counts.
    """
    if not await locked(connection):
        return 0
    cursor = await connection.execute("SELECT EXISTS (SELECT FROM business_fact WHERE counted IS NULL)")
    row = await cursor.fetchone()
    closed = await mark(connection, CLOSED)
    if not closed or (row and row[0]):
        return 0
    cursor = await connection.execute(
        "INSERT INTO business_table (flow, kind, day, version, count)"
        " SELECT %(flow)s, d.kind, d.day, coalesce(t.version, 0) + 1, d.count FROM business_day d LEFT JOIN LATERAL"
        "  (SELECT version, count FROM business_table t WHERE t.flow = %(flow)s AND t.kind = d.kind AND t.day = d.day"
        "   ORDER BY version DESC LIMIT 1) t ON true"
        " WHERE d.kind = ANY(%(kinds)s) AND d.day < %(closed)s AND d.changed_at <= now() - %(quiet)s"
        " AND d.count > coalesce(t.count, 0) ORDER BY d.day, d.kind",
        {"flow": flow, "kinds": list(kinds), "closed": date.fromordinal(closed), "quiet": quiet},
    )
    return cursor.rowcount


async def untaken(
    connection: Connection, flow: str, kinds: Sequence[str], known: Sequence[int], limit: int
) -> list[Version]:
    """Versions that the journal does not have of the flow yet, but for those that are known; the oldest first."""
    cursor = await connection.execute(
        "SELECT id, kind, day, version, count FROM business_table WHERE taken_at IS NULL AND flow = %s"
        " AND kind = ANY(%s) AND id <> ALL(%s) ORDER BY id LIMIT %s",
        [flow, list(kinds), list(known), limit],
    )
    return [
        Version(id=row[0], kind=row[1], day=row[2], version=row[3], count=row[4]) for row in await cursor.fetchall()
    ]


async def taken(connection: Connection, ids: Sequence[int]) -> None:
    """The journal has these."""
    await connection.execute(
        "UPDATE business_table SET taken_at = now() WHERE id = ANY(%s) AND taken_at IS NULL", [list(ids)]
    )


async def parquet(connection: Connection, version: Version) -> bytes:
    """The file of a version. Raises `SettingsError` where the extra `parquet` is not installed."""
    where = "day = %s AND counted <= %s AND (ended IS NULL OR ended > %s)"
    found = await facts_where(connection, version.kind, where, [version.day, version.count, version.count])
    kind = KINDS[version.kind]
    rows = [_row(each, version) for each in found]
    about = {
        "hilum.table": kind.kind,
        "hilum.schema_version": str(kind.schema_version),
        "hilum.day": version.day.isoformat(),
        "hilum.table_version": str(version.version),
    }
    return await asyncio.to_thread(write_table, rows, columns(kind), about)


def _row(counted: Counted, version: Version) -> dict[str, Any]:
    said = counted.fact.model_dump()
    said |= {name: str(value) for name, value in said.items() if isinstance(value, UUID)}
    return {"day": counted.day, "noted_at": counted.noted_at, "table_version": version.version, **said}

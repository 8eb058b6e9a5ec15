"""Reading lookup tables from the database: as they count now, and everything that ever changed in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from psycopg.rows import class_row

from hilum.flow.tables import Content, Row
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A table that is in the database."""

    name: str
    columns: tuple[str, ...]
    codes: int
    changed_at: datetime | None
    changed_by: str
    change: int  # the number of its last change


async def kept(connection: Connection) -> list[Kept]:
    """All tables that are in the database, by name."""
    cursor = await connection.execute(
        "SELECT t.name, t.columns, (SELECT count(DISTINCT r.code) FROM lookup_row r WHERE r.table_name = t.name"
        " AND r.ended_by IS NULL), c.at, coalesce(c.actor, ''), coalesce(c.seq, 0)"
        " FROM lookup_table t LEFT JOIN LATERAL ("
        " SELECT at, actor, seq FROM lookup_change WHERE table_name = t.name ORDER BY seq DESC LIMIT 1) c ON true"
        " WHERE t.in_use ORDER BY t.name"
    )
    return [
        Kept(name=row[0], columns=tuple(row[1]), codes=row[2], changed_at=row[3], changed_by=row[4], change=row[5])
        for row in await cursor.fetchall()
    ]


async def columns_of(connection: Connection, table: str) -> tuple[str, ...] | None:
    """The columns of a table; None: it is not in the database."""
    cursor = await connection.execute("SELECT columns FROM lookup_table WHERE name = %s AND in_use", [table])
    row = await cursor.fetchone()
    return tuple(row[0]) if row else None


async def content(
    connection: Connection,
    table: str,
    *,
    codes: Sequence[str] | None = None,
    search: str = "",
    limit: int | None = None,
) -> Content:
    """What the table says now: of all codes, of some, or of those in whose row a text is. By code and day."""
    where, values = ["table_name = %(table)s", "ended_by IS NULL"], dict[str, object](table=table, limit=limit)
    if codes is not None:
        where.append("code = ANY(%(codes)s)")
        values["codes"] = list(codes)
    if search:
        where.append(
            "(strpos(lower(code), lower(%(search)s)) > 0 OR strpos(lower(cells::text), lower(%(search)s)) > 0)"
        )
        values["search"] = search
    cursor = await connection.execute(
        f"SELECT code, cells, valid_from, valid_to FROM lookup_row WHERE {' AND '.join(where)}"
        " ORDER BY code, valid_from NULLS FIRST LIMIT %(limit)s".encode(),
        values,
    )
    rows = [
        Row(code=row[0], cells=MappingProxyType(row[1]), valid_from=row[2], valid_to=row[3])
        for row in await cursor.fetchall()
    ]
    return Content(columns=await columns_of(connection, table) or (), rows=tuple(rows))


async def latest(connection: Connection) -> int:
    """The number of the last change of any table."""
    row = await (await connection.execute("SELECT max(seq) FROM lookup_change")).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


async def changed_codes(connection: Connection, after: int) -> dict[str, set[str]]:
    """By table, the codes of which something else is said since that change. Tables without any were given back."""
    cursor = await connection.execute(
        "SELECT c.table_name, r.code FROM lookup_change c LEFT JOIN lookup_row r"
        " ON r.made_by = c.seq OR r.ended_by = c.seq WHERE c.seq > %s",
        [after],
    )
    found: dict[str, set[str]] = {}
    for table, code in await cursor.fetchall():
        codes = found.setdefault(table, set())
        if code is not None:
            codes.add(code)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What was said of a code, by whom, and who said something else."""

    change: int  # the number of the change that said it
    code: str
    cells: dict[str, str]
    valid_from: date | None
    valid_to: date | None
    made_at: datetime
    made_by: str
    reason: str
    act: str
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None


async def history(connection: Connection, table: str, code: str = "", limit: int = 200) -> list[Version]:
    """Every row that there ever was, of a code or of all, the latest first."""
    async with connection.cursor(row_factory=class_row(Version)) as cursor:
        await cursor.execute(
            "SELECT m.seq AS change, r.code, r.cells, r.valid_from, r.valid_to, m.at AS made_at, m.actor AS made_by,"
            " m.reason, m.act, e.at AS ended_at, e.actor AS ended_by, e.reason AS ended_reason FROM lookup_row r"
            " JOIN lookup_change m ON m.seq = r.made_by LEFT JOIN lookup_change e ON e.seq = r.ended_by"
            " WHERE r.table_name = %(table)s AND (%(code)s = '' OR r.code = %(code)s)"
            " ORDER BY r.made_by DESC, r.id DESC LIMIT %(limit)s",
            {"table": table, "code": code, "limit": limit},
        )
        return await cursor.fetchall()

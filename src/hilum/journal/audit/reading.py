"""Verification over the database: months one after the other, each read once in order, in bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from psycopg import AsyncServerCursor

from hilum.journal.audit.chain import ACT_COLUMNS, LINK_COLUMNS, MONTH_OF_ACT, Act, Link
from hilum.journal.audit.checkpoints import Trust, read_file, stored, with_file
from hilum.journal.audit.sealing import as_micros
from hilum.journal.audit.verification import (
    LATE_SECONDS,
    MICROS,
    ChainCheck,
    MonthReport,
    Row,
    Wrong,
    finding,
)
from hilum.postgres import Connection, Database

DROPPED = "audit_dropped"
"""The act that notes that a month was removed when its retention ended; its words begin with the month, `2026-11`."""

_PORTION = 1_000
"""Rows read and checked at once; the event loop gets a turn between two portions."""

# The months of the links are found one after the other in the index; those of acts are the names of their partitions.
_MONTHS = f"""
WITH RECURSIVE linked AS (
    SELECT min(month) AS month FROM audit_link
    UNION ALL
    SELECT (SELECT min(l.month) FROM audit_link l WHERE l.month > m.month) FROM linked m WHERE m.month IS NOT NULL
)
SELECT month::text FROM linked WHERE month IS NOT NULL
UNION SELECT {MONTH_OF_ACT}::text FROM audit_rest a
UNION SELECT month::text FROM audit_checkpoint
UNION SELECT to_char(to_date(right(relname, 6), 'YYYYMM'), 'YYYY-MM-DD') FROM pg_class
    WHERE relnamespace = 'hilum'::regnamespace AND relname ~ '^audit_[0-9]{{6}}$'
ORDER BY 1
"""

_LINKED = f"""
SELECT {LINK_COLUMNS}, {ACT_COLUMNS}
FROM audit_link l LEFT JOIN audit a ON a.id = l.audit_id AND a.at >= %(start)s AND a.at < %(end)s
WHERE l.month = %(month)s ORDER BY l.number
"""

_UNLINKED = f"""
SELECT {ACT_COLUMNS} FROM audit a
WHERE a.at >= %(start)s AND a.at < %(end)s
    AND NOT EXISTS (SELECT 1 FROM audit_link l WHERE l.audit_id = a.id AND l.month = %(month)s)
ORDER BY a.id LIMIT 1000
"""


async def months(connection: Connection) -> list[str]:
    """Every month that has acts, links or checkpoints, as `2026-11-01`."""
    return [row[0] for row in await (await connection.execute(_MONTHS.encode())).fetchall()]


@asynccontextmanager
async def reading(database: Database) -> AsyncIterator[Connection]:
    """A connection that sees one state of the database, for as long as it takes. Raises `DatabaseUnavailable`."""
    async with database.transaction() as connection:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        await connection.execute("SET LOCAL statement_timeout = 0")
        # One large join in the order of the links: in memory where it fits, else on the disk of the database.
        await connection.execute("SET LOCAL work_mem = '64MB'")
        yield connection


async def linked_rows(connection: Connection, month: str) -> AsyncIterator[list[Row]]:
    """The links of a month with their acts, in portions, in order."""
    cursor = AsyncServerCursor(connection, f"audit_{uuid4().hex}")
    async with cursor:
        await cursor.execute(_LINKED.encode(), _bounds(month))
        while portion := await cursor.fetchmany(_PORTION):
            yield [Row(Link(*row[:6]), Act(*row[6:]) if row[6] is not None else None) for row in portion]


async def unlinked_acts(connection: Connection, month: str) -> list[Act]:
    """Acts of a month that have no link; the first thousand."""
    cursor = await connection.execute(_UNLINKED.encode(), _bounds(month))
    return [Act(*row) for row in await cursor.fetchall()]


async def verify_month(
    connection: Connection, month: str, trust: Trust, file: Path | None = None, *, late: float = LATE_SECONDS
) -> MonthReport:
    """Check one month. `file`: a file of checkpoints. Raises `OSError` and `ValueError` of the file."""
    there = await stored(connection, month)
    if file is not None and await asyncio.to_thread(file.exists):
        there = await asyncio.to_thread(with_file, there, month, file)
    check = ChainCheck(month, there, trust, late_seconds=late)
    async for rows in linked_rows(connection, month):
        check.feed(rows)
        await asyncio.sleep(0)
    report = check.end()
    now = as_micros(datetime.now(UTC))
    for act in await unlinked_acts(connection, month):
        if now - act.at > late * MICROS:
            words = "it has no link: it was put there with a wrong time, or no hub has been running since"
            report.add(finding(Wrong.UNLINKED, month, None, act, words))
        else:
            report.unlinked += 1
    if report.first is not None and report.first.wrong is Wrong.MISSING:
        await _look_elsewhere(connection, report)
    return report


async def _look_elsewhere(connection: Connection, report: MonthReport) -> None:
    """An act that is missing in its month may be in another one: then its time was changed."""
    cursor = await connection.execute(
        f"SELECT {ACT_COLUMNS} FROM audit a JOIN audit_link l ON l.audit_id = a.id AND l.month = %s"
        " WHERE l.number = %s".encode(),
        [report.month, report.first.number if report.first else None],
    )
    row = await cursor.fetchone()
    if row is not None:
        found = finding(Wrong.CHANGED, report.month, report.first.number if report.first else None, Act(*row),
                        "its time was changed: it is in another month now")  # fmt: skip
        report.first = found


async def verify(
    database: Database,
    trusted: Iterable[bytes],
    *,
    file: Path | None = None,
    only: str = "",
    late: float = LATE_SECONDS,
) -> list[MonthReport]:
    """Check all months, or one (`2026-11`). Raises `DatabaseUnavailable`; `OSError` and `ValueError` of the file."""
    trust, found = Trust(trusted), []
    in_file = await asyncio.to_thread(_months_of, file)
    async with reading(database) as connection:
        for month in sorted({*await months(connection), *in_file}):
            if not month.startswith(only):
                continue
            report = await verify_month(connection, month, trust, file, late=late)
            nothing = not (report.links or report.unlinked or report.first)
            if not nothing and (report.links or not await _was_dropped(connection, month)):
                found.append(report)
        if found and not only:
            await _check_serials(connection, found[-1])
    return found


async def _check_serials(connection: Connection, report: MonthReport) -> None:
    """Checkpoints are numbered without a gap: is one missing in the table?"""
    cursor = await connection.execute(
        "SELECT min(c.serial) + 1 FROM (SELECT 0 AS serial UNION ALL SELECT serial FROM audit_checkpoint) c"
        " WHERE c.serial < (SELECT max(serial) FROM audit_checkpoint)"
        " AND NOT EXISTS (SELECT 1 FROM audit_checkpoint n WHERE n.serial = c.serial + 1)"
    )
    row = await cursor.fetchone()
    if row is not None and row[0] is not None:
        words = f"checkpoint {row[0]} was removed from the database"
        report.add(finding(Wrong.CHECKPOINT, report.month, None, None, words))


def _months_of(file: Path | None) -> set[str]:
    return {one.month for one in read_file(file)} if file is not None and file.exists() else set()


async def _was_dropped(connection: Connection, month: str) -> bool:
    """Was this month removed when its retention ended? That is an act, and chained like any other."""
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT 1 FROM audit WHERE action = %s AND starts_with(words, %s))", [DROPPED, month[:7]]
    )
    return await cursor.fetchone() == (True,)


def _bounds(month: str) -> dict[str, object]:
    start = datetime.fromisoformat(month).replace(tzinfo=UTC)
    return {"month": month, "start": start, "end": (start + timedelta(days=32)).replace(day=1)}

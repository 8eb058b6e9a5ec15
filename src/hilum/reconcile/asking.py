"""Comparisons that people ask for: a worker makes them soon, also where the hub that began dies in the middle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Somebody wants to know now."""

    comparison: str
    actor: str
    reason: str
    asked_at: datetime


async def ask(connection: Connection, comparison: str, *, actor: str, reason: str) -> bool:
    """Within a transaction: it is to be made now. False: somebody has asked already, and it is not done."""
    cursor = await connection.execute(
        "INSERT INTO comparison_asked (comparison, actor, reason) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [comparison, storable(actor), storable(reason)],
    )
    if not cursor.rowcount:
        return False
    await record(connection, actor=actor, action="comparison_asked", words=f"{comparison}: {reason}")
    return True


async def asked(connection: Connection) -> dict[str, Request]:
    """What waits to be made, or is being made, by comparison."""
    async with connection.cursor(row_factory=class_row(Request)) as cursor:
        await cursor.execute("SELECT comparison, actor, reason, asked_at FROM comparison_asked ORDER BY asked_at")
        return {each.comparison: each for each in await cursor.fetchall()}


async def answered(connection: Connection, request: Request) -> None:
    """Within a transaction: its run has ended, whatever it came to."""
    await connection.execute(
        "DELETE FROM comparison_asked WHERE comparison = %s AND asked_at = %s", [request.comparison, request.asked_at]
    )

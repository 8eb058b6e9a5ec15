"""Acts: written in the transaction of the act itself, found again by who, what, where and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from hilum.journal.text import storable
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One act."""

    id: int
    at: datetime
    actor: str
    action: str
    flow: str
    message_id: UUID | None
    ordinal: int | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActSearch:
    """Which acts; every member that is set must fit."""

    actor: str = ""
    action: str = ""
    flow: str = ""
    message_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None  # page on: only acts with a lower id
    limit: int = 200


async def record(
    connection: Connection,
    *,
    actor: str,
    action: str,
    flow: str = "",
    message_id: UUID | None = None,
    ordinal: int | None = None,
    words: str = "",
) -> None:
    """Note an act: who (`worker …` or a user), what (`replay`, `discard`, `login`), to which, and why."""
    await connection.execute(
        "INSERT INTO audit (actor, action, flow, message_id, ordinal, words) VALUES (%s, %s, %s, %s, %s, %s)",
        [storable(actor), action, flow, message_id, ordinal, storable(words)],
    )


_SELECT = "SELECT id, at, actor, action, flow, message_id, ordinal, words FROM audit"


async def history(connection: Connection, message_id: UUID) -> list[AuditRow]:
    """All acts on one message and its deliveries, oldest first."""
    async with connection.cursor(row_factory=class_row(AuditRow)) as cursor:
        await cursor.execute(f"{_SELECT} WHERE message_id = %s ORDER BY id".encode(), [message_id])
        return await cursor.fetchall()


async def search(connection: Connection, wanted: ActSearch) -> list[AuditRow]:
    """Acts that fit, the latest first."""
    where, values = ["true"], list[object]()
    for condition, value in (
        ("actor = %s", wanted.actor),
        ("action = %s", wanted.action),
        ("flow = %s", wanted.flow),
        ("message_id = %s", wanted.message_id),
        ("at >= %s", wanted.since),
        ("at < %s", wanted.until),
        ("id < %s", wanted.before),
    ):
        if value:
            where.append(condition)
            values.append(value)
    statement = f"{_SELECT} WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT %s"
    async with connection.cursor(row_factory=class_row(AuditRow)) as cursor:
        await cursor.execute(statement.encode(), [*values, wanted.limit])
        return await cursor.fetchall()

"""Who did what, and why. Written in the transaction of the act itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hilum.journal.text import storable
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One act."""

    at: datetime
    actor: str
    action: str
    flow: str
    message_id: UUID | None
    ordinal: int | None
    words: str


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
        [actor, action, flow, message_id, ordinal, storable(words)],
    )


async def history(connection: Connection, message_id: UUID) -> list[AuditRow]:
    """All acts on one message and its deliveries, oldest first."""
    cursor = await connection.execute(
        "SELECT at, actor, action, flow, message_id, ordinal, words FROM audit WHERE message_id = %s ORDER BY id",
        [message_id],
    )
    return [
        AuditRow(at=r[0], actor=r[1], action=r[2], flow=r[3], message_id=r[4], ordinal=r[5], words=r[6])
        for r in await cursor.fetchall()
    ]


async def recent(connection: Connection, *, limit: int = 200) -> list[AuditRow]:
    """The latest acts, newest first."""
    cursor = await connection.execute(
        "SELECT at, actor, action, flow, message_id, ordinal, words FROM audit ORDER BY id DESC LIMIT %s", [limit]
    )
    return [
        AuditRow(at=r[0], actor=r[1], action=r[2], flow=r[3], message_id=r[4], ordinal=r[5], words=r[6])
        for r in await cursor.fetchall()
    ]

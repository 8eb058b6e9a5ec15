"""What people ask: which changes did not count, and why; and what a steward may decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg.rows import class_row

from hilum.journal.audit import record
from hilum.journal.payloads import unpacked
from hilum.journal.text import storable
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedChange:
    """What was decided about one field of a change; without its values."""

    id: int
    at: datetime
    message_id: UUID
    flow: str
    object: str
    key: str
    field: str  # empty: the whole object
    verdict: str
    system: str  # who made the change
    other: str  # whose value was in force
    owner: str
    words: str


_COLUMNS = "id, at, message_id, flow, object, key, field, verdict, system, other, owner, words"


async def refused(
    connection: Connection,
    *,
    verdict: str = "",
    object_: str = "",
    key: str = "",
    message_id: UUID | None = None,
    echoes: bool = False,
    limit: int = 200,
) -> list[RefusedChange]:
    """Decisions that fit, the latest first; of echoes only where they are asked for, or those of one message."""
    where, values = ["true"], list[object]()
    for condition, value in (
        ("verdict = %s", verdict),
        ("object = %s", object_),
        ("key = %s", key),
        ("message_id = %s", message_id),
    ):
        if value:
            where.append(condition)
            values.append(value)
    if not (echoes or verdict or message_id):
        where.append("verdict <> 'echo'")
    async with connection.cursor(row_factory=class_row(RefusedChange)) as cursor:
        await cursor.execute(
            f"SELECT {_COLUMNS} FROM ownership_decision WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT %s".encode(),
            [*values, limit],
        )
        return await cursor.fetchall()


async def values_of(connection: Connection, numbers: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """The old and the new value of decisions; one whose message was erased is missing. For those who may see them."""
    cursor = await connection.execute(
        "SELECT id, message_id, ordinal, codec, body FROM ownership_decision WHERE id = ANY(%s)",
        [list(numbers)],
        binary=True,
    )
    rows = await cursor.fetchall()
    found: dict[int, Mapping[str, Any]] = {}
    for number, *stored in rows:  # one by one: decisions of one message at different times may have the same place
        bodies = await unpacked(connection, [(stored[0], stored[1], stored[2], stored[3])])
        body = bodies.get((stored[0], stored[1]))
        if isinstance(body, bytes):
            found[number] = orjson.loads(body)
    return found


async def accept(connection: Connection, message_id: UUID, *, actor: str, reason: str) -> None:
    """A steward lets the change of this message through: it counts when the message is translated again."""
    await connection.execute(
        "INSERT INTO ownership_grant (message_id, actor, words) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [message_id, storable(actor), storable(reason)],
    )
    await record(connection, actor=actor, action="ownership_accept", message_id=message_id, words=reason)

"""Legal holds: what retention leaves alone, because somebody said so and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from psycopg.rows import class_row

from hilum.errors import HilumError
from hilum.journal import reading
from hilum.journal.audit import record
from hilum.journal.keyring import day_of
from hilum.journal.partitions import ids_of
from hilum.postgres import Connection


class NotHeld(HilumError):
    """It cannot be put on hold, or released; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One hold."""

    id: int
    flow: str
    message_id: UUID | None  # None: every message of the flow
    reason: str
    actor: str
    at: datetime
    released_at: datetime | None
    released_by: str


_HOLD = "id, flow, message_id, reason, actor, at, released_at, released_by"


async def holds(connection: Connection, *, only_now: bool = True) -> list[Hold]:
    """All holds, or those that are in force, the latest first."""
    async with connection.cursor(row_factory=class_row(Hold)) as cursor:
        await cursor.execute(
            f"SELECT {_HOLD} FROM legal_hold WHERE NOT %s OR released_at IS NULL ORDER BY id DESC".encode(), [only_now]
        )
        return await cursor.fetchall()


async def held_flows(connection: Connection) -> set[str]:
    """Flows of which everything is kept."""
    cursor = await connection.execute("SELECT flow FROM legal_hold WHERE message_id IS NULL AND released_at IS NULL")
    return {row[0] for row in await cursor.fetchall()}


async def held_messages(connection: Connection, flow: str, start: date, end: date) -> list[UUID]:
    """Messages of a flow that are kept, received from the first day until before the second."""
    cursor = await connection.execute(
        "SELECT DISTINCT message_id FROM legal_hold WHERE flow = %s AND message_id >= %s AND message_id < %s"
        " AND released_at IS NULL",
        [flow, *ids_of(start, end)],
    )
    return [row[0] for row in await cursor.fetchall()]


async def hold(
    connection: Connection, *, actor: str, reason: str, message_id: UUID | None = None, flow: str = ""
) -> None:
    """Within a transaction: retention leaves this message, or this flow, alone from now on. Raises `NotHeld`."""
    if message_id is not None:
        row = await reading.message(connection, message_id)
        if row is None:
            raise NotHeld("There is no such message.")
        flow = row.flow
        # Retention marks the day erased under this lock: either it has seen the hold, or we see that it is too late.
        cursor = await connection.execute(
            "SELECT erased_at FROM payload_day WHERE flow = %s AND day = %s FOR SHARE", [flow, day_of(message_id)]
        )
        erased = await cursor.fetchone()
        if erased is not None and erased[0] is not None and not await _kept_by_another(connection, message_id):
            raise NotHeld(f"The payload of this message was erased on {erased[0]:%Y-%m-%d}: there is nothing to hold.")
    done = await connection.execute(
        "INSERT INTO legal_hold (flow, message_id, reason, actor) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [flow, message_id, reason, actor],
    )
    if not done.rowcount:
        raise NotHeld("It is on hold already.")
    await record(connection, actor=actor, action="hold_payload", flow=flow, message_id=message_id, words=reason)


async def _kept_by_another(connection: Connection, message_id: UUID) -> bool:
    """Is its payload kept beyond its day by a hold that is in force, or has ended just now?"""
    cursor = await connection.execute(
        "SELECT 1 FROM legal_hold WHERE message_id = %s AND erased_at IS NULL FOR UPDATE", [message_id]
    )
    return await cursor.fetchone() is not None


async def release(
    connection: Connection, *, actor: str, reason: str, message_id: UUID | None = None, flow: str = ""
) -> None:
    """Within a transaction: retention goes on with it, at its next run. Raises `NotHeld`."""
    condition, values = ("message_id = %s", [message_id]) if message_id is not None else (
        "flow = %s AND message_id IS NULL", [flow]
    )  # fmt: skip
    cursor = await connection.execute(
        "UPDATE legal_hold SET released_at = now(), released_by = %s WHERE released_at IS NULL AND "
        f"{condition} RETURNING flow".encode(),
        [actor, *values],
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotHeld("It is not on hold.")
    await record(connection, actor=actor, action="release_payload", flow=row[0], message_id=message_id, words=reason)


async def released(connection: Connection) -> list[tuple[str, UUID]]:
    """Flow and id of messages that were on hold and are not any more, and whose payload was not erased since."""
    cursor = await connection.execute(
        "SELECT DISTINCT flow, message_id FROM legal_hold h WHERE message_id IS NOT NULL AND released_at IS NOT NULL"
        " AND erased_at IS NULL AND NOT EXISTS (SELECT 1 FROM legal_hold o WHERE o.released_at IS NULL AND"
        " (o.message_id = h.message_id OR (o.flow = h.flow AND o.message_id IS NULL))) ORDER BY 2"
    )
    return [(row[0], row[1]) for row in await cursor.fetchall()]

"""The rarer moves: wait, hold, park behind a key, go on, cancel. All within a transaction of the caller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from hilum.errors import LeaseLost
from hilum.journal.leases import Leases
from hilum.journal.payloads import Ref
from hilum.journal.sql import SQL
from hilum.journal.text import storable
from hilum.journal.work import MESSAGE_BODY, ToDeliver, ToTranslate
from hilum.postgres import Connection


async def park_messages(connection: Connection, behind: Sequence[ToTranslate]) -> None:
    """These wait behind their blocked keys."""
    parameters = {"ids": [t.id for t in behind], "stages": [t.stage for t in behind], "keys": [t.key for t in behind]}
    await connection.execute(SQL["park_messages"], parameters)


async def park_deliveries(connection: Connection, destination: str, behind: Sequence[ToDeliver]) -> None:
    """These wait behind their blocked keys."""
    parameters = {
        "destination": destination,
        "ids": [t.message_id for t in behind],
        "ordinals": [t.ordinal for t in behind],
        "keys": [t.key for t in behind],
    }
    await connection.execute(SQL["park_deliveries"], parameters)


async def fence(connection: Connection, leases: Leases, lanes: set[int]) -> None:
    """Within a transaction: make sure that these lanes are ours until it ends. Raises `LeaseLost`."""
    ordered, epochs = leases.fence(lanes)
    cursor = await connection.execute(SQL["fence"], {"lanes": ordered, "epochs": epochs, "worker": leases.id})
    if len(await cursor.fetchall()) != len(ordered):
        raise LeaseLost("The lanes are held by another worker now.")


async def wait(
    connection: Connection,
    taken: ToDeliver,
    *,
    seconds: float,
    outcome: str,
    words: str,
    milliseconds: int,
    worker: str,
) -> None:
    """Within a transaction: an attempt failed; it waits, and its key waits behind it.

    Nothing happens where it had moved on already: a head that is done would block its key for ever.
    """
    moved = await move_delivery(
        connection, taken.message_id, taken.ordinal, ("pending", "waiting"), "waiting",
        next_in=seconds, attempts=taken.attempts + 1, words=words,
    )  # fmt: skip
    if moved is None:
        return
    await _failed_attempt(connection, taken, outcome, words, milliseconds, worker)
    if taken.key:
        await block(connection, taken.destination, taken.key, taken.message_id, taken.ordinal)


async def hold_delivery(
    connection: Connection, taken: ToDeliver, *, blocks: bool, outcome: str, words: str, milliseconds: int, worker: str
) -> bool:
    """Within a transaction: it waits for a person, its key behind it if `blocks`. False: it had moved on already."""
    moved = await move_delivery(
        connection, taken.message_id, taken.ordinal, ("pending", "waiting"), "held",
        attempts=taken.attempts + 1, words=words,
    )  # fmt: skip
    if moved is None:
        return False
    await _failed_attempt(connection, taken, outcome, words, milliseconds, worker)
    if taken.key:
        await (block if blocks else unblock)(connection, taken.destination, taken.key, taken.message_id, taken.ordinal)
    return True


async def hold_message(connection: Connection, taken: ToTranslate, *, blocks: bool) -> bool:
    """Within a transaction: a message cannot be translated and waits for a person. False: it had moved on already."""
    if await move_message(connection, taken.id, ("received",), "held") is None:
        return False
    if taken.key:
        await (block if blocks else unblock)(connection, taken.stage, taken.key, taken.id, MESSAGE_BODY)
    return True


async def _failed_attempt(
    connection: Connection, taken: ToDeliver, outcome: str, words: str, milliseconds: int, worker: str
) -> None:
    await connection.execute(
        "INSERT INTO attempt (message_id, ordinal, number, outcome, words, milliseconds, worker)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [taken.message_id, taken.ordinal, taken.attempts + 1, outcome, storable(words), milliseconds, worker],
    )


async def since_first_attempt(connection: Connection, taken: ToDeliver) -> float:
    """Seconds since the first attempt of this series failed. A replay begins a new series, with the number 1."""
    cursor = await connection.execute(
        "SELECT extract(epoch FROM now() - max(at))::float8 FROM attempt"
        " WHERE message_id = %s AND ordinal = %s AND number = 1",
        [taken.message_id, taken.ordinal],
    )
    row = await cursor.fetchone()
    return float(row[0] or 0.0) if row else 0.0


async def block(connection: Connection, stage: str, key: str, message_id: UUID, ordinal: int) -> None:
    """From now on this one blocks its key at this stage; an earlier one that does so already stays the head."""
    await connection.execute(SQL["block"], {"stage": stage, "key": key, "id": message_id, "ordinal": ordinal})


async def unblock(connection: Connection, stage: str, key: str, message_id: UUID, ordinal: int) -> None:
    """Within a transaction: the head has gone on, those behind it go on. Nothing happens where it was not the head."""
    await unblock_all(connection, stage, [(key, (message_id, ordinal))])


async def unblock_all(connection: Connection, stage: str, heads: Sequence[tuple[str, Ref]]) -> None:
    """The same for heads of several keys of one stage.

    Two statements on purpose: parking locks the blocked keys too, so the second one sees all that was parked before.
    """
    if not heads:
        return
    parameters = {
        "stage": stage,
        "keys": [key for key, _ in heads],
        "ids": [message_id for _, (message_id, _) in heads],
        "ordinals": [ordinal for _, (_, ordinal) in heads],
    }
    await connection.execute(SQL["lock_heads"], parameters)
    await connection.execute(SQL["unblock"], parameters)


async def move_message(connection: Connection, message_id: UUID, before: Sequence[str], after: str) -> str | None:
    """Move a message to another state, if it is in one of the named ones; returns the state it was in."""
    cursor = await connection.execute(SQL["move_message"], {"id": message_id, "from": list(before), "to": after})
    row = await cursor.fetchone()
    return str(row[0]) if row else None


async def move_delivery(
    connection: Connection,
    message_id: UUID,
    ordinal: int,
    before: Sequence[str],
    after: str,
    *,
    next_in: float | None = None,
    attempts: int | None = None,
    words: str | None = None,
) -> str | None:
    """Move a delivery to another state, if it is in one of the named ones; returns the state it was in.

    `next_in`: seconds until it is tried again.
    """
    parameters = {
        "id": message_id,
        "ordinal": ordinal,
        "from": list(before),
        "to": after,
        "next_in": timedelta(seconds=next_in) if next_in is not None else None,
        "attempts": attempts,
        "words": storable(words) if words is not None else None,
    }
    cursor = await connection.execute(SQL["move_delivery"], parameters)
    row = await cursor.fetchone()
    return str(row[0]) if row else None


async def settle_message(connection: Connection, message_id: UUID, count: int) -> str:
    """Add `count` (−1: one was cancelled) to a message's open deliveries; returns the state it is in then."""
    cursor = await connection.execute(SQL["settle_message"], {"id": message_id, "count": count})
    row = await cursor.fetchone()
    return str(row[0]) if row else ""

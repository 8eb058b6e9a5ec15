"""What ends by a person's decision: a held message or delivery is discarded, a retry is brought forward or given up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from hilum.cases.classify import Finding
from hilum.cases.desk import NotPossible, close, open_case
from hilum.cases.resolution import Settled
from hilum.connector import Header
from hilum.flow import Flow, Stake
from hilum.journal import reading
from hilum.journal.audit import record
from hilum.journal.moves import move_delivery, move_message, settle_message, unblock
from hilum.journal.work import MESSAGE_BODY, translating
from hilum.postgres import Connection


async def discard(
    connection: Connection,
    message_id: UUID,
    *,
    actor: str,
    reason: str,
    settled: Settled | None = None,
    ordinals: Collection[int] | None = None,
) -> str:
    """Within a transaction: end what is held of this message; returns what was done, in words.

    A held message ends whole; of a routed one the held deliveries are cancelled (`ordinals`: only these). Raises
    `NotPossible`.
    """
    row = await reading.message(connection, message_id)
    if row is None:
        raise NotPossible("There is no such message.")
    await refuse_drafts(connection, message_id)
    if row.state == "held":
        await end_held(connection, message_id)
        await unblock(connection, translating(row.flow), row.key, message_id, MESSAGE_BODY)
        await close(connection, message_id, MESSAGE_BODY, resolution="discarded", actor=actor, reason=reason)
        words, state = "The message is discarded.", "discarded"
    else:
        count = await cancel_held(connection, message_id, actor=actor, reason=reason, ordinals=ordinals)
        if not count:
            raise NotPossible(f"The message is {row.state}; only what is held can be discarded.")
        words, state = f"{count} held deliveries are cancelled.", await _state(connection, message_id)
    await record(connection, actor=actor, action="discard", flow=row.flow, message_id=message_id, words=reason)
    if settled is not None and state in ("discarded", "completed"):
        await settled(connection, message_id, state)
    return words


async def refuse_drafts(connection: Connection, message_id: UUID) -> None:
    """An edit that waits for a second person is approved or refused, nothing else. Raises `NotPossible`."""
    cursor = await connection.execute(
        "SELECT id FROM approval WHERE state = 'waiting' AND subject ->> 'draft' = %s", [str(message_id)]
    )
    if row := await cursor.fetchone():
        raise NotPossible(f"It is an edit that waits for a second person: see approval {row[0]}.")


async def end_held(connection: Connection, message_id: UUID) -> None:
    """Raises `NotPossible` where another person was faster: what they did must not happen as well."""
    if await move_message(connection, message_id, ("held",), "discarded") is None:
        raise NotPossible("The message has moved on meanwhile; it is not held any more.")


async def cancel_held(
    connection: Connection,
    message_id: UUID,
    *,
    actor: str,
    reason: str,
    resolution: str = "discarded",
    ordinals: Collection[int] | None = None,
) -> int:
    """Within a transaction: cancel the held deliveries of a message; returns how many. Raises `NotPossible`."""
    found = await reading.deliveries(connection, message_id)
    held = [d for d in found if d.state == "held" and (ordinals is None or d.ordinal in ordinals)]
    for delivery in held:
        ref = (delivery.message_id, delivery.ordinal)
        if await move_delivery(connection, *ref, ("held",), "cancelled", words=reason) is None:
            raise NotPossible("The delivery has moved on meanwhile; it is not held any more.")
        await unblock(connection, delivery.destination, delivery.key, *ref)
        await close(connection, *ref, resolution=resolution, actor=actor, reason=reason)
        await settle_message(connection, delivery.message_id, -1)
    return len(held)


async def _state(connection: Connection, message_id: UUID) -> str:
    row = await reading.message(connection, message_id)
    return row.state if row else ""


async def retry_now(connection: Connection, message_id: UUID, *, actor: str, reason: str) -> int:
    """Within a transaction: what of this message waits for its next attempt is tried at once; returns how many.

    Raises `NotPossible` where nothing waits for a time.
    """
    cursor = await connection.execute(
        "UPDATE delivery SET next_at = now() WHERE message_id = %s AND state = 'waiting' AND next_at > now()"
        " RETURNING flow",
        [message_id],
    )
    flows = [row[0] for row in await cursor.fetchall()]
    if not flows:
        raise NotPossible(_NOTHING_WAITS)
    await record(connection, actor=actor, action="retry_now", flow=flows[0], message_id=message_id, words=reason)
    return len(flows)


async def cancel_retry(
    connection: Connection, message_id: UUID, *, actor: str, reason: str, flows: Mapping[str, Flow] | None = None
) -> int:
    """Within a transaction: what waits for its next attempt is not tried again but held, with a case; returns how many.

    One that is being tried at this moment is left alone: what will come of that is not known. Nothing is lost: a person
    replays or discards it. Raises `NotPossible` where nothing waits for a time.
    """
    cursor = await connection.execute(
        "SELECT ordinal, destination, flow, headers ->> %s FROM delivery"
        " WHERE message_id = %s AND state = 'waiting' AND next_at > now() ORDER BY ordinal FOR NO KEY UPDATE",
        [Header.STAKE, message_id],
    )
    waiting = await cursor.fetchall()
    if not waiting:
        raise NotPossible(_NOTHING_WAITS)
    for ordinal, destination, flow, stake in waiting:
        await move_delivery(connection, message_id, ordinal, ("waiting",), "held", words=reason)
        finding = Finding(
            category="retries_cancelled",
            title=f"Further attempts at {destination} were ended by a person",
            words=f"{actor} ended its further attempts: {reason}",
            cause=f"{actor}: {reason}",
        )
        await open_case(connection, finding, flow=flow, declared=(flows or {}).get(flow),
                        message_id=message_id, ordinal=ordinal, destination=destination,
                        stake=Stake.read(stake or ""))  # fmt: skip
    await record(
        connection, actor=actor, action="retry_cancelled", flow=waiting[0][2], message_id=message_id, words=reason
    )
    return len(waiting)


_NOTHING_WAITS = (
    "Nothing of it waits for its next attempt: it is being tried now, is held, waits behind its key, or done."
)

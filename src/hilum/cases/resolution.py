"""What a person may do with what is stuck, or wants to send again: replay, edit and resubmit, discard.

`plan` says what would happen, in words, and changes nothing: the dry run. `apply` does just that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hilum.cases.desk import close
from hilum.errors import HilumError
from hilum.journal import reading
from hilum.journal.audit import record
from hilum.journal.moves import move_delivery, move_message, settle_message, unblock
from hilum.journal.receipt import Draft, receive
from hilum.journal.work import MESSAGE_BODY, translating
from hilum.message import Priority
from hilum.postgres import Connection

Settled = Callable[[Connection, UUID, str], Awaitable[None]]
"""Called within the transaction when a message is discarded or completed by a person: id and state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a replay would do with one message."""

    message_id: UUID
    flow: str
    action: str  # `translate`: from the start; `deliver`: the held deliveries; `nothing`
    ordinals: tuple[int, ...] = ()
    words: str
    seen: tuple[str, datetime] | None = None  # state of the message, and since when, as the plan saw it


class NotPossible(HilumError):
    """What was asked for cannot be done with this message in its state; the text says why."""


async def plan(connection: Connection, message_ids: Sequence[UUID]) -> list[Step]:
    """What a replay of these messages would do."""
    return [await _step(connection, message_id) for message_id in message_ids]


async def _step(connection: Connection, message_id: UUID) -> Step:
    row = await reading.message(connection, message_id)
    if row is None:
        return Step(message_id=message_id, flow="", action="nothing", words="There is no such message.")
    if row.state == "held":
        words = "Translate it again and deliver it."
        return Step(message_id=row.id, flow=row.flow, action="translate", words=words, seen=(row.state, row.state_at))
    deliveries = await reading.deliveries(connection, message_id)
    held = [d for d in deliveries if d.state == "held"]
    if held:
        places = ", ".join(sorted({d.destination for d in held}))
        words = f"Deliver again what is held ({len(held)} to {places})."
        ordinals = tuple(d.ordinal for d in held)
        return Step(message_id=row.id, flow=row.flow, action="deliver", ordinals=ordinals, words=words)
    if row.state in ("completed", "discarded"):
        places = ", ".join(sorted({d.destination for d in deliveries})) or "its destinations"
        words = f"Translate it again and deliver it to {places} once more; receivers that know it already ignore it."
        return Step(message_id=row.id, flow=row.flow, action="translate", words=words, seen=(row.state, row.state_at))
    return Step(message_id=row.id, flow=row.flow, action="nothing", words="It is under way already.")


async def apply(connection: Connection, steps: Sequence[Step], *, actor: str, reason: str) -> int:
    """Within a transaction: do what the plan says; returns how many messages went on their way."""
    count = 0
    for step in steps:
        if step.action == "translate":
            moved = await _translate_again(connection, step)
        elif step.action == "deliver":
            moved = await _deliver_again(connection, step)
        else:
            continue
        if not moved:
            continue
        await connection.execute(
            "INSERT INTO reopened (message_id) VALUES (%s) ON CONFLICT (message_id) DO UPDATE SET at = now()",
            [step.message_id],
        )
        count += 1
        ordinals = step.ordinals or (MESSAGE_BODY,)
        for ordinal in ordinals:
            await close(connection, step.message_id, ordinal, resolution="replayed", actor=actor, reason=reason)
        await record(connection, actor=actor, action="replay", flow=step.flow, message_id=step.message_id, words=reason)
    return count


async def _translate_again(connection: Connection, step: Step) -> bool:
    """A held one keeps its place in the order; one that was done gets a new place: it happens now.

    Nothing happens where it has moved on since the plan: another person may have edited, discarded or replayed it.
    """
    if step.seen is None:
        return False
    state, since = step.seen
    same = await connection.execute(
        "SELECT 1 FROM message WHERE id = %s AND state = %s::message_state AND state_at = %s FOR NO KEY UPDATE",
        [step.message_id, state, since],
    )
    if await same.fetchone() is None:
        return False
    was = await move_message(connection, step.message_id, (state,), "received")
    if was in ("completed", "discarded"):
        await connection.execute("UPDATE message SET seq = nextval('message_seq') WHERE id = %s", [step.message_id])
    return was is not None


async def _deliver_again(connection: Connection, step: Step) -> bool:
    moved = False
    for ordinal in step.ordinals:
        was = await move_delivery(
            connection, step.message_id, ordinal, ("held",), "waiting", next_in=0, attempts=0, words=""
        )
        moved = moved or was is not None
    return moved


async def discard(
    connection: Connection, message_id: UUID, *, actor: str, reason: str, settled: Settled | None = None
) -> str:
    """Within a transaction: end what is held of this message; returns what was done, in words.

    A held message ends whole; of a routed one the held deliveries are cancelled. Raises `NotPossible`.
    """
    row = await reading.message(connection, message_id)
    if row is None:
        raise NotPossible("There is no such message.")
    if row.state == "held":
        await _end_held(connection, message_id)
        await unblock(connection, translating(row.flow), row.key, message_id, MESSAGE_BODY)
        await close(connection, message_id, MESSAGE_BODY, resolution="discarded", actor=actor, reason=reason)
        words, state = "The message is discarded.", "discarded"
    else:
        held = [d for d in await reading.deliveries(connection, message_id) if d.state == "held"]
        if not held:
            raise NotPossible(f"The message is {row.state}; only what is held can be discarded.")
        for delivery in held:
            await _cancel(connection, delivery, actor=actor, reason=reason)
        words, state = f"{len(held)} held deliveries are cancelled.", await _state(connection, message_id)
    await record(connection, actor=actor, action="discard", flow=row.flow, message_id=message_id, words=reason)
    if settled is not None and state in ("discarded", "completed"):
        await settled(connection, message_id, state)
    return words


async def _end_held(connection: Connection, message_id: UUID) -> None:
    """Raises `NotPossible` where another person was faster: what they did must not happen as well."""
    if await move_message(connection, message_id, ("held",), "discarded") is None:
        raise NotPossible("The message has moved on meanwhile; it is not held any more.")


async def _cancel(connection: Connection, delivery: reading.DeliveryRow, *, actor: str, reason: str) -> None:
    ref = (delivery.message_id, delivery.ordinal)
    if await move_delivery(connection, *ref, ("held",), "cancelled", words=reason) is None:
        raise NotPossible("The delivery has moved on meanwhile; it is not held any more.")
    await unblock(connection, delivery.destination, delivery.key, *ref)
    await close(connection, *ref, resolution="discarded", actor=actor, reason=reason)
    await settle_message(connection, delivery.message_id, -1)


async def _state(connection: Connection, message_id: UUID) -> str:
    row = await reading.message(connection, message_id)
    return row.state if row else ""


async def resubmit(
    connection: Connection,
    message_id: UUID,
    body: bytes,
    *,
    actor: str,
    reason: str,
    lanes: int,
    key: str | None = None,
) -> UUID:
    """Within a transaction: a new message with the edited body, caused by the held one, which is discarded.

    The original stays as it was received. Returns the id of the new message. Raises `NotPossible`.
    """
    row = await reading.message(connection, message_id)
    if row is None or row.state != "held":
        raise NotPossible("Only a held message can be edited and resubmitted.")
    place = await connection.execute("SELECT seq, priority::text FROM message WHERE id = %s", [message_id])
    seq, priority = await place.fetchone() or (None, Priority.NORMAL)
    draft = Draft(
        flow=row.flow,
        body=body,
        content_type=row.content_type,
        headers={**(row.headers or {}), "edited-by": actor},
        key=row.key if key is None else key,
        correlation_id=row.correlation_id,
        cause_id=row.id,
        priority=Priority(priority),
    )
    await _end_held(connection, message_id)
    await receive(connection, [draft], lanes)
    # it takes the place of the held one, so that what waits behind that one follows
    await connection.execute("UPDATE message SET seq = %s WHERE id = %s", [seq, draft.id])
    await unblock(connection, translating(row.flow), row.key, message_id, MESSAGE_BODY)
    await close(connection, message_id, MESSAGE_BODY, resolution="edited", actor=actor, reason=reason)
    words = f"edited and resubmitted as {draft.id}: {reason}"
    await record(connection, actor=actor, action="resubmit", flow=row.flow, message_id=message_id, words=words)
    return draft.id

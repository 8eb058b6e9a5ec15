"""Replay: sending again what is stuck, or what was done. Order and idempotency keys are kept.

`plan` says what would happen, in words, and changes nothing: the dry run. `apply` does just that, and nothing where a
message has moved on meanwhile.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hilum.cases.desk import close
from hilum.journal.audit import record
from hilum.journal.moves import move_delivery, move_message, settle_message
from hilum.journal.work import MESSAGE_BODY
from hilum.message import Priority
from hilum.postgres import Connection

Settled = Callable[[Connection, UUID, str], Awaitable[None]]
"""Called within the transaction when a message is discarded or completed by a person: id and state."""

TRANSLATE, DELIVER, AGAIN, NOTHING = "translate", "deliver", "again", "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a replay would do with one message."""

    message_id: UUID
    flow: str
    action: str  # `translate`: from the start; `deliver`: what is held; `again`: what was delivered; `nothing`
    ordinals: tuple[int, ...] = ()
    places: tuple[str, ...] = ()  # where it goes, as far as that is known before it is translated
    repeats: bool = False  # receivers get what they have had before
    words: str
    # State of the message, and since when it (or the latest of these deliveries) is as the plan saw it.
    seen: tuple[str, datetime] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a replay is wanted, where it is not simply what each message needs."""

    destination: str = ""  # to this one only
    ordinals: Mapping[UUID, Sequence[int]] | None = None  # of these deliveries only (−1: the message)
    priority: Priority | None = None  # of what is translated anew; None: as it is


_AS_NEEDED = Wanted()


@dataclass(frozen=True, slots=True)
class _Seen:
    """A message as a plan sees it."""

    id: UUID
    flow: str
    state: str
    state_at: datetime
    priority: str
    deliveries: list[dict[str, object]]
    kept: bool  # the payload is there
    waits: bool  # for a second person


async def plan(connection: Connection, message_ids: Sequence[UUID], wanted: Wanted = _AS_NEEDED) -> list[Step]:
    """What a replay of these messages would do, in their order."""
    cursor = await connection.execute(_SEEN.encode(), [list(message_ids)])
    found = {row[0]: _Seen(*row) for row in await cursor.fetchall()}
    return [_step(message_id, found.get(message_id), wanted) for message_id in message_ids]


_SEEN = """
SELECT m.id, m.flow, m.state::text, m.state_at, m.priority::text,
    coalesce((SELECT jsonb_agg(jsonb_build_object('ordinal', d.ordinal, 'destination', d.destination,
        'state', d.state::text, 'at', d.state_at) ORDER BY d.ordinal)
        FROM delivery d WHERE d.message_id = m.id), '[]'::jsonb),
    EXISTS (SELECT 1 FROM payload p WHERE p.id = m.id AND p.ordinal = -1),
    EXISTS (SELECT 1 FROM approval a WHERE a.state = 'waiting' AND a.subject ->> 'draft' = m.id::text)
FROM message m WHERE m.id = ANY(%s)
"""


def _step(message_id: UUID, seen: _Seen | None, wanted: Wanted) -> Step:
    def nothing(words: str) -> Step:
        return Step(message_id=message_id, flow=seen.flow if seen else "", action=NOTHING, words=words)

    if seen is None or (obstacle := _obstacle(seen)):
        return nothing(obstacle if seen else "There is no such message.")
    if seen.state == "held":
        if wanted.destination or not _asked(wanted, seen.id, MESSAGE_BODY):
            return nothing("It is held before it is translated, so nothing goes to one destination only.")
        words = "Translate it again and deliver it."
        return _made(seen, TRANSLATE, words)
    fitting = [d for d in seen.deliveries if wanted.destination in ("", d["destination"])]
    held = [d for d in fitting if d["state"] == "held" and _asked(wanted, seen.id, _ordinal(d))]
    if held:
        places = ", ".join(sorted({str(d["destination"]) for d in held}))
        return _made(seen, DELIVER, f"Deliver again what is held ({len(held)} to {places}).", held)
    if wanted.ordinals is not None:
        return nothing("It is not held any more.")
    if wanted.destination:
        return _to_one(seen, wanted.destination, fitting, nothing)
    if seen.state in ("completed", "discarded"):
        places = ", ".join(sorted({str(d["destination"]) for d in seen.deliveries})) or "its destinations"
        words = f"Translate it again and deliver it to {places} once more; receivers that know it already ignore it."
        return _made(seen, TRANSLATE, words, repeats=bool(seen.deliveries))
    return nothing("It is under way already.")


def _obstacle(seen: _Seen) -> str:
    """Why it cannot be sent at all; empty: it can."""
    if seen.waits:
        return "It is an edit that waits for a second person."
    return "" if seen.kept else "It has no payload: its retention ended, or the filter of its flow left it out."


def _asked(wanted: Wanted, message_id: UUID, ordinal: int) -> bool:
    return wanted.ordinals is None or ordinal in wanted.ordinals.get(message_id, ())


def _ordinal(delivery: Mapping[str, object]) -> int:
    return int(str(delivery["ordinal"]))


def _to_one(
    seen: _Seen, destination: str, fitting: Sequence[dict[str, object]], nothing: Callable[[str], Step]
) -> Step:
    if seen.state not in ("completed", "routed"):
        return nothing(f"It is {seen.state}, so nothing goes to one destination only.")
    done = [d for d in fitting if d["state"] in ("delivered", "cancelled")]
    if not done:
        return nothing(f"It is under way to {destination}." if fitting else f"It does not go to {destination}.")
    repeats = any(d["state"] == "delivered" for d in done)
    return _made(seen, AGAIN, f"Deliver it to {destination} once more, as it was made then.", done, repeats=repeats)


def _made(
    seen: _Seen, action: str, words: str, chosen: Sequence[dict[str, object]] = (), *, repeats: bool = False
) -> Step:
    since = max((datetime.fromisoformat(str(d["at"])) for d in chosen), default=seen.state_at)
    return Step(
        message_id=seen.id,
        flow=seen.flow,
        action=action,
        ordinals=tuple(_ordinal(d) for d in chosen),
        places=tuple(sorted({str(d["destination"]) for d in chosen or seen.deliveries})),
        repeats=repeats,
        words=words,
        seen=(seen.state, since),
    )


async def apply(
    connection: Connection, steps: Sequence[Step], *, actor: str, reason: str, priority: Priority | None = None
) -> int:
    """Within a transaction: do what the plan says; returns how many messages went on their way.

    `priority`: of what is translated anew and gets a new place; what was held keeps its own, with its place.
    """
    count = 0
    for step in steps:
        count += await apply_one(connection, step, actor=actor, reason=reason, priority=priority)
    return count


async def apply_one(
    connection: Connection, step: Step, *, actor: str, reason: str, priority: Priority | None = None
) -> bool:
    """Within a transaction: do one step. False: the message has moved on, and nothing was done."""
    if step.seen is None or step.action == NOTHING:
        return False
    if not await _still(connection, step):
        return False
    if step.action == TRANSLATE:
        await _translate_again(connection, step, priority)
    elif step.action == DELIVER:
        await _deliver_held(connection, step)
    else:
        await _deliver_once_more(connection, step, priority)
    await connection.execute(
        "INSERT INTO reopened (message_id) VALUES (%s) ON CONFLICT (message_id) DO UPDATE SET at = now()",
        [step.message_id],
    )
    for ordinal in step.ordinals or (MESSAGE_BODY,):
        await close(connection, step.message_id, ordinal, resolution="replayed", actor=actor, reason=reason)
    await record(connection, actor=actor, action="replay", flow=step.flow, message_id=step.message_id, words=reason)
    return True


async def _still(connection: Connection, step: Step) -> bool:
    """Is it as the plan saw it? Another person may have edited, discarded or replayed it. Locks what is looked at."""
    state, since = step.seen or ("", None)
    cursor = await connection.execute(
        "SELECT state_at FROM message WHERE id = %s AND state = %s::message_state FOR NO KEY UPDATE",
        [step.message_id, state],
    )
    row = await cursor.fetchone()
    if row is None:
        return False
    if step.action == TRANSLATE:
        return bool(row[0] == since)
    cursor = await connection.execute(
        "SELECT state::text, state_at FROM delivery WHERE message_id = %s AND ordinal = ANY(%s) FOR NO KEY UPDATE",
        [step.message_id, list(step.ordinals)],
    )
    rows = await cursor.fetchall()
    allowed = ("held",) if step.action == DELIVER else ("delivered", "cancelled")
    return bool(rows) and all(found in allowed for found, _ in rows) and max(at for _, at in rows) == since


async def _translate_again(connection: Connection, step: Step, priority: Priority | None) -> None:
    """A held one keeps its place in the order; one that was done gets a new place: it happens now."""
    was = await move_message(connection, step.message_id, (step.seen[0],) if step.seen else (), "received")
    if was in ("completed", "discarded"):
        await connection.execute(
            "UPDATE message SET seq = nextval('message_seq'), priority = coalesce(%s::priority, priority)"
            " WHERE id = %s",
            [priority.value if priority else None, step.message_id],
        )


async def _deliver_held(connection: Connection, step: Step) -> None:
    for ordinal in step.ordinals:
        await move_delivery(connection, step.message_id, ordinal, ("held",), "waiting", next_in=0, attempts=0, words="")


async def _deliver_once_more(connection: Connection, step: Step, priority: Priority | None) -> None:
    """A new series of attempts with the same idempotency key, and a new place: it happens now."""
    for ordinal in step.ordinals:
        await move_delivery(
            connection, step.message_id, ordinal, ("delivered", "cancelled"), "pending", attempts=0, words=""
        )
        await connection.execute(
            "UPDATE delivery SET seq = nextval('message_seq'), priority = coalesce(%s::priority, priority)"
            " WHERE message_id = %s AND ordinal = %s",
            [priority.value if priority else None, step.message_id, ordinal],
        )
    await settle_message(connection, step.message_id, len(step.ordinals))

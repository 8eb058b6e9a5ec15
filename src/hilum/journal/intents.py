"""The ledger of effects: what is about to be asked of a destination is noted before the call, and settled after it.

One statement notes the intents of a call, whatever their number, and says which of them an earlier call left open: its
answer was lost, or its worker has died. Those the destination is asked about before anything is repeated. An intent
whose answer came goes with the commit of the outcome; one that had to be asked about keeps its proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from hilum.journal.columns import Bools, Int2s, Int4s, Texts, Uuids
from hilum.journal.leases import Leases
from hilum.journal.payloads import Ref
from hilum.journal.sql import SQL
from hilum.message import Delivery
from hilum.postgres import Connection

_ALIVE = 30.0
"""A worker that was not seen for so many seconds does not wait for an answer any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a destination said when it was asked about an effect."""

    ref: Ref
    effect: str
    answer: str  # landed, not landed, cannot tell, not to be asked now
    words: str = ""  # what it said; never a payload
    reference: str = ""  # what the receiver calls it, where it landed


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentRow:
    """An intent, as people see it."""

    ordinal: int
    destination: str
    effect: str
    attempt: int
    worker: str
    begun_at: datetime
    state: str
    proof: Sequence[Mapping[str, Any]]
    settled_at: datetime | None

    @property
    def words(self) -> str:
        """What it comes to, in a sentence."""
        match self.state:
            case "landed":
                return f"It is in {self.destination} as {self.effect}."
            case "not landed":
                return f"It was not in {self.destination} as {self.effect} when that was asked."
            case _:
                return f"Whether it is in {self.destination} as {self.effect} is not known yet."


async def begin(
    connection: Connection, leases: Leases, destination: str, batch: Sequence[Delivery], effects: Sequence[str]
) -> set[Ref]:
    """Note what the next call is to do, durably; which of these did an earlier call leave open?"""
    rows = sorted(zip(batch, effects, strict=True), key=lambda row: (row[0].message_id, row[0].ordinal))
    parameters: dict[str, Any] = {
        "ids": Uuids([each.message_id for each, _ in rows]),
        "ordinals": Int2s([each.ordinal for each, _ in rows]),
        "effects": Texts([effect for _, effect in rows]),
        "attempts": Int4s([each.attempt for each, _ in rows]),
        "destination": destination,
        "worker_id": leases.id,
        "worker": leases.name,
    }
    cursor = await connection.execute(SQL["intend"], parameters, binary=True)
    return {(row[0], row[1]) for row in await cursor.fetchall()}


async def file(connection: Connection, answers: Sequence[Asked]) -> None:
    """Add to the proof what the destination said. The intents stay open until the outcome is committed."""
    parameters: dict[str, Any] = {
        "ids": Uuids([one.ref[0] for one in answers]),
        "ordinals": Int2s([one.ref[1] for one in answers]),
        "proofs": Texts([_proof(one) for one in answers]),
        "again": Bools([one.answer == "not landed" for one in answers]),
    }
    await connection.execute(SQL["intents_asked"], parameters)


async def answered(connection: Connection, refs: Sequence[Ref], *, landed: bool) -> None:
    """Within the transaction of the outcome: it is known what became of these."""
    parameters: dict[str, Any] = {
        "ids": Uuids([ref[0] for ref in refs]),
        "ordinals": Int2s([ref[1] for ref in refs]),
        "state": "landed" if landed else "not landed",
    }
    await connection.execute(SQL["intents_answered"], parameters)


async def unsure(connection: Connection, ref: Ref) -> None:
    """Within the transaction of the outcome: nobody knows what became of this one."""
    await connection.execute(
        "UPDATE intent SET unsure = true WHERE message_id = %s AND ordinal = %s AND state = 'open'", ref
    )


async def unknown(connection: Connection) -> dict[str, int]:
    """By destination: effects of which nobody knows whether they are there. Normally there is none."""
    cursor = await connection.execute(SQL["intents_unknown"], {"alive": _ALIVE})
    return dict(await cursor.fetchall())


async def of_message(connection: Connection, message_id: UUID) -> list[IntentRow]:
    """The intents of a message that are open, or that the destination was asked about."""
    cursor = await connection.execute(
        "SELECT ordinal, destination, effect, attempt, worker, begun_at, state, proof, settled_at FROM intent"
        " WHERE message_id = %s ORDER BY ordinal",
        [message_id],
    )
    names = ("ordinal", "destination", "effect", "attempt", "worker", "begun_at", "state", "proof", "settled_at")
    rows = [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]
    return [IntentRow(**{**row, "proof": row["proof"] or []}) for row in rows]


async def forget(connection: Connection, before: UUID) -> None:
    """Erase the intents of messages with ids below: their evidence is gone."""
    await connection.execute("DELETE FROM intent WHERE message_id < %s", [before])


def _proof(one: Asked) -> str:
    facts = {"asked": one.effect, "answer": one.answer, "reference": one.reference, "words": one.words}
    return orjson.dumps({name: value for name, value in facts.items() if value}).decode()

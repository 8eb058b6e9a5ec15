"""Switches for people: stop a flow's intake or translation, hold one key, let those behind a held one pass.

A stopped intake answers its senders busy, so nothing is lost: they keep what they have and send it again. Stopped
translation keeps what came in, in order. Workers read the switches once a second, never for each message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from hilum.cases.desk import NotPossible
from hilum.journal import reading
from hilum.journal.audit import record
from hilum.journal.breakers import close_by_person, open_by_person
from hilum.journal.moves import block, unblock
from hilum.journal.text import key_of, storable
from hilum.journal.work import MESSAGE_BODY, translating
from hilum.postgres import Connection

INTAKE, TRANSLATION = "intake", "translation"
BOTH = (INTAKE, TRANSLATION)

BY_A_PERSON = UUID(int=0)
"""The head of a key that a person holds: no message blocks it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A part of a flow that a person has stopped."""

    flow: str
    what: str  # intake or translation
    since: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHold:
    """A key that a person holds at a stage."""

    stage: str
    key: str
    since: datetime
    by: str
    reason: str
    waiting: int  # messages behind it


async def stopped(connection: Connection, flow: str = "") -> list[Switch]:
    """What is stopped now, of one flow or of all."""
    async with connection.cursor(row_factory=class_row(Switch)) as cursor:
        await cursor.execute(
            "SELECT * FROM flow_switch WHERE %(flow)s = '' OR flow = %(flow)s ORDER BY flow, what", {"flow": flow}
        )
        return await cursor.fetchall()


async def pause(connection: Connection, flow: str, what: Sequence[str] = BOTH, *, by: str, reason: str) -> str:
    """Within a transaction: stop intake, translation or both; returns in words what was done."""
    for each in what:
        await connection.execute(
            "INSERT INTO flow_switch (flow, what, by, reason) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (flow, what) DO UPDATE SET by = excluded.by, reason = excluded.reason",
            [flow, each, by, storable(reason)],
        )
    words = f"{' and '.join(what)} of {flow} stopped"
    await record(connection, actor=by, action="flow_paused", flow=flow, words=f"{' and '.join(what)}: {reason}")
    return words


async def resume(connection: Connection, flow: str, what: Sequence[str] = BOTH, *, by: str, reason: str) -> str:
    """Within a transaction: let it go on; returns in words what was done. Raises `NotPossible`."""
    cursor = await connection.execute(
        "DELETE FROM flow_switch WHERE flow = %s AND what = ANY(%s) RETURNING what", [flow, list(what)]
    )
    gone = sorted(row[0] for row in await cursor.fetchall())
    if not gone:
        raise NotPossible(f"Nothing of {flow} is stopped.")
    await record(connection, actor=by, action="flow_resumed", flow=flow, words=f"{' and '.join(gone)}: {reason}")
    return f"{' and '.join(gone)} of {flow} goes on"


async def turn(connection: Connection, subject: Mapping[str, Any], *, by: str, reason: str) -> str:
    """Within a transaction: do what a request for a switch asked for. Raises `NotPossible`."""
    if "destination" in subject:
        return await _turn_breaker(connection, subject, by=by, reason=reason)
    act = {"pause": pause, "resume": resume}.get(str(subject["switch"]))
    if act is None:
        raise NotPossible(f"This version has no switch '{subject['switch']}'.")
    return await act(connection, str(subject["flow"]), list(subject["what"]), by=by, reason=reason)


def in_words(subject: Mapping[str, Any]) -> str:
    """What a request for a breaker asks for."""
    what = "Send nothing to" if subject["switch"] == "open" else "Send again to"
    span = f" for {subject['seconds']:g} s" if subject.get("seconds") else ""
    return f"{what} {subject['destination']}{span}."


async def _turn_breaker(connection: Connection, subject: Mapping[str, Any], *, by: str, reason: str) -> str:
    """Open or close the breaker of a destination: send nothing there, or send again."""
    destination = str(subject["destination"])
    if subject["switch"] == "open":
        seconds = subject.get("seconds")
        await open_by_person(connection, destination, actor=by, reason=reason, seconds=seconds)
        return f"nothing is sent to {destination}"
    if not await close_by_person(connection, destination, actor=by, reason=reason):
        raise NotPossible(f"{destination} is in order already.")
    return f"{destination} is sent to again"


async def key_holds(connection: Connection, flow: str = "") -> list[KeyHold]:
    """Keys that persons hold, of one flow or of all."""
    async with connection.cursor(row_factory=class_row(KeyHold)) as cursor:
        await cursor.execute(
            "SELECT h.*, (SELECT count(*) FROM parked p WHERE p.stage = h.stage AND p.key = h.key) AS waiting"
            " FROM key_hold h WHERE %(stage)s = '' OR stage = %(stage)s ORDER BY since",
            {"stage": translating(flow) if flow else ""},
        )
        return await cursor.fetchall()


async def hold_key(connection: Connection, flow: str, key: str, *, by: str, reason: str) -> None:
    """Within a transaction: nothing more of this key is translated until it is freed. Raises `NotPossible`."""
    key, stage = key_of(key), translating(flow)
    if not key:
        raise NotPossible("Messages without a key cannot be held by key.")
    await block(connection, stage, key, BY_A_PERSON, MESSAGE_BODY)
    cursor = await connection.execute(
        "SELECT message_id FROM blocked_key WHERE stage = %s AND key = %s FOR UPDATE", [stage, key]
    )
    row = await cursor.fetchone()
    if row is None or row[0] != BY_A_PERSON:
        raise NotPossible("The key waits behind a held message already: it goes on when that one is resolved.")
    await connection.execute(
        "INSERT INTO key_hold (stage, key, by, reason) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (stage, key) DO UPDATE SET by = excluded.by, reason = excluded.reason",
        [stage, key, by, storable(reason)],
    )
    await record(connection, actor=by, action="key_held", flow=flow, words=reason)


async def free_key(connection: Connection, flow: str, key: str, *, by: str, reason: str) -> None:
    """Within a transaction: the key goes on, in order. Raises `NotPossible`."""
    key, stage = key_of(key), translating(flow)
    cursor = await connection.execute(
        "DELETE FROM key_hold WHERE stage = %s AND key = %s RETURNING stage", [stage, key]
    )
    if await cursor.fetchone() is None:
        raise NotPossible("Nobody holds this key.")
    await unblock(connection, stage, key, BY_A_PERSON, MESSAGE_BODY)
    await record(connection, actor=by, action="key_freed", flow=flow, words=reason)


async def let_pass(connection: Connection, message_id: UUID, *, by: str, reason: str) -> int:
    """Within a transaction: what waits behind a held message or delivery goes on; the held one stays held.

    Returns how many go on. When the held one is replayed later, it comes after them. Raises `NotPossible`.
    """
    row = await reading.message(connection, message_id)
    if row is None:
        raise NotPossible("There is no such message.")
    cursor = await connection.execute(
        "SELECT b.stage, b.key, b.ordinal, (SELECT count(*) FROM parked p WHERE p.stage = b.stage AND p.key = b.key)"
        " FROM blocked_key b WHERE b.message_id = %s AND b.key = %s AND (b.ordinal < 0 OR EXISTS (SELECT 1"
        " FROM delivery d WHERE d.message_id = b.message_id AND d.ordinal = b.ordinal AND d.state = 'held'))",
        [message_id, row.key],
    )
    heads = await cursor.fetchall()
    if not heads:
        raise NotPossible("Nothing is held back by this message.")
    for stage, key, ordinal, _ in heads:
        await unblock(connection, stage, key, message_id, ordinal)
    await record(connection, actor=by, action="let_pass", flow=row.flow, message_id=message_id, words=reason)
    return sum(count for *_, count in heads)

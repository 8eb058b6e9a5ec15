"""Runs, what came to them, and what they did: all SQL over the tables of this package but tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from psycopg.rows import class_row

from hilum.journal.payloads import Damaged, Part, packed, unpacked
from hilum.journal.text import storable
from hilum.message import new_id
from hilum.postgres import Connection
from hilum.processes.tasks import sealed_as

RUNNING, HELD, COMPLETED, FAILED, CANCELLED = "running", "held", "completed", "failed", "cancelled"
EVENT, DECISION, CANCEL, AGAIN, MIGRATE = "event", "decision", "cancel", "again", "migrate"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run as it stands."""

    id: UUID
    process: str
    version: str
    key: str
    number: int
    workflow: str
    before: str
    came_from: str
    step_base: int
    state: str
    status: str
    since: datetime
    waits_for: str
    waits_until: datetime | None
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    held_step: int | None
    held_kind: str  # business or technical; empty: it was never held
    correlation: str

    @property
    def open(self) -> bool:
        """Is it under way, or held?"""
        return self.ended_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that came to a run, without its body."""

    id: UUID
    seq: int
    at: datetime
    process: str
    key: str
    run_id: UUID | None
    kind: str
    topic: str
    message_id: UUID | None
    correlation: str
    actor: str
    state: str
    step: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A line of a run's history."""

    at: datetime
    step: int
    kind: str
    words: str
    actor: str
    message_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A command that a run sent."""

    seq: int
    at: datetime
    step: int
    channel: str
    key: str
    taken_at: datetime | None  # by the flow of its channel
    refused: str  # why the flow did not take it
    message_id: UUID | None  # none: not translated yet, or its flow recognises repetitions by something of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Something that a receiver made of a message."""

    message_id: UUID
    flow: str
    destination: str
    operation: str
    reference: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """What is to come to a run."""

    process: str
    key: str
    kind: str
    topic: str = ""
    content: Any = field(default=None, repr=False)  # JSON
    dedup: str | None = None
    message_id: UUID | None = None
    correlation: str = ""
    actor: str = ""
    run_id: UUID | None = None


_RUN: Final = (
    "SELECT id, process, version, key, number, workflow, before, came_from, step_base, state, status, since,"
    " waits_for, waits_until, started_at, ended_at, outcome, held_step, held_kind,"
    " correlation FROM process_run"
)
_ITEM: Final = (
    "SELECT id, seq, at, process, key, run_id, kind, topic, message_id, correlation, actor, state, step"
    " FROM process_item"
)


_PUT: Final = (
    "INSERT INTO process_item (id, process, key, run_id, kind, topic, dedup, codec, body, message_id, correlation,"
    " actor) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (process, dedup) DO NOTHING RETURNING id"
)


async def put(connection: Connection, item: NewItem) -> UUID | None:
    """Within a transaction: hand it in. None: it was told before, to this process."""
    id = new_id()
    async with packed(connection, [_part(item, id)]) as [kept]:
        cursor = await connection.execute(_PUT, _put_row(item, id, kept))
        return id if await cursor.fetchone() else None


async def put_all(connection: Connection, items: Sequence[NewItem]) -> None:
    """Within a transaction: the same for many, in their order, without waiting for each."""
    ids = [new_id() for _ in items]
    parts = [_part(item, id) for item, id in zip(items, ids, strict=True)]
    async with packed(connection, parts) as stored, connection.cursor() as cursor:
        rows = [_put_row(item, id, kept) for item, id, kept in zip(items, ids, stored, strict=True)]
        await cursor.executemany(_PUT, rows)


def _part(item: NewItem, id: UUID) -> Part:
    return sealed_as(item.process), id, 0, orjson.dumps(item.content)


def _put_row(item: NewItem, id: UUID, kept: tuple[int, bytes]) -> list[Any]:
    return [
        id, item.process, storable(item.key), item.run_id, item.kind, item.topic, item.dedup, *kept, item.message_id,
        item.correlation, storable(item.actor),
    ]  # fmt: skip


async def content(connection: Connection, item: UUID) -> Any:
    """What is in it. Raises `DatabaseUnavailable` where its key is not at hand, `Damaged` where it cannot be read."""
    cursor = await connection.execute("SELECT codec, body FROM process_item WHERE id = %s", [item])
    row = await cursor.fetchone()
    if row is None:
        raise Damaged("there is no such item")
    return await opened(connection, item, *row)


async def opened(connection: Connection, item: UUID, codec: int, body: bytes) -> Any:
    """What is in it, as it was stored. Raises as `content` does."""
    found = (await unpacked(connection, [(item, 0, codec, body)])).get((item, 0))
    if found is None:
        raise Damaged("its time has passed: it was erased")
    if isinstance(found, Damaged):
        raise found
    return orjson.loads(found)


async def run_by_id(connection: Connection, id: UUID, *, lock: bool = False) -> RunRow | None:
    """One run. `lock`: within a transaction, until it ends."""
    return await _one_run(connection, f"WHERE id = %s{' FOR UPDATE' if lock else ''}", [id])


async def run_of(connection: Connection, process: str, key: str) -> RunRow | None:
    """The last run of a key, open or ended."""
    return await _one_run(connection, "WHERE process = %s AND key = %s ORDER BY number DESC LIMIT 1", [process, key])


async def _one_run(connection: Connection, where: str, values: Sequence[Any]) -> RunRow | None:
    async with connection.cursor(row_factory=class_row(RunRow)) as cursor:
        await cursor.execute(f"{_RUN} {where}".encode(), values)
        return await cursor.fetchone()


async def runs(
    connection: Connection,
    *,
    process: str = "",
    status: str = "",
    state: str = "",
    text: str = "",
    protected: Sequence[str] = (),
    before: UUID | None = None,
    limit: int = 100,
) -> list[RunRow]:
    """Runs, the latest first. `text` is a part of their key, or their id. `before`: those that began before this one.

    `protected`: processes whose keys must be known whole, so that nobody finds them out letter by letter.
    """
    values = {"process": process, "status": status, "state": state, "text": text.strip(), "before": before,
              "protected": list(protected), "limit": limit}  # fmt: skip
    async with connection.cursor(row_factory=class_row(RunRow)) as cursor:
        await cursor.execute(
            f"{_RUN} WHERE (%(process)s = '' OR process = %(process)s) AND (%(status)s = '' OR status = %(status)s)"
            " AND (%(state)s = '' OR state = %(state)s)"
            " AND (%(text)s = '' OR key = %(text)s OR id::text = %(text)s"
            "      OR (process <> ALL(%(protected)s) AND strpos(lower(key), lower(%(text)s)) > 0))"
            " AND (%(before)s::uuid IS NULL"
            "      OR (started_at, id) < (SELECT started_at, id FROM process_run WHERE id = %(before)s::uuid))"
            " ORDER BY started_at DESC, id DESC LIMIT %(limit)s".encode(),
            values,
        )
        return await cursor.fetchall()


async def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """How many runs of each process are in each status that is not an end."""
    cursor = await connection.execute(
        "SELECT process, status, count(*) FROM process_run WHERE ended_at IS NULL GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return {(process, status): count for process, status, count in await cursor.fetchall()}


async def items(connection: Connection, run: UUID) -> list[Item]:
    """All that came to a run, in order."""
    async with connection.cursor(row_factory=class_row(Item)) as cursor:
        await cursor.execute(f"{_ITEM} WHERE run_id = %s ORDER BY seq".encode(), [run])
        return await cursor.fetchall()


async def history(connection: Connection, run: UUID) -> list[Told]:
    """What happened in a run, in order."""
    async with connection.cursor(row_factory=class_row(Told)) as cursor:
        await cursor.execute(
            "SELECT at, step, kind, words, actor, message_id FROM process_history WHERE run_id = %s ORDER BY id", [run]
        )
        return await cursor.fetchall()


async def sent(connection: Connection, run: UUID) -> list[Sent]:
    """The commands of a run, in order."""
    async with connection.cursor(row_factory=class_row(Sent)) as cursor:
        await cursor.execute(
            "SELECT c.seq, c.at, c.step, c.channel, c.key, c.taken_at, c.refused, min(i.message_id::text)::uuid AS"
            " message_id FROM process_command c LEFT JOIN identifier i ON i.value = 'command ' || c.id"
            " WHERE c.run_id = %s GROUP BY c.seq ORDER BY c.seq",
            [run],
        )
        return await cursor.fetchall()


async def documents(connection: Connection, messages: Sequence[UUID]) -> list[Document]:
    """What the receivers of these messages call what they made of them."""
    async with connection.cursor(row_factory=class_row(Document)) as cursor:
        await cursor.execute(
            "SELECT message_id, flow, destination, operation, reference, state_at AS at FROM delivery"
            " WHERE message_id = ANY(%s) AND reference <> '' ORDER BY message_id, ordinal",
            [list(messages)],
        )
        return await cursor.fetchall()


async def at_rest(connection: Connection, now: datetime) -> bool:
    """Has everything that came been taken to its run, every run come to wait, and every command been taken?"""
    cursor = await connection.execute(
        "SELECT NOT EXISTS (SELECT 1 FROM process_item WHERE state IN ('new', 'matched'))"
        " AND NOT EXISTS (SELECT 1 FROM process_item i JOIN process_run r ON r.id = i.run_id WHERE i.step IS NULL"
        "  AND i.state = 'rung' AND r.status = 'running' AND i.kind <> 'result')"
        " AND NOT EXISTS (SELECT 1 FROM process_run WHERE status = 'running' AND ended_at IS NULL"
        "  AND (waits_for = '' OR NOT launched OR waits_until <= %s))"
        " AND NOT EXISTS (SELECT 1 FROM process_command WHERE taken_at IS NULL)",
        [now],
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def told_of(connection: Connection, process: str) -> list[tuple[str, str, str, int]]:
    """Of the runs of a process: key, what they did (`heard`, `sent` …), what of, how often."""
    cursor = await connection.execute(
        "SELECT r.key, h.kind, h.words, count(*) FROM process_history h JOIN process_run r ON r.id = h.run_id"
        " WHERE r.process = %s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        [process],
    )
    return await cursor.fetchall()

"""Messages in the journal: found by any identifier, the story of one, its bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from hilum.canonical.applied import Applied
from hilum.journal import intents
from hilum.journal.audit import AuditRow, history
from hilum.journal.intents import IntentRow
from hilum.journal.keyring import day_of
from hilum.journal.payloads import Damaged, unpacked
from hilum.journal.rules import rules_of
from hilum.journal.text import key_of
from hilum.message import id_at
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One message, without its body."""

    id: UUID
    flow: str
    state: str
    key: str
    dedup_key: str | None
    correlation_id: str
    cause_id: UUID | None
    content_type: str
    headers: Mapping[str, str] | None = field(repr=False)
    size: int
    open_deliveries: int
    received_at: datetime
    state_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """One delivery, without its body."""

    message_id: UUID
    ordinal: int
    flow: str
    destination: str
    operation: str
    state: str
    key: str
    idempotency_key: str
    content_type: str
    attempts: int
    next_at: datetime | None
    reference: str
    words: str
    created_at: datetime
    state_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One attempt that was not simply delivered at once."""

    ordinal: int
    number: int
    at: datetime
    outcome: str
    words: str
    milliseconds: int
    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What retention did to the payload of a message."""

    at: datetime
    rule: str

    @property
    def words(self) -> str:
        """In words for people."""
        return f"erased on {self.at:%Y-%m-%d} by {self.rule}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """How often a message came again. Its sender was answered as the first time, and nothing else happened."""

    count: int
    last_at: datetime
    last_peer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The whole story of a message."""

    message: MessageRow
    deliveries: list[DeliveryRow]
    attempts: list[AttemptRow]
    audit: list[AuditRow]
    identifiers: list[str]
    caused: list[UUID]  # messages that this one caused
    waits_for: dict[str, UUID]  # stage at which its key is blocked → the message at the head of it
    intents: list[IntentRow] = field(default_factory=list)  # open, or settled by asking the destination
    repeats: Repeats | None = None  # none: it came once
    erased: Erased | None = None  # when its payload was erased; None: it is there
    rules: list[Applied] = field(default_factory=list)  # conversions and code tables that its translation used
    on_hold: str = ""  # why retention leaves it alone; empty: it does not


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What to look for; every member that is set must fit. `text` is an identifier, or the beginning of one."""

    text: str = ""
    whole: bool = False  # the whole identifier: who may not see identifiers must not find them out letter by letter
    flow: str = ""
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: UUID | None = None  # page on: only messages received before this one
    limit: int = 50


_MESSAGE = (
    "id, flow, state::text, key, dedup_key, correlation_id, cause_id, content_type, headers, size, open_deliveries,"
    " received_at, state_at"
)


async def find(connection: Connection, search: Search) -> list[MessageRow]:
    """Messages that fit, the latest first. Served by indices on ids and identifiers; bodies are never scanned."""
    where, values = ["true"], []
    if search.text:
        condition, found = _identified(search.text.strip(), search.whole)
        where.append(condition)
        values += found
    for column, value in (("flow = %s", search.flow), ("state = %s::message_state", search.state)):
        if value:
            where.append(column)
            values.append(value)
    if search.since:
        where.append("id >= %s")
        values.append(id_at(search.since))
    if search.until:
        where.append("id < %s")
        values.append(id_at(search.until))
    if search.before:
        where.append("id < %s")
        values.append(search.before)
    statement = f"SELECT {_MESSAGE} FROM message WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT %s"
    async with connection.cursor(row_factory=class_row(MessageRow)) as cursor:
        await cursor.execute(statement.encode(), [*values, search.limit])
        return await cursor.fetchall()


def _identified(text: str, whole: bool) -> tuple[str, list[Any]]:
    try:
        own = UUID(text.partition(".")[0])
        # of this hub, or of the hub that sent it here: that one's ids are identifiers
        return "id IN (SELECT %s::uuid UNION ALL SELECT message_id FROM identifier WHERE value = %s)", [own, str(own)]
    except ValueError:
        if whole:
            return "id IN (SELECT message_id FROM identifier WHERE value = %s)", [key_of(text)]
        begins = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        return "id IN (SELECT message_id FROM identifier WHERE value LIKE %s)", [begins]


async def message(connection: Connection, message_id: UUID) -> MessageRow | None:
    """One message."""
    async with connection.cursor(row_factory=class_row(MessageRow)) as cursor:
        await cursor.execute(f"SELECT {_MESSAGE} FROM message WHERE id = %s".encode(), [message_id])
        return await cursor.fetchone()


async def deliveries(connection: Connection, message_id: UUID) -> list[DeliveryRow]:
    """All deliveries of a message, in order."""
    async with connection.cursor(row_factory=class_row(DeliveryRow)) as cursor:
        await cursor.execute(
            "SELECT message_id, ordinal, flow, destination, operation, state::text, key, idempotency_key, content_type,"
            " attempts, next_at, reference, words, created_at, state_at FROM delivery WHERE message_id = %s"
            " ORDER BY ordinal",
            [message_id],
        )
        return await cursor.fetchall()


async def trace(connection: Connection, message_id: UUID) -> Trace | None:
    """The whole story of a message, or nothing where there is no such message."""
    row = await message(connection, message_id)
    if row is None:
        return None
    return Trace(
        message=row,
        deliveries=await deliveries(connection, message_id),
        attempts=await _attempts(connection, message_id),
        audit=await history(connection, message_id),
        identifiers=await _column(
            connection, "SELECT DISTINCT value FROM identifier WHERE message_id = %s ORDER BY 1", [message_id]
        ),
        caused=await _caused(connection, message_id),
        waits_for=await _waits_for(connection, message_id),
        intents=await intents.of_message(connection, message_id),
        repeats=await _repeats(connection, message_id),
        erased=await erased(connection, message_id),
        rules=await rules_of(connection, message_id),
        on_hold=await _on_hold(connection, row),
    )


async def _attempts(connection: Connection, message_id: UUID) -> list[AttemptRow]:
    async with connection.cursor(row_factory=class_row(AttemptRow)) as cursor:
        await cursor.execute(
            "SELECT ordinal, number, at, outcome, words, milliseconds, worker FROM attempt WHERE message_id = %s"
            " ORDER BY at",
            [message_id],
        )
        return await cursor.fetchall()


async def _repeats(connection: Connection, message_id: UUID) -> Repeats | None:
    async with connection.cursor(row_factory=class_row(Repeats)) as cursor:
        await cursor.execute("SELECT count, last_at, last_peer FROM duplicate WHERE message_id = %s", [message_id])
        return await cursor.fetchone()


async def _caused(connection: Connection, message_id: UUID) -> list[UUID]:
    """Looked for in the partitions of the 90 days after it: ids begin with their time."""
    last = UUID(int=message_id.int + (90 * 86_400_000 << 80))
    statement = "SELECT id FROM message WHERE cause_id = %s AND id > %s AND id < %s ORDER BY id"
    return await _column(connection, statement, [message_id, message_id, last])


async def _waits_for(connection: Connection, message_id: UUID) -> dict[str, UUID]:
    cursor = await connection.execute(
        "SELECT p.stage, b.message_id FROM parked p JOIN blocked_key b USING (stage, key) WHERE p.message_id = %s",
        [message_id],
    )
    return dict(await cursor.fetchall())


async def _on_hold(connection: Connection, row: MessageRow) -> str:
    reasons = await _column(
        connection,
        "SELECT reason FROM legal_hold h WHERE released_at IS NULL AND (message_id = %s"
        " OR (message_id IS NULL AND flow = %s))",
        [row.id, row.flow],
    )
    return " ".join(reasons)


async def why_gone(connection: Connection, message_id: UUID) -> str:
    """Why a message has no payload, in words."""
    cursor = await connection.execute("SELECT headers ->> 'filtered' FROM message WHERE id = %s", [message_id])
    row = await cursor.fetchone()
    if row is not None and row[0]:
        return f"No payload was stored: {row[0]}"
    found = await erased(connection, message_id)
    return f"The payload was {found.words}. The story stays." if found else "The payload was removed. The story stays."


async def erased(connection: Connection, message_id: UUID) -> Erased | None:
    """When and by what rule the payload of a message was erased; None where it was not, or never was stored."""
    cursor = await connection.execute(
        "SELECT greatest(d.erased_at, (SELECT max(erased_at) FROM legal_hold WHERE message_id = m.id)), d.words"
        " FROM message m JOIN payload_day d ON d.flow = m.flow AND d.day = %s"
        " WHERE m.id = %s AND d.erased_at IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM legal_hold WHERE message_id = m.id AND erased_at IS NULL)",
        [day_of(message_id), message_id],
    )
    found = await cursor.fetchone()
    return Erased(at=found[0], rule=found[1]) if found else None


async def _column(connection: Connection, statement: str, values: Sequence[Any]) -> list[Any]:
    return [row[0] for row in await (await connection.execute(statement.encode(), values)).fetchall()]


async def body(connection: Connection, message_id: UUID, ordinal: int = -1) -> bytes | None:
    """A stored body: of the message (−1), or of one of its deliveries. Nothing where it was erased.

    Raises `Damaged`; `KeyUnavailable` where it is encrypted and this process has not the key.
    """
    cursor = await connection.execute(
        "SELECT id, ordinal, codec, body FROM payload WHERE id = %s AND ordinal = %s", [message_id, ordinal]
    )
    found = (await unpacked(connection, await cursor.fetchall(), again=True)).get((message_id, ordinal))
    if isinstance(found, Damaged):
        raise Damaged(f"The payload {message_id} is damaged: {found}.")
    return found

"""What a worker does with the journal: take work in order, and commit what became of it, fenced by its leases."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from hilum.connector import Header
from hilum.errors import LeaseLost
from hilum.journal.columns import Bodies, Bools, Int2s, Int4s, Int8s, Texts, Uuids
from hilum.journal.leases import Leases
from hilum.journal.payloads import MESSAGE_BODY as MESSAGE_BODY
from hilum.journal.payloads import Damaged, Ref, packed, unpacked
from hilum.journal.receipt import encode_headers
from hilum.journal.sql import SQL
from hilum.journal.text import key_of
from hilum.message import Delivery, Message, Priority
from hilum.postgres import Connection

log = logging.getLogger("hilum.journal")

MOST_DELIVERIES = 32_767
"""The most deliveries that one message may ever have: ordinals are 16 bits."""


def translating(flow: str) -> str:
    """The stage at which a key of this flow is blocked while one of its messages cannot be translated."""
    return f"translate:{flow}"


@dataclass(slots=True, kw_only=True)
class ToTranslate:
    """A received message that a worker has in hand. Its body is read apart."""

    id: UUID
    flow: str
    seq: int
    lane: int
    key: str
    dedup_key: str
    content_type: str
    headers: Mapping[str, str] = field(repr=False)
    correlation_id: str
    received_at: datetime
    next_ordinal: int
    head: UUID | None  # the message that blocks its key; itself, when it is tried again
    size: int  # bytes of its body
    endless: bool = False  # an earlier translation of it did not end

    @property
    def stage(self) -> str:
        """The stage at which its key can be blocked."""
        return translating(self.flow)

    @property
    def behind(self) -> bool:
        """Must it wait for an earlier one of its key?"""
        return self.head is not None and self.head != self.id

    def message(self, body: bytes) -> Message:
        """The envelope, with its body."""
        return Message(
            id=self.id,
            flow=self.flow,
            body=body,
            content_type=self.content_type,
            headers=self.headers,
            key=self.key,
            correlation_id=self.correlation_id,
            received_at=self.received_at,
        )


@dataclass(slots=True, kw_only=True)
class NewDelivery:
    """A delivery that a translation made."""

    destination: str
    operation: str
    idempotency_key: str
    content_type: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Translated:
    """What became of one message: its deliveries, and what people may search it by."""

    taken: ToTranslate
    deliveries: list[NewDelivery]
    identifiers: set[str]
    late: bool = False  # the flow's promise is broken already
    rules: str | None = None  # conversions and code tables that it used, as `encode_rules` writes them


@dataclass(slots=True, kw_only=True)
class ToDeliver:
    """A delivery that a worker has in hand. Its body is read apart."""

    message_id: UUID
    ordinal: int
    seq: int
    lane: int
    flow: str
    destination: str
    operation: str
    key: str
    idempotency_key: str
    content_type: str
    headers: Mapping[str, str] = field(repr=False)
    correlation_id: str
    attempts: int  # attempts already made in this series
    head: tuple[UUID, int] | None  # what blocks its key
    waiting: bool  # it was tried before and waits for its time, which has come
    priority: Priority = Priority.NORMAL

    @property
    def ref(self) -> tuple[UUID, int]:
        """Its identity."""
        return self.message_id, self.ordinal

    @property
    def behind(self) -> bool:
        """Must it wait for an earlier one of its key?"""
        return self.head is not None and self.head != self.ref

    def delivery(self, body: bytes) -> Delivery:
        """What the destination gets."""
        return Delivery(
            message_id=self.message_id,
            ordinal=self.ordinal,
            flow=self.flow,
            destination=self.destination,
            operation=self.operation,
            body=body,
            content_type=self.content_type,
            headers=_sent(self.headers),
            key=self.key,
            idempotency_key=self.idempotency_key,
            attempt=self.attempts + 1,
            correlation_id=self.correlation_id,
        )


def _sent(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Without what is for the hub's own people."""
    if Header.STAKE not in headers:
        return headers
    return {name: value for name, value in headers.items() if name != Header.STAKE}


@dataclass(slots=True, kw_only=True)
class Done:
    """A delivery that its destination has taken."""

    taken: ToDeliver
    reference: str
    words: str
    late: bool = False  # the flow's promise is broken


async def take_received(
    connection: Connection,
    *,
    priority: Priority,
    flows: Sequence[str],
    lanes: Sequence[int],
    floor: UUID,
    limit: int,
) -> list[ToTranslate]:
    """The next messages of these flows to translate, in the order of receipt."""
    parameters = {
        "priority": priority.value,
        "flows": Texts(flows),
        "lanes": Int2s(lanes),
        "floor": floor,
        "limit": limit,
    }
    cursor = await connection.execute(SQL["take_received"], parameters, binary=True)
    return [
        ToTranslate(
            id=row[0],
            flow=row[1],
            seq=row[2],
            lane=row[3],
            key=row[4],
            dedup_key=row[5] or "",
            content_type=row[6],
            headers=row[7] or {},
            correlation_id=row[8],
            received_at=row[9],
            next_ordinal=row[10],
            head=row[11],
            size=row[12],
            endless=row[13],
        )
        for row in await cursor.fetchall()
    ]


async def bodies(connection: Connection, refs: Sequence[Ref]) -> dict[Ref, bytes | Damaged]:
    """Stored bodies by message id and ordinal. One that was erased is missing; instead of a damaged one it says why."""
    parameters = {"ids": Uuids([ref[0] for ref in refs]), "ordinals": Int2s([ref[1] for ref in refs])}
    cursor = await connection.execute(SQL["bodies"], parameters, binary=True)
    found = await unpacked(connection, await cursor.fetchall())
    for (message_id, ordinal), body in found.items():
        if isinstance(body, Damaged):
            log.error("the payload %s.%d is damaged: %s", message_id, ordinal, body)
    return found


async def commit_translated(connection: Connection, leases: Leases, results: Sequence[Translated]) -> set[UUID]:
    """Note translated messages and write their deliveries; returns the ids that were noted.

    An id is missing when its lane is another worker's now, or when somebody was faster. Raises `LeaseLost` when nothing
    was noted at all.
    """
    lanes, epochs = leases.fence({result.taken.lane for result in results})
    rows = [
        (result.taken, result.taken.next_ordinal + n, delivery)
        for result in results
        for n, delivery in enumerate(result.deliveries)
    ]
    found = [(value, result.taken.id) for result in results for value in sorted(set(map(key_of, result.identifiers)))]
    parameters: dict[str, Any] = {
        "lanes": Int2s(lanes),
        "epochs": Int8s(epochs),
        "worker": leases.id,
        "ids": Uuids([result.taken.id for result in results]),
        "of_lanes": Int2s([result.taken.lane for result in results]),
        "counts": Int4s([len(result.deliveries) for result in results]),
        "late": Bools([result.late for result in results]),
        "rules": Texts([result.rules for result in results]),
        "d_ids": Uuids([taken.id for taken, *_ in rows]),
        "d_ordinals": Int2s([ordinal for _, ordinal, _ in rows]),
        "d_destinations": Texts([new.destination for _, _, new in rows]),
        "d_operations": Texts([new.operation for _, _, new in rows]),
        "d_idempotency": Texts([new.idempotency_key for _, _, new in rows]),
        "d_content_types": Texts([new.content_type for _, _, new in rows]),
        "d_headers": Texts([encode_headers(new.headers) for _, _, new in rows]),
        "i_values": Texts([value for value, _ in found]),
        "i_ids": Uuids([message_id for _, message_id in found]),
    }
    parts = [(taken.flow, taken.id, ordinal, new.body) for taken, ordinal, new in rows]
    async with packed(connection, parts) as stored:
        parameters["d_codecs"] = Int2s([codec for codec, _ in stored])
        parameters["d_bodies"] = Bodies([body for _, body in stored])
        cursor = await connection.execute(SQL["routed"], parameters, binary=True)
        noted = {row[0] for row in await cursor.fetchall()}
    if results and not noted:
        raise LeaseLost("The lanes of these messages are held by another worker now.")
    return noted


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """How deliveries of one priority are read: after which place (`seq`, ordinal) in their order, at most how many."""

    priority: Priority
    after: tuple[int, int] = (0, -1)
    limit: int


async def take_deliveries(
    connection: Connection, destination: str, streams: Sequence[Stream], *, lanes: Sequence[int], floor: UUID
) -> tuple[list[ToDeliver], int]:
    """The next pending deliveries of each stream, in its order.

    And how often parked ones became work again, as seen by the same look (0 where there is nothing): when that has
    changed, some may lie before the place.
    """
    parameters = {
        **_of_streams(destination, streams, lanes, floor),
        "after_seqs": Int8s([stream.after[0] for stream in streams]),
        "after_ordinals": Int2s([stream.after[1] for stream in streams]),
    }
    cursor = await connection.execute(SQL["take_deliveries"], parameters, binary=True)
    rows = await cursor.fetchall()
    return [_to_deliver(destination, row) for row in rows], (rows[0][16] or 0) if rows else 0


async def take_due(
    connection: Connection, destination: str, streams: Sequence[Stream], *, lanes: Sequence[int], floor: UUID
) -> list[ToDeliver]:
    """Waiting deliveries whose time has come; of the streams, only priorities and limits count."""
    parameters = _of_streams(destination, streams, lanes, floor)
    cursor = await connection.execute(SQL["take_due"], parameters, binary=True)
    return [_to_deliver(destination, row) for row in await cursor.fetchall()]


async def with_work(
    connection: Connection, priorities: Collection[Priority], destinations: Collection[str], *, floor: UUID
) -> tuple[list[Priority], list[str]]:
    """Those of these priorities with messages to translate, and those of these destinations with anything to deliver
    now; in whosever lanes.
    """
    parameters = {
        "priorities": Texts([priority.value for priority in priorities]),
        "destinations": Texts(list(destinations)),
        "floor": floor,
    }
    cursor = await connection.execute(SQL["with_work"], parameters)
    found = await cursor.fetchall()
    received = [Priority(name) for translate, name in found if translate]
    return received, [str(name) for translate, name in found if not translate]


def _of_streams(destination: str, streams: Sequence[Stream], lanes: Sequence[int], floor: UUID) -> dict[str, Any]:
    return {
        "destination": destination,
        "lanes": Int2s(lanes),
        "floor": floor,
        "priorities": Texts([stream.priority.value for stream in streams]),
        "limits": Int4s([stream.limit for stream in streams]),
    }


_PRIORITIES: Mapping[str, Priority] = {priority.value: priority for priority in Priority}


def _to_deliver(destination: str, row: tuple[Any, ...]) -> ToDeliver:
    return ToDeliver(
        message_id=row[0],
        ordinal=row[1],
        seq=row[2],
        lane=row[3],
        flow=row[4],
        destination=destination,
        operation=row[5],
        key=row[6],
        idempotency_key=row[7],
        content_type=row[8],
        headers=row[9] or {},
        correlation_id=row[10],
        attempts=row[11],
        head=(row[12], row[13]) if row[12] is not None else None,
        waiting=row[14],
        priority=_PRIORITIES[row[15]],
    )


async def commit_delivered(
    connection: Connection, leases: Leases, done: Sequence[Done]
) -> dict[tuple[UUID, int], bool]:
    """Note delivered ones and complete their messages; returns those noted, and whether the message is completed.

    One is missing when its lane is another worker's now, or when another worker or a person was faster. Raises
    `LeaseLost` when nothing was noted at all.
    """
    lanes, epochs = leases.fence({one.taken.lane for one in done})
    parameters: dict[str, Any] = {
        "lanes": Int2s(lanes),
        "epochs": Int8s(epochs),
        "worker": leases.id,
        "worker_name": leases.name,
        "ids": Uuids([one.taken.message_id for one in done]),
        "ordinals": Int2s([one.taken.ordinal for one in done]),
        "of_lanes": Int2s([one.taken.lane for one in done]),
        "attempts": Int4s([one.taken.attempts + 1 for one in done]),
        "references": Texts([one.reference for one in done]),
        "words": Texts([one.words for one in done]),
        "waiting": Bools([one.taken.waiting for one in done]),
        "late": Bools([one.late for one in done]),
    }
    cursor = await connection.execute(SQL["delivered"], parameters, binary=True)
    noted = {(row[0], row[1]): bool(row[2]) for row in await cursor.fetchall()}
    if done and not noted:
        raise LeaseLost("The lanes of these deliveries are held by another worker now.")
    return noted

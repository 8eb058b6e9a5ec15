"""The envelope: what comes in, what is kept, what goes out. No repr here ever shows a body.

`Received` is what a source hands over, `Message` is what the journal keeps of it, `Delivery` is one message on its
way to one destination, `Outcome` is what the destination answered.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from hilum.errors import Down, Rejected, TryAgain, Unsure

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class MessageState(StrEnum):
    """Where a message is. Nothing else exists; the database has the same list."""

    RECEIVED = "received"  # durable and acknowledged, not yet translated
    ROUTED = "routed"  # translated; its deliveries are under way
    COMPLETED = "completed"  # every delivery is delivered or cancelled
    HELD = "held"  # waits for a person; a case exists
    DISCARDED = "discarded"  # a person, or a filter of the flow, decided that it ends here


class DeliveryState(StrEnum):
    """Where a delivery is. Nothing else exists; the database has the same list."""

    PENDING = "pending"  # to be delivered by the worker that holds its lane
    WAITING = "waiting"  # until its retry time, or behind an earlier one of its ordering key
    DELIVERED = "delivered"  # the receiver has it; `reference` is what the receiver calls it
    HELD = "held"  # waits for a person; a case exists
    CANCELLED = "cancelled"  # a person decided that it is not to be delivered


class Priority(StrEnum):
    """`bulk` never delays `normal`, `normal` never delays `urgent`."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One received unit, as the journal keeps it. Immutable."""

    id: UUID  # UUIDv7: its first 48 bits are the time of receipt
    flow: str  # the flow that took it
    body: bytes = field(repr=False)  # the very bytes that were received
    content_type: str = "application/octet-stream"
    # protocol facts: peer, file name, message type
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS, repr=False)
    key: str = ""  # ordering key; empty: it need not be in order with anything
    correlation_id: str = ""  # the same for all that belongs to one business event
    cause_id: UUID | None = None  # the message that caused this one (replay with edits, business events)
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One message on its way to one destination."""

    message_id: UUID
    ordinal: int  # the n-th delivery of its message, from 0
    flow: str
    destination: str  # name of the endpoint
    operation: str  # what the endpoint is to do with it, for example `stock_consumption`; may be empty
    body: bytes = field(repr=False)
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS, repr=False)
    key: str = ""  # ordering key
    idempotency_key: str  # the same at each attempt and each replay: the receiver may see it more than once
    attempt: int = 1  # which attempt this is, from 1
    correlation_id: str = ""

    @property
    def id(self) -> str:
        """What people and logs call it."""
        return f"{self.message_id}.{self.ordinal}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """The receiver has it, and said so."""

    reference: str = ""  # what the receiver calls it: an Odoo record, a control id, a URL, a file
    words: str = ""  # what happened there, for the trace; never a payload


# What a destination says of one delivery. A destination may also raise one of the failures for a whole batch.
Outcome = Delivered | TryAgain | Unsure | Rejected | Down


class _Uuid7:
    """UUIDv7 (RFC 9562 §5.7), increasing within the process: 48 bits of ms, 26 bits of counter, 48 random bits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ms = 0
        self._count = 0

    def __call__(self) -> UUID:
        with self._lock:
            ms = time.time_ns() // 1_000_000
            if ms > self._ms:
                self._ms, self._count = ms, 0
            else:
                self._count += 1
            ms, count = self._ms, self._count
        high = (ms << 16) | 0x7000 | (count >> 14 & 0xFFF)
        low = (0b10 << 62) | ((count & 0x3FFF) << 48) | int.from_bytes(os.urandom(6))
        return UUID(int=(high << 64) | low)


new_id = _Uuid7()


def id_at(moment: datetime) -> UUID:
    """The smallest id that a message received at `moment` can have. Partitions and time searches use it."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def moment_of(message_id: UUID) -> datetime:
    """When the message with this id was received (to the millisecond)."""
    return datetime.fromtimestamp((message_id.int >> 80) / 1000, UTC)

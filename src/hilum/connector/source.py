"""Where messages come in: a source, and what it hands over."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol, runtime_checkable
from uuid import UUID

from hilum.connector.base import Connector


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What the journal says of a received message once it is durable."""

    message_id: UUID
    duplicate: bool = False  # it was there before; `message_id` is the first one's


class Received(ABC):
    """One unit taken from a source, with the duty to answer it exactly once, after the journal has it.

    Not answering is safe: the sender gets no acknowledgement, and sends again.
    """

    body: bytes
    content_type: str
    headers: Mapping[str, str]  # protocol facts. Known names: see `Header`

    @abstractmethod
    async def accept(self, receipt: Receipt) -> None:
        """The journal has it: acknowledge (AA, 202, move the file to done)."""

    @abstractmethod
    async def refuse(self, error: Exception) -> None:
        """It is not stored: `Busy` and `DatabaseUnavailable` ask the sender to come again (AE, 503, leave the file);
        `NotAccepted` and `Invalid` refuse it for good (AR, 400/415, file to failed), with the reason in words."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {len(self.body)} bytes>"


class Header:
    """Names of headers that the hub itself reads. Sources may add others; all are shown in the trace."""

    PEER = "peer"  # who sent it: address, TLS subject or user
    MESSAGE_TYPE = "message-type"  # for example `DFT^P03`; what `accepts` is compared with
    FILE = "file"  # path of the file it came from
    ROW = "row"  # number of the row in that file, from 1, the head line not counted
    IDEMPOTENCY_KEY = "idempotency-key"  # the sender's own key; becomes the dedup key where the flow names none
    CORRELATION_ID = "correlation-id"
    CAUSATION_ID = "causation-id"  # what the sender says caused it; of another hub, its own message id
    ORDERING_KEY = "ordering-key"  # the sender's ordering key; it counts where the flow names none
    ORIGIN_FLOW = "origin-flow"  # the flow of the sending hub
    SUBJECT = "subject"  # subject or topic of the stream that it was taken from
    TRACEPARENT = "traceparent"  # W3C Trace Context
    TRACESTATE = "tracestate"  # goes on unchanged with the traceparent
    FILTERED = "filtered"  # why the filter of the flow left it out
    RECEIVER_ID = "receiver-id"  # of a delivery: what the receiver itself calls the thing, where that is no number
    FORMERLY = "formerly"  # of a delivery: the hub's own name of the thing, under which it may have been written before
    ONLY_IF_EMPTY = "only-if-empty"  # of a delivery: fields, with commas, that the receiver keeps where it has a value
    UNNUMBERED = "unnumbered"  # of a delivery: the thing waits for its number; the receiver keeps what it shows as one
    STAKE = "stake"  # of a delivery: what is at stake in it, should it be held; it is not sent
    WARNINGS = "warnings"  # what was accepted although it bends the standard


class Tables(Protocol):
    """Tables of codes by name, as `hilum.flow.Lookup` has them: what schedules read holidays from."""

    def codes(self, name: str) -> Collection[str]:
        """The codes of a table. Raises `SettingsError` where there is none of that name."""

    def version(self, name: str) -> int:
        """A number that changes when the table was read again. Raises `SettingsError` as `codes` does."""


class Schedule(Protocol):
    """When a source works by itself: `hilum.flow.schedule` has calendars of runs, and windows in which it looks."""

    def bind(self, tables: Tables) -> None:
        """Use these tables for holidays. Raises `SettingsError` where one is missing or wrong."""

    def words(self) -> str:
        """When, for people."""


class Source(Connector):
    """Takes messages in. Several flows may share one source: they are told apart by `wants`."""

    default_format: ClassVar[str] = "bytes"  # how flows read a body that came from here: hl7v2, json, row, bytes
    schedule: Schedule | None = None  # none: it takes what comes, at any time
    turned_away: Callable[[str, str], None] | None = None  # set by the runtime: told of a peer not let in, and why

    def declared_by(self, flow: str) -> None:
        """A flow of this name is declared with this source. Raises `SettingsError` where it must not be shared."""

    def share(self, other: Source) -> None:
        """Another flow is declared with `other`, of the same kind and address: this one takes in for both.

        Called before `open`. Raises `SettingsError` where they contradict each other.
        """

    @property
    @abstractmethod
    def address(self) -> str:
        """What this source occupies (`mllp://0.0.0.0:2575`). Flows whose sources have one address share one source."""

    @abstractmethod
    def wants(self, received: Received) -> bool:
        """Does the flow that declared this source take this one? Quick, no I/O, raises nothing."""

    @abstractmethod
    async def receive(self) -> Sequence[Received]:
        """Wait until there is at least one, then hand over all that is there (bounded). Called in a loop, one call at
        a time; cancelling it loses nothing. Returns an empty sequence only after `close`.

        A source that is `ordered` and `redelivers` keeps its order over refusals that may pass: from such a refusal on
        it hands over nothing until all that is outstanding is answered (the runtime refuses it too), and then begins
        again with the first that was refused.
        """


@runtime_checkable
class OnDemand(Protocol):
    """A source that looks now and then, and looks at once when a person asks (`hilum run`)."""

    async def take_now(self, since: datetime | None) -> str:
        """Take what is there now, also outside the windows of its schedule; `since`: only what is not older there.

        Says in words what was taken. The source is open. Raises `Down`.
        """

    async def would_take(self, since: datetime | None) -> str:
        """What `take_now` would take, in words; takes nothing. Raises `Down`."""

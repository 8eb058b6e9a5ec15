"""The interface of a connector: what every source and destination promises, and the runtime relies on.

It stands below the flows because a flow declares its source and its targets. The connectors themselves are in
`hilum.connectors`, one file a protocol. The conformance suites in `hilum.testing` hold every one of them to this page.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar, Final, Protocol, runtime_checkable
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from hilum.errors import Unsure
from hilum.message import NO_HEADERS, Delivered, Delivery, Outcome


class ConnectorSettings(BaseModel):
    """Base of every connector's settings: unknown names are an error, values never appear in error texts."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Traits:
    """What differs between connectors; each line is a promise that the conformance suite checks."""

    batch_limit: int = 1  # the most deliveries that one call of `deliver` takes
    ordered: bool = True  # source: hands over in the order of the far side
    deduplicates: bool = False  # destination: the same idempotency key twice has one effect
    ledger: bool = False  # destination: what a call is to do is noted before it, and asked about after a loss
    redelivers: bool = False  # source: what was refused or not answered comes again by itself
    answers: bool = True  # source: the sender is told why one is refused; else the hub keeps it, held with a case


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """What a destination has cost since it was made: calls over the wire, and what they would be one by one."""

    calls: int = 0
    records: int = 0  # deliveries made
    alone: int = 0  # calls that the same deliveries take when each is sent alone
    seconds: float = 0.0  # that calls were under way


class Connector(ABC):
    """A live link to one outside system.

    Life: construct with settings (no I/O) → `open` → use → `close`. `close` may be called twice and while another
    call waits, which then ends. A closed connector can be opened again. All methods belong to one event loop.
    """

    Settings: ClassVar[type[ConnectorSettings]]
    kind: ClassVar[str]  # the name in hilum.toml and docs: `mllp`, `http`, `files`, `odoo`
    traits: ClassVar[Traits] = Traits()
    in_hub: ClassVar[bool] = False  # it leads to a part of the hub itself, and can be opened only in one that runs

    @abstractmethod
    async def open(self) -> None:
        """Start listening, or connect where that is worth keeping. Raises `SettingsError` or `Down`."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything. What was received and not answered stays with the sender."""

    async def check(self) -> str:
        """One harmless round trip to the other side, for `hilum doctor`; says in words what was found.

        Raises `Down` or `Rejected` with words that say what to do.
        """
        return "nothing to check"


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


class Memory(Protocol):
    """What a source remembers, in the journal, for one thing that it follows: JSON values by name.

    One hub at a time holds it: whoever got True of `hold` and asks again within `seconds`. Each method may raise
    `DatabaseUnavailable`.
    """

    seconds: float  # after which a holder that is silent loses it

    async def hold(self) -> bool:
        """Take it, or keep it for another `seconds`. False: another hub has it, or has had it meanwhile."""

    async def get(self, prefix: str = "") -> dict[str, Any]:
        """All values whose names begin so."""

    async def put(self, values: Mapping[str, Any]) -> None:
        """Remember these, all or none; None forgets a name. They are durable when this returns.

        Raises `LeaseLost` where another hub has taken it over: then nothing was written.
        """

    async def release(self) -> None:
        """Let another hub take it at once."""


@runtime_checkable
class Remembers(Protocol):
    """A source that remembers how far it has come, because the far side does not."""

    def remember(self, memories: Callable[[str], Memory]) -> None:
        """Called before `open`: gives a memory for each thing that the source follows, by a name that never changes."""


class Turns(Protocol):
    """Turns to call one server, shared by all that call it. `most`: the most calls at once that the caller wants."""

    def parallel(self, most: int) -> int:
        """How many calls may be under way now: as many as the server was found to bear, 1 … `most`."""

    def slower(self, most: int) -> None:
        """The server did not keep its pace: half as many at once."""

    def steady(self, most: int) -> None:
        """It did: one more, after as many calls as there may be at once."""

    def turn(self, *, most: int, per_second: float | None, together: bool) -> AbstractAsyncContextManager[None]:
        """Around one call: waits while too many are under way, and so long after the beginning of the last one.

        `together`: the limits are of all processes of the hub together, not of this one.
        """


@runtime_checkable
class TakesTurns(Protocol):
    """A connector that calls a server which others call too: another connector, the same one in another process."""

    def take_turns(self, turns: Callable[[str], Turns]) -> None:
        """Called before `open`: gives the turns for a server, by its host and port."""


@runtime_checkable
class AtEndpoint(Protocol):
    """A source that reads from an endpoint of `hilum.toml`, whose settings it has from there."""

    @property
    def endpoint(self) -> str:
        """Name of the endpoint, as `odoo.main`; empty: the source was given its settings in the flow."""

    def reach(self, values: Mapping[str, Any]) -> None:
        """Called before `open`, with the settings of the endpoint. Raises `SettingsError`."""


Needs = Mapping[str, Collection[str]]
"""Model → fields; no fields: whatever it has."""

NO_NEEDS: Final[Mapping[str, Needs]] = MappingProxyType({})


@runtime_checkable
class ReadsModels(Protocol):
    """A source of which is known what it reads at its endpoint: a destination there looks whether that is there."""

    @property
    def reads(self) -> Needs:
        """Model → fields."""


class Destination(Connector):
    """Gives messages out."""

    @abstractmethod
    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Deliver 1 … `traits.batch_limit`, in this order where keys are equal; one outcome each, in the same order.

        Called from many tasks at once, never twice at once for one ordering key. Cancelled at shutdown: what was
        under way is then `Unsure`. May raise a `Failure`, which then holds for the whole batch: after `Rejected` and
        `TryAgain` the hub looks by halves for the delivery that is at fault.
        """

    async def landed(self, delivery: Delivery) -> Delivered | Unsure | None:
        """Did an earlier attempt of this delivery arrive? Asked after an attempt whose answer was lost.

        `Delivered`: it did; none: it surely did not; `Unsure`: this receiver cannot tell (and who does not implement
        this never can). May raise `TryAgain` or `Down` when it cannot be asked now.
        """
        return Unsure("This receiver cannot be asked whether it arrived.")

    def portion(self) -> int:
        """How many deliveries the next call should take, 1 … `traits.batch_limit`: asked before each."""
        return self.traits.batch_limit

    def effort(self) -> Effort | None:
        """What its calls came to; none: it makes one call for each `deliver`, or does not count."""
        return None

    def effect(self, delivery: Delivery) -> str:
        """What the receiver will know the effect of this delivery by, the same at each attempt; no I/O."""
        return delivery.idempotency_key

    @property
    def can_tell(self) -> bool:
        """Is `landed` worth asking?"""
        return type(self).landed is not Destination.landed


KEY_WARNING: Final = timedelta(days=14)
"""A key that ends within this time is told of; those of internal users of Odoo live 90 days at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Misfit:
    """One thing at a destination that is not as its flows need it."""

    what: str  # as the far side calls it: `res.partner.mobile`
    expected: str
    found: str
    words: str  # what follows from it, and what to do, in a sentence or two
    operations: tuple[str, ...] = ()  # that need it; empty: all that lead there


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """Why messages to a destination will fail, told before one does. It lasts until a look finds it gone."""

    category: str  # of the case that it becomes
    subject: str  # what it is about, the same at every look: `res.partner`
    title: str
    misfits: tuple[Misfit, ...]
    advice: str = ""  # what to do; empty: as the category says
    due: datetime | None = None  # until when it must be mended; none: by the criticality of the flows

    @property
    def words(self) -> str:
        """What is wrong, in sentences."""
        return " ".join(misfit.words for misfit in self.misfits if misfit.words)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """What a destination said of itself: its models and fields, what of it does not fit, when its key ends."""

    metadata: Mapping[str, Any]  # by model; what is known from now on, to be compared with the next time
    conditions: Sequence[Condition] = ()  # what will make messages fail
    key_ends: datetime | None = None  # none: never, or not known

    @property
    def findings(self) -> list[str]:
        """What does not fit, thing by thing, in words."""
        return [misfit.words for condition in self.conditions for misfit in condition.misfits]


@dataclass(frozen=True, kw_only=True, slots=True)
class Renewal:
    """What came of an attempt to put a new key in the place of the old one."""

    done: bool
    words: str  # what is so now, or why it could not be done; never a key
    ends: datetime | None = None  # the new one


@runtime_checkable
class Renewable(Protocol):
    """A destination whose key ends, and that can go over to a new one while it is at work."""

    @property
    def renews(self) -> bool:
        """May it get itself a new key?"""

    async def renew_key(self) -> Renewal:
        """Have the far side make a new key, test it, and go over to it. Raises `Down`, `SettingsError`."""

    async def set_key(self, secret: str, ends: datetime | None) -> Renewal:
        """Test a key that a person made, and go over to it. Raises `Down`, `SettingsError`."""

    async def retire_key(self) -> str:
        """Take the former key back when that is due; what became of it. Raises a `Failure`, `SettingsError`."""


@runtime_checkable
class Inspected(Protocol):
    """A destination that can be looked at before messages fail there."""

    async def inspect(
        self, operations: Collection[str], known: Mapping[str, Any], needs: Mapping[str, Needs] = NO_NEEDS
    ) -> Inspection:
        """Does it have what these operations need, and is it as it was known? Reads only. Raises a `Failure`.

        `needs`: by kind of source (`odoo_changes`), what is read there; by operation, what its flows write besides.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """What a target makes of one object: the body of a delivery."""

    body: bytes = field(repr=False)
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One line of a flow: `flow.deliver_to(odoo.stock_consumption("odoo.main"))`.

    `endpoint` names the destination; deliveries of one ordering key to one endpoint stay in order even when several
    targets lead there. An endpoint is set up in `hilum.toml`, or given here as `connector`.
    """

    endpoint: str
    operation: str = ""
    accepts: tuple[type, ...] = (object,)  # objects of other types that the flow yields do not go here
    encode: Callable[[Any], Outgoing | None]  # None: this object is not for this target
    connector: Destination | None = None
    needs: Needs = field(default_factory=dict, hash=False)  # models and fields besides those of the operation itself
    may_be: tuple[type, ...] = ()  # business objects of which it must say whether it writes them, where one is governed
    no_object: str = ""  # why what it writes, in a model of such objects, is none of them

    def takes(self, thing: object) -> bool:
        """Is an object of this type for this target?"""
        return isinstance(thing, self.accepts)

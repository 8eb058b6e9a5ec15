"""A source and a destination in memory: the simplest that keep every promise. Flows are tested with them.

They are the first that the suites run against, and the healthy ones of which the saboteurs are broken copies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson
from pydantic import Field

from hilum.connector import ConnectorSettings, Destination, Header, Receipt, Received, Source, Traits
from hilum.connectors.declaring import checked
from hilum.errors import Down, HilumError, Invalid, LeaseLost, NotAccepted, Rejected, TryAgain, Unsure
from hilum.message import Delivered, Delivery, Outcome


class MemorySettings(ConnectorSettings):
    """Settings of both."""

    name: str = Field(default="memory", description="What it is called in its address", examples=["orders"])


@dataclass
class Outbox:
    """Who sends to a `MemorySource`: what it has, and what it was told."""

    units: list[bytes] = field(default_factory=list, repr=False)
    told: dict[bytes, str] = field(default_factory=dict, repr=False)
    filled: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, *bodies: bytes) -> None:
        """Send these."""
        self.units += bodies
        self.filled.set()


class MemoryReceived(Received):
    """One unit of an outbox."""

    def __init__(self, source: MemorySource, body: bytes) -> None:
        self.source = source
        self.body = body
        self.content_type = "application/octet-stream"
        self.headers: Mapping[str, str] = {Header.PEER: "memory"}

    async def accept(self, receipt: Receipt) -> None:
        """The outbox has it no longer."""
        self.source.outbox.units.remove(self.body)
        self.source.out.discard(self.body)

    async def refuse(self, error: Exception) -> None:
        """For good: away with the reason. For now: it comes again, in its place."""
        if isinstance(error, NotAccepted | Invalid):
            self.source.outbox.units.remove(self.body)
        self.source.outbox.told[self.body] = str(error) if isinstance(error, HilumError) else "not taken"
        self.source.out.discard(self.body)
        self.source.outbox.filled.set()


class MemorySource(Source):
    """Hands over what is in an `Outbox`. Bodies must differ from each other."""

    Settings = MemorySettings
    kind: ClassVar[str] = "memory"
    traits: ClassVar[Traits] = Traits(ordered=True, redelivers=True)

    def __init__(self, outbox: Outbox | None = None, **settings: Any) -> None:
        self.settings = checked(MemorySettings, self.kind, settings)
        self.outbox = outbox if outbox is not None else Outbox()
        self.out: set[bytes] = set()  # handed over and not answered
        self.is_open = False

    @property
    def address(self) -> str:
        """Its name."""
        return f"memory:{self.settings.name}"

    async def open(self) -> None:
        """What was not answered comes again."""
        self.out.clear()
        self.is_open = True
        self.outbox.filled.set()

    async def close(self) -> None:
        """A waiting `receive` returns."""
        self.is_open = False
        self.outbox.filled.set()

    def wants(self, received: Received) -> bool:
        """All."""
        return True

    async def receive(self) -> Sequence[Received]:
        """All that is in the outbox and not handed over."""
        while self.is_open:
            ready = [body for body in self.outbox.units if body not in self.out]
            if ready:
                self.out.update(ready)
                return [MemoryReceived(self, body) for body in ready]
            self.outbox.filled.clear()
            await self.outbox.filled.wait()
        return ()


@dataclass
class Inbox:
    """Who receives from a `MemoryDestination`."""

    bodies: list[bytes] = field(default_factory=list, repr=False)
    keys: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)  # idempotency keys of what it will refuse
    there: bool = True
    answers: bool = True
    held: asyncio.Event | None = None  # set: answers wait for it

    def take(self, delivery: Delivery) -> None:
        """The work: once for each key."""
        if delivery.idempotency_key not in self.keys:
            self.keys.add(delivery.idempotency_key)
            self.bodies.append(delivery.body)


class MemoryDestination(Destination):
    """Puts deliveries into an `Inbox`."""

    Settings = MemorySettings
    kind: ClassVar[str] = "memory"
    traits: ClassVar[Traits] = Traits(batch_limit=10, deduplicates=True)

    def __init__(self, inbox: Inbox | None = None, **settings: Any) -> None:
        self.settings = checked(MemorySettings, self.kind, settings)
        self.inbox = inbox if inbox is not None else Inbox()
        self.is_open = False
        self.patience = 0.1  # seconds to wait for an answer
        self.closed = asyncio.Event()

    @property
    def address(self) -> str:
        """Its name."""
        return f"memory:{self.settings.name}"

    async def open(self) -> None:
        """Ready."""
        self.is_open = True
        self.closed.clear()

    async def close(self) -> None:
        """A waiting delivery ends as `Unsure`."""
        self.is_open = False
        self.closed.set()

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Into the inbox."""
        return [await self.deliver_one(each) for each in batch]

    async def landed(self, delivery: Delivery) -> Delivered | Unsure | None:
        """Is it in the inbox?"""
        if not self.inbox.there:
            raise Down("nobody is there")
        there = delivery.idempotency_key in self.inbox.keys
        return Delivered(reference=delivery.idempotency_key) if there else None

    async def deliver_one(self, delivery: Delivery) -> Outcome:
        """Into the inbox."""
        if not self.is_open:
            return TryAgain("closed")
        if not self.inbox.there:
            return Down("nobody is there")
        if delivery.idempotency_key in self.inbox.refused:
            return Rejected("memory.refused", "the receiver refuses it")
        self.inbox.take(delivery)
        if not await self.answered():
            return Unsure("no answer")
        return Delivered(reference=delivery.idempotency_key)

    async def answered(self) -> bool:
        """Did the answer come in time?"""
        if self.inbox.held is not None:
            waits = [asyncio.ensure_future(each.wait()) for each in (self.inbox.held, self.closed)]
            try:
                await asyncio.wait(waits, timeout=self.patience, return_when=asyncio.FIRST_COMPLETED)
                return waits[0].done() and not waits[1].done()
            finally:
                for each in waits:
                    each.cancel()
        return self.inbox.answers


class Notebooks:
    """Memories of sources, in the memory of a test. Whoever asks first holds one, until it is released."""

    def __init__(self) -> None:
        self.pages: dict[str, dict[str, Any]] = {}  # what is remembered, by scope and name
        self.holders: dict[str, Notebook] = {}

    def of(self, scope: str) -> Notebook:
        """The memory of that name, for one source."""
        return Notebook(self, scope)


class Notebook:
    """See `hilum.connector.Memory`."""

    seconds = 10.0

    def __init__(self, books: Notebooks, scope: str) -> None:
        self._books = books
        self._scope = scope

    async def hold(self) -> bool:
        """Take it or keep it."""
        return self._books.holders.setdefault(self._scope, self) is self

    async def get(self, prefix: str = "") -> dict[str, Any]:
        """A copy of what is there."""
        page = self._books.pages.get(self._scope, {})
        return {name: orjson.loads(text) for name, text in page.items() if name.startswith(prefix)}

    async def put(self, values: Mapping[str, Any]) -> None:
        """Write. Raises `LeaseLost` where another one holds it."""
        if self._books.holders.get(self._scope) is not self:
            raise LeaseLost(f"another hub goes on with {self._scope}")
        page = self._books.pages.setdefault(self._scope, {})
        for name, value in values.items():
            if value is None:
                page.pop(name, None)
            else:
                page[name] = orjson.dumps(value)

    async def release(self) -> None:
        """Let go."""
        if self._books.holders.get(self._scope) is self:
            del self._books.holders[self._scope]


class NotePad:
    """Notes of a destination, in the memory of a test. See `hilum.connector.Notes`."""

    def __init__(self) -> None:
        self.notes: dict[str, bytes] = {}

    async def get(self, names: Collection[str]) -> dict[str, Any]:
        """A copy of what is noted."""
        return {name: orjson.loads(self.notes[name]) for name in names if name in self.notes}

    async def put(self, values: Mapping[str, Any]) -> None:
        """Note these."""
        self.notes |= {name: orjson.dumps(value) for name, value in values.items()}

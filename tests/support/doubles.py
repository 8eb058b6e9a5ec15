"""A source and a receiver in memory that a test can steer: real implementations of the interface, without a network."""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar

import orjson

from hilum.connector import ConnectorSettings, Destination, Receipt, Received, Source, Traits
from hilum.connectors.handing import Handed, Hands
from hilum.message import Delivered, Delivery, Outcome

Answer = Receipt | Exception
"""What a sender is told: a receipt, or why it is refused."""


class Unit(Received):
    """One unit that a feed hands over."""

    def __init__(self, body: bytes, headers: Mapping[str, str]) -> None:
        self.body = body
        self.content_type = "application/json"
        self.headers = headers
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    async def accept(self, receipt: Receipt) -> None:
        self.answer.set_result(receipt)

    async def refuse(self, error: Exception) -> None:
        self.answer.set_result(error)


class Feed(Source):
    """A source that a test sends through."""

    Settings = ConnectorSettings
    kind: ClassVar[str] = "memory"
    traits: ClassVar[Traits] = Traits(ordered=True)
    default_format: ClassVar[str] = "json"

    def __init__(self, name: str = "feed") -> None:
        self.name = name
        self._queue: asyncio.Queue[Unit | None] = asyncio.Queue()

    @property
    def address(self) -> str:
        return f"memory:{self.name}"

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        self._queue.put_nowait(None)

    def wants(self, received: Received) -> bool:
        return True

    async def receive(self) -> Sequence[Received]:
        found = await self._queue.get()
        units = [] if found is None else [found]
        while found is not None and not self._queue.empty():
            found = self._queue.get_nowait()
            if found is not None:
                units.append(found)
        return units

    def offer(self, thing: Any, **headers: str) -> asyncio.Future[Answer]:
        """Send one (bytes, or something that becomes JSON); the future is what the sender will be told."""
        unit = Unit(thing if isinstance(thing, bytes) else orjson.dumps(thing), headers)
        self._queue.put_nowait(unit)
        return unit.answer

    async def send(self, thing: Any, **headers: str) -> Answer:
        """Send one and wait for the answer."""
        return await self.offer(thing, **headers)

    async def send_all(self, things: Sequence[Any]) -> list[Receipt]:
        """Send these in order without waiting in between; all must be accepted."""
        answers = await asyncio.gather(*(self.offer(thing) for thing in things))
        refused = [answer for answer in answers if not isinstance(answer, Receipt)]
        assert not refused, refused
        return [answer for answer in answers if isinstance(answer, Receipt)]


class Stream(Source):
    """A stream that a test writes to: it keeps its order over refusals, and tells nobody of them."""

    Settings = ConnectorSettings
    kind: ClassVar[str] = "memory"
    traits: ClassVar[Traits] = Traits(ordered=True, redelivers=True, answers=False)
    default_format: ClassVar[str] = "json"

    def __init__(self, name: str = "stream", wants: Callable[[Received], bool] = lambda _: True) -> None:
        self.name = name
        self.ended: list[tuple[int, str]] = []  # places, with the reason where it was refused for good
        self._hands = Hands(lambda unit, reason: self.ended.append((unit.place, reason)))
        self._wants = wants
        self._count = 0

    @property
    def address(self) -> str:
        return f"memory:{self.name}"

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        self._hands.close()

    def wants(self, received: Received) -> bool:
        return self._wants(received)

    async def receive(self) -> Sequence[Received]:
        return await self._hands.take()

    def write(self, *things: Any, **headers: str) -> None:
        """Append these (bytes, or something that becomes JSON)."""
        units = []
        for thing in things:
            self._count += 1
            body = thing if isinstance(thing, bytes) else orjson.dumps(thing)
            units.append(Handed(self._hands, self._count, body, "application/json", headers))
        self._hands.put(units)


Behaviour = Callable[[Delivery], "Outcome | Awaitable[Outcome]"]


def takes_all(delivery: Delivery) -> Outcome:
    """The behaviour of a healthy receiver."""
    return Delivered(reference=f"R-{delivery.idempotency_key}")


class Receiver(Destination):
    """A destination whose behaviour a test can change at any time. What it says is its answer; all it saw is kept."""

    Settings = ConnectorSettings
    kind: ClassVar[str] = "memory"
    traits: ClassVar[Traits] = Traits(batch_limit=1, deduplicates=True)

    def __init__(self, behave: Behaviour = takes_all) -> None:
        self.behave = behave
        self.seen: list[Delivery] = []  # every attempt, in the order of arrival
        self.taken: list[Delivery] = []  # what had an effect, once for each idempotency key where it deduplicates
        self.under_way: Counter[str] = Counter()  # calls now, by ordering key
        self.overlaps: list[str] = []  # keys of which two were under way at once: must stay empty
        self.most_under_way = 0
        self.opened = 0  # by how many hubs: in a test they share one far side

    async def open(self) -> None:
        self.opened += 1

    async def close(self) -> None:
        self.opened -= 1

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        assert self.opened > 0
        assert 1 <= len(batch) <= self.traits.batch_limit
        keys = [each.key for each in batch if each.key]
        for key in keys:
            self.under_way[key] += 1
            if self.under_way[key] > 1:
                self.overlaps.append(key)
        self.most_under_way = max(self.most_under_way, self.under_way.total())
        try:
            return [await self._one(each) for each in batch]
        finally:
            self.under_way.subtract(keys)

    async def _one(self, delivery: Delivery) -> Outcome:
        self.seen.append(delivery)
        found = self.behave(delivery)
        outcome = await found if inspect.isawaitable(found) else found
        if isinstance(outcome, Delivered):
            self.take(delivery)
        return outcome

    def take(self, delivery: Delivery) -> None:
        """It has an effect now, unless it is recognised: at once, for two hubs may attempt the same."""
        known = {each.idempotency_key for each in self.taken} if self.traits.deduplicates else set()
        if delivery.idempotency_key not in known:
            self.taken.append(delivery)

    @property
    def bodies(self) -> list[Any]:
        """What had an effect, as the flows yielded it, in the order in which it was taken."""
        return [orjson.loads(each.body) for each in self.taken]

    def numbers(self, key: str) -> list[int]:
        """The `n` of what was taken of this ordering key, in order."""
        return [body["n"] for body in self.bodies if body["key"] == key]


class Forgetful(Receiver):
    """A receiver that does not recognise a repetition."""

    traits: ClassVar[Traits] = Traits(batch_limit=1, deduplicates=False)


class Batching(Receiver):
    """A receiver that takes ten at once."""

    traits: ClassVar[Traits] = Traits(batch_limit=10, deduplicates=True)

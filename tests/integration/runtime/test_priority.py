"""What is more urgent goes first at each destination; bulk gets what is left, and a little in any case."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from hilum.flow import Flow
from hilum.message import Delivery, Outcome, Priority
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support.doubles import Batching, Feed, Receiver, takes_all
from support.looks import assert_sound
from support.projects import make_flow, order
from support.waits import Start, messages

URGENT, NORMAL, BULK = Priority.URGENT, Priority.NORMAL, Priority.BULK


class Shut:
    """A receiver's behaviour: answers when it is let go."""

    def __init__(self) -> None:
        self.open = asyncio.Event()

    async def __call__(self, delivery: Delivery) -> Outcome:
        await self.open.wait()
        return takes_all(delivery)


class Stand:
    """A flow of each priority to one receiver."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.feeds: Mapping[Priority, Feed] = {priority: Feed(priority.value) for priority in Priority}
        self.flows: Sequence[Flow] = [
            make_flow(feed, receiver, name=f"test.{priority.value}", priority=priority)
            for priority, feed in self.feeds.items()
        ]

    async def send(self, priority: Priority, count: int, *, key: str = "", first: int = 0) -> None:
        """Each is of a key of its own unless they share one."""
        numbers = range(first, first + count)
        await self.feeds[priority].send_all([order(n, key or f"{priority}-{n}") for n in numbers])

    @property
    def came(self) -> list[str]:
        """The priority of each that was taken, in the order of arrival."""
        return [each.flow.removeprefix("test.") for each in self.receiver.taken]


async def in_window(hub: Hub, **wanted: int) -> None:
    """Wait until the dispatcher has so many of each priority in hand."""
    assert hub.worker is not None
    window = hub.worker.dispatchers[0]._feed.window
    await eventually(
        lambda: {name: window.count(Priority(name)) for name in wanted} == wanted,
        lambda: {priority: window.count(priority) for priority in Priority},
    )


@pytest.mark.req("MSG-8")
@pytest.mark.req("MSG-9")
async def test_with_one_caller_the_urgent_go_first_then_the_normal_and_bulk_a_little_in_between(
    hub: Start, database: Database
) -> None:
    shut = Shut()
    stand = Stand(Receiver(shut))
    running = await hub(*stand.flows, worker={"parallel": 1})
    await stand.send(BULK, 60)
    await eventually(lambda: len(stand.receiver.seen) == 1)
    await stand.send(NORMAL, 60)
    await stand.send(URGENT, 60)
    await in_window(running, urgent=60, normal=60, bulk=60)
    shut.open.set()
    await messages(database, completed=180)
    came = stand.came
    assert came[0] == "bulk", "it was under way before the others came"
    assert Counter(came[1:65])["urgent"] >= 55, came
    assert Counter(came[1:65])["bulk"] == 4, "one start of 16 is for bulk"
    assert Counter(came[1:65])["normal"] == 4, "and one for normal"
    assert Counter(came[70:110])["normal"] >= 35, "then the normal ones"
    for priority in Priority:
        keys = [each.key for each in stand.receiver.taken if each.flow == f"test.{priority}"]
        assert keys == [f"{priority}-{n}" for n in range(60)], "those of one priority in order of receipt"
    await assert_sound(database)


@pytest.mark.req("MSG-9")
async def test_a_bulk_backlog_that_hangs_leaves_callers_for_the_normal_and_the_urgent(hub: Start) -> None:
    bulk_hangs, normal_hangs = asyncio.Event(), asyncio.Event()
    hanging = {"test.bulk": bulk_hangs, "test.normal": normal_hangs}

    async def behave(delivery: Delivery) -> Outcome:
        if waits := hanging.get(delivery.flow):
            await waits.wait()
        return takes_all(delivery)

    stand = Stand(Receiver(behave))
    running = await hub(*stand.flows, worker={"parallel": 4})
    await stand.send(BULK, 20)
    await eventually(lambda: len(stand.receiver.seen) == 2)
    await stand.send(NORMAL, 20)
    await eventually(lambda: len(stand.receiver.seen) == 3)
    await in_window(running, normal=20, bulk=20)
    await stand.send(URGENT, 20)
    await eventually(lambda: stand.came.count("urgent") == 20)
    assert len(stand.receiver.seen) == 23, "nobody else was called meanwhile"
    normal_hangs.set()
    await eventually(lambda: stand.came.count("normal") == 20)
    bulk_hangs.set()
    await eventually(lambda: len(stand.came) == 60)


@pytest.mark.req("MSG-9")
async def test_a_large_bulk_backlog_leaves_room_in_the_window(hub: Start, database: Database) -> None:
    shut = Shut()
    stand = Stand(Receiver(shut))
    running = await hub(*stand.flows, worker={"parallel": 1, "batch": 10, "bulk_batch": 10})
    await stand.send(BULK, 300)
    await in_window(running, bulk=40)
    await stand.send(URGENT, 10)
    await in_window(running, bulk=40, urgent=10)
    shut.open.set()
    await messages(database, completed=310)
    assert stand.came[:13].count("urgent") == 10


@pytest.mark.req("MSG-9")
@pytest.mark.req("MSG-10")
async def test_a_batch_holds_one_priority_only(hub: Start, database: Database) -> None:
    batches: list[set[str]] = []
    shut = asyncio.Event()

    class Watched(Batching):
        async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
            batches.append({each.flow for each in batch})
            await shut.wait()
            return await super().deliver(batch)

    stand = Stand(Watched())
    running = await hub(*stand.flows)
    for priority in (BULK, NORMAL, URGENT):
        await stand.send(priority, 60)
    await eventually(lambda: len(batches) > 2)
    assert running.worker is not None
    shut.set()
    await messages(database, completed=180)
    assert all(len(batch) == 1 for batch in batches)
    assert set().union(*batches) == {f"test.{priority}" for priority in Priority}


@pytest.mark.req("MSG-4")
@pytest.mark.req("MSG-9")
async def test_a_key_of_several_priorities_stays_in_order_and_goes_as_its_most_urgent_one(
    hub: Start, database: Database
) -> None:
    shut = Shut()
    stand = Stand(Receiver(shut))
    running = await hub(*stand.flows, worker={"parallel": 1})
    await stand.send(BULK, 40)
    await stand.send(BULK, 3, key="mixed")
    await in_window(running, bulk=43)
    await stand.send(URGENT, 1, key="mixed", first=3)
    await in_window(running, urgent=1)
    shut.open.set()
    await messages(database, completed=44)
    assert stand.receiver.numbers("mixed") == [0, 1, 2, 3]
    places = [place for place, each in enumerate(stand.receiver.taken) if each.key == "mixed"]
    assert places[0] == 1, "the key goes before the rest of bulk"
    assert not stand.receiver.overlaps
    await assert_sound(database)

"""Batches are gathered, one bad delivery in a batch is found and is the only one held, and what landed is asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest

from hilum import cases
from hilum.connector import Traits
from hilum.errors import Rejected, TryAgain, Unsure
from hilum.flow import Retry
from hilum.journal.work import ToDeliver
from hilum.message import Delivered, Delivery, Outcome
from hilum.postgres import Database
from hilum.runtime import feed as runtime_feed
from hilum.runtime.dispatcher import Dispatcher
from hilum.runtime.failures import Failures
from hilum.testing import eventually
from support.doubles import Batching, Feed, Forgetful, Receiver
from support.looks import assert_sound, rows
from support.projects import make_flow, order
from support.waits import Start, deliveries, messages

QUICK = Retry(attempts=4, first_wait=0.01, longest_wait=0.02)

HOLDS_ON = {"lease_seconds": 30.0}
"""Calls are counted here: a worker that a busy machine lets wait for seconds keeps its lanes."""


class AllOrNothing(Batching):
    """Fails as a whole where the batch has a poison record; nothing of such a batch is done."""

    traits: ClassVar[Traits] = Traits(batch_limit=50, deduplicates=True)

    def __init__(self, fail: Callable[[], BaseException], *poison: str) -> None:
        super().__init__()
        self._fail = fail
        self._poison = set(poison)
        self.calls: list[list[str]] = []

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        self.calls.append([each.key for each in batch])
        if self._poison & {each.key for each in batch}:
            raise self._fail()
        return await super().deliver(batch)


FAILURES = {
    "rejected": lambda: Rejected("test.no", "One of them is wrong."),
    "try again": lambda: TryAgain("The transaction was rolled back."),
    "defect": lambda: ValueError("unforeseen"),
}


@pytest.mark.req("MSG-10")
@pytest.mark.parametrize("poison", [pytest.param(["k7"], marks=pytest.mark.long), ["k3", "k40"]], ids=["one", "two"])
@pytest.mark.parametrize("kind", FAILURES)
async def test_of_a_batch_that_fails_as_a_whole_the_bad_one_only_is_held(
    hub: Start, database: Database, kind: str, poison: list[str]
) -> None:
    feed, receiver = Feed(), AllOrNothing(FAILURES[kind], *poison)
    section = {"memory.main": {"gather_ms": 200, "open_after_failures": 0, "open_at_least": 0}}
    await hub(make_flow(feed, receiver, retry=QUICK), destinations=section, worker=HOLDS_ON)
    await feed.send_all([order(0, f"k{n}") for n in range(50)])
    await deliveries(database, held=len(poison), delivered=50 - len(poison))
    assert max(map(len, receiver.calls)) > 10, "they came together"
    held = await rows(database, "SELECT key FROM delivery WHERE state = 'held' ORDER BY 1")
    assert [key for (key,) in held] == sorted(poison)
    made = Counter(each.key for each in receiver.seen)
    assert set(made.values()) == {1}, "none that went well was repeated"
    async with database.cold() as connection:
        assert len(await cases.cases(connection)) == len(poison)
    await assert_sound(database)


@pytest.mark.req("MSG-5")
async def test_the_next_attempt_may_begin_before_the_others_failures_are_settled(
    hub: Start, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failures are settled one after the other. The first one's second attempt was forgotten when the last was done."""
    settle, read, commit = Failures.settle, runtime_feed.Feed.read, Dispatcher._commit
    reads: list[None] = []

    async def counted(feed: runtime_feed.Feed) -> tuple[int, bool]:
        reads.append(None)
        return await read(feed)

    async def settle_late(self: Failures, taken: ToDeliver, *more: Any) -> bool:
        if taken.key == "b" and not taken.attempts:
            await eventually(lambda: len(receiver.calls) > 1)
        return await settle(self, taken, *more)

    async def commit_late(self: Dispatcher, results: Sequence[Any]) -> None:
        before = len(reads)
        await eventually(lambda: len(reads) > before + 3)
        await commit(self, results)

    monkeypatch.setattr(Failures, "settle", settle_late)
    monkeypatch.setattr(runtime_feed.Feed, "read", counted)
    monkeypatch.setattr(Dispatcher, "_commit", commit_late)

    class BusyAtFirst(AllOrNothing):
        async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
            outcomes = await super().deliver(batch)
            return [TryAgain("busy") if each.attempt == 1 else one for each, one in zip(batch, outcomes, strict=True)]

    feed, receiver = Feed(), BusyAtFirst(FAILURES["rejected"])
    section = {"memory.main": {"gather_ms": 200, "open_after_failures": 0, "open_at_least": 0}}
    await hub(make_flow(feed, receiver, retry=QUICK), destinations=section, worker=HOLDS_ON)
    await feed.send_all([order(0, "a"), order(0, "b")])
    await deliveries(database, delivered=2)
    assert Counter(key for call in receiver.calls for key in call) == {"a": 2, "b": 2}


@pytest.mark.req("MSG-10")
async def test_a_receiver_that_is_busy_is_not_asked_for_each_one_of_a_batch(hub: Start, database: Database) -> None:
    feed = Feed()
    receiver = AllOrNothing(lambda: TryAgain("busy", after=60), *(f"k{n}" for n in range(50)))
    section = {"memory.main": {"gather_ms": 500, "open_after_failures": 0}}
    await hub(make_flow(feed, receiver), destinations=section, worker=HOLDS_ON)
    await feed.send_all([order(0, f"k{n}") for n in range(50)])
    await deliveries(database, waiting=50)
    assert len(receiver.calls) <= 3 * len([call for call in receiver.calls if len(call) > 1])
    assert len(receiver.calls) < 25


@pytest.mark.req("MSG-10")
@pytest.mark.req("MSG-5")
async def test_a_defect_is_not_divided_where_a_repetition_would_not_be_recognised(
    hub: Start, database: Database
) -> None:
    class Careless(AllOrNothing):
        traits: ClassVar[Traits] = Traits(batch_limit=50, deduplicates=False)

    feed, receiver = Feed(), Careless(FAILURES["defect"], "k3")
    await hub(make_flow(feed, receiver), destinations={"memory.main": {"gather_ms": 200}}, worker=HOLDS_ON)
    await feed.send_all([order(0, f"k{n}") for n in range(20)])
    together = {key for call in receiver.calls if "k3" in call for key in call}

    async def settled() -> bool:
        found = dict(await rows(database, "SELECT state::text, count(*) FROM delivery GROUP BY 1"))
        return found.get("held", 0) + found.get("delivered", 0) == 20

    await eventually(settled)
    together = {key for call in receiver.calls if "k3" in call for key in call}
    held = {key for (key,) in await rows(database, "SELECT key FROM delivery WHERE state = 'held'")}
    assert held == together, "of these nobody knows what was done"
    assert max(Counter(key for call in receiver.calls for key in call).values()) == 1


@pytest.mark.req("MSG-10")
async def test_deliveries_are_gathered_until_the_batch_is_full_or_the_time_is_over(
    hub: Start, database: Database
) -> None:
    sizes: list[int] = []

    class Watched(Batching):
        async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
            sizes.append(len(batch))
            return await super().deliver(batch)

    feed = Feed()
    await hub(make_flow(feed, Watched()), destinations={"memory.main": {"gather_ms": 1500}}, worker=HOLDS_ON)
    for n in range(9):  # fewer than a batch, one after the other
        await feed.send(order(0, f"k{n}"))
    await messages(database, completed=9)
    assert len(sizes) <= 2
    await feed.send_all([order(1, f"k{n}") for n in range(40)])
    await messages(database, completed=49)
    assert max(sizes) == 10


class CanTell(Forgetful):
    """Does not recognise a repetition, and can be asked whether it has something."""

    def __init__(self, *, loses: bool, tells: Callable[[bool], Delivered | Unsure | None] | None = None) -> None:
        super().__init__(self._behave)
        self.loses = loses
        self.asked = 0
        self.there: set[str] = set()
        self._tells = tells or (lambda there: Delivered(reference="found") if there else None)

    async def _behave(self, delivery: Delivery) -> Outcome:
        await asyncio.sleep(0)
        first = delivery.attempt == 1
        if not (first and self.loses):
            self.there.add(delivery.key)
        return Unsure("the line was cut") if first else Delivered(reference="made")

    async def landed(self, delivery: Delivery) -> Delivered | Unsure | None:
        self.asked += 1
        return self._tells(delivery.key in self.there)


@pytest.mark.req("MSG-5")
async def test_after_a_lost_answer_the_receiver_is_asked_and_nothing_is_done_twice(
    hub: Start, database: Database
) -> None:
    feed, receiver = Feed(), CanTell(loses=False)
    await hub(make_flow(feed, receiver, retry=QUICK), worker=HOLDS_ON)
    await feed.send_all([order(0, f"k{n}") for n in range(5)])
    await messages(database, completed=5)
    assert len(receiver.seen) == receiver.asked == 5
    assert await rows(database, "SELECT DISTINCT reference FROM delivery") == [("found",)]


@pytest.mark.req("MSG-5")
async def test_what_did_not_arrive_is_sent_again(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), CanTell(loses=True)
    await hub(make_flow(feed, receiver, retry=QUICK), worker=HOLDS_ON)
    await feed.send_all([order(0, f"k{n}") for n in range(5)])
    await messages(database, completed=5)
    assert Counter(each.key for each in receiver.seen) == {f"k{n}": 2 for n in range(5)}
    words = await rows(database, "SELECT DISTINCT words FROM attempt WHERE outcome = 'TryAgain'")
    assert words == [("the line was cut It did not arrive.",)]


@pytest.mark.req("MSG-5")
async def test_a_receiver_that_cannot_tell_after_all_leaves_it_to_a_person(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), CanTell(loses=True, tells=lambda _: Unsure("the log is gone"))
    await hub(make_flow(feed, receiver, retry=QUICK), worker=HOLDS_ON)
    await feed.send_all([order(0, "k")])
    await deliveries(database, held=1)
    assert len(receiver.seen) == 1
    async with database.cold() as connection:
        [case] = await cases.cases(connection)
    assert (case.category, case.words) == ("unsure", "the log is gone")
    await assert_sound(database)


@pytest.mark.req("MSG-5")
async def test_nothing_is_repeated_beyond_the_time_since_the_first_attempt(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver(lambda _: TryAgain("busy"))
    rule = Retry(attempts=1000, first_wait=0.05, factor=1, total=0.5)
    await hub(make_flow(feed, receiver, retry=rule), worker=HOLDS_ON)
    await feed.send_all([order(0, "k")])
    await deliveries(database, held=1)
    assert 2 <= len(receiver.seen) <= 11

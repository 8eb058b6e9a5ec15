"""Random histories: whatever happens in whatever order, the journal agrees with a model of ten lines."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_journal import BlocksNothing, JournalSuite, LosesWhatWasParked

from hilum.connector import Receipt
from hilum.errors import LeaseLost
from hilum.journal.work import ToDeliver, ToTranslate
from support.journal_driver import DESTINATIONS, Journal, draft
from support.looks import assert_sound, rows
from support.servers import Databases


class Model:
    """What must come out: for each destination and key, everything that was not discarded, in the order of receipt."""

    def __init__(self) -> None:
        self.received: dict[str, list[bytes]] = defaultdict(list)
        self.gone: dict[str, set[bytes]] = {place: set() for place in DESTINATIONS}

    def expected(self, place: str) -> dict[str, list[bytes]]:
        return {key: [b for b in bodies if b not in self.gone[place]] for key, bodies in self.received.items()}


KEYS = ("a", "b", "")
OPERATION = st.one_of(
    st.tuples(st.just("receive"), st.sampled_from(KEYS), st.integers(1, 4)),
    st.tuples(st.just("again"), st.integers(0, 30)),
    st.tuples(st.just("translate"), st.integers(0, 7), st.integers(1, 6)),
    st.tuples(st.just("deliver"), st.sampled_from(DESTINATIONS), st.sampled_from(["ok", "ok", "wait", "hold"])),
    st.tuples(st.just("replay"), st.integers(0, 5)),
    st.tuples(st.just("discard"), st.integers(0, 5)),
    st.tuples(st.just("takeover")),
    st.tuples(st.just("late")),
)


class History:
    """Carries the operations out, on the journal and on the model."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.model = Model()
        self.worker = 0
        self.sent: list[tuple[bytes, str, UUID]] = []
        self.stale: tuple[list[ToTranslate], list[ToDeliver]] = ([], [])  # what the former worker still has in hand

    async def receive(self, key: str, count: int) -> None:
        drafts = [draft(b"%d" % (len(self.sent) + n), key=key, dedup=f"{len(self.sent) + n}") for n in range(count)]
        for made, answer in zip(drafts, await self.journal.receive(*drafts), strict=True):
            assert isinstance(answer, Receipt)
            assert not answer.duplicate
            self.sent.append((made.body, key, answer.message_id))
            self.model.received[key].append(made.body)

    async def again(self, number: int) -> None:
        if number < len(self.sent):
            body, key, first = self.sent[number]
            [answer] = await self.journal.receive(draft(body, key=key, dedup=body.decode()))
            assert answer == Receipt(message_id=first, duplicate=True)

    async def translate(self, which: int, limit: int) -> None:
        taken = await self.journal.take(self.worker, limit=limit)
        fails = [taken[which].id] if which < len(taken) else []
        await self.journal.translate(self.worker, taken, fails)

    async def deliver(self, place: str, outcome: str) -> None:
        for one in await self.journal.pending(self.worker, place):
            match outcome:
                case "ok":
                    await self.journal.delivered(self.worker, [one])
                case "wait":
                    await self.journal.wait(self.worker, one)
                case _:
                    await self.journal.hold_delivery(self.worker, one)

    async def held(self, number: int) -> UUID | None:
        found = await rows(
            self.journal.database,
            "SELECT DISTINCT id, seq FROM message m WHERE state = 'held' OR EXISTS (SELECT 1 FROM delivery d"
            " WHERE d.message_id = m.id AND d.state = 'held') ORDER BY seq",
        )
        return found[number][0] if number < len(found) else None

    async def replay(self, number: int) -> None:
        if (found := await self.held(number)) is not None:
            assert await self.journal.replay(found) == 1

    async def discard(self, number: int) -> None:
        if (found := await self.held(number)) is None:
            return
        body = next(body for body, _, message_id in self.sent if message_id == found)
        places = await rows(
            self.journal.database, "SELECT destination FROM delivery WHERE message_id = %s AND state = 'held'", [found]
        )
        for (place,) in places or [(place,) for place in DESTINATIONS]:
            self.model.gone[place].add(body)
        await self.journal.discard(found)

    async def takeover(self) -> None:
        self.stale = (
            await self.journal.take(self.worker),
            [one for place in DESTINATIONS for one in await self.journal.pending(self.worker, place)],
        )
        self.worker = 1 - self.worker
        await self.journal.lead(self.worker)

    async def late(self) -> None:
        """The worker that lost its lanes comes back with its results: none of them may count."""
        messages, deliveries = self.stale
        for one in [one for one in messages if not one.behind][:2]:
            with pytest.raises(LeaseLost):
                await self.journal.translate(1 - self.worker, [one])
        for late in deliveries[:2]:
            with pytest.raises(LeaseLost):
                await self.journal.delivered(1 - self.worker, [late])

    async def finish(self) -> None:
        """Everything that is held is replayed, everything else goes its way."""
        for _ in range(40):
            await JournalSuite.finish(self.journal) if self.worker == 0 else await self._finish_as_two()
            if (found := await self.held(0)) is None:
                return
            await self.journal.replay(found)
        raise AssertionError("something stays held")

    async def _finish_as_two(self) -> None:
        self.worker = 0
        await self.journal.lead(0)
        await JournalSuite.finish(self.journal)

    async def check(self) -> None:
        for place in DESTINATIONS:
            found: dict[str, list[bytes]] = defaultdict(list)
            key_of = {body: key for body, key, _ in self.sent}
            for body in self.journal.effects[place]:
                found[key_of[body]].append(body)
            for key, bodies in self.model.expected(place).items():
                assert (found[key] if key else sorted(found[key], key=int)) == bodies, (place, key)
        states = await rows(self.journal.database, "SELECT DISTINCT state::text FROM message")
        assert {state for (state,) in states} <= {"completed", "discarded"}
        assert await rows(self.journal.database, "SELECT 1 FROM blocked_key UNION ALL SELECT 1 FROM parked") == []
        await assert_sound(self.journal.database, cases=False)


async def live(journal: Journal, operations: list[tuple[object, ...]]) -> None:
    """One history, from an empty journal to its end."""
    await journal.open()
    try:
        history = History(journal)
        await journal.lead(0)
        for name, *values in operations:
            await getattr(history, str(name))(*values)
            await assert_sound(journal.database, cases=False)
        await history.finish()
        await history.check()
    finally:
        await journal.close()


@pytest.mark.req("MSG-2")
@pytest.mark.req("MSG-4")
@pytest.mark.req("MSG-7")
@pytest.mark.req("MSG-17")
@given(operations=st.lists(OPERATION, min_size=5, max_size=30))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_random_history_agrees_with_the_model(databases: Databases, operations: list[tuple[object, ...]]) -> None:
    with databases.migrated() as url, asyncio.Runner() as runner:
        runner.run(live(Journal(url), operations))


@pytest.mark.long
@pytest.mark.timeout(3000)
@given(operations=st.lists(OPERATION, min_size=20, max_size=80))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_many_long_histories_agree_with_the_model(databases: Databases, operations: list[tuple[object, ...]]) -> None:
    with databases.migrated() as url, asyncio.Runner() as runner:
        runner.run(live(Journal(url), operations))


@pytest.mark.parametrize("kind", [LosesWhatWasParked, BlocksNothing])
def test_a_history_catches_a_broken_journal(databases: Databases, kind: type[Journal]) -> None:
    operations: list[tuple[object, ...]] = [
        ("receive", "a", 4), ("translate", 0, 6), ("translate", 7, 6), ("deliver", "here", "ok"), ("replay", 0),
        ("takeover",), ("late",),
    ]  # fmt: skip
    with databases.migrated() as url, asyncio.Runner() as runner:
        with pytest.raises(AssertionError):
            runner.run(live(kind(url), operations))
        runner.run(live_elsewhere(databases, operations))


async def live_elsewhere(databases: Databases, operations: list[tuple[object, ...]]) -> None:
    """The same history on a healthy journal: it is the journal that was at fault, not the history."""
    with databases.migrated() as url:
        await live(Journal(url), operations)

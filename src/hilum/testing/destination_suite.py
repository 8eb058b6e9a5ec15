"""The promises of a destination, each a test. Subclass `DestinationSuite` and the suites that fit.

class TestMllpSender(DestinationSuite, WireSuite):
    @pytest.fixture
    async def bench(self): ...
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from hilum.connector import Destination
from hilum.errors import Down, Rejected, TryAgain, Unsure
from hilum.message import Delivered, Delivery, Outcome
from hilum.testing.source_suite import check_settings
from hilum.testing.waiting import PATIENCE, eventually

# ruff: noqa: S101 — assertions are what a suite is made of


class DestinationBench(Protocol):
    """The far side of a destination: who receives, asked without going through the destination."""

    def destination(self) -> Destination:
        """A new destination that leads to this far side, not open."""

    def delivery(self, number: int) -> Delivery:
        """The n-th delivery, the same at each call; its body is valid for the far side and holds `secret-n`."""

    async def arrived(self) -> list[bytes]:
        """The bodies that had an effect, in their order."""

    async def refuse(self, delivery: Delivery) -> None:
        """The far side will refuse this one for good; where it can give a reason it quotes `secret-n` in it."""

    async def vanish(self) -> None:
        """Nobody is there any more: connections are broken, new ones refused; or the directory is gone."""

    async def come_back(self) -> None:
        """The far side is there again, with what it has received."""


class WireBench(DestinationBench, Protocol):
    """A far side whose answers can get lost after the work is done."""

    async def lose_answers(self) -> None:
        """From now the far side does its work, and its answers vanish."""

    async def cut_answers(self) -> None:
        """From now the far side does its work, and the connection breaks instead of the answer."""

    async def hold_answers(self) -> None:
        """From now the far side does its work, and its answers wait for `restore`."""

    async def restore(self) -> None:
        """Answers arrive again, those that were held too."""


@asynccontextmanager
async def opened(destination: Destination) -> AsyncIterator[Destination]:
    """The destination, open; closed at the end."""
    await destination.open()
    try:
        yield destination
    finally:
        await destination.close()


async def outcome_of(destination: Destination, delivery: Delivery) -> Outcome:
    """Deliver one. A raised failure holds for the batch, so it is the outcome. Its words must hide the payload."""
    try:
        async with asyncio.timeout(PATIENCE):
            (outcome,) = await destination.deliver([delivery])
    except (TryAgain, Unsure, Rejected, Down) as failure:
        outcome = failure
    assert "secret-" not in f"{outcome} {outcome!r}", "the words of an outcome show the payload"
    return outcome


class DestinationSuite:
    """What every destination promises."""

    async def test_arrives_unchanged_and_once(self, bench: DestinationBench) -> None:
        """Delivered means: the far side has these bytes, once; and the receipt has a reference or words."""
        async with opened(bench.destination()) as destination:
            outcome = await outcome_of(destination, bench.delivery(1))
            assert isinstance(outcome, Delivered)
            assert outcome.reference or outcome.words
            assert await bench.arrived() == [bench.delivery(1).body]

    async def test_one_outcome_each(self, bench: DestinationBench) -> None:
        """A full batch gives as many outcomes, in its order."""
        destination = bench.destination()
        batch = [bench.delivery(n) for n in range(1, min(destination.traits.batch_limit, 10) + 1)]
        async with opened(destination):
            outcomes = await destination.deliver(batch)
            assert [type(each) for each in outcomes] == [Delivered] * len(batch)
            assert await bench.arrived() == [each.body for each in batch]

    async def test_order_is_that_of_the_calls(self, bench: DestinationBench) -> None:
        """One after the other arrives one after the other."""
        batch = [bench.delivery(n) for n in range(1, 11)]
        async with opened(bench.destination()) as destination:
            for each in batch:
                assert isinstance(await outcome_of(destination, each), Delivered)
            assert await bench.arrived() == [each.body for each in batch]

    async def test_many_tasks_at_once(self, bench: DestinationBench) -> None:
        """Called from many tasks, all arrive once."""
        batch = [bench.delivery(n) for n in range(1, 31)]
        async with opened(bench.destination()) as destination:
            outcomes = await asyncio.gather(*(outcome_of(destination, each) for each in batch))
            assert [type(each) for each in outcomes] == [Delivered] * len(batch)
            assert Counter(await bench.arrived()) == Counter(each.body for each in batch)

    async def test_says_what_landed(self, bench: DestinationBench) -> None:
        """Where it can be asked: what arrived is Delivered, what did not is none; nobody there is no answer."""
        destination = bench.destination()
        if not destination.can_tell:
            assert isinstance(await destination.landed(bench.delivery(1)), Unsure)
            return
        async with opened(destination):
            assert isinstance(await outcome_of(destination, bench.delivery(1)), Delivered)
            assert isinstance(await destination.landed(bench.delivery(1)), Delivered)
            assert await destination.landed(bench.delivery(2)) is None
            assert await bench.arrived() == [bench.delivery(1).body], "asking does nothing"
            await bench.vanish()
            try:
                found: object = await destination.landed(bench.delivery(2))
            except (TryAgain, Down) as failure:
                found = failure
            assert isinstance(found, TryAgain | Down | Unsure), (
                "that nobody is there does not mean that it did not arrive"
            )

    async def test_nobody_there_is_surely_not_done(self, bench: DestinationBench) -> None:
        """The hub may repeat: `Down` or `TryAgain`, never `Unsure`, and nothing arrived."""
        async with opened(bench.destination()) as destination:
            await bench.vanish()
            outcome = await outcome_of(destination, bench.delivery(1))
            assert isinstance(outcome, Down | TryAgain)
            await bench.come_back()
            assert await bench.arrived() == []

    async def test_works_again_after_a_cut(self, bench: DestinationBench) -> None:
        """The same object, when the far side is there again."""
        async with opened(bench.destination()) as destination:
            assert isinstance(await outcome_of(destination, bench.delivery(1)), Delivered)
            await bench.vanish()
            assert not isinstance(await outcome_of(destination, bench.delivery(2)), Delivered | Rejected)
            await bench.come_back()
            assert isinstance(await outcome_of(destination, bench.delivery(2)), Delivered)
            assert await bench.arrived() == [bench.delivery(1).body, bench.delivery(2).body]

    async def test_refusal_is_rejected_in_words(self, bench: DestinationBench) -> None:
        """With a stable category and words for a person, which do not quote the payload."""
        async with opened(bench.destination()) as destination:
            await bench.refuse(bench.delivery(1))
            outcome = await outcome_of(destination, bench.delivery(1))
            assert isinstance(outcome, Rejected)
            assert outcome.category.partition(".")[0] == destination.kind
            assert str(outcome)
            assert bench.delivery(1).body not in await bench.arrived()

    async def test_a_refused_one_delays_no_other(self, bench: DestinationBench) -> None:
        """The next one is delivered."""
        async with opened(bench.destination()) as destination:
            await bench.refuse(bench.delivery(1))
            assert isinstance(await outcome_of(destination, bench.delivery(1)), Rejected)
            assert isinstance(await outcome_of(destination, bench.delivery(2)), Delivered)

    async def test_closes_twice_and_opens_again(self, bench: DestinationBench) -> None:
        """One object, several lives."""
        destination = bench.destination()
        async with opened(destination):
            await destination.close()
        async with opened(destination):
            assert isinstance(await outcome_of(destination, bench.delivery(1)), Delivered)

    async def test_a_closed_one_delivers_nothing(self, bench: DestinationBench) -> None:
        """Surely not done."""
        destination = bench.destination()
        async with opened(destination):
            pass
        assert isinstance(await outcome_of(destination, bench.delivery(1)), TryAgain | Down)
        assert await bench.arrived() == []

    async def test_check_is_harmless(self, bench: DestinationBench) -> None:
        """It says something and leaves nothing."""
        async with opened(bench.destination()) as destination:
            assert await destination.check()
            assert await bench.arrived() == []

    async def test_repr_shows_no_body(self, bench: DestinationBench) -> None:
        """Neither the destination nor a delivery shows a payload."""
        assert "secret-1" not in f"{bench.destination()!r} {bench.delivery(1)!r}"

    async def test_settings_are_described(self, bench: DestinationBench) -> None:
        """Every setting has words and an example for the docs; an unknown one is an error that hides its value."""
        check_settings(bench.destination().Settings)

    async def test_traits_are_tested(self, bench: DestinationBench) -> None:
        """A trait that is promised has its suite in the class, and the other way round."""
        assert isinstance(self, DeduplicatingSuite) == bench.destination().traits.deduplicates


class DeduplicatingSuite:
    """What `Traits.deduplicates` promises of a destination."""

    async def test_same_key_twice_has_one_effect(self, bench: DestinationBench) -> None:
        """Delivered each time, arrived once; also by another object, as after a restart."""
        for _ in range(2):
            async with opened(bench.destination()) as destination:
                assert isinstance(await outcome_of(destination, bench.delivery(1)), Delivered)
                assert isinstance(await outcome_of(destination, bench.delivery(1)), Delivered)
        assert await bench.arrived() == [bench.delivery(1).body]


class WireSuite:
    """What a destination promises whose far side is behind a network."""

    async def test_lost_answer_is_unsure(self, bench: WireBench) -> None:
        """The far side has it, and nobody says so: not `TryAgain`, or it is done twice."""
        async with opened(bench.destination()) as destination:
            await bench.lose_answers()
            assert isinstance(await outcome_of(destination, bench.delivery(1)), Unsure)
            assert await bench.arrived() == [bench.delivery(1).body]
            await bench.restore()

    async def test_cut_before_the_answer_is_unsure(self, bench: WireBench) -> None:
        """As above, with a broken connection."""
        async with opened(bench.destination()) as destination:
            await bench.cut_answers()
            assert isinstance(await outcome_of(destination, bench.delivery(1)), Unsure)
            assert await bench.arrived() == [bench.delivery(1).body]
            await bench.restore()

    async def test_late_answer_is_not_that_of_the_next(self, bench: WireBench) -> None:
        """An answer that comes after its time is unsure, and is not taken for the next one's."""
        async with opened(bench.destination()) as destination:
            await bench.hold_answers()
            assert isinstance(await outcome_of(destination, bench.delivery(1)), Unsure)
            await bench.restore()
            await bench.refuse(bench.delivery(2))
            assert isinstance(await outcome_of(destination, bench.delivery(2)), Rejected)
            assert isinstance(await outcome_of(destination, bench.delivery(3)), Delivered)

    async def test_close_ends_a_waiting_delivery(self, bench: WireBench) -> None:
        """`close` while the answer is awaited: the outcome is `Unsure`, and comes."""
        destination = bench.destination()
        async with opened(destination):
            await bench.hold_answers()
            waiting = asyncio.create_task(outcome_of(destination, bench.delivery(1)))
            await self._arrival(bench, 1)
            await destination.close()
            assert isinstance(await waiting, Unsure)
            await bench.restore()

    async def test_cancelled_delivery_leaves_no_trace(self, bench: WireBench) -> None:
        """Cancelled at shutdown; what is delivered next is answered by its own answer."""
        async with opened(bench.destination()) as destination:
            await bench.hold_answers()
            waiting = asyncio.create_task(destination.deliver([bench.delivery(1)]))
            await self._arrival(bench, 1)
            waiting.cancel()
            (ended,) = await asyncio.gather(waiting, return_exceptions=True)
            assert isinstance(ended, asyncio.CancelledError)
            await bench.restore()
            assert isinstance(await outcome_of(destination, bench.delivery(2)), Delivered)

    async def _arrival(self, bench: WireBench, count: int) -> Sequence[bytes]:
        async def there() -> bool:
            return len(await bench.arrived()) >= count

        await eventually(there)
        return await bench.arrived()

"""The promises of a source, each a test. Subclass `SourceSuite` and the suites that its traits ask for.

class TestFolder(SourceSuite, OrderedSuite, RedeliveringSuite):
    @pytest.fixture
    async def bench(self, tmp_path): ...
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import pytest
from pydantic import ValidationError

from hilum.connector import Receipt, Received, Source
from hilum.errors import Busy, DatabaseUnavailable, NotAccepted
from hilum.message import new_id
from hilum.testing.waiting import PATIENCE, eventually, take

# ruff: noqa: S101 — assertions are what a suite is made of


class SourceBench(Protocol):
    """The far side of a source: who sends, asked without going through the source."""

    def source(self) -> Source:
        """A new source for this far side, not open. Two of them, one after the other, are at the same place."""

    def unit(self, number: int) -> bytes:
        """The body of the n-th message: valid in the source's format, different for each number, with `secret-n`."""

    async def put(self, *bodies: bytes) -> None:
        """The far side sends these, in this order. The source is open. Does not wait for the answers."""

    async def left(self) -> set[bytes]:
        """What the far side still has: sent, and not acknowledged."""

    async def told(self, body: bytes) -> str:
        """What the far side was told of this one: the words of the refusal; empty: nothing yet, or accepted."""


@asynccontextmanager
async def opened(source: Source) -> AsyncIterator[Source]:
    """The source, open; closed at the end."""
    await source.open()
    try:
        yield source
    finally:
        await source.close()


async def accept_all(received: Sequence[Received]) -> None:
    """As the runtime does when the journal has them."""
    for each in received:
        await each.accept(Receipt(message_id=new_id()))


class SourceSuite:
    """What every source promises."""

    async def test_bytes_arrive_unchanged(self, bench: SourceBench) -> None:
        """What was sent is what is received, byte for byte."""
        async with opened(bench.source()) as source:
            await bench.put(bench.unit(1))
            (received,) = await take(source, 1)
            assert received.body == bench.unit(1)
            assert received.content_type
            await accept_all([received])

    async def test_is_wanted_by_its_own_flow(self, bench: SourceBench) -> None:
        """The source wants what was sent to it, and says so each time."""
        async with opened(bench.source()) as source:
            await bench.put(bench.unit(1))
            received = await take(source, 1)
            assert [source.wants(each) for each in received * 2] == [True, True]
            await accept_all(received)

    async def test_removes_nothing_before_accept(self, bench: SourceBench) -> None:
        """Receiving alone is no acknowledgement."""
        async with opened(bench.source()) as source:
            await bench.put(bench.unit(1))
            first = await take(source, 1)
            # a second round trip, so that a premature answer to the first one has had its time
            await bench.put(bench.unit(2))
            rest = await take(source, 1) if len(first) == 1 else []
            assert await bench.left() == {bench.unit(1), bench.unit(2)}
            await accept_all([*first, *rest])

    async def test_accept_ends_it(self, bench: SourceBench) -> None:
        """After accept the far side has nothing left, and it does not come again."""
        async with opened(bench.source()) as source:
            await bench.put(bench.unit(1))
            await accept_all(await take(source, 1))
            await self._nothing_left(bench)
        async with opened(bench.source()) as source:
            await bench.put(bench.unit(2))
            again = await take(source, 1)
            assert [each.body for each in again] == [bench.unit(2)]
            await accept_all(again)

    async def test_duplicate_is_accepted_like_the_first(self, bench: SourceBench) -> None:
        """A sender that repeats gets the answer that it missed."""
        async with opened(bench.source()) as source:
            await bench.put(bench.unit(1))
            (received,) = await take(source, 1)
            await received.accept(Receipt(message_id=new_id(), duplicate=True))
            await self._nothing_left(bench)

    async def test_refused_for_good_is_told_why(self, bench: SourceBench) -> None:
        """The reason reaches the people at the far side."""
        async with opened(bench.source()) as source:
            await bench.put(bench.unit(1))
            (received,) = await take(source, 1)
            await received.refuse(NotAccepted("no flow takes this"))

            async def told() -> bool:
                return "no flow takes this" in await bench.told(bench.unit(1))

            await eventually(told)

    @pytest.mark.parametrize("error", [Busy(after=0), DatabaseUnavailable("the journal cannot be reached")], ids=repr)
    async def test_refused_for_now_stays_with_the_sender(self, bench: SourceBench, error: Exception) -> None:
        """A refusal that may pass is no acknowledgement."""
        async with opened(bench.source()) as source:
            await bench.put(bench.unit(1))
            (received,) = await take(source, 1)
            await received.refuse(error)
            assert await bench.left() == {bench.unit(1)}

    async def test_foreign_errors_are_not_quoted(self, bench: SourceBench) -> None:
        """The text of an error that is not the hub's own may hold anything, so the far side does not see it."""
        async with opened(bench.source()) as source:
            await bench.put(bench.unit(1))
            (received,) = await take(source, 1)
            await received.refuse(RuntimeError("secret-1 in a traceback"))
            assert "secret-1" not in await bench.told(bench.unit(1))
            assert await bench.left() == {bench.unit(1)}

    async def test_answers_in_any_order(self, bench: SourceBench) -> None:
        """The journal commits as it likes."""
        async with opened(bench.source()) as source:
            await bench.put(*(bench.unit(n) for n in range(1, 6)))
            received = await take(source, 5)
            await accept_all(received[::-1])
            await self._nothing_left(bench)

    async def test_many_all_come_once(self, bench: SourceBench) -> None:
        """None is lost and none comes twice."""
        units = [bench.unit(n) for n in range(1, 201)]
        async with opened(bench.source()) as source:
            await bench.put(*units)
            taken: list[bytes] = []
            while len(taken) < len(units):
                got = await take(source, 1)
                taken += [each.body for each in got]
                assert len(taken) == len(set(taken))
                await accept_all(got)
            assert Counter(taken) == Counter(units)
            await self._nothing_left(bench)

    async def test_close_ends_a_waiting_receive(self, bench: SourceBench) -> None:
        """`close` while `receive` waits: it returns an empty sequence."""
        source = bench.source()
        async with opened(source):
            waiting = asyncio.create_task(source.receive())
            await asyncio.sleep(0)
            await source.close()
            async with asyncio.timeout(PATIENCE):
                assert not await waiting

    async def test_cancelled_receive_loses_nothing(self, bench: SourceBench) -> None:
        """Cancelling `receive` at any of its steps leaves the messages for the next call."""
        async with opened(bench.source()) as source:
            taken: list[Received] = []
            waiting = asyncio.create_task(source.receive())
            await asyncio.sleep(0)
            await bench.put(bench.unit(1))
            waiting.cancel()
            for outcome in await asyncio.gather(waiting, return_exceptions=True):
                if not isinstance(outcome, BaseException):
                    taken += outcome
            if not taken:
                taken += await take(source, 1)
            assert [each.body for each in taken] == [bench.unit(1)]
            await accept_all(taken)

    async def test_closes_twice_and_opens_again(self, bench: SourceBench) -> None:
        """One object, several lives."""
        source = bench.source()
        async with opened(source):
            await source.close()
        async with opened(source):
            await bench.put(bench.unit(1))
            received = await take(source, 1)
            assert [each.body for each in received] == [bench.unit(1)]
            await accept_all(received)

    async def test_repr_shows_no_body(self, bench: SourceBench) -> None:
        """Neither the source nor what it hands over shows a payload."""
        async with opened(bench.source()) as source:
            await bench.put(bench.unit(1))
            (received,) = await take(source, 1)
            assert "secret-1" not in f"{received!r} {received} {source!r}"
            await accept_all([received])

    async def test_has_an_address_and_a_check(self, bench: SourceBench) -> None:
        """Both are words for people."""
        async with opened(bench.source()) as source:
            assert "://" in source.address or source.address.startswith(("file:", "memory:"))
            assert await source.check()

    async def test_settings_are_described(self, bench: SourceBench) -> None:
        """Every setting has words and an example for the docs; an unknown one is an error that hides its value."""
        check_settings(bench.source().Settings)

    async def test_traits_are_tested(self, bench: SourceBench) -> None:
        """A trait that is promised has its suite in the class, and the other way round."""
        traits = bench.source().traits
        assert isinstance(self, OrderedSuite) == traits.ordered
        assert isinstance(self, RedeliveringSuite) == traits.redelivers

    async def _nothing_left(self, bench: SourceBench) -> None:
        async def empty() -> bool:
            return not await bench.left()

        await eventually(empty)


class OrderedSuite:
    """What `Traits.ordered` promises of a source."""

    async def test_order_is_kept(self, bench: SourceBench) -> None:
        """Received in the order of sending."""
        units = [bench.unit(n) for n in range(1, 21)]
        async with opened(bench.source()) as source:
            await bench.put(*units)
            received = await take(source, 20)
            assert [each.body for each in received] == units
            await accept_all(received)


class RedeliveringSuite:
    """What `Traits.redelivers` promises of a source."""

    async def test_refused_comes_again(self, bench: SourceBench) -> None:
        """By itself, in its order, and acceptable then."""
        units = [bench.unit(n) for n in range(1, 4)]
        async with opened(bench.source()) as source:
            await bench.put(*units)
            for each in await take(source, 3):
                await each.refuse(Busy(after=0))
            again = await take(source, 3)
            assert [each.body for each in again] == units
            await accept_all(again)

            async def empty() -> bool:
                return not await bench.left()

            await eventually(empty)

    async def test_unanswered_comes_again_after_reopen(self, bench: SourceBench) -> None:
        """As after a crash. The idempotency key is the same, so that the journal can tell."""
        async with opened(bench.source()) as source:
            await bench.put(bench.unit(1), bench.unit(2))
            before = await take(source, 2)
        async with opened(bench.source()) as source:
            after = await take(source, 2)
            assert [each.body for each in after] == [bench.unit(1), bench.unit(2)]
            keys = [[each.headers.get("idempotency-key") for each in part] for part in (before, after)]
            assert keys[0] == keys[1]
            await accept_all(after)


def check_settings(settings: type) -> None:
    """Shared with the suite of destinations."""
    fields = settings.model_fields  # type: ignore[attr-defined]
    undescribed = [name for name, field in fields.items() if not field.description or not field.examples]
    assert not undescribed
    with pytest.raises(ValidationError) as caught:
        settings(unknown_setting="secret-value")
    assert "secret-value" not in str(caught.value)

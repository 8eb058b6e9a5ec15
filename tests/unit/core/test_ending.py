"""Tasks are ended for sure, also those that lose a cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from hilum.connectors.handing import Hands
from hilum.connectors.hub_source import HubSource
from hilum.ending import cancel_all

pytestmark = pytest.mark.req("RES-1")


class Deaf:
    """Work in rounds, of which the first ones lose the cancellation that comes in them, as `asyncio.wait_for` may."""

    def __init__(self, loses: int) -> None:
        self.begun = asyncio.Event()
        self.lost = 0
        self._loses = loses

    async def round(self) -> None:
        self.begun.set()
        try:
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            if self.lost == self._loses:
                raise
            self.lost += 1

    async def run(self) -> None:
        while True:
            await self.round()


async def test_a_task_that_lost_its_cancellation_is_cancelled_again() -> None:
    deaf = Deaf(loses=1)
    task = asyncio.create_task(deaf.run())
    await deaf.begun.wait()
    assert await cancel_all([task]) == set()
    assert task.cancelled()
    assert deaf.lost == 1


async def test_who_never_listens_is_left_alone_after_a_while_and_told() -> None:
    deaf = Deaf(loses=1000)
    task, other = asyncio.create_task(deaf.run()), asyncio.create_task(asyncio.sleep(60))
    await deaf.begun.wait()
    assert await cancel_all([task, other], within=0.05) == {task}
    assert other.cancelled()
    deaf._loses = deaf.lost
    await cancel_all([task])


async def test_what_a_task_raised_is_not_raised_by_who_ends_it() -> None:
    async def fail() -> None:
        raise ValueError

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    assert await cancel_all([task]) == set()
    assert await cancel_all([]) == set()


class Source(HubSource[Deaf, Hands]):
    kind = "deaf"
    needs = own = ""

    @property
    def address(self) -> str:
        return "deaf:"

    async def check(self) -> str:
        return ""

    def _begin(self) -> Hands:
        return Hands(lambda unit, reason: None)

    async def _look(self, ledger: Deaf, queue: Hands) -> None:
        await ledger.round()


async def test_a_source_closes_although_a_look_lost_the_cancellation() -> None:
    source, deaf = Source(0.01), Deaf(loses=1)
    source.use(deaf)
    await source.open()
    waiting: asyncio.Task[Sequence[object]] = asyncio.create_task(source.receive())
    await deaf.begun.wait()
    await source.close()
    assert deaf.lost == 1
    assert not await waiting

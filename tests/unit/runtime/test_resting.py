"""Resting callers: woken by number, last in first out, or by time; never twice for one piece of work."""

from __future__ import annotations

import asyncio

import pytest

from hilum.runtime.resting import Resting
from hilum.testing import eventually


@pytest.fixture
def resting() -> Resting:
    return Resting()


async def _begin(resting: Resting, count: int, woken: list[int]) -> list[asyncio.Task[None]]:
    async def one(number: int) -> None:
        await resting.rest(60)
        woken.append(number)

    tasks = [asyncio.create_task(one(number)) for number in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_as_many_are_woken_as_asked_for_the_last_first(resting: Resting) -> None:
    woken: list[int] = []
    tasks = await _begin(resting, 5, woken)
    resting.wake(2)
    await asyncio.wait(tasks[3:])
    assert sorted(woken) == [3, 4]
    resting.wake_all()
    await asyncio.wait(tasks)
    assert sorted(woken) == [0, 1, 2, 3, 4]


async def test_time_wakes_too(resting: Resting) -> None:
    await resting.rest(0.001)


async def test_one_that_was_cancelled_is_not_counted(resting: Resting) -> None:
    woken: list[int] = []
    tasks = await _begin(resting, 2, woken)
    tasks[1].cancel()
    await asyncio.wait([tasks[1]])
    resting.wake(1)
    await eventually(lambda: woken == [0])


async def test_waking_nobody_is_not_remembered(resting: Resting) -> None:
    resting.wake(3)
    woken: list[int] = []
    tasks = await _begin(resting, 1, woken)
    await asyncio.sleep(0)
    assert not woken
    resting.wake_all()
    await asyncio.wait(tasks)

"""The pauses between attempts to connect: they grow, begin anew after a session that lasted, and news is told once."""

from __future__ import annotations

import asyncio

import pytest

from hilum.connectors.pauses import Pauses


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses, none of which takes any time."""
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr("hilum.connectors.pauses.asyncio.sleep", sleep)
    return found


def lasting(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """From now on the clock is so many seconds on."""
    loop = asyncio.get_running_loop()
    now = loop.time() + seconds
    monkeypatch.setattr(loop, "time", lambda: now)


async def test_they_double_up_to_a_limit(slept: list[float]) -> None:
    pauses = Pauses()
    for _ in range(7):
        pauses.begin()
        pauses.ended()
        await pauses.rest()
    assert slept == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


async def test_the_same_words_are_news_once(slept: list[float]) -> None:
    pauses = Pauses()
    pauses.begin()
    assert [pauses.news(words) for words in ("away", "away", "no such stream", "away")] == [True, False, True, True]
    pauses.ended()
    assert not pauses.news("away")


async def test_an_attempt_that_lasted_begins_anew(slept: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = Pauses()
    for _ in range(3):
        pauses.begin()
        pauses.news("away")
        pauses.ended()
        await pauses.rest()
    pauses.begin()
    with monkeypatch.context() as clock:
        lasting(clock, 5.1)
        assert not pauses.news("away")
        pauses.ended()
    lasting(monkeypatch, 60)  # clearing away takes time, and changes nothing
    await pauses.rest()
    assert slept == [0.2, 0.4, 0.8, 0.2]
    assert pauses.news("away")

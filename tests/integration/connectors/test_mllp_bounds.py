"""The MLLP listener when there is too much: unanswered messages, connections, bytes, and senders that never end."""

from __future__ import annotations

import asyncio

import pytest
from mllp_wire import accept, framed, hub, listening, message, wire

from hilum.connector import Received
from hilum.connectors import mllp
from hilum.errors import Down
from hilum.testing import eventually, take

pytestmark = pytest.mark.req("SYS-3")


@pytest.mark.req("MSG-11")
async def test_reading_stops_at_the_unanswered_limit() -> None:
    async with listening(unanswered=3) as listener, wire(listener) as line:
        await line.send(framed(*(message(n) for n in range(1, 11))))
        received = await take(listener, 3)
        assert listener.counts["messages"] == 3
        for each in received:
            await accept(each)
        assert [(await line.answer())[2] for _ in range(3)] == ["C1", "C2", "C3"]
        for each in await take(listener, 3):
            await accept(each)
        assert listener.counts["messages"] <= 9


@pytest.mark.req("MSG-11")
async def test_a_batch_stops_at_the_unanswered_limit_too() -> None:
    async with listening(unanswered=3) as listener, wire(listener) as line:
        await line.send(framed(b"".join(message(n) for n in range(10)), message(10)))
        for first in (0, 3, 6, 9):
            for each in await take(listener, min(3, 11 - first)):
                await accept(each)
        assert listener.counts["messages"] == 11
        assert [(await line.answer())[2] for _ in range(11)] == [f"C{n}" for n in range(11)]


@pytest.mark.req("MSG-11")
async def test_a_full_queue_stops_all_connections_and_loses_nothing() -> None:
    async with listening(queue_messages=5) as listener, wire(listener) as one, wire(listener) as two:
        for line, first in ((one, 100), (two, 200)):
            await line.send(framed(*(message(first + n) for n in range(20))))
        await eventually(lambda: listener.counts["messages"] >= 5)
        taken: list[Received] = []
        while len(taken) < 40:
            got = await take(listener, 1)
            assert len(got) <= 6
            taken += got
            for each in got:
                await accept(each)
        for line, first in ((one, 100), (two, 200)):
            assert [(await line.answer())[2] for _ in range(20)] == [f"C{first + n}" for n in range(20)]


async def test_one_connection_too_many_is_refused_and_counted() -> None:
    async with hub(connections=2) as side, wire(side.listener) as one, wire(side.listener) as two:
        for line, number in ((one, 1), (two, 2)):
            await line.send(framed(message(number)))
            assert (await line.answer())[2] == f"C{number}"
        async with wire(side.listener) as three:
            assert await three.closed()
        assert side.listener.refusals == {"too many connections": 1}


@pytest.mark.req("SEC-6")
async def test_one_sender_cannot_hold_all_connections() -> None:
    async with hub(max_connections_per_peer=2, connections=10) as side:
        told: list[tuple[str, str]] = []
        side.listener.turned_away = lambda peer, reason: told.append((peer, reason))
        async with wire(side.listener) as one, wire(side.listener) as two:
            for line in (one, two):
                await line.send(framed(message(1)))
                assert (await line.answer())[1] == "AA"
            for _ in range(3):
                async with wire(side.listener) as three:
                    assert await three.closed()
            assert side.listener.refusals == {"too many connections of this sender": 3}
            assert told == [("127.0.0.1", "too many connections of this sender: the connection was closed at once")], (
                "it is noted once a minute, not for each"
            )
            async with wire(side.listener, source="127.0.0.2") as other:
                await other.send(framed(message(2)))
                assert (await other.answer())[1:3] == ["AA", "C2"]
        async with wire(side.listener) as again:  # those that left made room
            await again.send(framed(message(3)))
            assert (await again.answer())[1:3] == ["AA", "C3"]


async def test_an_idle_connection_is_closed_and_one_that_waits_is_not() -> None:
    async with listening(idle_timeout=0.05) as listener, wire(listener) as idle, wire(listener) as waiting:
        await waiting.send(framed(message(1)))
        (received,) = await take(listener, 1)
        assert await idle.closed()
        await accept(received)
        assert (await waiting.answer())[2] == "C1"
        assert await waiting.closed()
        assert listener.counts["closed: idle"] == 2


async def test_half_a_frame_does_not_keep_a_connection() -> None:
    async with listening(idle_timeout=0.05) as listener, wire(listener) as line:
        await line.send(b"\x0bMSH|^~")
        assert await line.closed()


@pytest.mark.req("SEC-6")
async def test_large_messages_that_are_never_ended_cannot_take_all_memory() -> None:
    async with hub(max_message=20_000, queue_bytes=40_000) as side, wire(side.listener) as good:
        async with wire(side.listener) as one, wire(side.listener) as two, wire(side.listener) as three:
            for line in (one, two, three):
                await line.send(b"\x0bMSH|^~\\&|" + b"x" * 15_000)
            assert await one.closed(), "it was silent for longest"
            assert side.listener.refusals == {"too much unfinished": 1}
            await good.send(framed(message(1)))
            assert (await good.answer())[2] == "C1"
            await two.send(b"\x1c\r")
            assert (await two.answer())[1] == "AA", "the others go on"
        await good.send(framed(message(2, text="x" * 19_000)))
        assert (await good.answer())[2] == "C2"


async def test_many_connections_each_get_their_own_answers() -> None:
    async def one(listener: mllp.Listener, number: int) -> None:
        async with wire(listener) as line:
            for turn in range(5):
                await line.send(framed(message(100 * number + turn)))
                assert (await line.answer())[1:3] == ["AA", f"C{100 * number + turn}"]

    async with hub() as side:
        await asyncio.gather(*(one(side.listener, number) for number in range(1, 65)))
        assert len(side.taken) == 320


async def test_a_port_that_is_taken_is_told() -> None:
    async with listening() as listener:
        second = mllp.Listener(host="127.0.0.1", port=listener.port)
        with pytest.raises(Down, match=f"cannot listen on mllp://127.0.0.1:{listener.port}"):
            await second.open()

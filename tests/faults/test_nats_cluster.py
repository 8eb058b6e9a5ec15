"""Servers of a stream die and are cut off under load: nothing is lost, doubled or out of order from hub to hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hilum.testing import eventually
from support import servers
from support.doubles import Feed, Receiver
from support.hubs_and_stream import (
    StartHub,
    all_here,
    assert_all_arrived,
    central_flow,
    edge_flow,
    send_counting,
    several,
    starter,
)
from support.nats_servers import Cluster, NatsServer

pytestmark = [pytest.mark.req("RES-2"), pytest.mark.req("RES-3")]

KEYS = [f"p{number}" for number in range(8)]


@pytest.fixture
async def a_hub(databases: servers.Databases, tmp_path: Path) -> AsyncIterator[StartHub]:
    """Starts hubs, each with a database of its own."""
    with several(databases) as fresh:
        async with AsyncExitStack() as stack:
            yield starter(stack, fresh, tmp_path)


class Sending:
    """Sends to the edge until it is told to stop: numbers for each key, all of which the edge must accept."""

    def __init__(self, feed: Feed, pause: float = 0.0) -> None:
        self.count = 0
        self._feed = feed
        self._pause = pause
        self._stopping = False
        self._task = asyncio.create_task(self._send())

    async def _send(self) -> None:
        while not self._stopping:
            await send_counting(self._feed, KEYS, range(self.count, self.count + 1))
            self.count += 1
            await asyncio.sleep(self._pause)

    async def more(self, rounds: int) -> None:
        """Wait until so many more rounds were accepted."""
        wanted = self.count + rounds
        await eventually(lambda: self.count >= wanted or self._task.done())

    async def stop(self) -> int:
        """The number of rounds."""
        self._stopping = True
        await self._task
        return self.count


async def test_a_server_killed_under_load(a_hub: StartHub, tmp_path: Path) -> None:
    """One server, `kill -9`, and back with what it has on its disk."""
    feed, receiver = Feed(), Receiver()
    async with NatsServer(tmp_path / "nats") as server:
        _, edge = await a_hub(edge_flow(feed, server.url))
        _, central = await a_hub(central_flow(receiver, server.url))
        sending = Sending(feed)
        await all_here(receiver, 50)
        await server.kill()
        await sending.more(20)  # the edge goes on accepting
        await server.start()
        await sending.more(20)
        await assert_all_arrived(receiver, KEYS, await sending.stop(), edge, central)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_cluster_loses_its_leader_and_its_lines(
    a_hub: StartHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three servers, three replicas, under load, more than once: the leader of the stream is killed and comes back;
    its lines to the other two break, and it goes on answering its clients; all its lines fall silent, those of
    clients too, and it wakes up with what it missed."""
    monkeypatch.setattr("hilum.testing.waiting.PATIENCE", 120.0)
    feed, receiver = Feed(), Receiver()
    async with Cluster(tmp_path / "cluster") as cluster:
        _, edge = await a_hub(edge_flow(feed, *cluster.urls, replicas=3))
        _, central = await a_hub(central_flow(receiver, *cluster.urls))
        sending = Sending(feed, pause=0.1)
        await all_here(receiver, 100)
        for _ in range(2):
            leader = await cluster.leader("EDGE")
            await leader.kill()
            await two_of_three_go_on(sending, receiver)
            await leader.start()
            await all_here(receiver, len(receiver.taken) + 100)

            broken = cluster.lines(await cluster.leader("EDGE"), clients=False)
            for line in broken:
                await line.stop()
            await two_of_three_go_on(sending, receiver)
            for line in broken:
                await line.start()
            await all_here(receiver, len(receiver.taken) + 100)

            silent = cluster.lines(await cluster.leader("EDGE"), clients=True)
            for line in silent:
                line.silent = True
            await two_of_three_go_on(sending, receiver)
            for line in silent:
                line.silent = False
            await all_here(receiver, len(receiver.taken) + 100)
        await assert_all_arrived(receiver, KEYS, await sending.stop(), edge, central)


async def two_of_three_go_on(sending: Sending, receiver: Receiver) -> None:
    """The edge accepts more, and more arrives."""
    await sending.more(50)
    await all_here(receiver, len(receiver.taken) + 100)

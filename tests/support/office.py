"""A hub with some processes: what is told to them comes in one order, what they send is kept by channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from hilum.canonical import BusinessObject
from hilum.canonical.catalogue import read, write
from hilum.packs import passing
from hilum.postgres import Database
from hilum.processes import Process, handle, store
from hilum.processes.engine import Engine
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.inbox import People
from support.projects import OWNERS, make_flow, target
from support.waits import Start


class Office(People):
    """The hub, and the people in it."""

    def __init__(self, database: Database, processes: Sequence[Process], channels: Sequence[str]) -> None:
        super().__init__(database, processes)
        self.feed = Feed()
        self.receivers = {channel: Receiver() for channel in channels}

    async def say(self, *things: BusinessObject) -> None:
        """These come, one after the other."""
        for thing in things:
            await self.feed.send(write(thing))

    def sent(self, channel: str) -> list[dict[str, Any]]:
        """What went out."""
        return self.receivers[channel].bodies

    async def sends(self, channel: str, count: int) -> list[dict[str, Any]]:
        """So much went out."""
        await eventually(lambda: len(self.sent(channel)) == count, lambda: self.sent(channel))
        return self.sent(channel)

    async def ends(self, process: str, key: str) -> str:
        """The run is over: its state and its outcome."""
        found: list[Any] = []

        async def over() -> bool:
            async with self.database.cold() as connection:
                found[:] = [await store.run_of(connection, process, key)]
            return found[0] is not None and not found[0].open

        await eventually(over, lambda: f"{process} {key}: {found}")
        return f"{found[0].state}: {found[0].outcome}"


@asynccontextmanager
async def office(
    start: Start, database: Database, processes: Sequence[Process], channels: Sequence[str], back: Sequence[str] = ()
) -> AsyncIterator[Office]:
    """A hub with these processes. What is sent on the channels of `back` is told to the processes again."""
    made = Office(database, processes, channels)
    heard = make_flow(made.feed, name="test.heard", format="bytes", translate=lambda body, _: read(body),
                      order_by=lambda _: "one after the other", dedup_by=None)  # fmt: skip
    for process in processes:
        for each in handle(process):
            heard.deliver_to(each)
    flows = [heard]
    for number, channel in enumerate(channels):
        flow = passing.commands(f"test.channel{number}", channel, summary="x", owners=OWNERS)
        flow.deliver_to(target(made.receivers[channel], f"memory.channel{number}"))
        if channel in back:
            for process in processes:
                for each in handle(process):
                    flow.deliver_to(each)
        flows.append(flow)
    hub = await start(*flows)
    assert hub.share is not None
    engine = Engine(hub.project, database, processes, hub.share.leases.id)
    await engine.start()
    try:
        yield made
    finally:
        await engine.stop()

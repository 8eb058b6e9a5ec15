"""What is counted in memory and written now and then is written once, also where the hub stops in the middle of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from hilum.masterdata.quality.meter import Meter
from hilum.masterdata.quality.rules import Rule
from hilum.postgres import Connection, Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.looks import rows
from support.projects import make_flow, make_project, order

pytestmark = pytest.mark.req("MSG-17", "MD-7")


class Slow(Database):
    """Transactions that are committed, and whose end is heard of when the gate opens."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.gate = asyncio.Event()
        self.gate.set()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with super().transaction() as connection:
            yield connection
        await self.gate.wait()


@pytest.fixture
async def slow(postgres_url: str) -> AsyncIterator[Slow]:
    """A second way to the database of the test."""
    made = Slow(postgres_url)
    await made.open()
    yield made
    await made.close()


async def test_counts_of_quality(database: Database, slow: Slow) -> None:
    meter = Meter({"item": [Rule(object="item", field="title", check="required")]})
    meter.note("test", "hilum.item", "G1", {"title": ""})
    slow.gate.clear()
    writing = asyncio.create_task(meter.flush(slow))

    async def written() -> bool:
        return await rows(database, "SELECT checked, failed FROM quality_count") == [(1, 1)]

    await eventually(written)
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing
    slow.gate.set()
    await meter.flush(slow)
    assert await written()


async def test_refusals(database: Database, slow: Slow, tmp_path: Path) -> None:
    feed = Feed()
    feed.wants = lambda received: False  # type: ignore[method-assign]
    hub = Hub(make_project(tmp_path, make_flow(feed, Receiver())), slow, roles=("listener", "worker"))
    await hub.start()
    slow.gate.clear()
    await feed.send(order(0))

    async def noted() -> bool:
        return len(await rows(database, "SELECT 1 FROM refusal")) == 1

    await eventually(noted)
    stopping = asyncio.create_task(hub.stop())
    await eventually(lambda: hub.stopping)
    await asyncio.sleep(0.1)  # it may come to cancel what writes
    slow.gate.set()
    await stopping
    assert await noted()

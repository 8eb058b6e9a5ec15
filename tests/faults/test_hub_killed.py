"""`kill -9` of a hub under load: what was acknowledged arrives, once, and in the order of its key."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from hilum.postgres import Database, EmbeddedServer
from hilum.testing import eventually
from support.http_receiver import HttpReceiver
from support.looks import assert_sound, delivery_states, states
from support.mllp_load import Load
from support.serving import HubProcess, write_project


async def drained(far: HttpReceiver, load: Load) -> None:
    """Wait until the receiver has as many as were acknowledged."""
    await eventually(lambda: len(far.taken) >= load.total, lambda: f"{len(far.taken)} of {load.total} arrived")


async def acknowledged_more(load: Load) -> None:
    """Wait until something more was acknowledged."""
    before = load.total
    await eventually(lambda: load.total > before)


async def settled(database: Database, count: int) -> None:
    """Every message is completed, and the journal agrees with itself."""
    found: dict[str, int] = {}

    async def there() -> bool:
        found.clear()
        found.update(await states(database))
        return found == {"completed": count}

    await eventually(there, lambda: f"{count} completed, but {found}")
    assert await delivery_states(database) == {"delivered": count}
    await assert_sound(database)


async def kill_again_and_again(folder: Path, rounds: int, url: str = "") -> None:
    """The test, `rounds` times: with an embedded PostgreSQL, or the one that is named."""
    async with HttpReceiver() as far:
        hub = HubProcess(write_project(folder / "hub", far.url), url)
        load = Load(lambda: hub.port, pause=0.01)
        await hub.start()
        load.start()
        try:
            for _ in range(rounds):
                # under load, and at an instant that nothing in the hub can foresee
                await acknowledged_more(load)
                await asyncio.sleep(random.uniform(0, 0.4))
                await hub.kill()
                await hub.start()
            await load.stop()
            await drained(far, load)
        finally:
            await load.cancel()
            code = await hub.stop()
        assert code == 0, "\n".join(hub.output[-40:])
        far.assert_exactly(load.acknowledged)
        assert load.unanswered >= rounds, "the load was not under way when the hub was killed"
        server = None if url else EmbeddedServer(folder / "hub" / ".hilum")
        database = Database(url or server.start() if server else url)
        await database.open()
        try:
            await settled(database, load.total)
        finally:
            await database.close()
            if server is not None:
                server.stop()


@pytest.mark.req("MSG-1")
@pytest.mark.req("MSG-2")
@pytest.mark.req("MSG-4")
@pytest.mark.timeout(120)
async def test_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path, 3)


@pytest.mark.long
@pytest.mark.req("MSG-1")
@pytest.mark.timeout(1800)
async def test_a_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path, 100)

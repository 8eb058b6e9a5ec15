"""Workers that are paused, killed or exchanged under load: nothing is lost or doubled, and each key stays in order."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from hilum.postgres import Database
from hilum.testing import eventually
from support.forwarder import Forwarder
from support.http_receiver import HttpReceiver
from support.looks import rows
from support.mllp_load import Load
from support.rig import assert_all_completed, rig
from support.serving import HubProcess, write_project


async def holders(database: Database, count: int) -> None:
    """Wait until so many workers hold all lanes between them."""
    found: list[tuple[object, ...]] = []

    async def there() -> bool:
        found[:] = await rows(database, "SELECT holder, count(*) FROM lane WHERE holder IS NOT NULL GROUP BY 1")
        return len(found) == count and sum(int(str(lanes)) for _, lanes in found) == 64

    await eventually(there, lambda: f"{count} holders, but {found}")


@pytest.mark.req("MSG-14")
@pytest.mark.req("MSG-4")
@pytest.mark.timeout(120)
async def test_a_worker_that_was_paused_cannot_commit_when_it_wakes(
    tmp_path: Path, postgres_url: str, database: Database
) -> None:
    """SIGSTOP in the middle of its work until the other one has its lanes, then SIGCONT."""
    async with rig(tmp_path, postgres_url) as it:
        it.far.delay = 0.15  # so that calls are under way when it is paused
        it.load.pause = 0.1  # less than is delivered at that pace
        other = HubProcess(tmp_path / "hub", postgres_url, roles="worker")
        await other.start()
        try:
            for _ in range(10):
                await holders(database, 2)
                await it.arrived_more(20)
                other.pause()
                await holders(database, 1)
                await it.arrived_more(40)
                other.resume()
                await holders(database, 2)
                if said := [line for line in other.output if "held by another worker now" in line]:
                    break
            assert said, "it was never paused in the middle of a call"
            await it.arrived_more(20)
            await it.all_arrived()
        finally:
            assert await other.stop() == 0, "\n".join(other.output[-40:])
        await assert_all_completed(postgres_url, it.load.total)


@pytest.mark.long
@pytest.mark.req("MSG-14")
@pytest.mark.req("RES-4")
@pytest.mark.timeout(300)
async def test_a_rolling_restart_under_load_is_noticed_by_nobody(tmp_path: Path, postgres_url: str) -> None:
    """Two listeners behind a forwarder and two workers, each exchanged for a new process, twice."""
    async with HttpReceiver() as far, Forwarder() as front:
        project = write_project(tmp_path / "hub", far.url)
        roles = ["listener", "listener", "worker", "worker"]
        crew = [HubProcess(project, postgres_url, roles=role) for role in roles]
        await asyncio.gather(*(each.start() for each in crew))
        front.targets = [each.port for each in crew if each.port]
        load = Load(lambda: front.port, pause=0.02)  # steady, and less than two workers can do
        load.start()
        try:
            for number in (*range(4), *random.sample(range(4), 4)):
                before = load.total
                await eventually(lambda before=before: load.total > before + 30)  # type: ignore[misc]
                old, new = crew[number], HubProcess(project, postgres_url, roles=roles[number])
                await new.start()
                crew[number] = new
                front.targets = [each.port for each in crew if each.port]
                assert await old.stop() == 0, "\n".join(old.output[-40:])
            await load.stop()
            await eventually(lambda: len(far.taken) >= load.total, lambda: f"{len(far.taken)} of {load.total}")
        finally:
            await load.cancel()
            codes = [await each.stop() for each in crew]
        assert codes == [0] * 4
        assert not load.final, "a sender was refused for good"
        far.assert_exactly(load.acknowledged)
        await assert_all_completed(postgres_url, load.total)

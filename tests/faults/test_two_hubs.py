"""Two hubs on one database, one of them killed under load: the other takes over; nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.testing import eventually
from support.mllp_load import Load
from support.rig import assert_all_completed, rig
from support.serving import HubProcess


@pytest.mark.req("MSG-14")
@pytest.mark.req("MSG-4")
@pytest.mark.timeout(120)
async def test_the_work_of_a_killed_hub_is_taken_over(tmp_path: Path, postgres_url: str) -> None:
    async with rig(tmp_path, postgres_url) as it:
        other = HubProcess(tmp_path / "hub", postgres_url)
        await other.start()
        load = Load(lambda: other.port if other.running else it.hub.port, prefix="Q", pause=0.01)
        load.start()
        try:
            await it.acknowledged_more(50)
            await eventually(lambda: load.total > 50)
            await other.kill()
            await it.arrived_more(50)
            await other.start()
            await load.stop()
            await it.load.stop()
            assert load.unanswered > 0, "nobody was sending to the hub that was killed"
        finally:
            await load.cancel()
            assert await other.stop() == 0
        sent = {**it.load.acknowledged, **load.acknowledged}
        total = sum(sent.values())
        await eventually(lambda: len(it.far.taken) >= total, lambda: f"{len(it.far.taken)} of {total}")
        it.far.assert_exactly(sent)
        await assert_all_completed(postgres_url, total)

"""The receiver is gone, busy, silent, or cuts the line after the work: deliveries wait, and arrive once, in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.testing import eventually
from support.http_receiver import Mood
from support.rig import assert_all_completed, rig

QUICK_AGAIN = """[destinations."http.receiver"]
longest_pause_seconds = 1
drain_seconds = 1
drain_calls_per_second = 500
[retry.vital]
first_wait_seconds = 0.2
longest_wait_seconds = 1
"""
"""The load goes on here: what piled up is worked off at once, not at the safe rate, and what
fails in each of the four ways does not wait longer each time than the test does."""


@pytest.mark.req("RES-1")
@pytest.mark.req("MSG-5")
@pytest.mark.req("MSG-8")
@pytest.mark.timeout(120)
async def test_whatever_the_receiver_does_each_message_has_one_effect(tmp_path: Path, postgres_url: str) -> None:
    async with rig(tmp_path, postgres_url, QUICK_AGAIN) as it:
        await it.arrived_more(20)
        for mood in (Mood.BUSY, Mood.CUTS, Mood.HANGS):
            requests = it.far.requests
            it.far.mood = mood
            await eventually(lambda requests=requests: it.far.requests > requests + 5)  # type: ignore[misc]
            await it.acknowledged_more(20)  # intake goes on
            it.far.mood = Mood.WELL
            it.far.let_go()
            await it.arrived_more(20)
        await it.far.stop()
        await it.acknowledged_more(20)
        await it.far.start()
        await it.arrived_more(20)
        await it.all_arrived()
        await assert_all_completed(postgres_url, it.load.total)
        # what was cut off is repeated after its wait, so this is certain only when all is completed
        assert it.far.repeated > 0, "the receiver never saw a repetition"

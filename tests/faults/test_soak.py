"""Long runs at half the peak rate with faults, and ten times what a receiver can take: nothing lost, memory bounded.

The runs are those of bench/: `HILUM_SOAK_MINUTES` (5), `HILUM_SOAK_RATE` (600 a second), `HILUM_BENCH_OVERLOAD` (5).
"""

from __future__ import annotations

import pytest

from bench.far_side import Checks
from bench.overload import overload
from bench.soak import MINUTES, RATE, soak

MEMORY_MB = 700.0
"""More than a hub needs with all its bounds reached: 32 MB of intake, 64 MB of bodies at hand, batches, 85 MB idle."""


@pytest.mark.long
@pytest.mark.req("MSG-1")
@pytest.mark.req("MSG-2")
@pytest.mark.req("MSG-4")
@pytest.mark.timeout(MINUTES * 60 + 900)
async def test_a_long_run_with_faults_loses_nothing_and_doubles_nothing() -> None:
    found = await soak(MINUTES, RATE)
    assert (found.lost, found.doubled, found.out_of_order, found.held) == (0, 0, 0, 0), found
    assert found.arrived == found.acknowledged > 0
    assert found.faults["hub killed"]
    assert found.faults["database killed"]
    assert found.most_mb < MEMORY_MB


@pytest.mark.long
@pytest.mark.timeout(1500)
async def test_ten_times_too_much_is_answered_busy_and_leaves_memory_bounded() -> None:
    found = await overload()
    assert found.busy, "the mark was never reached"
    assert (found.lost, found.doubled, found.out_of_order) == (0, 0, 0), found
    assert found.most_mb < MEMORY_MB


def test_the_checks_see_what_is_lost_doubled_or_out_of_order() -> None:
    checks = Checks()
    for number in (0, 1, 1, 3, 2):
        checks.effect("A", number, f"id-{number}")
    assert (checks.arrived, checks.repeated, checks.doubled, checks.out_of_order) == (4, 1, 0, 2)
    checks.effect("A", 2, "another id")
    assert checks.doubled == 1
    assert checks.lost({"A": 4}) == 0
    assert checks.lost({"A": 6, "B": 1}) == 3
    checks.effect("A", 5, "id-5")
    assert checks.lost({"A": 6}) == 1, "number 4"

"""`kill -9` of the hub at the steps of taking a supplier in and of changing its bank: the same supplier, once."""

from __future__ import annotations

import random
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from hilum.packs.suppliers.rules import BANK_CHANGE, ONBOARDING
from support.mortal import WHENS, again_when_dead, rounds, steps_of, survived
from support.supplier_story import supplier_story

pytestmark = [pytest.mark.req("WF-3", "WF-4", "SYS-12"), pytest.mark.long]


async def told(url: str, folder: Path, seed: int, *places: list[tuple[int, str]]) -> tuple[dict[str, Any], list[int]]:
    """The story of one company whose hub dies at these steps of either process: what came of it, and their steps."""
    async with supplier_story(url, folder, seed, incomplete=1) as story:
        (company,) = story.portal.companies
        runs = [f"{ONBOARDING}/{company.number}", f"{BANK_CHANGE}/{company.supplier}"]
        dies = [f"{run} {number} {when}" for run, each in zip(runs, places, strict=False) for number, when in each]
        await story.begin(url, DIES_AT=";".join(dies))

        async def live() -> None:
            await story.taken_in(company)
            await story.bank_changed(company, f"BNK-{company.number}")
            await story.quiet()

        await again_when_dead(story.hub, live)
        assert survived(story.diary, dies) == []
        if not story.hub.running:  # at the very end, when nobody waited for it any more
            await story.hub.ended()
            await story.hub.start()
        found = await story.outcome(company)
        assert found["vendor"] == (1, False, [company.new_account])
        assert found["heard"] == ["incomplete", "active", "changed"]
        return found, [steps_of(story.diary, run) for run in runs]


@pytest.mark.timeout(600)
async def test_a_supplier_is_taken_in_once_whose_hub_died_at_a_step_of_both_processes(
    postgres_url: str, tmp_path: Path
) -> None:
    taken, changed = [(random.randrange(2, 30), random.choice(WHENS))], [(random.randrange(2, 8), random.choice(WHENS))]
    found, _ = await told(postgres_url, tmp_path / "story", 1, taken, changed)
    assert found["asked"] == [("Finance", "ben", 1), ("Finance", "cleo", 1), ("Purchasing", "ada", 1)]


@pytest.mark.timeout(7200)
async def test_a_supplier_is_taken_in_once_wherever_the_hub_died(postgres_url: str, tmp_path: Path) -> None:
    expected, (steps, changes) = await told(postgres_url, tmp_path / "clean", 1)
    expected.pop("vendor")
    for seed, (taken, changed) in enumerate(zip(rounds(steps), cycle(rounds(changes)), strict=False), 2):
        found, _ = await told(postgres_url, tmp_path / f"{seed}", seed, taken, changed)
        found.pop("vendor")
        assert found == expected, (taken, changed)

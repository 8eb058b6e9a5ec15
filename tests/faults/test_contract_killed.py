"""`kill -9` of the hub at the steps of a contract's life: the same prices and blanket orders, once."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support.contract_story import PROCESS, TODAY, contract_story
from support.mortal import WHENS, again_when_dead, rounds, steps_of, survived

pytestmark = [pytest.mark.req("WF-1", "WF-4", "SYS-11"), pytest.mark.long]


async def told(url: str, folder: Path, seed: int, *places: tuple[int, str]) -> tuple[dict[str, Any], int]:
    """A contract from its draft to its end whose hub dies at these steps: what came of it, and how many steps it took.

    What the CLM posts while the hub is dead is lost, and read by REST.
    """
    async with contract_story(url, folder, seed) as story:
        run = f"{PROCESS}/{story.contract.number}"
        dies = [f"{run} {number} {when}" for number, when in places]
        await story.begin(url, DIES_AT=";".join(dies))
        over = str(TODAY - timedelta(days=1))

        async def live() -> None:
            await story.acquainted()
            await story.office.live(story.contract)
            await story.is_in("active")
            await story.in_odoo(story.expected(), "confirmed")
            await story.office.tell(story.contract, "on_hold")
            await story.is_in("suspended")
            ended = [(step, price, over) for step, price, _ in story.expected()]
            await story.in_odoo(ended, "done")
            await story.office.tell(story.contract, "executed")
            await story.is_in("active")
            await story.in_odoo(sorted([*ended, *story.expected()]), "done", "confirmed")
            await story.quiet()

        await again_when_dead(story.hub, live)
        assert survived(story.diary, dies) == []
        if not story.hub.running:
            await story.hub.ended()
            await story.hub.start()
        await story.quiet()
        return {"sent": await story.sent(), "way": await story.way()}, steps_of(story.diary, run)


@pytest.mark.timeout(600)
async def test_a_contract_counts_once_whose_hub_died_at_two_of_its_steps(postgres_url: str, tmp_path: Path) -> None:
    # those that it takes at least, whatever webhooks come together
    places = [(random.randrange(2, 12), random.choice(WHENS)), (random.randrange(12, 24), random.choice(WHENS))]
    found, _ = await told(postgres_url, tmp_path / "story", 1, *places)
    assert dict(found["sent"])["contracts.prices"] == 3, found


@pytest.mark.timeout(7200)
async def test_a_contract_counts_once_wherever_the_hub_died(postgres_url: str, tmp_path: Path) -> None:
    expected, steps = await told(postgres_url, tmp_path / "clean", 1)
    for seed, places in enumerate(rounds(steps), 2):
        found, _ = await told(postgres_url, tmp_path / f"{seed}", seed, *places)
        assert found == expected, places

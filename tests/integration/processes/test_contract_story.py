"""The example contract-to-procure, run as it is: from a draft in the CLM to orders that keep to the contract."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from hilum.canonical import Contract
from hilum.canonical.catalogue import write
from hilum.cases import cases
from hilum.masterdata import terms
from hilum.packs.contracts.contract_rules import RenewalDecision
from hilum.processes import decide, inbox
from hilum.processes.tasks import Asked
from hilum.testing import eventually
from hilum.testing.waiting import PATIENCE
from support.contract_story import TODAY, ContractStory, contract_story
from support.looks import rows, states
from support.serving import HubProcess

pytestmark = [pytest.mark.req("SYS-11", "SYS-13", "NEW-4", "WF-1"), pytest.mark.long]


async def command(hub: HubProcess, *words: str) -> Any:
    """What a command of the hub says to machines."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hilum", *words, "--project", str(hub.project), "--json",
        env={**hub.everything}, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, error = await process.communicate()
    assert process.returncode == 0, f"{words}: {error.decode()} {out.decode()}"
    return json.loads(out)


@pytest.mark.timeout(600)
async def test_a_contract_is_signed_bought_by_reminded_of_and_suspended(postgres_url: str, tmp_path: Path) -> None:
    async with contract_story(postgres_url, tmp_path / "story", 3, lost=0.3) as story:
        contract = story.contract.contract
        contract["valid_to"] = (TODAY + timedelta(days=60)).isoformat()
        contract["valid_from"] = (TODAY - timedelta(days=60)).isoformat()
        contract["rebates"] = [{"from_amount": "1000", "percent": "2"}]
        contract["prices"] = [
            {"item": "GLV", "tiers": [{"unit_price": "38.00"}, {"from_quantity": "100", "unit_price": "36.00"}]}
        ]
        await story.begin(postgres_url)
        await story.acquainted()
        await story.office.live(story.contract)
        await story.is_in("active")
        await story.in_odoo(story.expected(), "confirmed")

        # its last day is near: its owner decides
        task = await asked(story, str(contract["title"]))
        assert task.title.endswith(f"ends on {contract['valid_to']}")
        async with story.database.transaction() as connection:
            answer = RenewalDecision(decision="let it end")
            await decide(connection, task.id, answer, actor="ada", permissions={"approve"})

        # orders have the price of their step, bills say what leaks and add up to the rebate
        numbers = count(1)
        await ordered(story, numbers, 120, held=False)
        await ordered(story, numbers, 10, held=False)
        await story.post("/bills", story.examples.bill("INV-1", story.contract, 120, "40"))
        await story.quiet("held")
        lines = story.box.records("purchase.order.line")
        assert sorted((row["product_qty"], row["price_unit"]) for row in lines) == [(10, 38), (120, 36)]
        checked = await rows(story.database, "SELECT document_type, words FROM price_check ORDER BY document")
        assert sorted(kind for kind, _ in checked) == ["bill", "order", "order"]
        assert all(story.contract.number in words for _, words in checked)
        days = ["--from", str(TODAY), "--to", str(TODAY + timedelta(days=1))]
        (leak,) = await command(story.hub, "terms", "leaks", *days)
        assert Decimal(str(leak["leak"])) == 480
        (rebate,) = await command(story.hub, "terms", "rebates", "--contract", story.contract.number)
        assert Decimal(str(rebate["accrued"])) == 96  # 2 % of 4 800

        # what the same would have cost by another offer
        offer = tmp_path / "offer.json"
        cheaper = {"item": "GLV", "tiers": [{"unit_price": "30"}]}
        other = Contract.model_validate({**contract, "number": "OFFER", "status": "active", "prices": [cheaper]})
        offer.write_bytes(write(other))
        tried = await command(story.hub, "terms", "what-if", *days, "--contract", str(offer))
        assert tried and all(Decimal(str(each["difference"])) != 0 for each in tried)

        # on hold, nothing new is ordered by it
        await story.office.tell(story.contract, "on_hold", lost=True)  # only REST tells it
        await story.is_in("suspended")
        over = str(TODAY - timedelta(days=1))
        await story.in_odoo(sorted((step, price, over) for step, price, _ in story.expected()), "done")
        await eventually_suspended(story)
        await ordered(story, numbers, 10, held=True)
        async with story.database.cold() as connection:
            words = [each.words for each in await cases(connection, category="refused")]
        off = f"line 1, GLV: it is off contract (contract {story.contract.number} is suspended)"
        assert any(off in each for each in words), words
        assert await story.hub.stop() == 0
        await story.hub.start()  # a hub that starts again finds all as it was


async def asked(story: ContractStory, team: str) -> Asked:
    found: list[Asked] = []

    async def there() -> bool:
        async with story.database.cold() as connection:
            found[:] = await inbox(connection)
        return [each.team for each in found] == [team]

    await eventually(there, lambda: [(each.team, each.title) for each in found])
    return found[0]


async def ordered(story: ContractStory, numbers: Iterator[int], quantity: int, *, held: bool) -> None:
    """Order until one is held, or is not: a change of what was agreed counts for orders within a second."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    before, now = await held_messages(story), -1
    while now < 0 or (now > before) != held:
        before = max(before, now)
        assert asyncio.get_running_loop().time() < deadline, "it counts for orders never"
        await story.post("/orders", story.examples.order(f"PO-{next(numbers)}", story.contract, quantity))
        await story.quiet("held")
        now = await held_messages(story)


async def held_messages(story: ContractStory) -> int:
    return (await states(story.database)).get("held", 0)


async def eventually_suspended(story: ContractStory) -> None:
    async def there() -> bool:
        async with story.database.cold() as connection:
            return [str(each.status) for each in await terms.store.heads(connection)] == ["suspended"]

    await eventually(there)

"""Of whom a requisition is ordered: who has agreed a price, is not blocked, and has a contract that holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import pytest

from hilum.canonical import (
    Contract,
    ContractStatus,
)
from hilum.masterdata import terms
from hilum.message import new_id
from hilum.packs.suppliers import standing
from hilum.postgres import Database
from hilum.testing import eventually
from support.looks import noted
from support.requisition_desk import Begin, Desk, asked, desks
from support.waits import Start

pytestmark = pytest.mark.req("WF-2", "SYS-9")


@pytest.fixture
async def desk(hub: Start, database: Database) -> AsyncIterator[Begin]:
    """`await desk(rules)`."""
    async with desks(hub, database) as begin:
        yield begin


async def test_a_buyer_names_who_delivers_what_nobody_has_agreed(desk: Begin) -> None:
    work = await desk()
    await work.say(asked(("PEN", 5, None), ("GLV", 1, None)))
    task = await work.only_task("Buyers")
    await work.answer(task, "bob", supplier="V2", unit_price="3.5")
    task = await work.only_task("Heads")
    assert "55.50 EUR in all" in task.words
    assert "from V2 at 3.50 EUR, off contract" in task.words
    await work.answer(task, "ada", approved=True)
    assert [(o["supplier"], o["agreement"], o["lines"][0]["unit_price"]) for o in await work.ordered(2)] == [
        ("V2", None, "3.5"), ("V1", "C-7", "38")]  # fmt: skip


async def test_nothing_is_ordered_of_a_blocked_supplier_until_a_buyer_has_chosen_one_that_is_not(desk: Begin) -> None:
    work = await desk()
    await _standing(work, "V1", blocked=True)
    await work.say(asked(("GLV", 2, None)))
    task = await work.only_task("Buyers")
    assert task.title == "Name a supplier for line 1 of requisition REQ-1"
    assert task.words.startswith("2 BX GLV; supplier V1 is blocked: a recall; ")
    await work.answer(task, "bob", supplier="V1")
    again = await work.only_task("Buyers")
    assert again.id != task.id, "it is blocked still"
    assert not work.orders.bodies
    await _standing(work, "V1", blocked=False)
    await work.answer(again, "bob", supplier="V1")
    assert [(order["supplier"], order["agreement"]) for order in await work.ordered(1)] == [("V1", "C-7")]


async def test_the_next_supplier_that_has_agreed_a_price_takes_the_place_of_a_blocked_one(desk: Begin) -> None:
    work = await desk()
    prices = [{"item": "GLV", "unit": "BX", "tiers": [{"unit_price": "41"}]}]
    second = Contract(
        number="C-8", title="x", supplier="V3", currency="EUR", valid_from=date(2026, 1, 1), prices=prices
    )
    async with work.database.transaction() as connection:
        await terms.keep_contract(connection, second, terms.Origin(flow="clm", message_id=new_id()))
    await _standing(work, "V1", blocked=True)
    await work.say(asked(("GLV", 12, "V1")))
    task = await work.only_task("Heads")
    assert "supplier V1 is blocked: a recall; " in task.words
    await _standing(work, "V3", blocked=True)  # meanwhile, and V1 is released
    await _standing(work, "V1", blocked=False)
    await work.answer(task, "ada", approved=True)
    task = await work.only_task("Heads")
    assert "is blocked" not in task.words
    await work.answer(task, "ada", approved=True)
    assert [(order["supplier"], order["agreement"]) for order in await work.ordered(1)] == [("V1", "C-7")]


async def _standing(work: Desk, supplier: str, *, blocked: bool) -> None:
    async with work.database.transaction() as connection:
        await standing.note_block(connection, supplier, blocked, "a recall", new_id())


@pytest.mark.req("SYS-11", "WF-1")
async def test_a_contract_that_is_suspended_before_the_approval_is_not_ordered_by(desk: Begin) -> None:
    work = await desk()
    await work.say(asked(("GLV", 12, "V1")))
    first = await work.only_task("Heads")
    assert "contract C-7" in first.words
    prices = [{"item": "GLV", "unit": "BX", "tiers": [{"unit_price": "38"}]}]
    held = Contract(number="C-7", title="x", supplier="V1", currency="EUR", valid_from=date(2026, 1, 1), prices=prices,
                    status=ContractStatus.SUSPENDED)  # fmt: skip
    async with work.database.transaction() as connection:
        await terms.keep_contract(connection, held, terms.Origin(flow="clm", message_id=new_id()))
    await work.answer(first, "ada", approved=True)
    words: list[str] = []

    async def anew() -> bool:
        words[:] = [(await work.only_task("Heads")).words]
        return "off contract (contract C-7 is suspended)" in words[0]

    await eventually(anew, lambda: words)
    assert not work.orders.bodies
    await work.answer(await work.only_task("Heads"), "ada", approved=False, comment="not without a contract")
    await work.hears("refused")
    assert not work.orders.bodies
    assert [row[0] for row in await noted(work.database, "approvals", "outcome")] == ["refused"]

"""Bills without an order: approved by their value, posted once, refused, or handed over to the order they are of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from hilum.canonical import GoodsReceipt, PurchaseOrder, SupplierBill
from hilum.errors import Refused
from hilum.packs.procurement.approval_rules import approvals_of
from hilum.packs.procurement.following import order_process
from hilum.packs.procurement.order_rules import OrderRules
from hilum.packs.procurement.unordered_bills import UnorderedRules, unordered_bill_process
from hilum.postgres import Database
from support.office import Office, office
from support.projects import OWNERS
from support.waits import Start

pytestmark = pytest.mark.req("WF-2", "WF-12")

APPROVALS = approvals_of(
    """
    currency = "EUR"
    [step.clerk]
    team = "Payables"
    [step.head]
    team = "Finance"
    [[rule]]
    name = "Dear"
    amount_from = 1000
    steps = ["clerk", "head"]
    [[rule]]
    name = "Small"
    amount_below = 50
    steps = []
    [[rule]]
    name = "Everything else"
    steps = ["clerk"]
    """
)
CHANNELS = ("payables.bills", "payables.refused", "payables.ordered")


@pytest.fixture
async def desk(hub: Start, database: Database) -> AsyncIterator[Office]:
    processes = [
        unordered_bill_process(UnorderedRules(approvals=APPROVALS), owners=OWNERS),
        order_process(OrderRules(linger="PT1S"), owners=OWNERS),
    ]
    async with office(hub, database, processes, CHANNELS, back=["payables.ordered"]) as made:
        yield made


def bill(number: str, amount: str, **more: Any) -> SupplierBill:
    line = {"number": 1, "description": "Rent of March", "unit_price": amount}
    said = {"number": number, "supplier": "V1", "currency": "EUR", "billed_on": date(2026, 3, 1), "lines": [line]}
    return SupplierBill.model_validate({**said, "total": amount, **more})


async def test_the_value_says_who_approves_and_each_is_posted_once(desk: Office) -> None:
    await desk.say(bill("R-1", "49.99"))
    assert await desk.ends("payables.bill", "V1:R-1") == "posted: posted: nobody need approve it"
    await desk.say(bill("R-2", "1200.00"))
    task = await desk.only_task(title="Approve bill R-2 of V1 without an order")
    assert (task.team, task.words) == ("Payables", "1200.00 EUR of 2026-03-01; Rent of March")
    await desk.say(bill("R-2", "1200.00"))  # told again
    await desk.answer(task, "ada", approved=True)
    task = await desk.only_task()
    assert task.team == "Finance"
    with pytest.raises(Refused):
        await desk.answer(task, "ada", approved=True)
    await desk.answer(task, "bob", approved=True)
    assert await desk.ends("payables.bill", "V1:R-2") == "posted: approved by ada, bob"
    await desk.say(bill("R-2", "1200.00"), bill("R-3", "10.00"))
    await desk.sends("payables.bills", 3)
    assert await desk.ends("payables.bill", "V1:R-2") == "known: told before"
    assert [each["number"] for each in desk.sent("payables.bills")] == ["R-1", "R-2", "R-3"]


async def test_what_looks_wrong_is_asked_whatever_its_value_and_what_is_refused_is_told(desk: Office) -> None:
    await desk.say(bill("R-1", "20.00"))
    await desk.ends("payables.bill", "V1:R-1")
    await desk.say(bill("r 01", "20.00"))
    task = await desk.only_task()
    assert task.team == "Payables"
    assert task.words.startswith("bill R-1 of 2026-03-01 has the same number, written otherwise")
    await desk.answer(task, approved=False, comment="it is R-1")
    (told,) = await desk.sends("payables.refused", 1)
    assert told["words"] == "the bill names no order, and was not approved: it is R-1"
    assert await desk.ends("payables.bill", "V1:r 01") == "refused: refused by ada: it is R-1"
    assert len(desk.sent("payables.bills")) == 1


async def test_a_bill_that_is_of_an_order_after_all_is_matched_with_it(desk: Office) -> None:
    line = {"number": 1, "item": "GLV", "quantity": 2, "unit": "BX", "unit_price": "38.00"}
    came = [{"item": "GLV", "quantity": 2, "unit": "BX"}]
    await desk.say(
        PurchaseOrder.model_validate({"number": "PO-1", "supplier": "V1", "currency": "EUR", "lines": [line]}),
        GoodsReceipt.model_validate({"number": "GR-1", "order": "PO-1", "lines": came}),
        bill("R-1", "76.00", lines=[line]),
    )
    await desk.answer(await desk.only_task(), approved=True, order="PO-1")
    (posted,) = await desk.sends("payables.bills", 1)
    assert (posted["number"], posted["order"]) == ("R-1", "PO-1")
    assert await desk.ends("payables.bill", "V1:R-1") == "ordered: it is of order PO-1, says ada"


async def test_a_bill_that_corrects_one_that_was_paid_is_asked_until_that_is_credited(desk: Office) -> None:
    await desk.say(bill("R-1", "49.00"))
    await desk.ends("payables.bill", "V1:R-1")
    await desk.say(bill("R-2", "49.00", corrects="R-1"))
    task = await desk.only_task()
    assert task.words.startswith("it corrects bill R-1, which was posted and is not credited; 49.00 EUR")
    await desk.answer(task, "ada", approved=False)
    await desk.say(bill("CN-1", "49.00", credit=True, corrects="R-1"))
    await desk.ends("payables.bill", "V1:CN-1:credit")
    await desk.say(bill("R-3", "49.00", corrects="R-1"))
    assert await desk.ends("payables.bill", "V1:R-3") == "posted: posted: nobody need approve it"

"""A requisition becomes orders: priced, held against its budget, approved by others, told back to who asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from hilum.canonical import (
    GoodsReceipt,
    OrderAcknowledgement,
    PurchaseOrder,
    PurchaseOrderCancelled,
    SupplierBill,
)
from hilum.errors import Refused
from hilum.message import new_id
from hilum.packs.procurement import budgets
from hilum.postgres import Database
from hilum.processes import cancel, inbox
from hilum.processes.tasks import Asked
from hilum.testing import eventually
from support.looks import noted
from support.requisition_desk import Begin, asked, budget, desks
from support.waits import Start

pytestmark = pytest.mark.req("WF-2", "SYS-9")


@pytest.fixture
async def desk(hub: Start, database: Database) -> AsyncIterator[Begin]:
    """`await desk(rules)`."""
    async with desks(hub, database) as begin:
        yield begin


def receipt(number: str, quantity: int) -> GoodsReceipt:
    lines = [{"item": "GLV", "quantity": quantity, "unit": "BX"}]
    return GoodsReceipt.model_validate({"number": number, "order": "REQ-1-R1", "lines": lines})


def bill(number: str, quantity: int) -> SupplierBill:
    lines = [{"number": 1, "item": "GLV", "quantity": quantity, "unit": "BX", "unit_price": "38"}]
    said = {"number": number, "supplier": "V1", "order": "REQ-1-R1", "currency": "EUR", "billed_on": date(2026, 3, 1)}
    return SupplierBill.model_validate(said | {"lines": lines})


async def test_it_is_approved_by_another_ordered_and_followed_to_its_bill(desk: Begin) -> None:
    work = await desk()
    await work.say(asked(("GLV", 12, "V9")))  # V9 has agreed nothing, V1 has: contract source first
    task = await work.only_task("Heads")
    assert (
        "Asked by eve for CC-1; 456.00 EUR in all; CC-1: 1000.00 EUR budget, 0.00 spent, 0.00 bound: 1000.00 available"
        in task.words
    )
    assert "line 1: 12 BX GLV from V1 at 38.00 EUR, contract C-7" in task.words
    with pytest.raises(Refused, match="Somebody else must decide it"):
        await work.answer(task, "eve", approved=True)
    assert not work.orders.bodies
    await work.answer(task, "ada", approved=True)
    await work.hears("ordered")
    (sent,) = await work.ordered(1)
    assert (sent["number"], sent["supplier"], sent["agreement"], sent["requisition"], sent["deliver_to"]) == (
        "REQ-1-R1", "V1", "C-7", "REQ-1", "WARD-3")  # fmt: skip
    assert [(line["item"], line["unit_price"]) for line in sent["lines"]] == [("GLV", "38")]
    assert await work.bound() == {1: Decimal(456)}
    told = await noted(work.database, "approvals", "outcome", "people", "rule", "amount")
    assert told == [("approved", "1", "the rest", "456.00")], told
    said = {"number": 1, "answer": "changed", "quantity": 12, "unit": "BX", "delivery_date": "2026-12-24"}
    late = OrderAcknowledgement.model_validate({"number": "A", "order": "REQ-1-R1", "supplier": "V1", "lines": [said]})
    await work.say(PurchaseOrder.model_validate({name: value for name, value in sent.items() if name != "key"}))
    await work.say(late, late, receipt("R-1", 5), bill("B-1", 5), receipt("R-2", 7), receipt("R-2", 7))
    await work.hears("ordered", "acknowledged", "partly received", "received")
    assert "line 1 comes on 2026-12-24" in work.told()[1][1]
    await work.is_in("received")
    assert await work.bound() == {1: Decimal(266)}  # 7 boxes are not billed yet
    await work.say(bill("B-2", 7))
    await work.is_in("completed", "completed")
    assert await work.bound() == {}
    assert len(work.orders.bodies) == 1
    await work.say(asked(("GLV", 99, None)))  # much later, under the number that was used
    await work.hears("ordered", "acknowledged", "partly received", "received", "refused")
    assert "was ordered already, as REQ-1-R1" in work.told()[-1][1]
    assert len(work.orders.bodies) == 1


async def test_over_budget_two_people_must_agree_and_a_refusal_gives_the_money_back(desk: Begin) -> None:
    work = await desk()
    await work.say(budget("500", "100"), asked(("GLV", 12, None)))
    task = await work.only_task("Heads")
    assert "rule “over budget”" in task.words
    assert await work.bound() == {1: Decimal(456)}
    async with work.database.transaction() as connection:
        room = await budgets.room(connection, "CC-1", datetime.now(UTC).date())
    assert room is not None and room.available == Decimal(-56)  # the next one sees what waits for its approval
    await work.answer(task, "ada", approved=True)
    second = await work.only_task("Finance")
    with pytest.raises(Refused, match="Somebody else"):
        await work.answer(second, "ada", approved=True)
    await work.answer(second, "bob", approved=False, comment="next year")
    await work.hears("refused")
    assert work.told()[0][1] == "Finance, bob: next year"
    await work.is_in("refused", "completed")
    assert await work.bound() == {}
    assert not work.orders.bodies


async def test_urgent_critical_items_are_ordered_first_and_looked_at_afterwards(desk: Begin) -> None:
    work = await desk(is_critical=lambda item: item == "GLV")
    await work.say(asked(("GLV", 12, None), ("PEN", 5, "V2"), urgent=True))
    await work.hears("ordered")
    assert [order["supplier"] for order in await work.ordered(1)] == ["V1"]
    found: dict[str, Asked] = {}

    async def both() -> bool:
        async with work.database.cold() as connection:
            found.update({each.form: each for each in await inbox(connection)})
        return set(found) == {"Review", "Approval"}

    await eventually(both, lambda: set(found))
    await work.answer(found["Approval"], "ada", approved=True)
    await work.hears("ordered", "ordered")
    assert [(order["number"], order["supplier"]) for order in await work.ordered(2)] == [
        ("REQ-1-R1", "V1"), ("REQ-1-R2", "V2")]  # fmt: skip
    with pytest.raises(Refused, match="Somebody else"):
        await work.answer(found["Review"], "eve", justified=True)
    await work.answer(found["Review"], "bob", justified=False, comment="there were enough")
    await work.hears("ordered", "ordered", "reviewed")
    assert work.told()[-1][1] == "bob, it should have waited: there were enough"


@pytest.mark.long
async def test_who_asks_for_something_else_is_asked_for_anew(desk: Begin) -> None:
    work = await desk()
    await work.say(asked(("GLV", 12, None)))
    await work.only_task("Heads")
    await work.say(asked(("GLV", 12, None)), asked(("GLV", 6, None)))
    words: list[str] = []

    async def other() -> bool:
        words[:] = [(await work.only_task("Heads")).words]
        return "228.00 EUR in all" in words[0]

    await eventually(other, lambda: words)
    assert await work.bound() == {1: Decimal(228)}
    await work.answer(await work.only_task("Heads"), "ada", approved=True)
    await work.hears("ordered")
    assert (await work.ordered(1))[0]["lines"][0]["quantity"] == "6"
    await work.say(asked(("GLV", 7, None)))
    await work.hears("ordered", "ordered")
    assert "was not changed" in work.told()[-1][1]
    assert len(work.orders.bodies) == 1


async def test_a_small_one_goes_on_by_itself_and_once_cancelled_binds_nothing(desk: Begin) -> None:
    work = await desk()
    await work.say(asked(("GLV", 2, None)))
    (sent,) = await work.ordered(1)
    assert (sent["supplier"], sent["currency"]) == ("V1", "EUR")
    await work.hears("ordered")
    async with work.database.transaction() as connection:
        await cancel(connection, "procurement.requisition", "REQ-1", actor="ada", reason="not needed")
    await work.hears("ordered", "withdrawn")
    await work.is_in("cancelled", "cancelled")
    assert await work.bound() == {}
    assert (await work.ordered(2))[1]["reason"] == "requisition REQ-1 was cancelled"


@pytest.mark.long
async def test_an_order_that_is_cancelled_ends_it(desk: Begin) -> None:
    work = await desk()
    await work.say(asked(("GLV", 2, None)), PurchaseOrderCancelled(number="REQ-1-R1", reason="no stock"))
    await work.hears("ordered", "cancelled", "closed")
    await work.is_in("cancelled", "completed")
    assert await work.bound() == {}


@pytest.mark.long
async def test_without_news_it_ends_and_binds_nothing_more(desk: Begin) -> None:
    work = await desk(follow="PT1S")
    await work.say(asked(("GLV", 2, None)))
    await work.is_in("completed", "completed")
    assert await work.bound() == {}


async def test_an_earlier_word_about_a_budget_does_not_undo_a_later_one(database: Database) -> None:
    early, late = new_id(), new_id()
    async with database.transaction() as connection:
        await budgets.note(connection, budget("900", "30"), late)
        await budgets.note(connection, budget("500"), early)
        room = await budgets.room(connection, "CC-1", datetime.now(UTC).date())
    assert room is not None
    assert (room.available, room.words) == (870, "CC-1: 900.00 EUR budget, 30.00 spent, 0.00 bound: 870.00 available")

"""An order is followed to its settled bills: what matches goes on by itself, what differs goes to the right desk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from hilum import cases
from hilum.canonical import (
    BusinessObject,
    Contract,
    GoodsReceipt,
    LineAnswer,
    OrderAcknowledgement,
    PurchaseOrder,
    PurchaseOrderCancelled,
    SupplierBill,
)
from hilum.canonical.catalogue import read, write
from hilum.flow import Lookup
from hilum.masterdata import terms
from hilum.masterdata.terms.rebates import accruals
from hilum.message import new_id
from hilum.packs.procurement.following import order_process
from hilum.packs.procurement.order_rules import BUYER, PAYABLES, RECEIVER, OrderRules
from hilum.postgres import Database
from hilum.processes import Commands, handle, inbox, store
from hilum.processes.engine import Engine
from hilum.processes.troubles import settle
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.inbox import People
from support.looks import noted, rows
from support.projects import OWNERS, make_flow, target
from support.waits import Start

pytestmark = pytest.mark.req("WF-2", "WF-12")

DAY = date(2026, 3, 10)


class Desk(People):
    """A hub that follows orders; what it sends by channel, and the people at it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, [order_process(OrderRules(), owners=OWNERS)])
        self.feed = Feed()
        self.receivers = {channel: Receiver() for channel in ("orders", "bills", "matches", "refused")}

    async def say(self, *things: BusinessObject) -> None:
        """These come, one after the other."""
        for thing in things:
            await self.feed.send(write(thing))

    def sent(self, channel: str) -> list[str]:
        """What went out: the business keys."""
        return [str(each["key"]) for each in self.receivers[channel].bodies]

    async def state(self, order: str = "PO-1") -> tuple[str, str]:
        async with self.database.cold() as connection:
            run = await store.run_of(connection, "procurement.order", order)
        return (run.status, run.state) if run is not None else ("", "")

    async def is_in(self, state: str, status: str = "running") -> None:
        seen: list[tuple[str, str]] = []

        async def there() -> bool:
            seen[:] = [await self.state()]
            return seen == [(status, state)]

        await eventually(there, lambda: f"{status} {state}, not {seen}")


@pytest.fixture
async def desk(hub: Start, database: Database) -> AsyncIterator[Callable[..., Awaitable[Desk]]]:
    """`await desk(rules)`: a hub with the process."""
    engines: list[Engine] = []

    async def begin(**rules: Any) -> Desk:
        made = Desk(database)
        process = order_process(OrderRules(**{"linger": "PT1S", **rules}), owners=OWNERS)
        heard = make_flow(made.feed, name="test.heard", format="bytes", translate=lambda body, _: read(body),
                          order_by=lambda _: "one after the other", dedup_by=None)  # fmt: skip
        for each in handle(process):
            heard.deliver_to(each)
        flows = [heard]
        channels = {"orders": "procurement.orders", **{c: f"payables.{c}" for c in ("bills", "matches", "refused")}}
        for name, channel in channels.items():
            flow = make_flow(Commands(channel, poll=0.02), name=f"test.{name}", translate=_passed_on, dedup_by=None)
            flow.deliver_to(target(made.receivers[name], f"memory.{name}"))
            flows.append(flow)
        started = await hub(*flows)
        assert started.share is not None
        engines.append(Engine(started.project, database, [process], started.share.leases.id))
        await engines[0].start()
        return made

    yield begin
    for engine in engines:
        await engine.stop()


def _passed_on(parsed: Any, _: Lookup) -> Any:
    content = parsed["content"]
    key = content.get("bill") or content.get("document") or content["number"]
    return {"key": key, **content}


def order(**more: Any) -> PurchaseOrder:
    line = {"number": 1, "item": "GLV", "quantity": 12, "unit": "BX", "unit_price": "38.00"}
    return PurchaseOrder.model_validate({"number": "PO-1", "supplier": "V1", "currency": "EUR", "lines": [line]} | more)


def receipt(number: str, quantity: int, **more: Any) -> GoodsReceipt:
    lines = [{"item": "GLV", "quantity": quantity, "unit": "BX"}]
    return GoodsReceipt.model_validate({"number": number, "order": "PO-1", "lines": lines} | more)


def bill(number: str = "B-1", quantity: int = 12, price: str = "38.00", **more: Any) -> SupplierBill:
    lines = [{"number": 1, "item": "GLV", "quantity": quantity, "unit": "BX", "unit_price": price}]
    said = {"number": number, "supplier": "V1", "order": "PO-1", "currency": "EUR", "billed_on": DAY, "lines": lines}
    return SupplierBill.model_validate(said | more)


def answered(**line: Any) -> OrderAcknowledgement:
    said = {"number": 1, "item": "GLV", "answer": "changed", "quantity": 12, "unit": "BX"} | line
    return OrderAcknowledgement.model_validate({"number": "A-1", "order": "PO-1", "supplier": "V1", "lines": [said]})


Begin = Callable[..., Awaitable[Desk]]


async def test_a_clean_order_flows_through_in_parts_and_ends(desk: Begin) -> None:
    work = await desk()
    await work.say(order(), answered(answer="accepted"), receipt("R-1", 5), bill("B-1", 5))
    await eventually(lambda: work.sent("bills") == ["B-1"], lambda: work.sent("bills"))
    await work.say(bill("B-2", 7))  # before its goods: it waits, and nobody is asked
    await work.is_in("billed")
    await work.nothing_is_asked()
    await work.say(receipt("R-2", 7), receipt("R-2", 7))
    await work.is_in("matched", "completed")
    assert work.sent("bills") == ["B-1", "B-2"]
    assert work.sent("matches") == ["V1:B-1", "V1:B-2", "V1:B-2"]
    assert work.sent("refused") == work.sent("orders") == []
    assert await noted(work.database, "order_lines", "amount", "basis", "cancelled") == [("456.00", "none", "false")]
    assert await noted(work.database, "matched_bills", "outcome", "first_time", "causes", "amount") == [
        ("matched", "true", "[]", "190.00"),
        ("matched", "false", '["not received"]', "266.00"),
    ]
    assert await noted(work.database, "first_deliveries", "ordered", "came") == [("12", "5")]
    assert await noted(work.database, "acknowledgements", "differs") == [("false",)]


async def test_a_dear_bill_goes_to_the_buyer_with_the_contract_price_in_words(desk: Begin, database: Database) -> None:
    prices = [{"item": "GLV", "unit": "BX", "tiers": [{"unit_price": "38"}]}]
    agreed = Contract(
        number="C-7", title="x", supplier="V1", currency="EUR", valid_from=date(2026, 1, 1), prices=prices
    )
    async with database.transaction() as connection:
        await terms.keep_contract(connection, agreed, terms.Origin(flow="clm", message_id=new_id()))
    work = await desk()
    await work.say(order(), receipt("R-1", 10), bill(price="41.20"))
    task = await work.only_task()
    assert task.team == RECEIVER
    assert task.words == (
        "line 1, GLV: billed 12 BX at 41.20, received 10; line 1, GLV: billed 12 BX at 41.20, contract price 38.00"
    )
    await work.say(receipt("R-2", 2))  # now only the price is wrong: another desk is asked, the first no more
    again: list[str] = []

    async def buyer() -> bool:
        again[:] = [(await work.only_task()).team]
        return again == [BUYER]

    await eventually(buyer, lambda: again)
    await work.is_in("exception")
    await work.answer(await work.only_task(), decision="accept")
    await work.is_in("matched", "completed")
    assert work.sent("bills") == ["B-1"]
    assert await noted(database, "order_lines", "contract", "leak") == [("C-7", "0.00")]
    assert await noted(database, "billed_prices", "amount", "should_be", "too_much") == [("494.40", "456.00", "38.40")]
    assert await noted(database, "matched_bills", "outcome", "causes") == [("accepted", '["price"]')]


@pytest.mark.req("SYS-11", "NEW-4")
async def test_rebates_accrue_from_what_was_bought_and_from_nothing_else(desk: Begin, database: Database) -> None:
    """A part of the order reaches the step that the whole reaches; what is refused was not bought."""
    steps = [{"unit_price": "38"}, {"unit_price": "30", "from_quantity": 12}]
    agreed = Contract(
        number="C-7", title="x", supplier="V1", currency="EUR", valid_from=date(2026, 1, 1),
        prices=[{"item": "GLV", "unit": "BX", "tiers": steps}], rebates=[{"from_amount": 100, "percent": 2}],
    )  # fmt: skip
    async with database.transaction() as connection:
        await terms.keep_contract(connection, agreed, terms.Origin(flow="clm", message_id=new_id()))
    work = await desk(category_of=lambda _: "gloves")
    ordered = datetime(2026, 3, 10, 9, tzinfo=UTC)
    line = {"number": 1, "item": "GLV", "quantity": 12, "unit": "BX", "unit_price": "30"}
    await work.say(order(ordered_at=ordered, deliver_to="NORTH", lines=[line]), receipt("R-1", 12))
    await work.say(bill("B-1", 6, "30"))
    await eventually(lambda: work.sent("bills") == ["B-1"], lambda: work.sent("bills"))
    await work.say(bill("B-X", 6, "31"))
    await work.answer(await work.only_task(), decision="refuse")
    await work.nothing_is_asked()
    await work.say(bill("K-1", 1, "30", credit=True), bill("B-2", 7, "30"))
    await work.is_in("matched", "completed")
    async with database.cold() as connection:
        (owed,) = await accruals(connection, DAY)
    assert (owed.bought.amount, owed.bought.leak, owed.bought.lines) == (360, 0, 3)
    assert owed.accrued == Decimal("7.20")
    assert await noted(database, "bill_lines", "contract", "amount", "leak") == [
        ("C-7", "180.00", "0.00"),
        ("C-7", "210.00", "0.00"),
        ("C-7", "-30.00", "0.00"),
    ]


async def test_a_bill_told_twice_under_another_number_is_not_paid_twice(desk: Begin) -> None:
    work = await desk()
    await work.say(order(lines=[{"number": 1, "item": "GLV", "quantity": 24, "unit": "BX", "unit_price": "38.00"}]),
                   receipt("R-1", 24), bill("INV-007"), bill("INV-007"), bill("inv 7"))  # fmt: skip
    task = await work.only_task()
    assert task.team == PAYABLES
    assert "bill INV-007 of 2026-03-10 has the same number, written otherwise" in task.words
    await work.answer(task, decision="refuse", comment="told twice")
    await eventually(lambda: work.sent("refused") == ["V1:inv 7"])
    assert work.sent("bills") == ["INV-007"]
    assert "told twice" in work.receivers["refused"].bodies[0]["words"]


async def test_a_corrected_bill_is_no_duplicate_of_the_one_that_it_names(desk: Begin) -> None:
    work = await desk()
    await work.say(order(), receipt("R-1", 12), bill("INV-007", total="400.00"))  # not what its line comes to
    await work.answer(await work.only_task(), decision="refuse")
    await work.say(bill("INV-008", corrects="INV-007"))  # the same day, order and amount
    await work.is_in("matched", "completed")
    assert work.sent("bills") == ["INV-008"]


async def test_a_new_bill_counts_once_the_old_one_is_credited(desk: Begin) -> None:
    work = await desk(linger="PT1H")
    await work.say(order(), receipt("R-1", 12), bill("INV-007"))
    await eventually(lambda: work.sent("bills") == ["INV-007"])
    await work.say(bill("INV-008"))
    task = await work.only_task()
    assert task.team == PAYABLES
    assert "bill INV-007 of the same day bills the same amount of the same order" in task.words
    await work.say(bill("CN-1", credit=True, corrects="INV-007"))
    await eventually(lambda: work.sent("bills") == ["INV-007", "CN-1", "INV-008"], lambda: work.sent("bills"))
    await work.nothing_is_asked()


async def test_a_part_that_is_credited_makes_no_second_bill(desk: Begin) -> None:
    work = await desk(linger="PT1H")
    await work.say(order(), receipt("R-1", 12), bill("INV-007"), bill("CN-1", 2, credit=True, corrects="INV-007"))
    await eventually(lambda: work.sent("bills") == ["INV-007", "CN-1"], lambda: work.sent("bills"))
    await work.say(bill("inv 7"))
    assert "the same number, written otherwise" in (await work.only_task()).words


async def test_an_open_bill_takes_its_goods_from_those_after_it(desk: Begin) -> None:
    work = await desk(wait_for_goods="PT1S")
    await work.say(order(), receipt("R-1", 12), bill("B-1", price="40.00"), bill("X-9", 12))
    teams: set[str] = set()

    async def both() -> bool:
        async with work.database.cold() as connection:
            teams.clear()
            teams.update(each.team for each in await inbox(connection))
        return teams == {BUYER}

    await eventually(both, lambda: teams)  # the second is over the order, for the first may still be paid
    assert work.sent("bills") == []


async def test_goods_that_never_come_are_asked_for_when_the_time_is_over(desk: Begin) -> None:
    work = await desk(wait_for_goods="PT1S")
    await work.say(order(), bill())
    task = await work.only_task()
    assert (task.team, task.words) == (RECEIVER, "line 1, GLV: billed 12 BX at 38.00, received 0")
    await work.answer(task, decision="wait")
    assert (await work.only_task()).team == RECEIVER  # asked anew
    await work.say(receipt("R-1", 12))
    await work.is_in("matched", "completed")
    assert work.sent("bills") == ["B-1"]


@pytest.mark.parametrize("accepted", [True, pytest.param(False, marks=pytest.mark.long)])
async def test_an_answer_that_differs_is_the_buyers_decision(desk: Begin, accepted: bool) -> None:
    work = await desk()
    await work.say(order(), answered(unit_price="40.00", quantity=10))
    task = await work.only_task()
    assert task.team == BUYER
    assert "10 come, 12 were ordered" in task.words
    assert "40.00 for one BX, ordered at 38.00: 20.00 EUR more" in task.words
    await work.answer(task, accept=accepted)
    await eventually(lambda: len(work.sent("orders")) == 1)
    (sent,) = work.receivers["orders"].bodies
    if not accepted:
        await work.is_in("cancelled", "completed")
        assert "ada does not accept it" in sent["reason"]
        assert await noted(work.database, "order_lines", "cancelled") == [("true",)]
        return
    assert (sent["revision"], sent["lines"][0]["unit_price"], sent["lines"][0]["quantity"]) == (1, "40.00", "10")
    await work.say(receipt("R-1", 10), bill("B-1", 10, "40.00"))
    await work.is_in("matched", "completed")
    assert await noted(work.database, "order_lines", "amount", "cancelled") == [("400.00", "false")]
    assert await noted(work.database, "acknowledgements", "differs") == [("true",)]


async def test_a_bill_of_a_cancelled_order_is_not_lost(desk: Begin) -> None:
    work = await desk()
    await work.say(order(), bill(), PurchaseOrderCancelled(number="PO-1", reason="not needed"))
    task = await work.only_task()
    assert task.team == PAYABLES
    assert "order PO-1 is cancelled" in task.words
    await work.answer(task, decision="refuse")
    await work.is_in("cancelled", "completed")


async def test_an_answer_after_the_cancellation_is_nobodys_work(desk: Begin, database: Database) -> None:
    """The supplier confirms that it is cancelled, and does not say that it answers that."""
    work = await desk()
    await work.say(order(), PurchaseOrderCancelled(number="PO-1", reason="not needed"))
    await work.is_in("cancelled", "completed")
    said = OrderAcknowledgement(number="A-9", order="PO-1", supplier="V1", rest=LineAnswer.ACCEPTED)
    await work.say(said)

    async def came_late() -> bool:
        return await rows(database, "SELECT state FROM process_item WHERE topic = %s", [said.name]) == [("late",)]

    await eventually(came_late)
    process = order_process(OrderRules(), owners=OWNERS)
    async with database.transaction() as connection:
        await settle(connection, process)
    async with database.cold() as connection:
        assert await cases.cases(connection) == []

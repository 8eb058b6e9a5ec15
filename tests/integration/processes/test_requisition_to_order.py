"""A requisition becomes orders: priced, held against its budget, approved by others, told back to who asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from hilum.canonical import (
    Budget,
    BusinessObject,
    Contract,
    ContractStatus,
    GoodsReceipt,
    OrderAcknowledgement,
    PurchaseOrder,
    PurchaseOrderCancelled,
    Requisition,
    SupplierBill,
)
from hilum.canonical.catalogue import read, write
from hilum.errors import Refused
from hilum.flow import Lookup
from hilum.masterdata import terms
from hilum.message import new_id
from hilum.packs.procurement import budgets
from hilum.packs.procurement.approval_rules import approvals_of
from hilum.packs.procurement.requesting import requisition_process
from hilum.packs.procurement.requisition_rules import RequisitionRules
from hilum.packs.suppliers import standing
from hilum.postgres import Database
from hilum.processes import Commands, Process, cancel, decide, handle, inbox, store
from hilum.processes.engine import Engine
from hilum.processes.tasks import Asked, answer_of
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.looks import beside, noted
from support.projects import OWNERS, make_flow, target
from support.waits import Start

pytestmark = pytest.mark.req("WF-2", "SYS-9")

TABLE = """
currency = "EUR"
[step.head]
team = "Heads"
[step.finance]
team = "Finance"
[[rule]]
name = "over budget"
over_budget = true
steps = ["head", "finance"]
[[rule]]
name = "off contract"
off_contract = true
steps = ["head"]
[[rule]]
name = "small"
amount_below = 100
steps = []
[[rule]]
name = "the rest"
steps = ["head"]
[order_first]
amount_below = 1000
review = "head"
"""


class Desk:
    """A hub with the process; what it sends by channel, and the people at it."""

    def __init__(self, database: Database, process: Process) -> None:
        self.database = database
        self.process = process
        self.feed = Feed()
        self.orders, self.status = Receiver(), Receiver()

    async def say(self, *things: BusinessObject) -> None:
        for thing in things:
            await self.feed.send(write(thing))

    def told(self) -> list[tuple[str, str]]:
        """What the requester was told."""
        return [(each["status"], each["words"]) for each in self.status.bodies]

    async def hears(self, *statuses: str) -> None:
        def there() -> bool:
            return [status for status, _ in self.told()] == [*statuses]

        await eventually(there, self.told)

    async def ordered(self, count: int) -> list[Any]:
        """What went to the orders' channel, once it is so many."""
        await eventually(lambda: len(self.orders.bodies) == count, lambda: self.orders.bodies)
        return self.orders.bodies

    async def is_in(self, state: str, status: str = "running") -> None:
        seen: list[Any] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                run = await store.run_of(connection, "procurement.requisition", "REQ-1")
            seen[:] = [(run.status, run.state, run.outcome)] if run is not None else []
            return [each[:2] for each in seen] == [(status, state)]

        await eventually(there, lambda: f"{status} {state}, not {seen}")

    async def task(self, team: str) -> Asked:
        """The one open task, which is of this team."""
        found: list[Asked] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                found[:] = await inbox(connection)
            return [each.team for each in found] == [team]

        await eventually(there, lambda: f"one task of {team}, not {[(each.team, each.title) for each in found]}")
        assert await beside(self.database, found[0])
        return found[0]

    async def answer(self, task: Asked, by: str, **content: Any) -> None:
        given = answer_of(self.process.forms[task.form], content)
        async with self.database.transaction() as connection:
            await decide(connection, task.id, given, actor=by, permissions={"approve"})

    async def bound(self) -> dict[int, Decimal]:
        async with self.database.transaction() as connection:
            return await budgets.bound_by(connection, "REQ-1")


Begin = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def desk(hub: Start, database: Database) -> AsyncIterator[Begin]:
    """`await desk(rules)`: a hub with the process; V1 has agreed 38 for a box of GLV, and CC-1 has 1000 EUR."""
    engines: list[Engine] = []

    async def begin(**more: Any) -> Desk:
        rules = RequisitionRules(approvals=approvals_of(TABLE), **more)
        made = Desk(database, requisition_process(rules, owners=OWNERS))
        prices = [{"item": "GLV", "unit": "BX", "tiers": [{"unit_price": "38"}]}]
        agreed = Contract(
            number="C-7", title="x", supplier="V1", currency="EUR", valid_from=date(2026, 1, 1), prices=prices
        )
        async with database.transaction() as connection:
            await terms.keep_contract(connection, agreed, terms.Origin(flow="clm", message_id=new_id()))
        heard = make_flow(made.feed, name="test.heard", format="bytes", translate=lambda body, _: read(body),
                          order_by=lambda _: "all", dedup_by=None)  # fmt: skip
        heard.deliver_to(*handle(made.process), budgets.keep())
        flows = [heard]
        for name, receiver in (("orders", made.orders), ("status", made.status)):
            source = Commands(f"procurement.{name}", poll=0.02)
            flow = make_flow(source, name=f"test.{name}", translate=_passed_on, dedup_by=None)
            flow.deliver_to(target(receiver, f"memory.{name}"))
            flows.append(flow)
        started = await hub(*flows)
        assert started.share is not None
        engines.append(Engine(started.project, database, [made.process], started.share.leases.id))
        await engines[0].start()
        await made.say(budget("1000"))
        return made

    yield begin
    for engine in engines:
        await engine.stop()


def _passed_on(parsed: Any, _: Lookup) -> Any:
    content = parsed["content"]
    return {"key": content.get("number") or content["document"], **content}


def budget(amount: str, spent: str = "0") -> Budget:
    this = datetime.now(UTC).year
    return Budget(cost_centre="CC-1", period_from=date(this, 1, 1), period_to=date(this + 1, 1, 1), currency="EUR",
                  amount=Decimal(amount), spent=Decimal(spent))  # fmt: skip


def asked(*lines: tuple[str, int, str | None], **more: Any) -> Requisition:
    """Lines as (item, boxes, supplier)."""
    told = [
        {"number": place, "item": item, "quantity": quantity, "unit": "BX", "supplier": supplier}
        for place, (item, quantity, supplier) in enumerate(lines, 1)
    ]
    said = {"number": "REQ-1", "department": "CC-1", "requested_by": "eve", "deliver_to": "WARD-3", "lines": told}
    return Requisition.model_validate(said | more)


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
    task = await work.task("Heads")
    assert (
        "Asked by eve for CC-1; 456 EUR in all; CC-1: 1000 EUR budget, 0 spent, 0 bound: 1000 available" in task.words
    )
    assert "line 1: 12 BX GLV from V1 at 38 EUR, contract C-7" in task.words
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
    task = await work.task("Heads")
    assert "rule “over budget”" in task.words
    assert await work.bound() == {1: Decimal(456)}
    async with work.database.transaction() as connection:
        room = await budgets.room(connection, "CC-1", datetime.now(UTC).date())
    assert room is not None and room.available == Decimal(-56)  # the next one sees what waits for its approval
    await work.answer(task, "ada", approved=True)
    second = await work.task("Finance")
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


async def test_a_buyer_names_who_delivers_what_nobody_has_agreed(desk: Begin) -> None:
    work = await desk()
    await work.say(asked(("PEN", 5, None), ("GLV", 1, None)))
    task = await work.task("Buyers")
    await work.answer(task, "bob", supplier="V2", unit_price="3.5")
    task = await work.task("Heads")
    assert "55.5 EUR in all" in task.words
    assert "from V2 at 3.5 EUR, off contract" in task.words
    await work.answer(task, "ada", approved=True)
    assert [(o["supplier"], o["agreement"], o["lines"][0]["unit_price"]) for o in await work.ordered(2)] == [
        ("V2", None, "3.5"), ("V1", "C-7", "38")]  # fmt: skip


async def test_nothing_is_ordered_of_a_blocked_supplier_until_a_buyer_has_chosen_one_that_is_not(desk: Begin) -> None:
    work = await desk()
    await _standing(work, "V1", blocked=True)
    await work.say(asked(("GLV", 2, None)))
    task = await work.task("Buyers")
    assert task.title == "Name a supplier for line 1 of requisition REQ-1"
    assert task.words.startswith("2 BX GLV; supplier V1 is blocked: a recall; ")
    await work.answer(task, "bob", supplier="V1")
    again = await work.task("Buyers")
    assert again.id != task.id, "it is blocked still"
    assert not work.orders.bodies
    await _standing(work, "V1", blocked=False)
    await work.answer(again, "bob", supplier="V1")
    assert [(order["supplier"], order["agreement"]) for order in await work.ordered(1)] == [("V1", "C-7")]


async def _standing(work: Desk, supplier: str, *, blocked: bool) -> None:
    async with work.database.transaction() as connection:
        await standing.note_block(connection, supplier, blocked, "a recall", new_id())


@pytest.mark.req("SYS-11", "WF-1")
async def test_a_contract_that_is_suspended_before_the_approval_is_not_ordered_by(desk: Begin) -> None:
    work = await desk()
    await work.say(asked(("GLV", 12, "V1")))
    first = await work.task("Heads")
    assert "contract C-7" in first.words
    prices = [{"item": "GLV", "unit": "BX", "tiers": [{"unit_price": "38"}]}]
    held = Contract(number="C-7", title="x", supplier="V1", currency="EUR", valid_from=date(2026, 1, 1), prices=prices,
                    status=ContractStatus.SUSPENDED)  # fmt: skip
    async with work.database.transaction() as connection:
        await terms.keep_contract(connection, held, terms.Origin(flow="clm", message_id=new_id()))
    await work.answer(first, "ada", approved=True)
    words: list[str] = []

    async def anew() -> bool:
        words[:] = [(await work.task("Heads")).words]
        return "off contract (contract C-7 is suspended)" in words[0]

    await eventually(anew, lambda: words)
    assert not work.orders.bodies
    await work.answer(await work.task("Heads"), "ada", approved=False, comment="not without a contract")
    await work.hears("refused")
    assert not work.orders.bodies
    assert [row[0] for row in await noted(work.database, "approvals", "outcome")] == ["refused"]


@pytest.mark.long
async def test_who_asks_for_something_else_is_asked_for_anew(desk: Begin) -> None:
    work = await desk()
    await work.say(asked(("GLV", 12, None)))
    await work.task("Heads")
    await work.say(asked(("GLV", 12, None)), asked(("GLV", 6, None)))
    words: list[str] = []

    async def other() -> bool:
        words[:] = [(await work.task("Heads")).words]
        return "228 EUR in all" in words[0]

    await eventually(other, lambda: words)
    assert await work.bound() == {1: Decimal(228)}
    await work.answer(await work.task("Heads"), "ada", approved=True)
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
    assert (room.available, room.words) == (870, "CC-1: 900 EUR budget, 30 spent, 0 bound: 870 available")

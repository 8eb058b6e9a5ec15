"""Money exactly once: every answer of every step lost in turn, a hub killed at every call, and two hubs at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from odoo_cases import fresh, one, until_delivered
from odoo_far_side import FarSide, deliveries, delivery
from odoo_money import Books
from odoo_money_cases import MONEY, MoneyCase, partner
from test_odoo_once import KINDS

from hilum.canonical import BusinessObject
from hilum.connectors.odoo import Odoo
from hilum.errors import Down, Rejected, TryAgain, Unsure
from hilum.message import Delivered, Outcome
from hilum.simulator.odoo import FaultKind
from hilum.simulator.odoo.faults import Fault
from hilum.simulator.odoo.orm.record import Env


@pytest.mark.one_odoo
@pytest.mark.req("MSG-3")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", MONEY.values(), ids=MONEY)
async def test_any_one_call_may_fail(sandboxed: FarSide, case: MoneyCase, kind: FaultKind) -> None:
    faults = sandboxed.faults
    assert faults is not None
    nth, hit = 0, True
    while hit:
        planted, world = await fresh(sandboxed)
        books = Books(sandboxed, world)
        thing = await case.make(planted, books)
        faults.arm(nth, kind)
        hub = await sandboxed.open()  # knows nothing yet: version, login and look-ups are among the calls
        delivered, _ = await until_delivered(hub, thing)
        hit = len(faults.seen) > nth
        faults.arm(-1, kind)
        await case.proof(sandboxed, books, thing)
        again, _ = await until_delivered(hub, thing)  # a replay of what is long delivered
        assert again.reference == delivered.reference
        await case.proof(sandboxed, books, thing)
        nth += 1
    assert nth > 4


@pytest.mark.req("MSG-3")
@pytest.mark.parametrize("case", MONEY.values(), ids=MONEY)
async def test_two_hubs_deliver_the_same_at_once(sandboxed: FarSide, case: MoneyCase) -> None:
    hub, world = await fresh(sandboxed)
    other = await sandboxed.open()
    books = Books(sandboxed, world)
    thing = await case.make(hub, books)
    results = await asyncio.gather(*(until_delivered(each, thing) for each in (hub, other, hub, other)))
    assert len({delivered.reference for delivered, _ in results}) == 1
    await case.proof(sandboxed, books, thing)


@pytest.mark.one_odoo
@pytest.mark.req("MSG-3")
@pytest.mark.parametrize("name", ["bill", pytest.param("reversal", marks=pytest.mark.long), "payment"])
async def test_a_hub_may_be_killed_between_any_two_calls(sandboxed: FarSide, name: str) -> None:
    """A call under way when the connector is closed is unsure; another hub finishes what was begun."""
    faults, case = sandboxed.faults, MONEY[name]
    assert faults is not None
    nth, hit = 0, True
    while hit:
        planted, world = await fresh(sandboxed)
        books = Books(sandboxed, world)
        thing = await case.make(planted, books)
        hub = await sandboxed.open()
        faults.arm(nth, FaultKind.HANG)
        work = asyncio.create_task(one(hub, delivery(thing)))
        while not work.done() and len(faults.seen) <= nth:
            await asyncio.sleep(0.001)
        hit = len(faults.seen) > nth
        await hub.close()
        assert isinstance(await work, Unsure | Down | Delivered)
        faults.arm(-1, FaultKind.HANG)
        faults.release()
        await until_delivered(await sandboxed.open(), thing)
        await case.proof(sandboxed, books, thing)
        nth += 1


@pytest.mark.req("MSG-3")
async def test_payments_of_one_bill_at_once_pay_it_together(sandboxed: FarSide) -> None:
    """Two different transfers for one bill, by two hubs: two payments, and the bill is paid by both."""
    hub, world = await fresh(sandboxed)
    other = await sandboxed.open()
    books = Books(sandboxed, world)
    bill = books.bill()
    await until_delivered(hub, bill)
    first, second = books.payment(bill, "10"), books.payment(bill, "5")
    await asyncio.gather(until_delivered(hub, first), until_delivered(other, second), until_delivered(other, first))
    payments = await sandboxed.rows("account.payment", partner_id=(await partner(sandboxed, books))["id"])
    assert sorted(payment["amount"] for payment in payments) == [5, 10]
    move = await books.move("bill", bill.business_key)
    assert move["amount_total"] - move["amount_residual"] == 15


async def until_settled(hub: Odoo, thing: BusinessObject) -> Outcome:
    """Deliver as the hub's runtime does, until it is there or held."""
    for attempt in range(1, 12):
        outcome = await one(hub, delivery(thing, attempt=attempt))
        if not isinstance(outcome, TryAgain):
            return outcome
    raise AssertionError(outcome)


async def paid_once(far: FarSide, books: Books, bill: Any) -> None:
    move = await books.move("bill", bill.business_key)
    assert move["amount_residual"] == 0
    payments = await far.rows("account.payment", partner_id=move["partner_id"])
    posted = [each for each in payments if each["state"] != "draft"]
    assert sum(each["amount"] for each in posted) == move["amount_total"]


@pytest.mark.req("MSG-3")
async def test_two_payments_of_a_whole_bill_in_one_batch_pay_it_once(sandboxed: FarSide) -> None:
    hub, world = await fresh(sandboxed)
    books = Books(sandboxed, world)
    bill = books.bill(("1", "100"))
    await until_delivered(hub, bill)
    total = str((await books.move("bill", bill.business_key))["amount_total"])
    transfers = [books.payment(bill, total), books.payment(bill, total)]
    first, second = await hub.deliver(deliveries(transfers))
    assert isinstance(first, Delivered), first
    assert isinstance(second, Rejected), second
    assert second.category == "odoo.overpaid"
    assert f"It is paid by payment {transfers[0].number} too. Nothing was written" in str(second)
    await paid_once(sandboxed, books, bill)


@pytest.mark.req("MSG-3")
async def test_two_payments_of_a_whole_bill_by_two_hubs_pay_it_once(sandboxed: FarSide) -> None:
    hub, world = await fresh(sandboxed)
    other = await sandboxed.open()
    books = Books(sandboxed, world)
    for _ in range(5):
        bill = books.bill(("1", "100"))
        await until_delivered(hub, bill)
        total = str((await books.move("bill", bill.business_key))["amount_total"])
        ways = ((hub, books.payment(bill, total)), (other, books.payment(bill, total)))
        outcomes = await asyncio.gather(*(until_settled(each, payment) for each, payment in ways))
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Delivered", "Rejected"], outcomes
        assert {getattr(outcome, "category", "odoo.overpaid") for outcome in outcomes} == {"odoo.overpaid"}
        move = await books.move("bill", bill.business_key)
        assert move["amount_residual"] == 0
    payments = await sandboxed.rows("account.payment", partner_id=move["partner_id"])
    assert len([each for each in payments if each["state"] != "draft"]) == 5


@pytest.mark.req("MSG-3")
async def test_a_bill_that_is_paid_by_hand_while_the_hub_posts_is_told_to_a_person(
    sandboxed: FarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, world, box = await sandboxed.stage()
    books, faults = Books(sandboxed, world), sandboxed.faults
    assert faults is not None
    bill = books.bill(("1", "100"))
    await until_delivered(hub, bill)
    move = await books.move("bill", bill.business_key)
    payment = books.payment(bill, str(move["amount_total"]))
    draw = faults.draw

    def by_hand(env: Env) -> None:
        wizard = env.with_context(active_model="account.move", active_ids=[move["id"]])["account.payment.register"]
        wizard.action_create_payments([wizard.create({}).id])

    def meanwhile(model: str, method: str) -> list[Fault]:
        if f"{model}.{method}" == "account.payment.action_post":
            monkeypatch.setattr(faults, "draw", draw)
            box.change(by_hand)
        return draw(model, method)

    monkeypatch.setattr(faults, "draw", meanwhile)
    for attempt in (1, 2):  # and a replay says it again
        outcome = await one(hub, delivery(payment, attempt=attempt))
        assert isinstance(outcome, Rejected), outcome
        assert outcome.category == "odoo.overpaid"
        assert "was paid by another" in str(outcome)
    assert (await books.move("bill", bill.business_key))["amount_residual"] == 0


@pytest.mark.req("MSG-3")
async def test_a_payment_that_is_posted_between_two_looks_is_seen(
    sandboxed: FarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who else pays is asked in several calls: a draft at the first that is posted before the second is not missed."""
    hub, world, box = await sandboxed.stage()
    books, faults = Books(sandboxed, world), sandboxed.faults
    assert faults is not None
    bill = books.bill(("1", "100"))
    await until_delivered(hub, bill)
    move = await books.move("bill", bill.business_key)
    memo = "memo" if sandboxed.since(18) else "ref"
    rival = {
        "payment_type": "outbound",
        "partner_type": "supplier",
        "partner_id": move["partner_id"],
        memo: bill.number,
    }
    made = box.change(lambda env: env["account.payment"].create({**rival, "amount": move["amount_total"]}).id)
    looks: list[str] = []
    draw = faults.draw

    def meanwhile(model: str, method: str) -> list[Fault]:
        if f"{model}.{method}" == "account.payment.load":
            looks.append("drafted")
        elif looks and method == "search_read" and model in ("account.payment", "account.move.line"):
            looks.append(model)
            if len(looks) == 3:  # drafted, one look, and now the other
                box.change(lambda env: env["account.payment"].action_post([made]))
        return draw(model, method)

    monkeypatch.setattr(faults, "draw", meanwhile)
    payment = books.payment(bill, str(move["amount_total"]))
    outcome = await until_settled(hub, payment)
    assert set(looks[1:3]) == {"account.payment", "account.move.line"}
    assert isinstance(outcome, Rejected), outcome
    (own,) = await sandboxed.known_as("account.payment", "payment", payment.number)
    assert own["state"] == "draft", "it was posted beside the other one"

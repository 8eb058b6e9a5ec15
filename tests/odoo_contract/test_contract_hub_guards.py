"""NEW-1 at the connector: no repetition pays more than is due, books in a closed period, or writes twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from contract_client import Server
from odoo_cases import CASES, fresh, one, prepared, until_delivered
from odoo_far_side import FarSide, delivery
from odoo_money import Books

from hilum.canonical import JournalEntry, Payment, SupplierBill
from hilum.connectors.odoo import Odoo
from hilum.errors import Down, Rejected, TryAgain, Unsure
from hilum.message import Delivered, Outcome
from support.odoo_door import Fate

pytestmark = [pytest.mark.req("NEW-1"), pytest.mark.req("MSG-3")]


async def settled(hub: Odoo, thing: Any) -> Outcome:
    """Deliver as the hub's runtime does, until it is there or held."""
    for attempt in range(1, 20):
        outcome = await one(hub, delivery(thing, attempt=attempt))
        if not isinstance(outcome, TryAgain | Unsure | Down):
            return outcome
        if isinstance(outcome, TryAgain) and outcome.after:
            await asyncio.sleep(outcome.after)  # what it asks for: calls of the other hub may be under way
    raise AssertionError(outcome)


async def test_two_transfers_of_a_whole_bill_by_two_hubs_pay_it_once(far: FarSide) -> None:
    """Measured facts §6: two wizards made before either runs pay twice. Two hubs do not."""
    await far.needs(SupplierBill, Payment)
    hub, world = await fresh(far)
    other, books = await far.open(), Books(far, world)
    bill = books.bill(("1", "100"))
    await until_delivered(hub, bill)
    total = (await books.move("bill", bill.business_key))["amount_total"]
    ways = ((hub, books.payment(bill, str(total))), (other, books.payment(bill, str(total))))
    outcomes = await asyncio.gather(*(settled(each, payment) for each, payment in ways))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Delivered", "Rejected"], outcomes
    assert [each.category for each in outcomes if isinstance(each, Rejected)] == ["odoo.overpaid"]
    move = await books.move("bill", bill.business_key)
    assert move["amount_residual"] == 0
    payments = await far.rows("account.payment", partner_id=move["partner_id"])
    posted = [each for each in payments if each["state"] not in ("draft", "canceled")]
    assert [each["amount"] for each in posted] == [total], (outcomes, posted)


async def test_nothing_is_booked_in_a_locked_period(odoo: Server, far: FarSide) -> None:
    """Measured facts §6: Odoo would move the date silently. The hub holds it, and writes nothing."""
    await far.needs(JournalEntry, SupplierBill)
    hub, world = await fresh(far)
    books = Books(far, world)
    accounts, journal = await books.accounts(), await books.journal("general")
    old = books.entry(accounts, journal=journal, booked_on="2001-06-01")
    bill = books.bill(billed_on="2001-06-01")
    async with odoo.locked_until("2001-12-31"):
        for thing, kind in ((old, "entry"), (bill, "bill")):
            outcome = await settled(hub, thing)
            assert isinstance(outcome, Rejected), outcome
            assert outcome.category == "odoo.locked_period"
            assert await far.known_as("account.move", kind, thing.business_key) == []
    outcome = await settled(await far.open(), old)
    assert isinstance(outcome, Delivered), outcome
    assert (await books.move("entry", old.number))["date"] == "2001-06-01"


@pytest.mark.long
@pytest.mark.parametrize("fate", [Fate.CUT, Fate.BAD_GATEWAY])
@pytest.mark.parametrize("name", ["order", "receipt", "charge", "supplier with bank account"])
async def test_a_call_that_did_not_reach_odoo_is_made_again(far: FarSide, name: str, fate: Fate) -> None:
    """Each call that writes, in turn: the connection breaks before it, or a proxy answers in Odoo's place."""
    case, nth, door = CASES[name], 0, far.door
    assert door is not None
    while True:
        hub, world = await fresh(far)
        thing = await prepared(case, hub, world)
        writes = door.harm(fate, nth=nth)
        delivered, before = await until_delivered(await far.open(), thing)
        door.decide()
        await case.proof(far, world, thing)
        if len(writes) <= nth:
            break
        assert before, "the hub was not told that something went wrong"
        again, _ = await until_delivered(hub, thing)
        assert again.reference == delivered.reference
        nth += 1
    assert nth, "nothing was written"

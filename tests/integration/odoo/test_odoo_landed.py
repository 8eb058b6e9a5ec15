"""After a lost answer Odoo is asked: is it there, finished, and what was sent? What it says is what is in its books."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from odoo_cases import CASES, Case, fresh, one, prepared, priced_item, with_bank
from odoo_far_side import FarSide, delivery
from odoo_money import Books
from odoo_outcomes import delivered
from odoo_purchasing import prices

from hilum.canonical import Warehouse
from hilum.message import Delivered
from hilum.simulator.odoo import FaultKind

# a receipt is Odoo's own, and only marked; of an answer it is the note at the order, and people look for the order
OWN = {name: case for name, case in CASES.items() if name not in ("receipt", "answer of a supplier")}


OFTEN = [
    pytest.param(case, id=name, marks=[] if name in ("use", "order", "receipt") else [pytest.mark.long])
    for name, case in CASES.items()
]
"""That any answer may be lost is proven of all: here, of some by default, that what landed is known then."""


@pytest.mark.one_odoo
@pytest.mark.req("NEW-1")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_it_is_there_once_it_was_delivered_and_not_before(far: FarSide, case: Case) -> None:
    hub, world = await fresh(far)
    asked = delivery(await prepared(case, hub, world))
    assert await hub.landed(asked) is None
    outcome = await one(hub, asked)
    assert isinstance(outcome, Delivered)
    found = await hub.landed(asked)
    assert isinstance(found, Delivered)
    assert found.reference == outcome.reference


@pytest.mark.one_odoo
@pytest.mark.req("NEW-1")
@pytest.mark.parametrize("case", OFTEN)
async def test_whichever_answer_is_lost_what_landed_is_in_the_books(sandboxed: FarSide, case: Case) -> None:
    """Each call of the operation in turn is carried out and its answer lost; then Odoo is asked, by another hub."""
    faults = sandboxed.faults
    assert faults is not None
    nth, hit, there = 0, True, 0
    while hit:
        sandboxed.unique = uuid.uuid4().hex[:8]  # documents that nothing is known of
        hub, world = await fresh(sandboxed)
        thing = await prepared(case, hub, world)
        faults.arm(nth, FaultKind.LOST_REPLY)
        outcome = await one(hub, delivery(thing))
        hit = len(faults.seen) > nth
        faults.arm(-1, FaultKind.LOST_REPLY)
        found = await (await sandboxed.open()).landed(delivery(thing))
        assert found is None or isinstance(found, Delivered)
        if isinstance(outcome, Delivered):
            assert isinstance(found, Delivered)
        if isinstance(found, Delivered):
            there += 1
            await case.proof(sandboxed, world, thing)  # without anything being repeated
        nth += 1
    assert there >= 2, "the answer of the last step was lost, and then none was"


@pytest.mark.req("NEW-1")
async def test_what_a_person_changed_in_odoo_did_not_land_as_it_was_sent(far: FarSide) -> None:
    hub, world = await fresh(far)
    thing = world.supplier.model_copy(update={"code": world.number("S"), "title": "Sutures Ltd"})
    assert isinstance(await one(hub, delivery(thing)), Delivered)
    assert isinstance(await hub.landed(delivery(thing)), Delivered)
    assert await hub.landed(delivery(thing.model_copy(update={"title": "Sutures & Sons Ltd"}))) is None


@pytest.mark.req("NEW-1")
async def test_what_belongs_to_a_record_has_landed_only_as_it_was_sent(sandboxed: FarSide) -> None:
    """A vendor price, a bank account, the price of an agreement: each is a record of its own, of a call of its own."""
    hub, world, box = await sandboxed.stage()
    item, supplier, agreement = priced_item(world), with_bank(world), world.agreed()
    for thing in (item, supplier, agreement):
        await delivered(hub, thing)
        assert isinstance(await hub.landed(delivery(thing)), Delivered)
    (price,) = await prices(sandboxed, item.code)
    box.change(lambda env: env["product.supplierinfo"].write(price["id"], {"price": 9.0}))
    (partner,) = await sandboxed.known_as("res.partner", "supplier", supplier.code)
    (bank,) = await sandboxed.rows("res.partner.bank", partner_id=partner["id"])
    box.change(lambda env: env["res.partner.bank"].write(bank["id"], {"active": False}))
    (agreed,) = await prices(sandboxed, world.item.code)
    box.change(lambda env: env["product.supplierinfo"].unlink(agreed["id"]))
    for thing in (item, supplier, agreement):
        assert await hub.landed(delivery(thing)) is None, "a person has changed it"
        await delivered(hub, thing, attempt=2)
        assert isinstance(await hub.landed(delivery(thing)), Delivered)
    nobody = supplier.model_copy(update={"bank_accounts": ()})
    assert await hub.landed(delivery(nobody)) is None, "the account that the sender no longer lists is still there"


@pytest.mark.req("NEW-1")
async def test_what_was_taken_over_from_a_person_has_landed(sandboxed: FarSide) -> None:
    """It carries no identifier of the hub."""
    hub, world, box = await sandboxed.stage()
    (vendor,) = await sandboxed.known_as("res.partner", "supplier", world.supplier.code)
    product = await sandboxed.product(world.item.code)
    typed = {"partner_id": vendor["id"], "product_tmpl_id": product["product_tmpl_id"], "price": 9.0}
    box.change(lambda env: env["product.supplierinfo"].create(typed))
    for thing in (world.price("5.25"), Warehouse(code="WH", title="Main store")):
        assert await hub.landed(delivery(thing)) is None
        (outcome,) = await delivered(hub, thing)
        found = await hub.landed(delivery(thing))
        assert isinstance(found, Delivered)
        assert found.reference == outcome.reference


@pytest.mark.one_odoo
@pytest.mark.req("NEW-1")
async def test_a_payment_has_landed_when_it_is_matched_with_what_it_pays(sandboxed: FarSide) -> None:
    """Each call in turn is carried out and its answer lost: that it is posted is not enough."""
    faults = sandboxed.faults
    assert faults is not None
    nth, hit, there = 0, True, 0
    while hit:
        sandboxed.unique = uuid.uuid4().hex[:8]
        hub, world = await fresh(sandboxed)
        books = Books(sandboxed, world)
        bill = books.bill()
        await delivered(hub, bill)
        payment = books.payment(bill, "12.50")
        faults.arm(nth, FaultKind.LOST_REPLY)
        await one(hub, delivery(payment))
        hit = len(faults.seen) > nth
        faults.arm(-1, FaultKind.LOST_REPLY)
        found = await (await sandboxed.open()).landed(delivery(payment))
        move = await books.move("bill", bill.business_key)
        paid = Decimal(str(move["amount_total"])) - Decimal(str(move["amount_residual"]))
        assert isinstance(found, Delivered) is (paid == Decimal("12.50"))
        assert found is None or isinstance(found, Delivered)
        there += isinstance(found, Delivered)
        nth += 1
    assert there >= 2, "the answer of the last step was lost, and then none was"
    assert there < nth


@pytest.mark.one_odoo
@pytest.mark.req("NEW-1")
@pytest.mark.parametrize("case", OWN.values(), ids=OWN)
async def test_the_effect_is_named_as_odoo_knows_it(far: FarSide, case: Case) -> None:
    hub, world = await fresh(far)
    asked = delivery(await prepared(case, hub, world))
    outcome = await one(hub, asked)
    assert isinstance(outcome, Delivered)
    session = await hub._connected()
    target = await session.client.reference(hub.effect(asked))
    assert target is not None
    assert outcome.reference.startswith(f"{target[0]}:{target[1]} ")

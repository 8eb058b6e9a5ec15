"""Suppliers, prices, agreements and orders that change: what arrives in Odoo, once, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from odoo_far_side import FarSide, World, deliveries
from odoo_money import Books
from odoo_outcomes import delivered, refused, settle
from odoo_purchasing import moves, order_lines, prices, received, revised

from hilum.canonical import (
    AgreementEnded,
    BankAccount,
    BlanketAgreement,
    BusinessObject,
    Customer,
    Item,
    ItemCategory,
    Location,
    Lot,
    Money,
    PurchaseOrderCancelled,
    Warehouse,
)
from hilum.connectors.odoo import Odoo
from hilum.message import Delivered


@pytest.mark.req("SYS-1")
async def test_a_confirmed_order_changes_by_revision_once(far: FarSide, hub: Odoo, world: World) -> None:
    order = world.order(("10", "1.25"), ("5", "1.5"))
    await delivered(hub, order)
    second = revised(order, 1, (1, "12", "1.2"), (3, "7", "2"))
    for attempt in (1, 2):
        await delivered(hub, second, attempt=attempt)
        assert await order_lines(far, order) == [(12, 1.2), (0, 1.5), (7, 2)]
    third = revised(order, 2, (1, "8", "1.2"), (3, "7", "2"))
    await delivered(hub, third)
    for old in (order, second):  # a replay of what is past
        (outcome,) = await settle(hub, old)
        assert isinstance(outcome, Delivered), outcome
        assert "has revision 2 in Odoo" in outcome.words
    assert await order_lines(far, order) == [(8, 1.2), (0, 1.5), (7, 2)]
    open_moves = [move for line in await moves(far, order) for move in line if move["state"] != "cancel"]
    assert sum(move["product_uom_qty"] for move in open_moves) == 15


@pytest.mark.req("SYS-1")
async def test_a_substitute_is_received_and_billed_as_what_it_is(far: FarSide, hub: Odoo, world: World) -> None:
    """A confirmed order waits for the item of each line: another one in its place is a line of its own."""
    order = world.order(("10", "1.25"), ("5", "1.5"))
    await delivered(hub, order)
    other = world.item.model_copy(update={"code": far.name("SUB"), "title": "Gloves, latex"})
    await delivered(hub, other)
    changed = revised(order, 1, (1, "10", "1.3"), (2, "5", "1.5"))
    first, second = changed.lines
    changed = changed.model_copy(update={"lines": (first.model_copy(update={"item": other.code}), second)})
    for attempt in (1, 2):
        await delivered(hub, changed, attempt=attempt)
        assert await order_lines(far, order) == [(0, 1.25), (5, 1.5), (10, 1.3)]
    came = world.receipt(order, (1, "10"), (2, "5"))
    lines = (came.lines[0].model_copy(update={"item": other.code}), came.lines[1])
    await delivered(hub, came.model_copy(update={"lines": lines}))
    assert await received(far, order) == [0, 5, 10]
    bill = Books(far, world).bill(("10", "1.3"), order=order)
    bill = bill.model_copy(update={"lines": (bill.lines[0].model_copy(update={"item": other.code}),)})
    await delivered(hub, bill)
    (head,) = await far.known_as("purchase.order", "order", order.number)
    lines_there = sorted(row["id"] for row in await far.rows("purchase.order.line", order_id=head["id"]))
    billed = [await far.rows("account.move.line", purchase_line_id=number) for number in lines_there]
    assert [len(rows) for rows in billed] == [0, 0, 1]


async def test_an_order_is_received_at_the_warehouse_of_its_place(far: FarSide, hub: Odoo, world: World) -> None:
    warehouse = Warehouse(code=far.unique[:5].upper(), title=far.name("South"))
    place = Location(code=far.name("S-OR"), title="Southern theatre", facility=warehouse.code)
    await far.needs(warehouse)
    await delivered(hub, warehouse)
    await delivered(hub, place)
    here, there = world.order(), world.order(deliver_to=place.code)
    nowhere = world.order(deliver_to=far.name("S-XX"))
    for order in (here, there):
        await delivered(hub, order)
    (outcome,) = await settle(hub, nowhere)
    assert isinstance(outcome, Delivered), outcome
    assert "Odoo has no warehouse for" in outcome.words
    kinds = []
    for order in (here, there, nowhere):
        (row,) = await far.known_as("purchase.order", "order", order.number)
        (receipt,) = await far.rows("stock.picking", origin=row["name"])
        assert receipt["picking_type_id"] == row["picking_type_id"]
        kinds.append(row["picking_type_id"])
    assert kinds[0] == kinds[2]
    (south,) = await far.rows("stock.warehouse", code=warehouse.code)
    assert kinds[1] == south["in_type_id"] != kinds[0]


@pytest.mark.req("SYS-1")
async def test_another_warehouse_that_a_person_chose_stays_and_is_told(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    warehouse = Warehouse(code=sandboxed.unique[:5].upper(), title=sandboxed.name("South"))
    place = Location(code=sandboxed.name("S-OR"), title="Southern theatre", facility=warehouse.code)
    await delivered(hub, warehouse)
    await delivered(hub, place)
    draft = world.order(("10", "1"), deliver_to=place.code, confirm=False)
    order = world.order(("10", "1"), deliver_to=place.code)
    await delivered(hub, draft, order)
    (south,) = await sandboxed.rows("stock.warehouse", code=warehouse.code)
    (other, *_) = [row for row in await sandboxed.rows("stock.warehouse") if row["id"] != south["id"]]
    for each in (draft, order):
        (row,) = await sandboxed.known_as("purchase.order", "order", each.number)
        assert row["picking_type_id"] == south["in_type_id"]
        elsewhere = {"picking_type_id": other["in_type_id"]}
        box.change(lambda env, row=row, there=elsewhere: env["purchase.order"].write(row["id"], there))
    assert "the warehouse that it is delivered to" in str(await refused(hub, order))
    (outcome,) = await delivered(hub, revised(draft, 1, (1, "12", "1")))
    assert "left so: the warehouse that it is delivered to." in outcome.words
    (row,) = await sandboxed.known_as("purchase.order", "order", draft.number)
    assert row["picking_type_id"] == other["in_type_id"]


async def test_less_than_has_come_cannot_be_ordered(far: FarSide, hub: Odoo, world: World) -> None:
    order = world.order(("10", "1"))
    await delivered(hub, order)
    await delivered(hub, world.receipt(order, (1, "6")))
    outcome = await refused(hub, revised(order, 1, (1, "5", "1")))
    assert outcome.category in ("odoo.user", "odoo.validation")
    assert "received quantity" in str(outcome)
    await delivered(hub, revised(order, 2, (1, "6", "1")))
    assert await received(far, order) == [6]


async def test_lines_of_a_buyer_stay_and_a_locked_order_is_left_alone(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    order = world.order(("10", "1"))
    await delivered(hub, order)
    (row,) = await sandboxed.known_as("purchase.order", "order", order.number)
    (product,) = await sandboxed.known_as("product.product", "item", world.item.code)
    extra = {"order_id": row["id"], "product_id": product["id"], "product_qty": 1, "price_unit": 9}
    box.change(lambda env: env["purchase.order.line"].create(extra))
    await delivered(hub, revised(order, 1, (1, "11", "1")))
    assert await order_lines(sandboxed, order) == [(11, 1), (1, 9)]
    lock = {"locked": True} if box.version == "19.0" else {"state": "done"}
    box.change(lambda env: env["purchase.order"].write(row["id"], lock))
    outcome = await refused(hub, revised(order, 2, (1, "12", "1")))
    assert "locked" in str(outcome)
    assert await order_lines(sandboxed, order) == [(11, 1), (1, 9)]


@pytest.mark.req("SYS-1")
async def test_an_order_is_cancelled_until_something_has_come(far: FarSide, hub: Odoo, world: World) -> None:
    order, other = world.order(), world.order(("10", "1"))
    await delivered(hub, order, other)
    for attempt in (1, 2):
        await delivered(hub, PurchaseOrderCancelled(number=order.number), attempt=attempt)
        (row,) = await far.known_as("purchase.order", "order", order.number)
        assert row["state"] == "cancel"
    await delivered(hub, world.receipt(other, (1, "1")))
    outcome = await refused(hub, PurchaseOrderCancelled(number=other.number))
    assert outcome.category == "odoo.user"
    unknown = await refused(hub, PurchaseOrderCancelled(number=world.number("PO")))
    assert unknown.category == "odoo.missing_reference"


@pytest.mark.req("SYS-1")
@pytest.mark.every_odoo
async def test_an_agreement_is_confirmed_once_and_its_prices_count_once(far: FarSide, hub: Odoo, world: World) -> None:
    await far.needs(BlanketAgreement)
    agreement = world.agreed("4.75", valid_from=date(2026, 1, 1), valid_to=date(2036, 1, 1))
    for attempt in (1, 2, 1):
        await delivered(hub, agreement, attempt=attempt)
        assert [row["price"] for row in await prices(far, world.item.code)] == [4.75]
    (price,) = await prices(far, world.item.code)
    assert (price["date_start"], price["date_end"]) == ("2026-01-01", "2035-12-31")
    (head,) = await far.known_as("purchase.requisition", "agreement", agreement.number)
    begins = "date_start" if far.since(18) else "ordering_date"
    assert (head[begins], head["date_end"][:10]) == ("2026-01-01", "2035-12-31")
    order = world.order(("10", None), agreement=agreement.number)
    await delivered(hub, order)
    assert await order_lines(far, order) == [(10, 4.75)]
    changed = await refused(hub, agreement.model_copy(update={"supplier": world.supplier.code, "lines": agreed(world)}))
    assert changed.category == "odoo.conflict"
    for attempt in (1, 2):
        await delivered(hub, AgreementEnded(number=agreement.number), attempt=attempt)
        assert await prices(far, world.item.code) == []
    (outcome,) = await settle(hub, agreement)  # a replay of what is over
    assert isinstance(outcome, Delivered), outcome
    assert "is closed in Odoo" in outcome.words
    assert await prices(far, world.item.code) == []


def agreed(world: World) -> Any:
    return world.agreed("5").lines


async def test_a_draft_agreement_has_no_prices_and_a_draft_order_keeps_it_open(
    far: FarSide, hub: Odoo, world: World
) -> None:
    await far.needs(BlanketAgreement)
    agreement = world.agreed(confirm=False)
    await delivered(hub, agreement)
    assert await prices(far, world.item.code) == []
    await delivered(hub, agreement.model_copy(update={"confirm": True}))
    assert len(await prices(far, world.item.code)) == 1
    await delivered(hub, world.order(("1", None), agreement=agreement.number, confirm=False))
    outcome = await refused(hub, AgreementEnded(number=agreement.number))
    assert outcome.category == "odoo.user"
    dozen = agreement.lines[0].model_copy(update={"unit": "DZN"})
    by_dozen = await refused(hub, world.agreed(lines=(dozen,)))
    assert by_dozen.category == "odoo.unit"


@pytest.mark.every_odoo
async def test_an_agreement_that_a_buyer_has_confirmed_gets_no_second_prices(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    agreement = world.agreed(confirm=False)
    await delivered(hub, agreement)
    (row,) = await sandboxed.known_as("purchase.requisition", "agreement", agreement.number)
    button = "action_confirm" if sandboxed.since(18) else "action_in_progress"
    box.change(lambda env: getattr(env["purchase.requisition"], button)([row["id"]]))
    await delivered(hub, agreement.model_copy(update={"confirm": True}))
    assert len(await prices(sandboxed, world.item.code)) == 1


@pytest.mark.req("SYS-1")
async def test_a_vendor_price_is_there_once_whoever_wrote_it_first(far: FarSide, hub: Odoo, world: World) -> None:
    world.item = world.item.model_copy(update={"supplier": world.supplier.code})
    cost = Money(amount=Decimal("2.5"), currency=far.currency)
    await delivered(hub, world.item.model_copy(update={"cost": cost}))
    first = world.price("5.25", lead_days=3, supplier_item="GX")
    step = world.price("4.5", from_quantity=Decimal(100))
    later = world.price("5.5", valid_from=date(2030, 1, 1))
    for attempt in (1, 2):
        await delivered(hub, first, step, later, attempt=attempt)
        rows = await prices(far, world.item.code)
        assert sorted((row["price"], row["min_qty"]) for row in rows) == [(4.5, 100), (5.25, 0), (5.5, 0)]
    order = world.order(("10", None), ("200", None))
    await delivered(hub, order)
    assert await order_lines(far, order) == [(10, 5.25), (200, 4.5)]


async def test_a_vendor_price_that_a_buyer_typed_is_taken_over(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    (vendor,) = await sandboxed.known_as("res.partner", "supplier", world.supplier.code)
    product = await sandboxed.product(world.item.code)
    typed = {"partner_id": vendor["id"], "product_tmpl_id": product["product_tmpl_id"], "price": 9.0}
    box.change(lambda env: env["product.supplierinfo"].create(typed))
    for amount in ("5.25", "5.30"):
        await delivered(hub, world.price(amount))
        assert [row["price"] for row in await prices(sandboxed, world.item.code)] == [float(amount)]


async def test_prices_in_units(far: FarSide, hub: Odoo, world: World) -> None:
    kilo = await refused(hub, world.price("1", unit="KGM"))
    assert kilo.category == "odoo.unit"
    (dozen,) = await settle(hub, world.price("48", unit="DZN"))
    (row,) = await far.rows("uom.uom", name="Dozens") or [{"id": None}]
    written = await prices(far, world.item.code)
    if isinstance(dozen, Delivered):  # 19: each price has a unit
        assert [price["product_uom_id"] for price in written] == [row["id"]]
    else:
        assert "is bought in" in str(dozen)
        assert written == []
        await delivered(hub, world.item.model_copy(update={"purchase_unit": "DZN"}))
        fresh = await far.open()
        await delivered(fresh, world.price("48", unit="DZN"))


@pytest.mark.req("SYS-1")
async def test_bank_accounts_of_suppliers(far: FarSide, hub: Odoo, world: World) -> None:
    accounts = [BankAccount(number=number) for number in ("BE68 5390 0754 7034", "BE71096123456769")]
    supplier = world.supplier.model_copy(update={"bank_accounts": tuple(accounts), "tax_id": "", "registry": "R-7"})
    for attempt in (1, 2):
        await delivered(hub, supplier, attempt=attempt)
    (row,) = await far.known_as("res.partner", "supplier", world.supplier.code)
    assert row["company_registry"] == "R-7"
    banks = await far.rows("res.partner.bank", partner_id=row["id"])
    assert [bank["active"] for bank in banks] == [True, True]
    assert not any(bank["allow_out_payment"] for bank in banks)
    spelt = BankAccount(number="BE685390 07547034")  # the first one, spelt differently; the second is gone
    await delivered(hub, supplier.model_copy(update={"bank_accounts": (spelt,)}))
    banks = await far.rows("res.partner.bank", partner_id=row["id"])
    assert {bank["acc_number"].replace(" ", "")[:4]: bank["active"] for bank in banks} == {"BE68": True, "BE71": False}
    await delivered(hub, supplier.model_copy(update={"bank_accounts": None}))  # not sent: as it was
    assert sum(bank["active"] for bank in await far.rows("res.partner.bank", partner_id=row["id"])) == 1
    await delivered(hub, supplier)  # it comes back
    assert sum(bank["active"] for bank in await far.rows("res.partner.bank", partner_id=row["id"])) == 2


async def test_an_account_that_a_person_typed_is_left_alone(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    (row,) = await sandboxed.known_as("res.partner", "supplier", world.supplier.code)
    typed = {"acc_number": "BE68539007547034", "partner_id": row["id"]}
    box.change(lambda env: env["res.partner.bank"].create(typed))
    same = BankAccount(number="BE68 5390 0754 7034")
    for accounts in ((same,), ()):
        await delivered(hub, world.supplier.model_copy(update={"bank_accounts": accounts}))
        (bank,) = await sandboxed.rows("res.partner.bank", partner_id=row["id"])
        assert (bank["acc_number"], bank["active"]) == ("BE68539007547034", True)


@pytest.mark.req("SYS-1")
async def test_nothing_is_ordered_from_a_blocked_supplier(far: FarSide, hub: Odoo, world: World) -> None:
    blocked = world.supplier.model_copy(update={"blocked": True, "block_reason": "Recall under way"})
    (outcome,) = await settle(hub, blocked)
    assert isinstance(outcome, Delivered), outcome
    (row,) = await far.known_as("res.partner", "supplier", world.supplier.code)
    assert "Recall under way" in row["purchase_warn_msg"]
    fresh = await far.open()
    if "purchase_warn" in row:
        assert row["purchase_warn"] == "block"
    else:
        assert "has no block" in outcome.words
    assert (await refused(fresh, world.order())).category == "odoo.blocked"
    await delivered(hub, world.supplier)
    (row,) = await far.known_as("res.partner", "supplier", world.supplier.code)
    assert not row["purchase_warn_msg"]
    await delivered(await far.open(), world.order())
    await delivered(hub, world.supplier.model_copy(update={"active": False}))
    assert (await refused(await far.open(), world.order())).category == "odoo.blocked"


async def test_customers_categories_lots_and_warehouses(far: FarSide, hub: Odoo, world: World) -> None:
    parent = ItemCategory(code=far.name("CP"), title=far.name("Protection"))
    child = ItemCategory(code=far.name("CG"), title="Gloves", parent=parent.code)
    things: list[BusinessObject] = [
        Customer(code=far.name("INS"), title="Mutual", bank_accounts=(BankAccount(number=far.name("ACC")),)),
        Lot(item=world.tracked.code, lot="L-1", expires_on=date(2028, 2, 29)),
        Warehouse(code=far.unique[:5].upper(), title=far.name("West")),
    ]
    for attempt in (1, 2):
        await delivered(hub, parent, attempt=attempt)
        await delivered(hub, child, attempt=attempt)
        await delivered(hub, *things, attempt=attempt)
        await delivered(hub, world.item.model_copy(update={"category": child.code}), attempt=attempt)
    (row,) = await far.known_as("product.category", "category", child.code)
    assert (await far.product(world.item.code))["categ_id"] == row["id"]
    (site,) = await far.known_as("stock.warehouse", "warehouse", far.unique[:5].upper())
    assert site["lot_stock_id"]
    unknown = await refused(hub, world.item.model_copy(update={"category": "No such category"}))
    assert unknown.category == "odoo.missing_reference"
    untracked = await refused(hub, Lot(item=world.item.code, lot="L-1"))
    assert untracked.category == "odoo.validation"


async def test_lots_and_warehouses_that_people_made_are_used(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    (product,) = await sandboxed.known_as("product.product", "item", world.tracked.code)
    box.change(lambda env: env["stock.lot"].create({"name": "L1", "product_id": product["id"]}))
    lots = [Lot(item=world.tracked.code, lot=name) for name in ("L1", "L2")]
    for attempt in (1, 2):
        await delivered(hub, *lots, Warehouse(code="WH", title="Main store"), attempt=attempt)
    assert sorted(row["name"] for row in await sandboxed.rows("stock.lot", product_id=product["id"])) == ["L1", "L2"]
    (site,) = await sandboxed.rows("stock.warehouse", code="WH")
    assert site["name"] == "Main store"


async def test_an_item_is_archived_and_comes_back(far: FarSide, hub: Odoo, world: World) -> None:
    item = Item(code=world.number("I"), title="Old", active=False)
    await delivered(hub, item)
    assert (await far.known_as("product.product", "item", item.code))[0]["active"] is False
    await delivered(hub, item.model_copy(update={"active": True}))
    assert (await far.known_as("product.product", "item", item.code))[0]["active"] is True
    assert deliveries([item])[0].operation == "item"

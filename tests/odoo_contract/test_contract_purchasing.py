"""Measured facts §5 and §6: from the purchase order to the payment, and each step done twice."""

from __future__ import annotations

from typing import Any

import pytest
from contract_client import DAY, Server, unique


@pytest.fixture
async def shop(odoo: Server) -> dict[str, int]:
    """A vendor and a storable product."""
    await odoo.needs("purchase.order")
    vendor = await odoo.create("res.partner", {"name": unique("vendor"), "is_company": True, "supplier_rank": 1})
    values = {"name": unique("product"), **odoo.stored, "purchase_method": "receive", "supplier_taxes_id": [[5]]}
    return {"vendor": vendor, "product": await odoo.create("product.product", values)}


async def ordered(odoo: Server, shop: dict[str, int], quantity: float = 10, **line: Any) -> int:
    """A draft order of one line."""
    values = {"product_id": shop["product"], "product_qty": quantity, "price_unit": 2.5, **line}
    order = {"partner_id": shop["vendor"], "partner_ref": unique("ref"), "order_line": [[0, 0, values]]}
    return await odoo.create("purchase.order", order)


async def confirmed(odoo: Server, shop: dict[str, int], quantity: float = 10) -> tuple[int, int]:
    """A confirmed order and its receipt."""
    order = await ordered(odoo, shop, quantity)
    assert await odoo.call("purchase.order", "button_confirm", [order]) is True
    (receipt,) = await odoo.value("purchase.order", order, "picking_ids")
    return order, receipt


async def received(odoo: Server, shop: dict[str, int]) -> int:
    """An order that came in full."""
    order, receipt = await confirmed(odoo, shop)
    assert await odoo.receive(receipt) is True
    return order


async def posted_bill(odoo: Server, shop: dict[str, int]) -> int:
    """A posted bill of a received order."""
    await odoo.needs_books()
    order = await received(odoo, shop)
    await odoo.call("purchase.order", "action_create_invoice", [order])
    (bill,) = await odoo.value("purchase.order", order, "invoice_ids")
    await odoo.call("account.move", "write", [bill], vals={"invoice_date": DAY})
    await odoo.call("account.move", "action_post", [bill])
    return bill


async def wizard_for(odoo: Server, bill: int, **values: Any) -> int:
    context = {"active_model": "account.move", "active_ids": [bill]}
    return await odoo.create("account.payment.register", {"payment_date": DAY, **values}, **context)


async def on_hand(odoo: Server, shop: dict[str, int]) -> float:
    return await odoo.value("product.product", shop["product"], "qty_available")


async def test_defaults_of_an_order(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: currency, kind, unit and dates are filled by defaults; totals are worked out."""
    order = await ordered(odoo, shop, 4)
    row = await odoo.read("purchase.order", order, "name", "state", "currency_id", "amount_untaxed", "order_line")
    assert (row["state"], row["amount_untaxed"]) == ("draft", 10.0)
    assert row["name"]
    assert row["currency_id"]
    line = await odoo.read("purchase.order.line", row["order_line"][0], odoo.po_unit, "date_planned", "name")
    assert all(line.values())


async def test_price_of_the_vendor(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: a line without price takes the vendor's; duplicates of a price are accepted."""
    template = (await odoo.value("product.product", shop["product"], "product_tmpl_id"))[0]
    price = {"partner_id": shop["vendor"], "product_tmpl_id": template, "price": 5.25}
    await odoo.call("product.supplierinfo", "create", vals_list=[price, price])
    line = [0, 0, {"product_id": shop["product"], "product_qty": 1}]
    order = await odoo.create("purchase.order", {"partner_id": shop["vendor"], "order_line": [line]})
    (line_id,) = await odoo.value("purchase.order", order, "order_line")
    assert await odoo.value("purchase.order.line", line_id, "price_unit") == 5.25


@pytest.mark.every_odoo
async def test_confirming_makes_a_receipt(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: the receipt is assigned, quantities are filled with the demand, nothing is picked.

    Documented of 16: what is reserved is not yet done.
    """
    _order, receipt = await confirmed(odoo, shop)
    assert await odoo.value("stock.picking", receipt, "state") == "assigned"
    (move,) = await odoo.find("stock.move", [["picking_id", "=", receipt]])
    fields = ("quantity", "picked") if odoo.since(17) else ("reserved_availability", "quantity_done")
    row = await odoo.read("stock.move", move, "product_uom_qty", *fields)
    assert [row[name] for name in ("product_uom_qty", *fields)] == [10, 10, 0]


async def test_service_order_has_no_receipt(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: an order of services only has no receipt."""
    service = await odoo.create("product.product", {"name": unique("service"), "type": "service"})
    order = await ordered(odoo, {**shop, "product": service})
    await odoo.call("purchase.order", "button_confirm", [order])
    assert await odoo.value("purchase.order", order, "picking_ids") == []


async def test_confirming_twice(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: a second confirm answers true and makes no second receipt; so for a cancelled order."""
    order, receipt = await confirmed(odoo, shop)
    assert await odoo.call("purchase.order", "button_confirm", [order]) is True
    assert await odoo.value("purchase.order", order, "picking_ids") == [receipt]
    other = await ordered(odoo, shop)
    await odoo.call("purchase.order", "button_cancel", [other])
    assert await odoo.call("purchase.order", "button_confirm", [other]) is True
    assert await odoo.value("purchase.order", other, "state") == "cancel"


async def test_line_without_product(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §5: 18 confirms a line without product, 19 refuses."""
    line = {"name": "Freight", "product_qty": 1, "price_unit": 5}
    order = await odoo.create("purchase.order", {"partner_id": shop["vendor"], "order_line": [[0, 0, line]]})
    if odoo.is_19:
        refusal = await odoo.refused("purchase.order", "button_confirm", [order])
        assert refusal.name == "odoo.exceptions.UserError"
        assert refusal.message.startswith("Some order lines are missing a product")
    else:
        assert await odoo.call("purchase.order", "button_confirm", [order]) is True


async def test_unit_of_another_kind(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §5: kg for a product in units is a UserError in 18 and accepted silently in 19."""
    xml = {"module": "uom", "xml_id": "product_uom_kgm"}
    kilo = (await odoo.call("ir.model.data", "check_object_reference", **xml))[1]
    line = {"product_id": shop["product"], "product_qty": 1, "price_unit": 1, odoo.po_unit: kilo}
    values = {"partner_id": shop["vendor"], "order_line": [[0, 0, line]]}
    if odoo.is_19:
        assert await odoo.create("purchase.order", values)
    else:
        refusal = await odoo.refused("purchase.order", "create", vals_list=values)
        assert refusal.name == "odoo.exceptions.UserError"


@pytest.mark.every_odoo
async def test_part_receipt_needs_the_context(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: without skip_backorder a part answers a wizard and does nothing; with it the rest waits."""
    order, receipt = await confirmed(odoo, shop)
    (move,) = await odoo.find("stock.move", [["picking_id", "=", receipt]])
    await odoo.call("stock.move", "write", [move], vals=odoo.goes(4))
    wizard = await odoo.call("stock.picking", "button_validate", [receipt])
    assert wizard["res_model"] == "stock.backorder.confirmation"
    assert await odoo.value("stock.picking", receipt, "state") == "assigned"
    assert await odoo.call("stock.picking", "button_validate", [receipt], context={"skip_backorder": True}) is True
    pickings = await odoo.value("purchase.order", order, "picking_ids")
    assert len(pickings) == 2
    (rest,) = [each for each in pickings if each != receipt]
    assert (await odoo.value("stock.picking", rest, "backorder_id"))[0] == receipt
    assert await on_hand(odoo, shop) == 4


async def test_part_receipt_without_back_order(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: picking_ids_not_to_backorder drops the rest."""
    order, receipt = await confirmed(odoo, shop)
    (move,) = await odoo.find("stock.move", [["picking_id", "=", receipt]])
    await odoo.call("stock.move", "write", [move], vals=odoo.goes(4))
    context = {"skip_backorder": True, "picking_ids_not_to_backorder": [receipt]}
    assert await odoo.call("stock.picking", "button_validate", [receipt], context=context) is True
    assert await odoo.value("purchase.order", order, "picking_ids") == [receipt]
    (line,) = await odoo.value("purchase.order", order, "order_line")
    assert await odoo.value("purchase.order.line", line, "qty_received") == 4


async def test_over_receipt_is_accepted(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: more than ordered may be received."""
    order, receipt = await confirmed(odoo, shop)
    (move,) = await odoo.find("stock.move", [["picking_id", "=", receipt]])
    await odoo.call("stock.move", "write", [move], vals=odoo.goes(12))
    await odoo.call("stock.picking", "button_validate", [receipt], context={"skip_backorder": True})
    (line,) = await odoo.value("purchase.order", order, "order_line")
    assert await odoo.value("purchase.order.line", line, "qty_received") == 12


@pytest.mark.every_odoo
async def test_validating_twice(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: a second validate answers true and moves nothing."""
    order = await received(odoo, shop)
    (receipt,) = await odoo.value("purchase.order", order, "picking_ids")
    assert await odoo.call("stock.picking", "button_validate", [receipt]) is True
    assert await on_hand(odoo, shop) == 10


@pytest.mark.every_odoo
async def test_zero_receipt(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: nothing received is a UserError; the text differs. Documented of 16: it asks, and waits."""
    _order, receipt = await confirmed(odoo, shop)
    (move,) = await odoo.find("stock.move", [["picking_id", "=", receipt]])
    await odoo.call("stock.move", "write", [move], vals={odoo.done: 0})
    if not odoo.since(17):
        answer = await odoo.call("stock.picking", "button_validate", [receipt], context={"skip_backorder": True})
        assert answer["res_model"] == "stock.immediate.transfer"
        assert await odoo.value("stock.picking", receipt, "state") == "assigned"
        return
    refusal = await odoo.refused("stock.picking", "button_validate", [receipt], context={"skip_backorder": True})
    assert refusal.name == "odoo.exceptions.UserError"
    start = "Transfer trouble alert!" if odoo.is_19 else "You cannot validate a transfer if no quantities are reserved."
    assert refusal.message.startswith(start)


@pytest.mark.every_odoo
async def test_serial_numbers(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: a serial is needed, given by move lines, and cannot come in twice."""
    values = {"name": unique("serial"), **odoo.stored, "tracking": "serial"}
    tracked = {**shop, "product": await odoo.create("product.product", values)}
    _order, receipt = await confirmed(odoo, tracked, 1)
    if odoo.since(17):
        refusal = await odoo.refused("stock.picking", "button_validate", [receipt], context={"skip_backorder": True})
        assert refusal.message.startswith("You need to supply a Lot/Serial Number for product")
    serial = unique("sn")
    line = {"product_id": tracked["product"], "lot_name": serial, **odoo.line_goes(1)}
    for number, expected in ((receipt, True), ((await confirmed(odoo, tracked, 1))[1], False)):
        (move,) = await odoo.find("stock.move", [["picking_id", "=", number]])
        lines = [[5, 0, 0], [0, 0, {**line, "picking_id": number}]]
        await odoo.call("stock.move", "write", [move], vals={"move_line_ids": lines})
        if expected:
            assert (
                await odoo.call("stock.picking", "button_validate", [number], context={"skip_backorder": True}) is True
            )
        else:
            again = await odoo.refused("stock.picking", "button_validate", [number], context={"skip_backorder": True})
            assert again.message.startswith("The serial number has already been assigned:")
    assert len(await odoo.find("stock.lot", [["name", "=", serial]])) == 1


async def test_cancelling(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: cancelling again is no error; after a receipt it is refused; 19 refuses a locked order."""
    order, receipt = await confirmed(odoo, shop)
    for _ in range(2):
        await odoo.call("purchase.order", "button_cancel", [order])
    assert await odoo.value("stock.picking", receipt, "state") == "cancel"
    done = await received(odoo, shop)
    refusal = await odoo.refused("purchase.order", "button_cancel", [done])
    assert refusal.message.startswith("Unable to cancel purchase order(s):")
    if odoo.is_19:
        locked, _ = await confirmed(odoo, shop)
        await odoo.call("purchase.order", "button_lock", [locked])
        assert (
            "You must first unlock them." in (await odoo.refused("purchase.order", "button_cancel", [locked])).message
        )


async def test_deleting_an_order(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: a confirmed order, also after button_draft, must be cancelled before it is deleted."""
    order, _receipt = await confirmed(odoo, shop)
    refusal = await odoo.refused("purchase.order", "unlink", [order])
    assert refusal.message.startswith("In order to delete a purchase order, you must cancel it first.")
    refused = await odoo.refused("res.partner", "unlink", [shop["vendor"]])
    assert refused.name == "odoo.exceptions.ValidationError"


async def test_state_written_directly(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: writing state gives a confirmed order without a receipt."""
    order = await ordered(odoo, shop)
    await odoo.call("purchase.order", "write", [order], vals={"state": "purchase"})
    assert await odoo.value("purchase.order", order, "picking_ids") == []


async def test_computed_amount_is_writable(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §5: a computed stored field such as amount_total is written silently."""
    order = await ordered(odoo, shop)
    await odoo.call("purchase.order", "write", [order], vals={"amount_total": 1.0})
    assert await odoo.value("purchase.order", order, "amount_total") == 1.0


async def test_bill_of_an_order(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: the action makes a draft bill; it needs a date; posting answers false and gives a name."""
    await odoo.needs_books()
    order = await received(odoo, shop)
    action = await odoo.call("purchase.order", "action_create_invoice", [order])
    assert action["res_model"] == "account.move"
    (bill,) = await odoo.value("purchase.order", order, "invoice_ids")
    row = await odoo.read("account.move", bill, "name", "state", "move_type", "amount_untaxed")
    assert (row["state"], row["move_type"], row["amount_untaxed"]) == ("draft", "in_invoice", 25.0)
    assert not row["name"] or row["name"] == "/"
    refusal = await odoo.refused("account.move", "action_post", [bill])
    assert refusal.message == "The Bill/Refund date is required to validate this document."
    await odoo.call("account.move", "write", [bill], vals={"invoice_date": DAY})
    assert await odoo.call("account.move", "action_post", [bill]) is False
    posted = await odoo.read("account.move", bill, "name", "state", "payment_state")
    assert (posted["state"], posted["payment_state"]) == ("posted", "not_paid")
    assert await odoo.value("purchase.order", order, "invoice_status") == "invoiced"
    again = await odoo.refused("account.move", "action_post", [bill])
    odoo.expect_status(again, 422)
    assert again.message == f"The entry {posted['name']} (id {bill}) must be in draft."


@pytest.mark.every_odoo
async def test_billing_twice(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: with nothing to bill 18 refuses, 19 makes one more draft of zero each time."""
    await odoo.needs_books()
    order = await received(odoo, shop)
    await odoo.call("purchase.order", "action_create_invoice", [order])
    if odoo.is_19:
        await odoo.call("purchase.order", "action_create_invoice", [order])
        bills = await odoo.value("purchase.order", order, "invoice_ids")
        rows = await odoo.call("account.move", "read", bills, fields=["amount_total"])
        assert sorted(row["amount_total"] for row in rows) == [0, 25]
    else:
        refusal = await odoo.refused("purchase.order", "action_create_invoice", [order])
        assert refusal.message.startswith("There is no invoiceable line. If a product has a control policy")


async def test_bill_linked_by_hand(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: purchase_line_id links a bill; a second bill with the same ref is accepted."""
    await odoo.needs_books()
    order = await received(odoo, shop)
    (line,) = await odoo.value("purchase.order", order, "order_line")
    ref = unique("inv")
    lines = [[0, 0, {"product_id": shop["product"], "quantity": 10, "price_unit": 2.5, "purchase_line_id": line}]]
    bill = {"move_type": "in_invoice", "partner_id": shop["vendor"], "ref": ref, "invoice_date": DAY}
    for times in (1, 2):
        await odoo.create("account.move", {**bill, "invoice_line_ids": lines})
        assert await odoo.value("purchase.order.line", line, "qty_invoiced") == 10 * times


async def test_posted_bill_is_partly_locked(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: the partner of a posted bill is locked, its ref is not."""
    bill = await posted_bill(odoo, shop)
    other = await odoo.create("res.partner", {"name": unique("vendor")})
    refusal = await odoo.refused("account.move", "write", [bill], vals={"partner_id": other})
    assert refusal.message.startswith("You cannot modify the following readonly fields on a posted move: partner_id")
    assert await odoo.call("account.move", "write", [bill], vals={"ref": unique("ref")}) is True


@pytest.mark.every_odoo
async def test_paying(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: the wizard pays; 18 calls the payment paid, 19 in_process (no outstanding account).

    Documented of 16 and 17: posted, as its journal entry.
    """
    bill = await posted_bill(odoo, shop)
    wizard = await wizard_for(odoo, bill)
    action = await odoo.call("account.payment.register", "action_create_payments", [wizard])
    row = await odoo.read("account.move", bill, "payment_state", "amount_residual")
    assert row["amount_residual"] == 0
    if odoo.sandbox:
        assert row["payment_state"] == "paid"
        state = await odoo.value("account.payment", action["res_id"], "state")
        assert state == ("in_process" if odoo.is_19 else "paid" if odoo.since(18) else "posted")
    context = {"active_model": "account.move", "active_ids": [bill]}
    refusal = await odoo.refused("account.payment.register", "create", vals_list={}, context=context)
    assert refusal.name == "odoo.exceptions.UserError"
    start = (
        "There's nothing left to pay" if odoo.is_19 else "You can't register a payment because there is nothing left"
    )
    assert refusal.message.startswith(start)


async def test_part_payment(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: with an amount below the total the bill is partial."""
    bill = await posted_bill(odoo, shop)
    wizard = await wizard_for(odoo, bill, amount=10.0)
    await odoo.call("account.payment.register", "action_create_payments", [wizard])
    row = await odoo.read("account.move", bill, "payment_state", "amount_residual")
    assert (row["payment_state"], row["amount_residual"]) == ("partial", 15.0)


@pytest.mark.parametrize("wizards", ["the same wizard", "two wizards"])
async def test_paying_twice(odoo: Server, shop: dict[str, int], wizards: str) -> None:
    """Measured facts §6: the same wizard again, or two made before either runs, pay the full amount twice."""
    bill = await posted_bill(odoo, shop)
    first = await wizard_for(odoo, bill)
    second = first if wizards == "the same wizard" else await wizard_for(odoo, bill)
    for wizard in (first, second):
        await odoo.call("account.payment.register", "action_create_payments", [wizard])
    payments = await odoo.find("account.payment", [["partner_id", "=", shop["vendor"]]])
    rows = await odoo.call("account.payment", "read", payments, fields=["amount"])
    assert [row["amount"] for row in rows] == [25.0, 25.0]


@pytest.mark.every_odoo
async def test_refund(odoo: Server, shop: dict[str, int]) -> None:
    """Measured facts §6: the reversal wizard makes a draft in_refund that names its origin."""
    bill = await posted_bill(odoo, shop)
    journal = (await odoo.value("account.move", bill, "journal_id"))[0]
    context = {"active_model": "account.move", "active_ids": [bill]}
    wizard = await odoo.create("account.move.reversal", {"journal_id": journal, "reason": "wrong"}, **context)
    await odoo.call("account.move.reversal", "refund_moves" if odoo.since(17) else "reverse_moves", [wizard])
    (refund,) = await odoo.find("account.move", [["reversed_entry_id", "=", bill]])
    row = await odoo.read("account.move", refund, "move_type", "state", "amount_total")
    assert (row["move_type"], row["state"], row["amount_total"]) == ("in_refund", "draft", 25.0)

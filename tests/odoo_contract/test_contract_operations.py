"""Measured facts §6: stock counts, scrap, journal entries, invoices, sales, equipment, employees."""

from __future__ import annotations

from typing import Any

import pytest
from contract_client import DAY, Server, unique


async def storable(odoo: Server) -> int:
    await odoo.needs("stock.quant")
    return await odoo.create("product.product", {"name": unique(), **odoo.stored})


async def place(odoo: Server) -> int:
    (found,) = await odoo.find("stock.location", [["usage", "=", "internal"]], limit=1, order="id")
    return found


async def count(odoo: Server, product: int, location: int, quantity: float) -> int:
    values = {"product_id": product, "location_id": location, "inventory_quantity_auto_apply": quantity}
    return await odoo.create("stock.quant", values, inventory_mode=True)


@pytest.mark.every_odoo
async def test_stock_count_is_idempotent(odoo: Server) -> None:
    """Measured facts §6: counting the same twice is one move, on the one quant."""
    product, location = await storable(odoo), await place(odoo)
    first = await count(odoo, product, location, 5)
    second = await count(odoo, product, location, 5)
    assert first == second
    assert await odoo.value("product.product", product, "qty_available") == 5
    assert len(await odoo.find("stock.move", [["product_id", "=", product], ["state", "=", "done"]])) == 1
    await count(odoo, product, location, 3)
    assert await odoo.value("stock.quant", first, "quantity") == 3


async def test_quant_without_inventory_mode(odoo: Server) -> None:
    """Measured facts §6: without the context a second quant row for the same place is made; quantity is writable."""
    await odoo.needs("stock.quant")
    odoo.only_sandbox("it would leave stock in disorder")
    product, location = await storable(odoo), await place(odoo)
    for _ in range(2):
        await odoo.create("stock.quant", {"product_id": product, "location_id": location, "quantity": 1})
    assert len(await odoo.find("stock.quant", [["product_id", "=", product]])) == 2


async def test_applying_a_count_twice(odoo: Server) -> None:
    """Measured facts §6: action_apply_inventory again changes nothing before 19 and sets the stock to 0 in 19."""
    product, location = await storable(odoo), await place(odoo)
    values = {"product_id": product, "location_id": location, "inventory_quantity": 25}
    quant = await odoo.create("stock.quant", values, inventory_mode=True)
    await odoo.call("stock.quant", "action_apply_inventory", [quant])
    assert await odoo.value("product.product", product, "qty_available") == 25
    await odoo.call("stock.quant", "action_apply_inventory", [quant])
    assert await odoo.value("product.product", product, "qty_available") == (0 if odoo.is_19 else 25)


async def test_scrap(odoo: Server) -> None:
    """Known of Odoo, not measured: scrap takes stock once; too little stock answers a wizard and does nothing."""
    product, location = await storable(odoo), await place(odoo)
    await count(odoo, product, location, 5)
    scrap = await odoo.create("stock.scrap", {"product_id": product, "scrap_qty": 2, "location_id": location})
    assert await odoo.call("stock.scrap", "action_validate", [scrap]) is True
    assert await odoo.value("stock.scrap", scrap, "state") == "done"
    assert await odoo.value("product.product", product, "qty_available") == 3
    more = await odoo.create("stock.scrap", {"product_id": product, "scrap_qty": 99, "location_id": location})
    assert isinstance(await odoo.call("stock.scrap", "action_validate", [more]), dict)
    assert await odoo.value("stock.scrap", more, "state") == "draft"


async def test_internal_transfer(odoo: Server) -> None:
    """Known of Odoo, not measured: a transfer with its moves is confirmed and validated; stock changes place."""
    product, source = await storable(odoo), await place(odoo)
    await count(odoo, product, source, 5)
    target = await odoo.create("stock.location", {"name": unique("ward"), "location_id": source, "usage": "internal"})
    everything = {"active_test": False}  # Odoo keeps this kind archived until somebody asks for several places
    (kind,) = await odoo.find("stock.picking.type", [["code", "=", "internal"]], limit=1, context=everything)
    move = {"product_id": product, "product_uom_qty": 2, "location_id": source, "location_dest_id": target}
    if not odoo.is_19:
        move["name"] = "to the ward"
    values = {"picking_type_id": kind, "location_id": source, "location_dest_id": target, "move_ids": [[0, 0, move]]}
    picking = await odoo.create("stock.picking", values)
    await odoo.call("stock.picking", "action_confirm", [picking])
    assert await odoo.receive(picking) is True
    below = [["product_id", "=", product], ["location_id", "child_of", target]]
    (quant,) = await odoo.find("stock.quant", below)
    assert await odoo.value("stock.quant", quant, "quantity") == 2


async def entry(odoo: Server, debit: float, credit: float, **values: Any) -> dict[str, Any]:
    """The values of a journal entry of two lines."""
    await odoo.needs_books()
    journal = await odoo.journal("general")
    accounts = await odoo.find("account.account", [["account_type", "=", "expense"]], limit=2)
    first, second = accounts[0], accounts[-1]
    lines = [
        [0, 0, {"account_id": first, "debit": debit, "name": "a"}],
        [0, 0, {"account_id": second, "credit": credit}],
    ]
    return {
        "move_type": "entry",
        "journal_id": journal,
        "date": DAY,
        "ref": unique(),
        "line_ids": lines,
        **values,
    }


async def test_journal_entry(odoo: Server) -> None:
    """Measured facts §6: amounts round to the currency (1.005 → 1.01); the number comes with posting."""
    move = await odoo.create("account.move", await entry(odoo, 1.005, 1.01))
    assert await odoo.value("account.move", move, "amount_total") == 1.01
    assert await odoo.call("account.move", "action_post", [move]) is False
    assert (await odoo.read("account.move", move, "state", "name"))["state"] == "posted"


async def test_unbalanced_entry(odoo: Server) -> None:
    """Measured facts §6: an unbalanced entry is a UserError; the text differs."""
    refusal = await odoo.refused("account.move", "create", vals_list=await entry(odoo, 2, 1))
    odoo.expect_status(refusal, 422)
    assert refusal.name == "odoo.exceptions.UserError"
    assert refusal.message.startswith("The entry is not balanced." if odoo.is_19 else "An error has occurred.")


async def test_negative_debit_and_posted_at_once(odoo: Server) -> None:
    """Measured facts §6: a negative debit is accepted; creating an entry as posted is refused."""
    assert await odoo.create("account.move", await entry(odoo, -5, -5))
    values = await entry(odoo, 5, 5, state="posted")
    assert (await odoo.refused("account.move", "create", vals_list=values)).name == "odoo.exceptions.UserError"


async def test_state_posted_written_directly(odoo: Server) -> None:
    """Measured facts §6: writing state posted posts."""
    move = await odoo.create("account.move", await entry(odoo, 5, 5))
    await odoo.call("account.move", "write", [move], vals={"state": "posted"})
    assert await odoo.value("account.move", move, "name")


async def test_locked_period_moves_the_date(odoo: Server) -> None:
    """Measured facts §6: posting into a locked period succeeds and moves the date silently."""
    move = await odoo.create("account.move", await entry(odoo, 5, 5, date="2001-06-01"))
    async with odoo.locked_until("2001-12-31"):
        await odoo.call("account.move", "action_post", [move])
        assert await odoo.value("account.move", move, "date") == "2002-01-31"


async def test_customer_invoice(odoo: Server) -> None:
    """Known of Odoo, not measured: an invoice adds up with taxes, is dated at posting, has a receivable line."""
    await odoo.needs_books()
    percent = 21.0
    tax = await odoo.create("account.tax", {"name": unique("tax"), "amount": percent, "type_tax_use": "sale"})
    line = {"name": "Consultation", "quantity": 2, "price_unit": 50, "tax_ids": [[6, 0, [tax]]]}
    partner = await odoo.create("res.partner", {"name": unique("patient account")})
    values = {"move_type": "out_invoice", "partner_id": partner, "invoice_line_ids": [[0, 0, line]]}
    move = await odoo.create("account.move", values)
    await odoo.call("account.move", "action_post", [move])
    row = await odoo.read("account.move", move, "amount_untaxed", "amount_tax", "invoice_date", "line_ids", "name")
    assert (row["amount_untaxed"], row["amount_tax"]) == (100, pytest.approx(percent))
    assert row["invoice_date"]
    lines = await odoo.call("account.move.line", "read", row["line_ids"], fields=["debit", "credit", "display_type"])
    assert sum(each["debit"] for each in lines) == pytest.approx(sum(each["credit"] for each in lines))
    (due,) = [each for each in lines if each["display_type"] == "payment_term"]
    assert due["debit"] == pytest.approx(100 + percent)


async def test_two_step_approval(odoo: Server) -> None:
    """Measured facts §6: confirm answers true though it only asks for approval; approving without the right is `{}`."""
    sandbox = odoo.only_sandbox("two-step approval and a second user")
    (company,) = await odoo.find("res.company", [], limit=1)
    settings = {"po_double_validation": "two_step", "po_double_validation_amount": 100.0}
    await odoo.call("res.company", "write", [company], vals=settings)
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    product = await odoo.create("product.product", {"name": unique()})
    line = {"product_id": product, "product_qty": 1, "price_unit": 500}
    order = await odoo.create("purchase.order", {"partner_id": vendor, "order_line": [[0, 0, line]]})
    administrator = odoo.key, odoo.uid
    odoo.key = sandbox.make_key("buyer", groups={"base.group_user", "purchase.group_purchase_user"})
    odoo.uid = (await odoo.post_rpc("common", "authenticate", odoo.database, "buyer", odoo.key, {}))["result"]
    assert await odoo.call("purchase.order", "button_confirm", [order]) is True
    assert await odoo.value("purchase.order", order, "state") == "to approve"
    assert await odoo.call("purchase.order", "button_approve", [order]) == {}
    assert await odoo.value("purchase.order", order, "state") == "to approve"
    odoo.key, odoo.uid = administrator
    await odoo.call("purchase.order", "button_approve", [order])
    assert await odoo.value("purchase.order", order, "state") == "purchase"


async def test_locking_an_order(odoo: Server) -> None:
    """Measured facts §5: 18 locks by the state `done`; 19 has no such state, and `locked` beside it."""
    await odoo.needs("purchase.order")
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    product = await odoo.create("product.product", {"name": unique(), "type": "service"})
    line = {"product_id": product, "product_qty": 1, "price_unit": 5}
    order = await odoo.create("purchase.order", {"partner_id": vendor, "order_line": [[0, 0, line]]})
    told = await odoo.call("purchase.order", "fields_get", allfields=["state"], attributes=["selection"])
    states = {name for name, _ in told["state"]["selection"]}
    assert {"draft", "sent", "to approve", "purchase", "cancel"} <= states
    assert ("done" in states) is not odoo.is_19
    await odoo.call("purchase.order", "button_confirm", [order])
    if odoo.is_19:
        await odoo.call("purchase.order", "button_lock", [order])
        row = await odoo.read("purchase.order", order, "state", "locked")
        assert (row["state"], row["locked"]) == ("purchase", True)
        await odoo.call("purchase.order", "button_unlock", [order])
        assert await odoo.value("purchase.order", order, "locked") is False
    else:
        await odoo.call("purchase.order", "button_done", [order])
        assert await odoo.value("purchase.order", order, "state") == "done"


async def test_sales_order(odoo: Server) -> None:
    """Measured facts §6: confirming a sales order of goods makes a transfer."""
    await odoo.needs("sale.order")
    product = await storable(odoo)
    customer = await odoo.create("res.partner", {"name": unique("customer")})
    line = {"product_id": product, "product_uom_qty": 3}
    order = await odoo.create("sale.order", {"partner_id": customer, "order_line": [[0, 0, line]]})
    assert await odoo.call("sale.order", "action_confirm", [order]) is True
    row = await odoo.read("sale.order", order, "state", "picking_ids")
    assert (row["state"], len(row["picking_ids"])) == ("sale", 1)


async def test_equipment_and_request(odoo: Server) -> None:
    """Measured facts §6: a serial number is unique; a stage with `done` closes a request and dates it."""
    await odoo.needs("maintenance.request")
    serial = unique("serial")
    equipment = await odoo.create("maintenance.equipment", {"name": "Infusion pump", "serial_no": serial})
    refusal = await odoo.refused("maintenance.equipment", "create", vals_list={"name": "x", "serial_no": serial})
    assert refusal.name == "odoo.exceptions.ValidationError"
    assert "Another asset already exists with this serial number!" in refusal.message
    request = await odoo.create(
        "maintenance.request", {"name": "Alarm", "equipment_id": equipment, "maintenance_type": "corrective"}
    )
    assert await odoo.value("maintenance.request", request, "close_date") is False
    done = (await odoo.find("maintenance.stage", [["done", "=", True]], limit=1))[0]
    await odoo.call("maintenance.request", "write", [request], vals={"stage_id": done})
    assert await odoo.value("maintenance.request", request, "close_date")


async def test_employee(odoo: Server) -> None:
    """Measured facts §5, §6: a badge is unique; a work contact is made, and in 19 one version."""
    await odoo.needs("hr.employee")
    badge = unique("")[-12:]
    employee = await odoo.create("hr.employee", {"name": unique("employee"), "barcode": badge})
    assert await odoo.value("hr.employee", employee, "work_contact_id")
    if odoo.is_19:
        assert await odoo.value("hr.employee", employee, "version_id")
    refusal = await odoo.refused("hr.employee", "create", vals_list={"name": "x", "barcode": badge})
    assert refusal.name == "odoo.exceptions.ValidationError"
    assert "The Badge ID must be unique" in refusal.message


@pytest.mark.every_odoo
async def test_blanket_order(odoo: Server) -> None:
    """Measured facts §6: confirming writes a vendor price, once more each time; drafts keep it from being closed."""
    await odoo.needs("purchase.requisition")
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    product = await odoo.create("product.product", {"name": unique()})
    template = (await odoo.value("product.product", product, "product_tmpl_id"))[0]
    line = {"product_id": product, "product_qty": 100, "price_unit": 4.75}
    values = {"vendor_id": vendor, "line_ids": [[0, 0, line]]}
    agreement = await odoo.create("purchase.requisition", values)
    for times in (1, 2):
        await odoo.confirm_agreement(agreement)
        prices = await odoo.find("product.supplierinfo", [["product_tmpl_id", "=", template]])
        assert len(prices) == times
    lines = [[0, 0, {"product_id": product, "product_qty": 5, "price_unit": 4.75}]]
    order = {"partner_id": vendor, "requisition_id": agreement, "order_line": lines}
    drawn = await odoo.create("purchase.order", order)
    refusal = await odoo.refused("purchase.requisition", "action_done", [agreement])
    assert refusal.name == "odoo.exceptions.UserError"
    await odoo.call("purchase.order", "button_confirm", [drawn])
    await odoo.call("purchase.requisition", "action_done", [agreement])
    assert await odoo.value("purchase.requisition", agreement, "state") == "done"

"""What the operations for purchasing and stock rely on: guards of receipts, `load` of moves, natural keys."""

from __future__ import annotations

from typing import Any

import pytest
from contract_client import Refusal, Server, unique
from test_contract_operations import count, place, storable
from test_contract_purchasing import confirmed, on_hand, ordered, shop

__all__ = ["shop"]
NO_QUESTIONS = {"skip_backorder": True}


@pytest.mark.every_odoo
async def test_detailed_lines_of_a_done_receipt_cannot_be_cleared(odoo: Server, shop: dict[str, int]) -> None:
    """The guard of receipts: a write that clears lines is refused once they are done, and all of it is taken back."""
    _order, receipt = await confirmed(odoo, shop)
    (move,) = await odoo.find("stock.move", [["picking_id", "=", receipt]])
    await odoo.receive(receipt)
    before = await odoo.value("stock.picking", receipt, "origin")
    line = {"product_id": shop["product"], **odoo.line_goes(3), "picking_id": receipt}
    commands = [[1, move, {"move_line_ids": [[5, 0, 0], [0, 0, line]]}]]
    vals = {"origin": "taken over", "move_ids": commands}
    assert (await odoo.refused("stock.picking", "write", [receipt], vals=vals)).name == "odoo.exceptions.UserError"
    assert await odoo.value("stock.picking", receipt, "origin") == before
    assert await on_hand(odoo, shop) == 10


@pytest.mark.every_odoo
async def test_a_receipt_is_filled_and_marked_in_one_write(odoo: Server, shop: dict[str, int]) -> None:
    """Quantities by detailed lines, with the mark; the rest is a back order that carries the mark too."""
    order, receipt = await confirmed(odoo, shop)
    (move,) = await odoo.find("stock.move", [["picking_id", "=", receipt]])
    line = {"product_id": shop["product"], **odoo.line_goes(4), "picking_id": receipt}
    commands = [[1, move, {"move_line_ids": [[5, 0, 0], [0, 0, line]]}]]
    mark = unique("GR")
    await odoo.call("stock.picking", "write", [receipt], vals={"origin": mark, "move_ids": commands})
    assert await odoo.call("stock.picking", "button_validate", [receipt], context=NO_QUESTIONS) is True
    assert await on_hand(odoo, shop) == 4
    rows = await odoo.call(
        "stock.picking", "read", await odoo.value("purchase.order", order, "picking_ids"), fields=["state", "origin"]
    )
    assert sorted((row["state"], row["origin"]) for row in rows) == [("assigned", mark), ("done", mark)]


async def test_a_move_that_is_cleared_waits_on_the_back_order(odoo: Server, shop: dict[str, int]) -> None:
    """Of two products one comes: the other's lines are cleared, and it is not received."""
    other = await odoo.create("product.product", {"name": unique("product"), **odoo.stored})
    lines = [[0, 0, {"product_id": each, "product_qty": 5, "price_unit": 1}] for each in (shop["product"], other)]
    order = await odoo.create("purchase.order", {"partner_id": shop["vendor"], "order_line": lines})
    await odoo.call("purchase.order", "button_confirm", [order])
    (receipt,) = await odoo.value("purchase.order", order, "picking_ids")
    moves = await odoo.find("stock.move", [["picking_id", "=", receipt]], order="id")
    rows = {
        row["product_id"][0]: row["id"] for row in await odoo.call("stock.move", "read", moves, fields=["product_id"])
    }
    line = {"product_id": shop["product"], **odoo.line_goes(5), "picking_id": receipt}
    commands = [
        [1, rows[shop["product"]], {"move_line_ids": [[5, 0, 0], [0, 0, line]]}],
        [1, rows[other], {"move_line_ids": [[5, 0, 0]]}],
    ]
    await odoo.call("stock.picking", "write", [receipt], vals={"move_ids": commands})
    assert await odoo.call("stock.picking", "button_validate", [receipt], context=NO_QUESTIONS) is True
    assert await on_hand(odoo, shop) == 5
    assert await odoo.value("product.product", other, "qty_available") == 0
    assert len(await odoo.value("purchase.order", order, "picking_ids")) == 2


@pytest.mark.every_odoo
async def test_a_return_that_names_its_order_line(odoo: Server, shop: dict[str, int]) -> None:
    """A transfer to the vendor with `purchase_line_id` and `to_refund` lowers what the order shows as received."""
    order, receipt = await confirmed(odoo, shop)
    await odoo.receive(receipt)
    (line,) = await odoo.value("purchase.order", order, "order_line")
    (came,) = await odoo.find("stock.move", [["purchase_line_id", "=", line]])
    row = await odoo.read("stock.move", came, "location_id", "location_dest_id", "product_uom")
    source, target = row["location_dest_id"][0], row["location_id"][0]
    (kind,) = await odoo.find("stock.picking.type", [["code", "=", "outgoing"]], limit=1, order="id")
    fields = ["id", "picking_type_id/.id", "location_id/.id", "location_dest_id/.id", "partner_id/.id"]
    moved = ["id", "product_id/.id", "product_uom_qty", "product_uom/.id", "location_id/.id", "location_dest_id/.id"]
    linked = [*odoo.goes(3), "purchase_line_id/.id", "origin_returned_move_id/.id", "to_refund"]
    cells = [f"hubtest.{unique('rt')}", kind, source, target, shop["vendor"]]
    cells += [f"hubtest.{unique('rm')}", shop["product"], 3, row["product_uom"][0], source, target]
    cells += [3, *(["1"] if odoo.since(17) else []), line, came, "1"]
    if not odoo.is_19:
        moved, cells = [*moved, "name"], [*cells[:11], "back", *cells[11:]]
    columns = [*fields, *(f"move_ids/{each}" for each in (*moved, *linked))]
    for _ in range(2):
        answer = await odoo.call("stock.picking", "load", fields=columns, data=[[str(cell) for cell in cells]])
        assert answer["ids"], answer
        await odoo.call("stock.picking", "button_validate", answer["ids"], context=NO_QUESTIONS)
        assert await odoo.value("purchase.order.line", line, "qty_received") == 7
        assert await on_hand(odoo, shop) == 7


async def test_less_is_ordered_and_less_is_waited_for(odoo: Server, shop: dict[str, int]) -> None:
    """The receipt of a confirmed order follows its quantity, down as well as up; not below what has come."""
    order, receipt = await confirmed(odoo, shop)
    (line,) = await odoo.value("purchase.order", order, "order_line")
    for quantity in (6, 8):
        await odoo.call("purchase.order.line", "write", [line], vals={"product_qty": quantity})
        domain = [["purchase_line_id", "=", line], ["state", "!=", "cancel"]]
        moves = await odoo.find("stock.move", domain)
        rows = await odoo.call("stock.move", "read", moves, fields=["product_uom_qty"])
        assert sum(row["product_uom_qty"] for row in rows) == quantity
    await odoo.receive(receipt)
    refusal = await odoo.refused("purchase.order.line", "write", [line], vals={"product_qty": 1})
    assert refusal.name == "odoo.exceptions.UserError"


@pytest.mark.every_odoo
async def test_setting_an_agreement_s_state_writes_no_price(odoo: Server, shop: dict[str, int]) -> None:
    """What the hub does instead of the button: the state alone has no effect on prices, also done twice."""
    await odoo.needs("purchase.requisition")
    template = (await odoo.value("product.product", shop["product"], "product_tmpl_id"))[0]
    line = {"product_id": shop["product"], "product_qty": 100, "price_unit": 4.75}
    values = {"vendor_id": shop["vendor"], "line_ids": [[0, 0, line]]}
    agreement = await odoo.create("purchase.requisition", values)
    for _ in range(2):
        state = "confirmed" if odoo.since(18) else "ongoing"
        await odoo.call("purchase.requisition", "write", [agreement], vals={"state": state})
    assert await odoo.find("product.supplierinfo", [["product_tmpl_id", "=", template]]) == []
    (agreed,) = await odoo.value("purchase.requisition", agreement, "line_ids")
    price = {"partner_id": shop["vendor"], "product_tmpl_id": template, "price": 4.75}
    await odoo.create("product.supplierinfo", {**price, "purchase_requisition_line_id": agreed})
    drawn = await ordered(odoo, shop, 5, price_unit=4.75)
    await odoo.call("purchase.order", "button_confirm", [drawn])
    for _ in range(2):
        await odoo.call("purchase.requisition", "action_done", [agreement])
        assert await odoo.value("purchase.requisition", agreement, "state") == "done"
        assert await odoo.find("product.supplierinfo", [["product_tmpl_id", "=", template]]) == []


async def test_a_bank_account_is_kept_once_for_a_holder(odoo: Server) -> None:
    """Two spellings of one account are one account."""
    partner = await odoo.create("res.partner", {"name": unique("vendor"), "is_company": True})
    number = unique("acc").replace("-", "")
    spelt = f"{number[:4]} {number[4:]}"
    bank = await odoo.create("res.partner.bank", {"acc_number": number, "partner_id": partner})
    found = [["partner_id", "=", partner], ["sanitized_acc_number", "=", number.upper()]]
    assert await odoo.find("res.partner.bank", found) == [bank]
    refusal = await odoo.refused("res.partner.bank", "create", vals_list={"acc_number": spelt, "partner_id": partner})
    assert refusal.name == "odoo.exceptions.ValidationError"


async def test_a_lot_is_kept_once_for_a_product(odoo: Server) -> None:
    """A lot of the same name and product is refused."""
    product = await odoo.create("product.product", {"name": unique(), **odoo.stored, "tracking": "lot"})
    lot = {"name": unique("lot"), "product_id": product}
    await odoo.create("stock.lot", lot)
    assert (await odoo.refused("stock.lot", "create", vals_list=lot)).name == "odoo.exceptions.ValidationError"


async def test_a_warehouse_brings_its_locations_and_kinds(odoo: Server) -> None:
    """A new warehouse has a stock location and kinds of transfers; its short name is unique."""
    await odoo.needs("stock.warehouse")
    code = unique("")[-5:].upper()
    warehouse = await odoo.create("stock.warehouse", {"name": unique("site"), "code": code})
    row = await odoo.read("stock.warehouse", warehouse, "lot_stock_id", "in_type_id", "out_type_id", "int_type_id")
    assert all(row.values())
    same: dict[str, Any] = {"name": unique("site"), "code": code}
    with pytest.raises(Refusal):
        await odoo.create("stock.warehouse", same)


async def test_a_count_is_named_on_its_move_and_zero_is_a_count(odoo: Server) -> None:
    """`inventory_name` is the reference of the move that a count makes."""
    product, location = await storable(odoo), await place(odoo)
    name = unique("Count")
    values = {"product_id": product, "location_id": location, "inventory_quantity_auto_apply": 7}
    await odoo.create("stock.quant", values, inventory_mode=True, inventory_name=name)
    assert len(await odoo.find("stock.move.line", [["reference", "=", name], ["product_id", "=", product]])) == 1
    await count(odoo, product, location, 0)
    assert await odoo.value("product.product", product, "qty_available") == 0


async def test_blocking_a_supplier(odoo: Server) -> None:
    """Until 18 a field blocks; 19 has the text only. Orders of programs are taken in all."""
    await odoo.needs("purchase.order")
    fields = await odoo.call("res.partner", "fields_get", allfields=["purchase_warn", "purchase_warn_msg"])
    assert "purchase_warn_msg" in fields
    assert ("purchase_warn" in fields) is not odoo.is_19
    values = {"name": unique("vendor"), "purchase_warn_msg": "Recall under way"}
    vendor = await odoo.create("res.partner", values | ({} if odoo.is_19 else {"purchase_warn": "block"}))
    product = await odoo.create("product.product", {"name": unique()})
    assert await ordered(odoo, {"vendor": vendor, "product": product})

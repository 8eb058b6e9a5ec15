"""How a purchase order is priced, approved, received, billed and cancelled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hilum.simulator.odoo.business import quantities
from hilum.simulator.odoo.business.amounts import taxed
from hilum.simulator.odoo.business.transfers import cancel as cancel_transfer
from hilum.simulator.odoo.business.transfers import confirm as confirm_transfer
from hilum.simulator.odoo.business.units import converted
from hilum.simulator.odoo.errors import UserError
from hilum.simulator.odoo.orm.fields import DATETIME_FORMAT
from hilum.simulator.odoo.orm.record import Record

CONFIRMED = ("purchase", "done")


def unit_field(record: Record) -> str:
    """The name of the unit on a line."""
    return "product_uom_id" if record.env.since(19) else "product_uom"


def tax_field(record: Record) -> str:
    """The name of the taxes on a line."""
    return "tax_ids" if record.env.since(19) else "taxes_id"


def discount(line: Record) -> float:
    """In percent; order lines have one since 17."""
    return float(line["discount"]) if line.env.since(17) else 0.0


def planned(order: Record, delay: int) -> str:
    """The expected day: the order's own, else its date and the vendor's lead time in days."""
    if order["date_planned"]:
        return str(order["date_planned"])
    start = datetime.strptime(order["date_order"], DATETIME_FORMAT)
    return (start + timedelta(days=delay)).strftime(DATETIME_FORMAT)


def price(line: Record) -> None:
    """Work out the amounts of a line."""
    untaxed, tax = taxed(line["product_qty"], line["price_unit"], discount(line), line.many(tax_field(line)))
    line.set(price_subtotal=untaxed, price_tax=tax, price_total=round(untaxed + tax, 2))


def add_up(order: Record) -> None:
    """The order's amounts are the sums of its lines; `write_date` of the order moves."""
    lines = order.many("order_line")
    untaxed = round(sum(line["price_subtotal"] for line in lines), 2)
    tax = round(sum(line["price_tax"] for line in lines), 2)
    values: dict[str, Any] = {"amount_untaxed": untaxed, "amount_tax": tax, "amount_total": round(untaxed + tax, 2)}
    dates = [line["date_planned"] for line in lines if line["date_planned"]]
    if not order["date_planned"] and dates:
        values["date_planned"] = min(dates)
    order.set(**values)


def check_lines(order: Record) -> None:
    """19 refuses to confirm lines without a product."""
    if order.env.since(19) and any(
        not line["product_id"] and not line["display_type"] for line in order.many("order_line")
    ):
        raise UserError("Some order lines are missing a product, you need to correct them before going further.")


def approve(order: Record) -> None:
    """Make it a purchase order, with a receipt for its goods."""
    lock = order.the("company_id")["po_lock"] == "lock"
    values: dict[str, Any] = {"state": "purchase", "date_approve": order.env.second}
    if lock:
        values |= {"locked": True} if order.env.since(19) else {"state": "done"}
    order.set(**values)
    if not order.env.since(19):
        for line in order.many("order_line"):
            line.set()
    extend_receipt(order)


def extend_receipt(order: Record) -> None:
    """Receive what no receipt asks for yet: all goods at first, later what was added, without what was taken off."""
    if order["state"] not in CONFIRMED:
        return
    for line in order.many("order_line"):
        _ask_for_less(line, -_not_asked_for(line))
    needed = [(line, left) for line in order.many("order_line") if (left := _not_asked_for(line)) > 0]
    if not needed:
        return
    receipt = next((each for each in order.many("picking_ids") if each["state"] not in ("done", "cancel")), None)
    if receipt is None:
        values = {"partner_id": order["partner_id"], "origin": order["name"], "purchase_id": order.id}
        values |= {"picking_type_id": order["picking_type_id"], "scheduled_date": order["date_planned"] or False}
        receipt = order.env["stock.picking"].create(values)
    for line, left in needed:
        _ask_for(receipt, line, left)
    confirm_transfer(receipt)


def _not_asked_for(line: Record) -> float:
    product = line.one("product_id")
    if product is None or product["type"] == "service":
        return 0.0
    asked = 0.0
    for move in line.many("move_ids"):
        if move["state"] != "cancel":
            back = move.the("location_dest_id")["usage"] == "supplier"
            asked += -move["product_uom_qty"] if back else move["product_uom_qty"]
    return float(line["product_qty"] - asked)


def _ask_for_less(line: Record, surplus: float) -> None:
    """Open moves of a line shrink by what is ordered less."""
    for move in line.many("move_ids"):
        if surplus > 0 and move["state"] not in ("done", "cancel"):
            less = min(surplus, move["product_uom_qty"])
            surplus -= less
            left = move["product_uom_qty"] - less
            move.set(product_uom_qty=left)
            quantities.reserve(move, left)
            if not left:
                move.set(state="cancel")


def _ask_for(receipt: Record, line: Record, quantity: float) -> None:
    values = {"picking_id": receipt.id, "product_id": line["product_id"], "product_uom_qty": quantity}
    values |= {"product_uom": line[unit_field(line)], "purchase_line_id": line.id, "price_unit": line["price_unit"]}
    if not line.env.since(19):
        values["name"] = line["name"] or False
    receipt.env["stock.move"].create(values)


def received(line: Record) -> float:
    """Goods: what came less what went back, in the line's unit. Services: what was entered."""
    product = line.one("product_id")
    if product is None or product["type"] == "service":
        return float(line["qty_received_manual"])
    total = 0.0
    for move in line.many("move_ids"):
        if move["state"] == "done":
            unit = line.one(unit_field(line))
            went = quantities.done(move)
            quantity = converted(went, move.the("product_uom"), unit) if unit else went
            total += quantity if move.the("location_dest_id")["usage"] == "internal" else -quantity
    return round(total, 6)


def invoiced(line: Record) -> float:
    """Billed less refunded."""
    total = 0.0
    for billed in line.many("invoice_lines"):
        move = billed.the("move_id")
        if move["state"] != "cancel":
            total += billed["quantity"] if move["move_type"] == "in_invoice" else -billed["quantity"]
    return total


def to_invoice(line: Record) -> float:
    """What may be billed now, by the product's control policy."""
    if line["state"] not in CONFIRMED:
        return 0.0
    product = line.one("product_id")
    by_order = product is not None and product["purchase_method"] == "purchase"
    return float((line["product_qty"] if by_order else line["qty_received"]) - line["qty_invoiced"])


def invoice_status(order: Record) -> str:
    """`no`, `to invoice` or `invoiced`."""
    if order["state"] not in CONFIRMED:
        return "no"
    if any(line["qty_to_invoice"] for line in order.many("order_line")):
        return "to invoice"
    return "invoiced" if order["invoice_ids"] else "no"


def receipt_status(order: Record) -> str | None:
    """Empty without receipts, else `pending`, `partial` or `full`."""
    states = {picking["state"] for picking in order.many("picking_ids")} - {"cancel"}
    if not states:
        return None
    if states == {"done"}:
        return "full"
    return "partial" if "done" in states else "pending"


def bills_of(order: Record) -> list[int]:
    """The bills with a line of this order, and those made from it with no line of it (19)."""
    moves = {billed["move_id"] for line in order.many("order_line") for billed in line.many("invoice_lines")}
    moves |= set(order.env.store.find("account.move", ("purchase_id",), (order.id,)))
    return sorted(moves)


def make_bill(order: Record) -> Record:
    """A draft bill for what may be billed now."""
    due = [line for line in order.many("order_line") if line["qty_to_invoice"] > 0]
    if not due and not order.env.since(19):
        raise UserError(
            "There is no invoiceable line. If a product has a control policy based on received quantity, "
            "please make sure that a quantity has been received."
        )
    lines = [(0, 0, _bill_line(line, line["qty_to_invoice"])) for line in due or order.many("order_line")]
    bill = order.env["account.move"].create(
        {
            "move_type": "in_invoice",
            "partner_id": order["partner_id"],
            "currency_id": order["currency_id"],
            "invoice_origin": order["name"],
            "ref": order["partner_ref"] or False,
            "purchase_id": order.id,
            "invoice_line_ids": lines,
        }
    )
    order.set()
    return bill


def _bill_line(line: Record, quantity: float) -> dict[str, Any]:
    return {
        "name": line["name"] or False,
        "product_id": line["product_id"] or False,
        "quantity": max(0.0, quantity),
        "price_unit": line["price_unit"],
        "discount": discount(line),
        "product_uom_id": line[unit_field(line)] or False,
        "tax_ids": [(6, 0, list(line[tax_field(line)]))],
        "purchase_line_id": line.id,
    }


def cancel(order: Record) -> None:
    """Cancel with the receipts that are open."""
    if order.env.since(19) and order["locked"]:
        raise UserError(f"Unable to cancel purchase order(s): {order['name']}. You must first unlock them.")
    pickings = order.many("picking_ids")
    if any(picking["state"] == "done" for picking in pickings):
        raise UserError(
            f"Unable to cancel purchase order(s): {order['name']} since they have receipts that are already done."
        )
    if any(bill["state"] == "posted" for bill in order.many("invoice_ids")):
        raise UserError(
            f"Unable to cancel purchase order(s): {order['name']}. You must first cancel their related vendor bills."
        )
    for picking in pickings:
        if picking["state"] != "cancel":
            cancel_transfer(picking)
    order.set(state="cancel")

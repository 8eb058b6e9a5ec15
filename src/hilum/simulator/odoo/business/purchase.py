"""Purchase orders: prices, confirmation, approval, receipts, bills, cancellation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from hilum.simulator.odoo.business import buying
from hilum.simulator.odoo.business.base import company, company_currency
from hilum.simulator.odoo.business.meta import next_number
from hilum.simulator.odoo.business.pickings import now
from hilum.simulator.odoo.business.products import vendor_price
from hilum.simulator.odoo.business.units import family
from hilum.simulator.odoo.errors import UserError
from hilum.simulator.odoo.orm.access import BILLING, PURCHASE, PURCHASE_MANAGER, rights
from hilum.simulator.odoo.orm.fields import (
    Columns,
    boolean,
    char,
    choice,
    decimal,
    html,
    integer,
    many2many,
    many2one,
    moment,
    money,
    one2many,
    text,
)
from hilum.simulator.odoo.orm.model import Model, Values, public
from hilum.simulator.odoo.orm.record import Record

STATES = (
    ("draft", "RFQ"),
    ("sent", "RFQ Sent"),
    ("to approve", "To Approve"),
    ("purchase", "Purchase Order"),
    ("cancel", "Cancelled"),
)
LOCKED = (*STATES, ("done", "Locked"))  # until 18; since 19 `locked` says it
INVOICE_STATUS = (("no", "Nothing to Bill"), ("to invoice", "Waiting Bills"), ("invoiced", "Fully Billed"))
READERS = (PURCHASE, BILLING)


class Order(Model):
    """A purchase order. Writing `state` directly is accepted, and gives a confirmed order without a receipt."""

    name = "purchase.order"
    label = "Purchase Order"
    module = "purchase"
    order = "id desc"
    rights = rights(read=READERS, change=(PURCHASE, PURCHASE_MANAGER))
    columns: ClassVar[Columns] = {
        "name": char("Order Reference", required=True, default="New", index=True),
        "partner_id": many2one("res.partner", "Vendor", required=True),
        "partner_ref": char("Vendor Reference", index=True),
        "origin": char("Source", index=True),
        "date_order": moment("Order Deadline", required=True, default=now),
        "date_planned": moment("Expected Arrival"),
        "date_approve": moment("Confirmation Date"),
        "currency_id": many2one("res.currency", "Currency", required=True, default=company_currency),
        "company_id": many2one("res.company", "Company", required=True, default=company),
        "user_id": many2one("res.users", "Buyer", default=lambda env: env.uid),
        "requisition_id": many2one("purchase.requisition", "Agreement"),
        "picking_type_id": many2one(
            "stock.picking.type", "Deliver To", required=True, default=lambda env: env.ref("stock.picking_type_in")
        ),
        "order_line": one2many("purchase.order.line", "order_id", "Order Lines"),
        "state": (
            choice("Status", LOCKED, default="draft", index=True, until=18),
            choice("Status", STATES, default="draft", index=True, since=19),
        ),
        "locked": boolean("Locked", since=19),
        "amount_untaxed": money("Untaxed Amount"),
        "amount_tax": money("Taxes"),
        "amount_total": money("Total"),
        "picking_ids": one2many("stock.picking", "purchase_id", "Receptions"),
        "incoming_picking_count": integer("Incoming Shipment count", compute=lambda order: len(order["picking_ids"])),
        "receipt_status": choice(
            "Receipt Status",
            (("pending", "Not Received"), ("partial", "Partially Received"), ("full", "Fully Received")),
            compute=buying.receipt_status,
        ),
        "invoice_ids": many2many("account.move", "Bills", compute=buying.bills_of),
        "invoice_count": integer("Bill Count", compute=lambda order: len(order["invoice_ids"])),
        "invoice_status": choice("Billing Status", INVOICE_STATUS, compute=buying.invoice_status),
        "notes": html("Terms and Conditions", until=18),
        "note": html("Terms and Conditions", since=19),
        "priority": choice("Priority", (("0", "Normal"), ("1", "Urgent")), default="0"),
    }

    def create(self, given: Values) -> Record:
        """Create with its lines, and add up once."""
        record = Model.create(self.env.with_context(adding_up=True)[self.name], given)
        order = Record(self, record.id)
        buying.add_up(order)
        return order

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Give the number."""
        if values["name"] == "New":
            values["name"] = next_number(self.env, "purchase.order", "P", 5)
        return values

    def write(self, record_id: int, given: Values) -> None:
        """Change with its lines, and add up once where lines were named."""
        Model.write(self.env.with_context(adding_up=True)[self.name], record_id, given)
        if "order_line" in given:
            order = Record(self, record_id)
            buying.add_up(order)
            buying.extend_receipt(order)

    def before_unlink(self, record: Record) -> None:
        """Only cancelled orders may go."""
        if record["state"] != "cancel":
            raise UserError("In order to delete a purchase order, you must cancel it first.")

    @public()
    def button_confirm(self, ids: Sequence[int]) -> bool:
        """Confirm, or only ask for approval; true in every case, also where nothing was done."""
        for order in self.env.records(self.name, ids):
            if order["state"] in ("draft", "sent"):
                buying.check_lines(order)
                if self._may_approve(order):
                    buying.approve(order)
                else:
                    order.set(state="to approve")
        return True

    def _may_approve(self, order: Record) -> bool:
        settings = order.the("company_id")
        small = order["amount_total"] < settings["po_double_validation_amount"]
        return settings["po_double_validation"] == "one_step" or small or self._is_manager()

    def _is_manager(self) -> bool:
        return self.env.groups is None or PURCHASE_MANAGER in self.env.groups

    @public()
    def button_approve(self, ids: Sequence[int], force: bool = False) -> dict[str, Any]:
        """Approve; without the right nothing happens and the answer is the same empty object."""
        for order in self.env.records(self.name, ids):
            if order["state"] in ("draft", "sent", "to approve") and (force or self._may_approve(order)):
                buying.approve(order)
        return {}

    @public()
    def button_cancel(self, ids: Sequence[int]) -> None:
        """Cancel with its open receipts. Raises UserError after a receipt, or where it is locked (19)."""
        for order in self.env.records(self.name, ids):
            buying.cancel(order)

    @public()
    def button_draft(self, ids: Sequence[int]) -> dict[str, Any]:
        """Back to draft."""
        for order in self.env.records(self.name, ids):
            order.set(state="draft")
        return {}

    @public(until=18)
    def button_done(self, ids: Sequence[int]) -> None:
        """Lock (18)."""
        for order in self.env.records(self.name, ids):
            order.set(state="done")

    @public(since=19)
    def button_lock(self, ids: Sequence[int]) -> None:
        """Lock (19)."""
        for order in self.env.records(self.name, ids):
            order.set(locked=True)

    @public()
    def button_unlock(self, ids: Sequence[int]) -> None:
        """Unlock."""
        for order in self.env.records(self.name, ids):
            order.set(**({"locked": False} if self.env.since(19) else {"state": "purchase"}))

    @public()
    def action_create_invoice(self, ids: Sequence[int]) -> dict[str, Any]:
        """Draft bills for what is to be billed. With nothing to bill, 18 refuses and 19 makes an empty bill."""
        bills = [buying.make_bill(order) for order in self.env.records(self.name, ids)]
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "view_mode": "form" if len(bills) == 1 else "list,form",
            "res_id": bills[0].id if bills else False,
            "domain": [["id", "in", [bill.id for bill in bills]]],
        }


class OrderLine(Model):
    """A line of a purchase order."""

    name = "purchase.order.line"
    label = "Purchase Order Line"
    module = "purchase"
    order = "order_id, sequence, id"
    rights = rights(read=READERS, change=(PURCHASE, PURCHASE_MANAGER))
    columns: ClassVar[Columns] = {
        "order_id": many2one("purchase.order", "Order Reference", required=True, ondelete="cascade"),
        "sequence": integer("Sequence", default=10),
        "name": text("Description"),
        "product_id": many2one("product.product", "Product", ondelete="restrict"),
        "product_qty": decimal("Quantity", default=1.0),
        "product_uom": many2one("uom.uom", "Unit of Measure", until=18),
        "product_uom_id": many2one("uom.uom", "Unit", since=19),
        "price_unit": decimal("Unit Price"),
        "discount": decimal("Discount (%)", since=17),
        "taxes_id": many2many("account.tax", "Taxes", until=18),
        "tax_ids": many2many("account.tax", "Taxes", since=19),
        "price_subtotal": money("Subtotal"),
        "price_tax": decimal("Tax"),
        "price_total": money("Total"),
        "date_planned": moment("Expected Arrival"),
        "display_type": choice("Display Type", (("line_section", "Section"), ("line_note", "Note"))),
        "state": (
            choice("Status", LOCKED, related="order_id.state", until=18),
            choice("Status", STATES, related="order_id.state", since=19),
        ),
        "partner_id": many2one("res.partner", "Partner", related="order_id.partner_id"),
        "currency_id": many2one("res.currency", "Currency", related="order_id.currency_id"),
        "company_id": many2one("res.company", "Company", related="order_id.company_id"),
        "move_ids": one2many("stock.move", "purchase_line_id", "Reservation"),
        "invoice_lines": one2many("account.move.line", "purchase_line_id", "Bill Lines"),
        "qty_received_manual": decimal("Manual Received Qty"),
        "qty_received": decimal("Received Qty", compute=buying.received),
        "qty_invoiced": decimal("Billed Qty", compute=buying.invoiced),
        "qty_to_invoice": decimal("To Invoice Quantity", compute=buying.to_invoice),
    }

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Fill description, unit, price, taxes and date from product and vendor."""
        order = self.env.record("purchase.order", values["order_id"])
        if not values.get("product_id"):
            values.setdefault("date_planned", order["date_planned"] or order["date_order"])
            return values
        product = self.env.record("product.product", values["product_id"])
        seller = vendor_price(product, order["partner_id"], float(values["product_qty"] or 0), self.env.today)
        unit = "product_uom_id" if self.env.since(19) else "product_uom"
        if not values.get(unit):
            values[unit] = (None if self.env.since(19) else product["uom_po_id"]) or product["uom_id"]
        if not values.get("name"):
            values["name"] = product.model.title(product.id)
        values.setdefault("price_unit", seller["price"] if seller else 0.0)
        taxes = "tax_ids" if self.env.since(19) else "taxes_id"
        values.setdefault(taxes, [(6, 0, list(product["supplier_taxes_id"] or []))])
        if not values.get("date_planned"):
            values["date_planned"] = buying.planned(order, seller["delay"] if seller else 0)
        return values

    def after_create(self, record: Record, given: Values) -> None:
        """Check the unit (18) and add up."""
        self._settle(record)

    def write(self, record_id: int, given: Values) -> None:
        """A service's `qty_received` is kept as what was entered by hand."""
        values = dict(given)
        line = Record(self, record_id)
        quantity = float(values.get("product_qty", line["product_qty"]))
        if line["state"] in buying.CONFIRMED and quantity < line["product_qty"] and quantity < line["qty_received"]:
            raise UserError(
                "You cannot decrease the ordered quantity below the received quantity.\nCreate a return first."
            )
        if "qty_received" in values:
            values["qty_received_manual"] = values.pop("qty_received")
        super().write(record_id, values)

    def after_write(self, record: Record, given: Values) -> None:
        """Add up anew."""
        self._settle(record)
        if "product_qty" in given and not self.env.context.get("adding_up"):
            buying.extend_receipt(record.the("order_id"))

    def _settle(self, record: Record) -> None:
        self._check_unit(record)
        buying.price(record)
        if not self.env.context.get("adding_up"):
            buying.add_up(record.the("order_id"))

    def _check_unit(self, record: Record) -> None:
        """18 refuses a unit of another category than the product's; 19 takes it silently."""
        if self.env.since(19) or not record["product_id"] or not record["product_uom"]:
            return
        unit, own = record.the("product_uom"), record.the("product_id").the("uom_id")
        if family(unit) != family(own):
            raise UserError(
                f"The unit of measure {unit['name']} defined on the order line doesn't belong to the same category "
                f"as the unit of measure {own['name']} defined on the product. Please correct the unit of measure "
                "defined on the order line or on the product. They should belong to the same category."
            )

    def before_unlink(self, record: Record) -> None:
        """Lines of a confirmed order stay."""
        if record["state"] in ("purchase", "done"):
            raise UserError("Cannot delete a purchase order line which is in state “Purchase Order”.")

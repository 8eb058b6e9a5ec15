"""Sales orders, as far as a delivery and an invoice need them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from hilum.simulator.odoo.business import quantities
from hilum.simulator.odoo.business.amounts import taxed
from hilum.simulator.odoo.business.base import company, company_currency
from hilum.simulator.odoo.business.meta import next_number
from hilum.simulator.odoo.business.pickings import now
from hilum.simulator.odoo.business.transfers import cancel, confirm
from hilum.simulator.odoo.orm.access import BILLING, SALES, rights
from hilum.simulator.odoo.orm.fields import (
    Columns,
    char,
    choice,
    decimal,
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

STATES = (("draft", "Quotation"), ("sent", "Quotation Sent"), ("sale", "Sales Order"), ("cancel", "Cancelled"))


class Order(Model):
    """A sales order; confirming it makes a delivery for its goods."""

    name = "sale.order"
    label = "Sales Order"
    module = "sale"
    order = "date_order desc, id desc"
    rights = rights(read=(SALES, BILLING), change=SALES)
    columns: ClassVar[Columns] = {
        "name": char("Order Reference", required=True, default="New", index=True),
        "partner_id": many2one("res.partner", "Customer", required=True),
        "client_order_ref": char("Customer Reference", index=True),
        "origin": char("Source Document", index=True),
        "date_order": moment("Order Date", required=True, default=now),
        "commitment_date": moment("Delivery Date"),
        "currency_id": many2one("res.currency", "Currency", required=True, default=company_currency),
        "company_id": many2one("res.company", "Company", required=True, default=company),
        "warehouse_id": many2one("stock.warehouse", "Warehouse", default=lambda env: env.ref("stock.warehouse0")),
        "order_line": one2many("sale.order.line", "order_id", "Order Lines"),
        "state": choice("Status", STATES, default="draft"),
        "amount_untaxed": money("Untaxed Amount"),
        "amount_tax": money("Taxes"),
        "amount_total": money("Total"),
        "picking_ids": one2many("stock.picking", "sale_id", "Transfers"),
        "note": text("Terms and conditions"),
    }

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Give the number."""
        if values["name"] == "New":
            values["name"] = next_number(self.env, "sale.order", "S", 5)
        return values

    @public()
    def action_confirm(self, ids: Sequence[int]) -> bool:
        """Confirm, with a delivery for the goods; again does nothing."""
        for order in self.env.records(self.name, ids):
            if order["state"] in ("draft", "sent"):
                order.set(state="sale", date_order=self.env.second)
                _deliver(order)
        return True

    @public()
    def action_cancel(self, ids: Sequence[int]) -> bool:
        """Cancel with the open deliveries."""
        for order in self.env.records(self.name, ids):
            for picking in order.many("picking_ids"):
                if picking["state"] not in ("done", "cancel"):
                    cancel(picking)
            order.set(state="cancel")
        return True


def _deliver(order: Record) -> None:
    env = order.env
    goods = [
        line for line in order.many("order_line") if line["product_id"] and line.the("product_id")["type"] != "service"
    ]
    if not goods:
        return
    kind = order.the("warehouse_id")["out_type_id"]
    values = {"partner_id": order["partner_id"], "origin": order["name"], "sale_id": order.id, "picking_type_id": kind}
    picking = env["stock.picking"].create(values)
    for line in goods:
        move = {"picking_id": picking.id, "product_id": line["product_id"], "product_uom_qty": line["product_uom_qty"]}
        unit = line["product_uom_id" if env.since(19) else "product_uom"]
        env["stock.move"].create({**move, "product_uom": unit, "sale_line_id": line.id})
    confirm(picking)


class OrderLine(Model):
    """A line of a sales order."""

    name = "sale.order.line"
    label = "Sales Order Line"
    module = "sale"
    order = "order_id, sequence, id"
    rights = rights(read=(SALES, BILLING), change=SALES)
    columns: ClassVar[Columns] = {
        "order_id": many2one("sale.order", "Order Reference", required=True, ondelete="cascade"),
        "sequence": integer("Sequence", default=10),
        "name": text("Description"),
        "product_id": many2one("product.product", "Product", ondelete="restrict"),
        "product_uom_qty": decimal("Quantity", default=1.0),
        "product_uom": many2one("uom.uom", "Unit of Measure", until=18),
        "product_uom_id": many2one("uom.uom", "Unit", since=19),
        "price_unit": decimal("Unit Price"),
        "discount": decimal("Discount (%)"),
        "tax_id": many2many("account.tax", "Taxes", until=18),
        "tax_ids": many2many("account.tax", "Taxes", since=19),
        "price_subtotal": money("Subtotal"),
        "price_total": money("Total"),
        "move_ids": one2many("stock.move", "sale_line_id", "Stock Moves"),
        "qty_delivered": decimal(
            "Delivery Quantity",
            compute=lambda line: sum(
                quantities.done(move) for move in line.many("move_ids") if move["state"] == "done"
            ),
        ),
    }

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Fill description, unit, price and taxes from the product."""
        if values.get("product_id"):
            product = self.env.record("product.product", values["product_id"])
            values.setdefault("name", product.model.title(product.id))
            values.setdefault("price_unit", product["lst_price"])
            values.setdefault("product_uom_id" if self.env.since(19) else "product_uom", product["uom_id"])
            taxes = list(product["taxes_id"] or [])
            values.setdefault("tax_ids" if self.env.since(19) else "tax_id", [(6, 0, taxes)])
        return values

    def after_create(self, record: Record, given: Values) -> None:
        """Add up."""
        _add_up(record)

    def after_write(self, record: Record, given: Values) -> None:
        """Add up."""
        _add_up(record)


def _add_up(line: Record) -> None:
    taxes = line.many("tax_ids" if line.env.since(19) else "tax_id")
    untaxed, tax = taxed(line["product_uom_qty"], line["price_unit"], line["discount"], taxes)
    line.set(price_subtotal=untaxed, price_total=round(untaxed + tax, 2))
    order = line.the("order_id")
    lines = order.many("order_line")
    sums = {name: round(sum(each[name] for each in lines), 2) for name in ("price_subtotal", "price_total")}
    untaxed_sum, total = sums["price_subtotal"], sums["price_total"]
    order.set(amount_untaxed=untaxed_sum, amount_total=total, amount_tax=round(total - untaxed_sum, 2))

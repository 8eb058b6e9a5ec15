"""Blanket orders: agreed quantities and prices of a vendor, which orders then draw on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hilum.simulator.odoo.business.base import company, company_currency
from hilum.simulator.odoo.business.meta import next_number
from hilum.simulator.odoo.errors import UserError
from hilum.simulator.odoo.orm.access import PURCHASE, PURCHASE_MANAGER, rights
from hilum.simulator.odoo.orm.fields import (
    Columns,
    boolean,
    char,
    choice,
    date,
    decimal,
    html,
    integer,
    many2one,
    moment,
    one2many,
)
from hilum.simulator.odoo.orm.model import Model, public
from hilum.simulator.odoo.orm.record import Env, Record

KINDS = (("blanket_order", "Blanket Order"), ("purchase_template", "Purchase Template"))
STATES = (("draft", "Draft"), ("confirmed", "Confirmed"), ("done", "Closed"), ("cancel", "Cancelled"))
OLD_STATES = (  # until 17
    ("draft", "Draft"),
    ("ongoing", "Ongoing"),
    ("in_progress", "Confirmed"),
    ("open", "Bid Selection"),
    ("done", "Closed"),
    ("cancel", "Cancelled"),
)


class Type(Model):
    """Until 17: a kind of agreement. Where quantities are not copied to orders, it is a blanket order."""

    name = "purchase.requisition.type"
    label = "Purchase Requisition Type"
    until = 17
    module = "purchase_requisition"
    order = "sequence, id"
    rights = rights(read=PURCHASE, change=PURCHASE_MANAGER)
    columns: ClassVar[Columns] = {
        "name": char("Agreement Type", required=True),
        "sequence": integer("Sequence", default=1),
        "quantity_copy": choice(
            "Quantities", (("copy", "Use quantities of agreement"), ("none", "Set quantities manually")), default="none"
        ),
        "active": boolean("Active", default=True),
    }


def first_type(env: Env) -> int | None:
    """The kind that an agreement is of unless another is named."""
    found = env["purchase.requisition.type"].find([], limit=1)
    return found[0] if found else None


class Requisition(Model):
    """A `purchase.requisition`. Confirming writes a vendor price for each line, once more at each confirmation."""

    name = "purchase.requisition"
    label = "Purchase Requisition"
    module = "purchase_requisition"
    order = "id desc"
    rights = rights(read=PURCHASE, change=(PURCHASE, PURCHASE_MANAGER))
    columns: ClassVar[Columns] = {
        "name": char("Agreement", required=True, default="New", index=True),
        "origin": char("Source Document", index=True, until=17),
        "reference": char("Reference", index=True, since=18),
        "vendor_id": (
            many2one("res.partner", "Vendor", until=17),
            many2one("res.partner", "Vendor", required=True, since=18),
        ),
        "type_id": many2one("purchase.requisition.type", "Agreement Type", required=True, default=first_type, until=17),
        "requisition_type": choice("Agreement Type", KINDS, required=True, default="blanket_order", since=18),
        "ordering_date": date("Ordering Date", until=17),
        "date_start": date("Start Date", since=18),
        "date_end": (moment("Agreement Deadline", until=17), date("End Date", since=18)),
        "line_ids": one2many("purchase.requisition.line", "requisition_id", "Products to Purchase"),
        "purchase_ids": one2many("purchase.order", "requisition_id", "Purchase Orders"),
        "order_count": integer("Number of Orders", compute=lambda each: len(each["purchase_ids"])),
        "state": (
            choice("Status", OLD_STATES, required=True, default="draft", until=17),
            choice("Status", STATES, required=True, default="draft", since=18),
        ),
        "currency_id": many2one("res.currency", "Currency", required=True, default=company_currency),
        "company_id": many2one("res.company", "Company", required=True, default=company),
        "description": html("Description"),
    }

    @public(since=18)
    def action_confirm(self, ids: Sequence[int]) -> None:
        """Confirm. Raises UserError where a blanket order lacks lines, prices or quantities."""
        self._confirm(ids)

    @public(until=17)
    def action_in_progress(self, ids: Sequence[int]) -> None:
        """Confirm, as it was called until 17; a blanket order is then ongoing."""
        self._confirm(ids)

    def _confirm(self, ids: Sequence[int]) -> None:
        for agreement in self.env.records(self.name, ids):
            if not agreement["line_ids"]:
                lacks = "it does not contain any product lines" if self.env.since(18) else "there is no product line"
                raise UserError(f"You cannot confirm agreement '{agreement['name']}' because {lacks}.")
            blanket = _is_blanket(agreement)
            if blanket:
                _agree(agreement)
            values = {"state": "confirmed" if self.env.since(18) else "ongoing" if blanket else "in_progress"}
            if agreement["name"] == "New":
                values["name"] = next_number(self.env, "purchase.requisition", "BO", 5)
            agreement.set(**values)

    @public()
    def action_done(self, ids: Sequence[int]) -> None:
        """Close. Raises UserError while an order of it is not confirmed."""
        for agreement in self.env.records(self.name, ids):
            if any(order["state"] in ("draft", "sent", "to approve") for order in agreement.many("purchase_ids")):
                raise UserError("To close this purchase requisition, cancel related Requests for Quotation.")
            for price in _prices(agreement):
                price.model.unlink(price.id)
            agreement.set(state="done")

    @public()
    def action_cancel(self, ids: Sequence[int]) -> None:
        """Cancel, with the prices that it wrote."""
        for agreement in self.env.records(self.name, ids):
            for price in _prices(agreement):
                price.model.unlink(price.id)
            agreement.set(state="cancel")

    @public()
    def action_draft(self, ids: Sequence[int]) -> None:
        """Back to draft."""
        for agreement in self.env.records(self.name, ids):
            agreement.set(state="draft")


def _is_blanket(agreement: Record) -> bool:
    if agreement.env.since(18):
        return bool(agreement["requisition_type"] == "blanket_order")
    return bool(agreement["vendor_id"]) and agreement.the("type_id")["quantity_copy"] == "none"


def _prices(agreement: Record) -> list[Record]:
    lines = agreement["line_ids"]
    return agreement.env["product.supplierinfo"].search([["purchase_requisition_line_id", "in", lines]])


def _agree(agreement: Record) -> None:
    for line in agreement.many("line_ids"):
        if line["price_unit"] <= 0 or line["product_qty"] <= 0:
            raise UserError("You cannot confirm a blanket order with lines missing a price or a quantity.")
        product = line.the("product_id")
        agreement.env["product.supplierinfo"].create(
            {
                "partner_id": agreement["vendor_id"],
                "product_id": product.id,
                "product_tmpl_id": product["product_tmpl_id"],
                "price": line["price_unit"],
                "currency_id": agreement["currency_id"],
                "purchase_requisition_line_id": line.id,
            }
        )


class RequisitionLine(Model):
    """A product of an agreement with its price and quantity."""

    name = "purchase.requisition.line"
    label = "Purchase Requisition Line"
    module = "purchase_requisition"
    title_field = "product_description_variants"
    rights = rights(read=PURCHASE, change=(PURCHASE, PURCHASE_MANAGER))
    columns: ClassVar[Columns] = {
        "requisition_id": many2one("purchase.requisition", "Purchase Agreement", required=True, ondelete="cascade"),
        "product_id": many2one("product.product", "Product", required=True),
        "product_uom_id": many2one("uom.uom", "Unit", related="product_id.uom_id"),
        "product_description_variants": char("Description"),
        "product_qty": decimal("Quantity"),
        "price_unit": decimal("Unit Price"),
        "qty_ordered": decimal("Ordered", compute=lambda line: _ordered(line)),
    }


def _ordered(line: Record) -> float:
    orders = line.the("requisition_id").many("purchase_ids")
    lines = [each for order in orders if order["state"] in ("purchase", "done") for each in order.many("order_line")]
    return float(sum(each["product_qty"] for each in lines if each["product_id"] == line["product_id"]))

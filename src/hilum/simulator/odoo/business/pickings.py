"""Transfers (pickings), their moves and detailed lines, and scrap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from hilum.simulator.odoo.business import quantities, transfers
from hilum.simulator.odoo.business.base import company
from hilum.simulator.odoo.business.meta import next_number
from hilum.simulator.odoo.business.stock import quant_at, shift
from hilum.simulator.odoo.errors import UserError
from hilum.simulator.odoo.orm.access import STOCK, USER, rights
from hilum.simulator.odoo.orm.fields import (
    Columns,
    boolean,
    char,
    choice,
    decimal,
    html,
    many2one,
    moment,
    one2many,
)
from hilum.simulator.odoo.orm.model import Model, Values, public
from hilum.simulator.odoo.orm.record import Env, Record

CODES = (("incoming", "Receipt"), ("outgoing", "Delivery"), ("internal", "Internal Transfer"))
STATES = (
    ("draft", "Draft"),
    ("waiting", "Waiting Another Operation"),
    ("confirmed", "Waiting"),
    ("partially_available", "Partially Available"),
    ("assigned", "Ready"),
    ("done", "Done"),
    ("cancel", "Cancelled"),
)


def now(env: Env) -> str:
    """The start of the transaction, as a default for datetimes."""
    return env.second


class PickingType(Model):
    """A kind of operation of a warehouse: receipts, deliveries, internal transfers."""

    name = "stock.picking.type"
    label = "Picking Type"
    module = "stock"
    rights = rights(read=(USER, STOCK))
    columns: ClassVar[Columns] = {
        "name": char("Operation Type", required=True),
        "code": choice("Type of Operation", CODES, required=True, index=True),
        "sequence_code": char("Sequence Prefix", required=True),
        "warehouse_id": many2one("stock.warehouse", "Warehouse"),
        "default_location_src_id": many2one("stock.location", "Source Location"),
        "default_location_dest_id": many2one("stock.location", "Destination Location"),
        "company_id": many2one("res.company", "Company", default=company),
        "active": boolean("Active", default=True),
    }


class Picking(Model):
    """A transfer of goods between two places."""

    name = "stock.picking"
    label = "Transfer"
    module = "stock"
    order = "id desc"
    rights = rights(read=USER, change=STOCK)
    columns: ClassVar[Columns] = {
        "name": char("Reference", index=True),
        "partner_id": many2one("res.partner", "Contact"),
        "picking_type_id": many2one("stock.picking.type", "Operation Type", required=True),
        "picking_type_code": choice("Type of Operation", CODES, related="picking_type_id.code"),
        "location_id": many2one("stock.location", "Source Location", required=True),
        "location_dest_id": many2one("stock.location", "Destination Location", required=True),
        "origin": char("Source Document", index=True),
        "state": choice("Status", STATES, default="draft"),
        "scheduled_date": moment("Scheduled Date", default=now),
        "date_done": moment("Date of Transfer"),
        "move_ids": one2many("stock.move", "picking_id", "Stock Moves"),
        "move_ids_without_package": one2many("stock.move", "picking_id", "Stock Moves", until=18),
        "move_line_ids": one2many("stock.move.line", "picking_id", "Operations"),
        "backorder_id": many2one("stock.picking", "Back Order of"),
        "backorder_ids": one2many("stock.picking", "backorder_id", "Back Orders"),
        "owner_id": many2one("res.partner", "Assign Owner"),
        "purchase_id": many2one("purchase.order", "Purchase Order"),
        "sale_id": many2one("sale.order", "Sales Order"),
        "user_id": many2one("res.users", "Responsible"),
        "note": html("Notes"),
        "company_id": many2one("res.company", "Company", default=company),
    }

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Take places and number from the kind of operation."""
        if values.get("picking_type_id"):
            kind = self.env.record("stock.picking.type", values["picking_type_id"])
            values.setdefault("location_id", kind["default_location_src_id"])
            values.setdefault("location_dest_id", kind["default_location_dest_id"])
            if values.get("name") in (None, False, "", "/"):
                values["name"] = next_number(self.env, kind["sequence_code"], kind["sequence_code"], 5)
        return values

    @public()
    def action_confirm(self, ids: Sequence[int]) -> bool:
        """Leave draft; what is at hand is reserved at once."""
        for picking in self.env.records(self.name, ids):
            transfers.confirm(picking)
        return True

    @public()
    def action_assign(self, ids: Sequence[int]) -> bool:
        """Reserve what is at hand."""
        for picking in self.env.records(self.name, ids):
            transfers.confirm(picking)
            transfers.reserve(picking)
        return True

    @public()
    def button_validate(self, ids: Sequence[int]) -> bool | dict[str, Any]:
        """Carry the transfer out; a part without the context `skip_backorder` answers a wizard and does nothing.

        So does, in 16, a transfer of which nothing is done yet.
        """
        return transfers.validate(self.env.records(self.name, ids))

    @public()
    def action_cancel(self, ids: Sequence[int]) -> bool:
        """Cancel the moves that are not done."""
        for picking in self.env.records(self.name, ids):
            transfers.cancel(picking)
        return True

    def before_unlink(self, record: Record) -> None:
        """Only drafts and cancelled transfers may go."""
        if record["state"] not in ("draft", "cancel"):
            raise UserError(
                "You can not delete product moves if the picking is done. You can only correct the done quantities."
            )


class Move(Model):
    """A demand for a product to go from one place to another."""

    name = "stock.move"
    label = "Stock Move"
    module = "stock"
    rights = rights(read=USER, change=STOCK)
    columns: ClassVar[Columns] = {
        "name": char("Description", until=18),
        "product_id": many2one("product.product", "Product", required=True),
        "product_uom_qty": decimal("Demand", default=1.0),
        "product_uom": many2one("uom.uom", "Unit", required=True),
        "quantity": decimal("Quantity", since=17),
        "quantity_done": decimal("Quantity Done", until=16),
        "reserved_availability": decimal("Quantity Reserved", compute=quantities.reserved, until=16),
        "picked": boolean("Picked", since=17),
        "state": choice("Status", STATES, default="draft", index=True),
        "picking_id": many2one("stock.picking", "Transfer", ondelete="cascade"),
        "picking_type_id": many2one("stock.picking.type", "Operation Type"),
        "location_id": many2one("stock.location", "Source Location", required=True),
        "location_dest_id": many2one("stock.location", "Destination Location", required=True),
        "purchase_line_id": many2one("purchase.order.line", "Purchase Order Line"),
        "sale_line_id": many2one("sale.order.line", "Sale Line"),
        "move_line_ids": one2many("stock.move.line", "move_id", "Move Lines"),
        "scrap_id": many2one("stock.scrap", "Scrap operation", since=17),
        "scrap_ids": one2many("stock.scrap", "move_id", "Scrap operations", until=16),
        "origin_returned_move_id": many2one("stock.move", "Origin return move"),
        "to_refund": boolean("Update quantities on SO/PO", default=True),
        "origin": char("Source Document", index=True),
        "reference": char("Reference", compute=lambda move: transfers.reference(move)),
        "date": moment("Date Scheduled", default=now),
        "price_unit": decimal("Unit Price"),
        "is_inventory": boolean("Inventory"),
        "company_id": many2one("res.company", "Company", default=company),
    }

    def title(self, record_id: int) -> str:
        """Product and way."""
        row = self.table[record_id]
        place = self.env["stock.location"].title
        product = self.env["product.product"].title(row["product_id"])
        return f"{product}: {place(row['location_id'])} > {place(row['location_dest_id'])}"

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Take the places from the transfer and the unit from the product."""
        picking = self.env.record("stock.picking", values["picking_id"]) if values.get("picking_id") else None
        if picking is not None:
            values.setdefault("location_id", picking["location_id"])
            values.setdefault("location_dest_id", picking["location_dest_id"])
            values.setdefault("picking_type_id", picking["picking_type_id"])
            values.setdefault("origin", picking["origin"] or False)
        if not values.get("product_uom") and values.get("product_id"):
            values["product_uom"] = self.env.record("product.product", values["product_id"])["uom_id"]
        return values

    def after_create(self, record: Record, given: Values) -> None:
        """A quantity given at once becomes a detailed line."""
        if given.get(quantities.of_move(self.env)):
            quantities.set_done(record, quantities.done(record))

    def after_write(self, record: Record, given: Values) -> None:
        """The detailed lines follow the quantity, and the other way round."""
        if quantities.of_move(self.env) in given:
            quantities.set_done(record, quantities.done(record))
        if "picked" in given:
            for line in record.many("move_line_ids"):
                line.set(picked=record["picked"])


class MoveLine(Model):
    """A part of a move with its lot; the move's quantity is the sum of its lines."""

    name = "stock.move.line"
    label = "Product Moves (Stock Move Line)"
    module = "stock"
    rights = rights(read=USER, change=STOCK)
    columns: ClassVar[Columns] = {
        "picking_id": many2one("stock.picking", "Transfer", ondelete="cascade"),
        "move_id": many2one("stock.move", "Stock Operation", ondelete="cascade"),
        "product_id": many2one("product.product", "Product", required=True),
        "product_uom_id": many2one("uom.uom", "Unit"),
        "quantity": decimal("Quantity", since=17),
        "qty_done": decimal("Done", until=16),
        "reserved_uom_qty": decimal("Reserved", until=16),
        "picked": boolean("Picked", since=17),
        "lot_id": many2one("stock.lot", "Lot/Serial Number"),
        "lot_name": char("Lot/Serial Number Name"),
        "owner_id": many2one("res.partner", "From Owner"),
        "expiration_date": moment("Expiration Date", module="product_expiry"),
        "location_id": many2one("stock.location", "From"),
        "location_dest_id": many2one("stock.location", "To"),
        "state": choice("Status", STATES, related="move_id.state"),
        "reference": char("Reference", related="move_id.reference"),
        "is_inventory": boolean("Is Inventory", related="move_id.is_inventory"),
        "date": moment("Date", default=now),
    }

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Take what is not given from the move; find or make the move where only the transfer is given."""
        move = transfers.move_for_line(self.env, values)
        if move is not None:
            values["move_id"] = move.id
            for name, source in (
                ("picking_id", "picking_id"),
                ("product_id", "product_id"),
                ("product_uom_id", "product_uom"),
                ("location_id", "location_id"),
                ("location_dest_id", "location_dest_id"),
            ):
                if not values.get(name):
                    values[name] = move[source]
        return values

    def after_create(self, record: Record, given: Values) -> None:
        """The move follows."""
        transfers.add_up(record)

    def after_write(self, record: Record, given: Values) -> None:
        """The move follows."""
        transfers.add_up(record)

    def before_unlink(self, record: Record) -> None:
        """The move follows. What is done stays."""
        if record["state"] in ("done", "cancel"):
            raise UserError(
                "You can not delete product moves if the picking is done. You can only correct the done quantities."
            )
        record.set(**{quantities.of_line(self.env): 0.0})
        transfers.add_up(record)


class Scrap(Model):
    """Goods that are thrown away, or used up."""

    name = "stock.scrap"
    label = "Scrap"
    module = "stock"
    order = "id desc"
    rights = rights(read=USER, change=STOCK)
    columns: ClassVar[Columns] = {
        "name": char("Reference", default="New"),
        "product_id": many2one("product.product", "Product", required=True),
        "product_uom_id": many2one("uom.uom", "Unit", required=True),
        "scrap_qty": decimal("Quantity", default=1.0),
        "lot_id": many2one("stock.lot", "Lot/Serial"),
        "location_id": many2one(
            "stock.location",
            "Source Location",
            required=True,
            default=lambda env: env.ref("stock.stock_location_stock"),
        ),
        "scrap_location_id": many2one(
            "stock.location",
            "Scrap Location",
            required=True,
            default=lambda env: env.ref("stock.stock_location_scrapped"),
        ),
        "origin": char("Source Document", index=True),
        "picking_id": many2one("stock.picking", "Picking"),
        "move_ids": one2many("stock.move", "scrap_id", "Moves", since=17),
        "move_id": many2one("stock.move", "Scrap Move", until=16),
        "state": choice("Status", (("draft", "Draft"), ("done", "Done")), default="draft"),
        "date_done": moment("Date"),
        "company_id": many2one("res.company", "Company", default=company),
    }

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Take the unit from the product."""
        if not values.get("product_uom_id") and values.get("product_id"):
            values["product_uom_id"] = self.env.record("product.product", values["product_id"])["uom_id"]
        return values

    @public()
    def action_validate(self, ids: Sequence[int]) -> bool | dict[str, Any]:
        """Scrap; too little stock answers a wizard and does nothing."""
        for scrap in self.env.records(self.name, ids):
            quant = quant_at(self.env, scrap["product_id"], scrap["location_id"], scrap["lot_id"])
            needed = transfers.in_product_unit(scrap, scrap["scrap_qty"], "product_uom_id")
            if scrap["state"] == "draft" and (quant["quantity"] if quant else 0.0) < needed:
                return {
                    "type": "ir.actions.act_window",
                    "name": "Insufficient Quantity To Scrap",
                    "res_model": "stock.warn.insufficient.qty.scrap",
                    "view_mode": "form",
                    "target": "new",
                }
        return self.do_scrap(ids)

    @public()
    def do_scrap(self, ids: Sequence[int]) -> bool:
        """Scrap without looking at the stock; done ones stay as they are."""
        for scrap in self.env.records(self.name, ids):
            if scrap["state"] == "done":
                continue
            move = self.env["stock.move"].create(
                {
                    "product_id": scrap["product_id"],
                    "product_uom": scrap["product_uom_id"],
                    "product_uom_qty": scrap["scrap_qty"],
                    "location_id": scrap["location_id"],
                    "location_dest_id": scrap["scrap_location_id"],
                    "origin": scrap["origin"] or False,
                    **({"scrap_id": scrap.id} if self.env.since(17) else {}),
                }
            )
            if not self.env.since(17):
                scrap.set(move_id=move.id)
            quantity = transfers.in_product_unit(scrap, scrap["scrap_qty"], "product_uom_id")
            shift(self.env, scrap["product_id"], scrap["location_id"], -quantity, scrap["lot_id"])
            shift(self.env, scrap["product_id"], scrap["scrap_location_id"], quantity, scrap["lot_id"])
            went = {quantities.of_move(self.env): scrap["scrap_qty"], **quantities.picked(self.env)}
            move.set(state="done", **went)
            number = next_number(self.env, "SP/", "SP/", 5)
            scrap.set(state="done", date_done=self.env.second, name=number)
        return True

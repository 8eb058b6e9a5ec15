"""Warehouses, locations, lots and quantities on hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from hilum.simulator.odoo.business.base import company
from hilum.simulator.odoo.business.products import is_stocked
from hilum.simulator.odoo.business.quantities import of_line, of_move, picked
from hilum.simulator.odoo.errors import UserError, ValidationError
from hilum.simulator.odoo.orm.access import STOCK, USER, rights
from hilum.simulator.odoo.orm.fields import Columns, boolean, char, choice, date, decimal, many2one, moment, one2many
from hilum.simulator.odoo.orm.model import Model, Values, public
from hilum.simulator.odoo.orm.record import Env, Record

USAGES = (
    ("supplier", "Vendor Location"),
    ("view", "View"),
    ("internal", "Internal Location"),
    ("customer", "Customer Location"),
    ("inventory", "Inventory Loss"),
    ("production", "Production"),
    ("transit", "Transit Location"),
)


class Warehouse(Model):
    """A warehouse with its stock location and its kinds of operations."""

    name = "stock.warehouse"
    label = "Warehouse"
    module = "stock"
    rights = rights(read=(USER, STOCK))
    columns: ClassVar[Columns] = {
        "name": char("Warehouse", required=True),
        "code": char(
            "Short Name",
            required=True,
            index=True,
            unique="The operation cannot be completed: The short name of the warehouse must be unique per company!",
        ),
        "active": boolean("Active", default=True),
        "company_id": many2one("res.company", "Company", required=True, default=company),
        "partner_id": many2one("res.partner", "Address"),
        "view_location_id": many2one("stock.location", "View Location"),
        "lot_stock_id": many2one("stock.location", "Location Stock"),
        "in_type_id": many2one("stock.picking.type", "In Type"),
        "out_type_id": many2one("stock.picking.type", "Out Type"),
        "int_type_id": many2one("stock.picking.type", "Internal Type"),
    }

    def after_create(self, record: Record, given: Values) -> None:
        """Make its locations and its kinds of operations, unless they are given."""
        if record["lot_stock_id"]:
            return
        code = record["code"]
        view = self.env["stock.location"].create({"name": code, "usage": "view"}).id
        stock = self.env["stock.location"].create({"name": "Stock", "usage": "internal", "location_id": view}).id
        record.set(view_location_id=view, lot_stock_id=stock)
        vendors, customers = (self.env.ref(f"stock.stock_location_{each}") for each in ("suppliers", "customers"))
        for column, kind, label, source, target in (
            ("in_type_id", "incoming", "Receipts", vendors, stock),
            ("out_type_id", "outgoing", "Delivery Orders", stock, customers),
            ("int_type_id", "internal", "Internal Transfers", stock, stock),
        ):
            values: dict[str, Any] = {"name": label, "code": kind, "sequence_code": f"{code}/{column[:-8].upper()}/"}
            values |= {"warehouse_id": record.id, "default_location_src_id": source, "default_location_dest_id": target}
            record.set(**{column: self.env["stock.picking.type"].create(values).id})


class Location(Model):
    """A place where stock is, or a counterpart such as vendors, customers and scrap."""

    name = "stock.location"
    label = "Inventory Locations"
    module = "stock"
    rights = rights(read=(USER, STOCK))
    title_field = "complete_name"
    columns: ClassVar[Columns] = {
        "name": char("Location Name", required=True, index=True),
        "complete_name": char("Full Location Name", compute=lambda location: location.model.title(location.id)),
        "location_id": many2one("stock.location", "Parent Location"),
        "child_ids": one2many("stock.location", "location_id", "Contains"),
        "usage": choice("Location Type", USAGES, required=True, default="internal"),
        "active": boolean("Active", default=True),
        "barcode": char("Barcode", index=True),
        "scrap_location": boolean("Is a Scrap Location?", until=18),
        "company_id": many2one("res.company", "Company", default=company),
        "warehouse_id": many2one("stock.warehouse", "Warehouse", compute=lambda location: warehouse_of(location)),
    }

    def title(self, record_id: int) -> str:
        """The path below the top-level view: `WH/Stock/Shelf 1`."""
        row = self.table.get(record_id, {})
        parent = row.get("location_id")
        if not parent or row.get("usage") == "view":
            return str(row.get("name") or "")
        return f"{self.title(parent)}/{row['name']}"


def warehouse_of(location: Record) -> int | None:
    """The warehouse whose view location is above this one."""
    views = {row["view_location_id"]: each for each, row in location.env.store.tables["stock.warehouse"].items()}
    here: Record | None = location
    while here is not None:
        if here.id in views:
            return views[here.id]
        here = here.one("location_id")
    return None


class Lot(Model):
    """A lot or serial number of a product."""

    name = "stock.lot"
    label = "Lot/Serial"
    module = "stock"
    rights = rights(read=USER, change=STOCK)
    columns: ClassVar[Columns] = {
        "name": char("Lot/Serial Number", required=True, index=True),
        "ref": char("Internal Reference"),
        "product_id": many2one("product.product", "Product", required=True),
        "company_id": (
            many2one("res.company", "Company", required=True, default=company, until=17),
            many2one("res.company", "Company", default=company, since=18),
        ),
        "expiration_date": moment("Expiration Date", module="product_expiry"),
        "product_qty": decimal(
            "On Hand Quantity",
            compute=lambda lot: sum(quant["quantity"] for quant in lot.many("quant_ids") if is_internal(quant)),
        ),
        "quant_ids": one2many("stock.quant", "lot_id", "Quants"),
    }

    def after_create(self, record: Record, given: Values) -> None:
        """A lot is kept once for a product."""
        same = self.env.store.find(self.name, ("product_id",), (record["product_id"],))
        if sum(self.table[each]["name"] == record["name"] for each in same) > 1:
            raise ValidationError(
                "The combination of lot/serial number and product must be unique within a company including when no "
                "company is defined.\nThe following combinations contain duplicates:\n"
                f" - Lot/Serial Number: {record['name']}"
            )


def is_internal(quant: Record) -> bool:
    """True where the quant is stock of ours."""
    return quant.the("location_id")["usage"] in ("internal", "transit")


class Quant(Model):
    """How much of a product lies in a location, by lot.

    A client counts stock with `inventory_quantity_auto_apply` and the context `inventory_mode`; that finds the
    existing row and moves the difference, so counting the same twice changes nothing. Without that context a create
    makes a second row for the same place, as the real server does.
    """

    name = "stock.quant"
    label = "Quants"
    module = "stock"
    title_field = "id"
    rights = rights(read=USER, change=STOCK)
    columns: ClassVar[Columns] = {
        "product_id": many2one("product.product", "Product", required=True),
        "location_id": many2one("stock.location", "Location", required=True),
        "lot_id": many2one("stock.lot", "Lot/Serial Number"),
        "package_id": many2one("res.partner", "Package", compute=lambda quant: None),
        "owner_id": many2one("res.partner", "Owner"),
        "company_id": many2one("res.company", "Company", default=company),
        "product_uom_id": many2one("uom.uom", "Unit", related="product_id.uom_id"),
        "quantity": decimal("Quantity"),
        "reserved_quantity": decimal("Reserved Quantity"),
        "available_quantity": decimal(
            "Available Quantity", compute=lambda quant: quant["quantity"] - quant["reserved_quantity"]
        ),
        "inventory_quantity": decimal("Counted"),
        "inventory_quantity_set": boolean("Inventory Quantity Set"),
        "inventory_quantity_auto_apply": decimal("Inventoried Quantity", compute=lambda quant: quant["quantity"]),
        "inventory_diff_quantity": decimal("Difference"),
        "inventory_date": date("Scheduled"),
        "in_date": moment("Incoming Date", default=lambda env: env.second),
    }

    def title(self, record_id: int) -> str:
        """Place and product."""
        row = self.table[record_id]
        place = self.env["stock.location"].title(row["location_id"])
        return f"{place} - {self.env['product.product'].title(row['product_id'])}"

    def create(self, given: Values) -> Record:
        """Count stock (with the context `inventory_mode`), or make a bare row (without)."""
        values = dict(given)
        counted = values.pop("inventory_quantity_auto_apply", None)
        if not self.env.context.get("inventory_mode"):
            return super().create(values)
        found = quant_at(
            self.env, values.get("product_id"), values.get("location_id"), values.get("lot_id") or None
        ) or super().create({key: value for key, value in values.items() if key != "inventory_quantity"})
        if counted is not None:
            _count(found, float(counted))
        elif "inventory_quantity" in values:
            self.write(found.id, {"inventory_quantity": values["inventory_quantity"]})
        return found

    def write(self, record_id: int, given: Values) -> None:
        """Set a count; `quantity` itself is written silently."""
        values = dict(given)
        counted = values.pop("inventory_quantity_auto_apply", None)
        super().write(record_id, values)
        quant = Record(self, record_id)
        if "inventory_quantity" in values:
            difference = quant["inventory_quantity"] - quant["quantity"]
            quant.set(inventory_quantity_set=True, inventory_diff_quantity=difference)
        if counted is not None:
            _count(quant, float(counted))

    @public()
    def action_apply_inventory(self, ids: Sequence[int]) -> None:
        """Apply the counts. Done again, 16 to 18 change nothing; 19 takes the cleared count for zero (measured)."""
        for quant in self.env.records(self.name, ids):
            if quant["inventory_quantity_set"] or self.env.since(19):
                _count(quant, quant["inventory_quantity"])
            quant.set(inventory_quantity=0.0, inventory_quantity_set=False, inventory_diff_quantity=0.0)


def _count(quant: Record, counted: float) -> None:
    """Move the difference from or to the inventory loss location."""
    difference = round(counted - quant["quantity"], 6)
    if not difference:
        return
    env = quant.env
    loss = env.ref("stock.location_inventory")
    there = quant["location_id"]
    move = env["stock.move"].create(
        {
            "product_id": quant["product_id"],
            "product_uom_qty": abs(difference),
            "location_id": loss if difference > 0 else there,
            "location_dest_id": there if difference > 0 else loss,
            "origin": env.context.get("inventory_name") or "Product Quantity Updated",
            "is_inventory": True,
        }
    )
    lot = quant["lot_id"]
    shift(env, quant["product_id"], move["location_id"], -abs(difference), lot)
    shift(env, quant["product_id"], move["location_dest_id"], abs(difference), lot)
    went = {of_line(env): abs(difference), **picked(env)}
    env["stock.move.line"].create({"move_id": move.id, "lot_id": lot or False, **went})
    move.set(state="done", date=env.second, **{of_move(env): abs(difference)}, **picked(env))


def quant_at(env: Env, product: Any, location: Any, lot: Any = None, owner: Any = None) -> Record | None:
    """The quant of a product at a place, by lot and owner (none: the company); None if there is none."""
    for quant in env.store.find("stock.quant", ("product_id",), (product,)):
        row = env.store.tables["stock.quant"][quant]
        if row["location_id"] == location and row.get("lot_id") == lot and row.get("owner_id") == owner:
            return env.record("stock.quant", quant)
    return None


def shift(
    env: Env, product: int, location: int, quantity: float, lot: int | None = None, owner: int | None = None
) -> None:
    """Add a quantity (negative: take) at a place. Raises UserError for services."""
    item = env.record("product.product", product)
    if item["type"] == "service":
        raise UserError("Quants cannot be created for consumables or services.")
    if not is_stocked(item):
        return
    found = quant_at(env, product, location, lot, owner)
    if found is None:
        found = Model.create(
            env["stock.quant"],
            {"product_id": product, "location_id": location, "lot_id": lot or False, "owner_id": owner or False},
        )
    found.set(quantity=round(found["quantity"] + quantity, 6))

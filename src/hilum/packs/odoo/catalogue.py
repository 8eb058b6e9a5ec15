"""What is bought and kept: units, item categories, items, lots, and what suppliers ask for items."""

from __future__ import annotations

from datetime import timedelta

from hilum.canonical import Item, ItemCategory, Lot, SupplierPrice, Tracking, Unit
from hilum.connectors.odoo.references import CATEGORY, ITEM, SUPPLIER
from hilum.packs.building import make
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.packings import packings
from hilum.packs.odoo.records import Record, Reference


def unit(record: Record, odoo: Conventions) -> Unit | None:
    """A unit of measure. Its code is that of UN/ECE, or what the lookup table says."""
    found = Reference(id=record.id, name=record.text("name"), external_id=record.external_id)
    return Unit(code=odoo.unit_code(found, record.where("name")), title=found.name)


def item_category(record: Record, odoo: Conventions) -> ItemCategory | None:
    """A product category; its path is the code of one that the hub has not made."""
    return make(
        ItemCategory,
        record.where("name"),
        code=odoo.key(record, CATEGORY.kind, "complete_name", "name"),
        title=record.text("name"),
        parent=odoo.of(record, "parent_id", CATEGORY),
    )


def item(record: Record, odoo: Conventions) -> Item | None:
    """A product (a variant of one); services are items that are not stocked."""
    kept = odoo.unit(record, "uom_id")
    bought = odoo.unit(record, "uom_po_id") if _has(record, "uom_po_id") else kept
    return make(
        Item,
        record.where("name"),
        code=odoo.key(record, ITEM.kind, "default_code"),
        title=record.text("name"),
        unit=kept,
        purchase_unit=bought if bought != kept else None,
        stocked=_is_stocked(record),
        tracking=Tracking(record.text("tracking") or "none"),
        barcode=record.text("barcode"),
        packings=packings(record, kept, odoo) or None,
        category=odoo.of(record, "categ_id", CATEGORY),
        cost=odoo.money(record, "standard_price"),
        price=odoo.money(record, "list_price"),
        active=record.yes("active"),
    )


def _has(record: Record, name: str) -> bool:
    """Does this Odoo have the relation, and does it lead somewhere?"""
    return record.given(name) and record.reference(name) is not None


def _is_stocked(record: Record) -> bool:
    """18 and 19 have a mark of their own; before, the type says it."""
    if record.given("is_storable"):
        return record.yes("is_storable")
    return record.text("detailed_type", "type") == "product"


def item_lot(record: Record, odoo: Conventions) -> Lot | None:
    """A lot or serial number."""
    return make(
        Lot,
        record.where("name"),
        item=odoo.item(record, "product_id"),
        lot=record.text("name"),
        expires_on=odoo.local_day(record, "expiration_date") if record.given("expiration_date") else None,
    )


def supplier_price(record: Record, odoo: Conventions) -> SupplierPrice | None:
    """A vendor price; those of a blanket agreement belong to it."""
    if _has(record, "purchase_requisition_line_id"):
        return None
    end = record.day("date_end")
    return make(
        SupplierPrice,
        record.where("price"),
        supplier=odoo.of(record, "partner_id", SUPPLIER),
        item=odoo.item(record, "product_id" if record.reference("product_id") else "product_tmpl_id"),
        price=odoo.price(record, "price"),
        unit=odoo.unit(record, "product_uom_id") if _has(record, "product_uom_id") else None,
        from_quantity=record.number("min_qty"),
        valid_from=record.day("date_start"),
        valid_to=end + timedelta(days=1) if end is not None else None,
        lead_days=int(record.number("delay")),
        supplier_item=record.text("product_code"),
        supplier_title=record.text("product_name"),
    )

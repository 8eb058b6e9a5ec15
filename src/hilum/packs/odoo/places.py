"""Where stock is kept: warehouses and their locations."""

from __future__ import annotations

from hilum.canonical import Location, Warehouse
from hilum.connectors.odoo.references import LOCATION
from hilum.packs.building import make
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.records import Record


def warehouse(record: Record, odoo: Conventions) -> Warehouse | None:
    """A warehouse, by its short name."""
    return make(
        Warehouse,
        record.where("code"),
        code=odoo.key(record, "warehouse", "code"),
        title=record.text("name"),
        active=record.yes("active"),
    )


def location(record: Record, odoo: Conventions) -> Location | None:
    """A place of the hospital; those of suppliers, customers and of losses are none."""
    if record.text("usage") not in ("internal", "transit"):
        return None
    above = record.reference("location_id")
    house = record.reference("warehouse_id") if record.given("warehouse_id") else None
    told = above is not None and (above.code or odoo.is_own(above.external_id, LOCATION.kind))
    return make(
        Location,
        record.where("name"),
        code=odoo.key(record, LOCATION.kind, "barcode", "complete_name"),
        title=record.text("name"),
        facility=house.code if house is not None else "",
        parent=odoo.of(record, "location_id", LOCATION) if told else None,
        active=record.yes("active"),
    )

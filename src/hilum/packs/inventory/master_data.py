"""Spreadsheets of items, stores and counts become items, locations and stock levels in Odoo."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.canonical import Item, Location, Money, StockLevel, Tracking
from hilum.connector import Source, Target
from hilum.connectors import odoo as to_odoo
from hilum.errors import Invalid
from hilum.flow import Flow, Lookup, Owners
from hilum.packs.building import (
    decimal_in,
    make,
    mapped,
    mapped_where_listed,
    moment_in,
    targets_in,
    yes_or_no,
    zone_of,
)
from hilum.packs.rows import Row, column, master_data, text_in

OWNERS = Owners(business="Supply chain", technical="Integration")


def items(
    *,
    source: Source,
    odoo: str | None = "odoo.main",
    name: str = "inventory.items",
    owners: Owners = OWNERS,
    also: Sequence[Target] = (),
) -> Flow:
    """Rows `code,title`, and where wanted unit, stocked, tracking, barcode, category, cost, price, currency, supplier.

    Each row becomes an `Item`.

    `stocked` is yes or no (empty: yes), `tracking` none, lot or serial; a cost or price needs a currency.
    """

    def item(row: Row, hub: Lookup) -> Item:
        code = text_in(row, "code", "item")
        where = f"item {code}"
        tracking = row.get("tracking", "").strip().lower()
        if tracking not in ("", *Tracking):
            raise Invalid("write none, lot or serial", where=f"{where}, tracking")
        return make(
            Item,
            where,
            code=code,
            title=text_in(row, "title", where),
            unit=mapped_where_listed(hub, "units", row.get("unit", "").strip()),
            stocked=yes_or_no(row.get("stocked", "") or "yes", f"{where}, stocked"),
            tracking=tracking,
            barcode=row.get("barcode", "").strip(),
            category=row.get("category", "").strip(),
            cost=_money(row, "cost", where),
            price=_money(row, "price", where),
            supplier=row.get("supplier", "").strip(),
        )

    return master_data(
        name,
        item,
        summary="Items of the item master become products in Odoo",
        source=source,
        owners=owners,
        order_by=column("code"),
        targets=targets_in(odoo, (to_odoo.item,), also),
    )


def locations(
    *,
    source: Source,
    odoo: str | None = "odoo.main",
    name: str = "inventory.locations",
    owners: Owners = OWNERS,
    also: Sequence[Target] = (),
) -> Flow:
    """Rows `code,title` and where wanted `facility,parent` → `Location`. A parent stands before its children."""

    def location(row: Row, hub: Lookup) -> Location:
        code = text_in(row, "code", "location")
        where = f"location {code}"
        return make(
            Location,
            where,
            code=code,
            title=text_in(row, "title", where),
            facility=row.get("facility", "").strip(),
            parent=row.get("parent", "").strip(),
        )

    return master_data(
        name,
        location,
        summary="Stores and cupboards become stock locations in Odoo",
        source=source,
        owners=owners,
        order_by=column("code"),
        targets=targets_in(odoo, (to_odoo.location,), also),
    )


def counts(
    *,
    source: Source,
    odoo: str | None = "odoo.main",
    name: str = "inventory.counts",
    owners: Owners = OWNERS,
    timezone: str = "UTC",
    also: Sequence[Target] = (),
) -> Flow:
    """Rows `count,item,location,quantity` and where wanted `unit,counted_at,lot` → `StockLevel`.

    `count` names the count; item and place go through the tables `items` and `locations`. `timezone` is that of times
    without an offset.
    """
    zone = zone_of(timezone)

    def level(row: Row, hub: Lookup) -> StockLevel:
        count = text_in(row, "count", "count")
        where = f"count {count}"
        quantity = decimal_in(row, "quantity", where)
        if quantity < 0:
            raise Invalid("a count cannot find less than nothing", where=f"{where}, quantity")
        return make(
            StockLevel,
            where,
            count=count,
            item=mapped(hub, "items", text_in(row, "item", where)),
            location=mapped(hub, "locations", text_in(row, "location", where)),
            quantity=quantity,
            unit=mapped_where_listed(hub, "units", row.get("unit", "").strip()),
            counted_at=moment_in(row, "counted_at", where, zone),
            lot=row.get("lot", "").strip(),
        )

    return master_data(
        name,
        level,
        summary="What a count finds becomes the stock level in Odoo",
        source=source,
        owners=owners,
        order_by=lambda row: ":".join(row.get(name, "").strip() for name in ("item", "location")),
        targets=targets_in(odoo, (to_odoo.stock_level,), also),
    )


def _money(row: Row, column_name: str, where: str) -> Money | None:
    if not row.get(column_name, "").strip():
        return None
    amount = decimal_in(row, column_name, where)
    return make(Money, f"{where}, {column_name}", amount=amount, currency=text_in(row, "currency", where).upper())

"""Spreadsheets of items, stores and counts become items, locations and stock levels in Odoo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hilum.canonical import DeviceIdentifier, Item, Location, Money, Packing, StockLevel, Tracking
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

    Numbers of trade: `gtin` of one piece; `gtin2,unit2,quantity2` (to `gtin5`) of the levels of packing, with how many
    pieces are in one; `udi` the device identifier with `udi_issuer` (GS1, HIBCC, ICCBBA; empty: GS1); `unspsc`;
    `manufacturer` and `manufacturer_item`. Check digits are checked.
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
            packings=tuple(_packings(row, hub, where)),
            device=_device(row, where),
            unspsc=row.get("unspsc", "").strip(),
            manufacturer=row.get("manufacturer", "").strip(),
            manufacturer_item=row.get("manufacturer_item", "").strip(),
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
    """Rows `code,title` and where wanted `facility,parent,gln` → `Location`. A parent stands before its children."""

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
            gln=row.get("gln", "").strip(),
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


_LEVELS = range(2, 6)
"""Numbers of the columns of further levels of packing."""


def _packings(row: Row, hub: Lookup, where: str) -> Iterator[Packing]:
    if gtin := row.get("gtin", "").strip():
        unit = mapped_where_listed(hub, "units", row.get("unit", "").strip())
        yield make(Packing, f"{where}, gtin", gtin=gtin, unit=unit)
    for level in _LEVELS:
        if gtin := row.get(f"gtin{level}", "").strip():
            unit = mapped_where_listed(hub, "units", text_in(row, f"unit{level}", where))
            quantity = decimal_in(row, f"quantity{level}", where)
            yield make(Packing, f"{where}, gtin{level}", gtin=gtin, unit=unit, quantity=quantity)


def _device(row: Row, where: str) -> DeviceIdentifier | None:
    device, issuer = row.get("udi", "").strip(), row.get("udi_issuer", "").strip().upper()
    return make(DeviceIdentifier, f"{where}, udi", device=device, issuer=issuer) if device else None


def _money(row: Row, column_name: str, where: str) -> Money | None:
    if not row.get(column_name, "").strip():
        return None
    amount = decimal_in(row, column_name, where)
    return make(Money, f"{where}, {column_name}", amount=amount, currency=text_in(row, "currency", where).upper())

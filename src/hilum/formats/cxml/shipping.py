"""ShipNoticeRequest: what a supplier has sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from hilum.errors import Invalid
from hilum.formats.cxml import parts
from hilum.formats.cxml.envelope import Document
from hilum.formats.xml_nodes import XmlNode


@dataclass(frozen=True, kw_only=True, slots=True)
class ShippedItem:
    """So much of one line of an order, of one lot where lots are told."""

    order: str
    line: int
    quantity: Decimal
    unit: str
    supplier_part: str
    buyer_part: str
    lot: str
    expires_on: date | None
    package: str  # SSCC
    where: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShipNotice:
    """The notice."""

    number: str
    operation: str  # new, update, delete
    shipped_at: datetime | None
    expected_on: date | None
    carrier: str
    waybill: str
    orders: tuple[str, ...]
    items: tuple[ShippedItem, ...]


def read_ship_notice(document: Document) -> ShipNotice:
    """The notice. Raises `Invalid` with the path of the element."""
    root = document.body
    if root.name != "ShipNoticeRequest":
        raise Invalid("a ShipNoticeRequest is expected", where=root.where)
    header = root.need("ShipNoticeHeader")
    number = header.attribute("shipmentID")
    if not number:
        raise Invalid("the shipment has no number (shipmentID)", where=header.where)
    portions = list(root.each("ShipNoticePortion"))
    carriers = {each.attribute("domain"): each.text() for each in root.each("ShipControl/CarrierIdentifier")}
    return ShipNotice(
        number=number,
        operation=header.attribute("operation") or "new",
        shipped_at=parts.moment(header, "shipmentDate"),
        expected_on=parts.day(header, "deliveryDate"),
        carrier=carriers.get("companyName") or next(iter(carriers.values()), ""),
        waybill=root.text("ShipControl/ShipmentIdentifier"),
        orders=tuple(_order(each) for each in portions),
        items=tuple(_item(each, _order(portion)) for portion in portions for each in portion.each("ShipNoticeItem")),
    )


def _order(portion: XmlNode) -> str:
    found = portion.need("OrderReference", "OrderIDInfo").attribute("orderID")
    if not found:
        raise Invalid("it does not say which order it is about (orderID)", where=portion.where)
    return found


def _item(item: XmlNode, order: str) -> ShippedItem:
    batches = list(item.each("Batch"))
    lots = [text for each in batches if (text := each.text("SupplierBatchID", "BuyerBatchID"))]
    lots = list(dict.fromkeys(lots or item.texts("SupplierBatchID")))
    if len(lots) > 1:
        raise Invalid("the line has several lots, and does not say how much is of which", where=item.where)
    return ShippedItem(
        order=order,
        line=parts.line_number(item),
        quantity=parts.quantity(item),
        unit=item.text("UnitOfMeasure"),
        supplier_part=item.text("ItemID/SupplierPartID"),
        buyer_part=item.text("ItemID/BuyerPartID"),
        lot=lots[0] if lots else "",
        expires_on=parts.day(batches[0], "expirationDate") if batches else None,
        package=item.text("Packaging/ShippingContainerSerialCode"),
        where=item.where,
    )

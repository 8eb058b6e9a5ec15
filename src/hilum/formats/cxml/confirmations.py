"""ConfirmationRequest: what a supplier answers to an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from hilum.errors import Invalid
from hilum.formats.cxml import parts
from hilum.formats.cxml.envelope import Document
from hilum.formats.xml_nodes import XmlNode


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfirmedPart:
    """What becomes of so much of a line (ConfirmationStatus)."""

    type: str  # accept, allDetail, detail, backordered, reject, unknown
    quantity: Decimal
    unit: str
    price: Decimal | None
    currency: str
    delivered_on: date | None
    part_id: str  # the supplier's number of what comes (ItemIn); empty: as ordered
    words: str
    where: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfirmedItem:
    """A line of the order."""

    number: int
    quantity: Decimal
    parts: tuple[ConfirmedPart, ...]
    where: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmation:
    """The answer."""

    number: str
    order: str
    type: str  # accept, allDetail, detail, backordered, except, reject
    operation: str  # new, update, delete
    noticed_at: datetime | None
    items: tuple[ConfirmedItem, ...]


def read_confirmation(document: Document) -> Confirmation:
    """The answer. Raises `Invalid` with the path of the element."""
    root = document.body
    if root.name != "ConfirmationRequest":
        raise Invalid("a ConfirmationRequest is expected", where=root.where)
    header = root.need("ConfirmationHeader")
    order = root.first("OrderReference")
    number = order.attribute("orderID") if order is not None else root.need("OrderIDInfo").attribute("orderID")
    if not number:
        raise Invalid("it does not say which order it answers (orderID)", where=(order or root).where)
    return Confirmation(
        number=header.attribute("confirmID") or document.payload_id,
        order=number,
        type=header.attribute("type"),
        operation=header.attribute("operation") or "new",
        noticed_at=parts.moment(header, "noticeDate"),
        items=tuple(_item(each) for each in root.each("ConfirmationItem")),
    )


def _item(item: XmlNode) -> ConfirmedItem:
    return ConfirmedItem(
        number=parts.line_number(item),
        quantity=parts.quantity(item),
        parts=tuple(_part(each) for each in item.each("ConfirmationStatus")),
        where=item.where,
    )


def _part(status: XmlNode) -> ConfirmedPart:
    price = status.first("UnitPrice", "ItemIn/ItemDetail/UnitPrice")
    return ConfirmedPart(
        type=status.attribute("type"),
        quantity=parts.quantity(status),
        unit=status.text("UnitOfMeasure", "ItemIn/ItemDetail/UnitOfMeasure"),
        price=parts.money(price),
        currency=parts.currency(price),
        delivered_on=parts.day(status, "deliveryDate"),
        part_id=status.text("ItemIn/ItemID/SupplierPartID"),
        words=status.text("Comments"),
        where=status.where,
    )

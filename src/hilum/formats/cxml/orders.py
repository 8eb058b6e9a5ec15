"""OrderRequest: an order, as it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from lxml import etree

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where something is delivered or billed to."""

    name: str
    id: str = ""
    street: tuple[str, ...] = ()
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""  # ISO 3166-1


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderedItem:
    """One line."""

    number: int
    quantity: Decimal
    unit: str
    price: Decimal
    supplier_part: str
    buyer_part: str = ""
    description: str = ""
    classification: str = ""  # UNSPSC
    wanted_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """An order that is new, or a later version of it, also one that ends it: each says all of it again."""

    number: str
    version: int = 1  # above 1: it replaces the one before
    deleted: bool = False  # it is not wanted any more
    ordered_at: datetime
    currency: str
    bill_to: Address
    ship_to: Address | None = None
    agreement: str = ""
    items: tuple[OrderedItem, ...]


def order_request(order: Order) -> etree._Element:
    """The element OrderRequest."""
    root = etree.Element("OrderRequest")
    facts = {"orderID": order.number, "type": "new", "orderDate": order.ordered_at.isoformat(timespec="seconds")}
    if order.version > 1:
        facts |= {"type": "delete" if order.deleted else "update", "orderVersion": str(order.version)}
    if order.agreement:
        facts["agreementID"] = order.agreement
    header = etree.SubElement(root, "OrderRequestHeader", facts)
    total = sum((item.quantity * item.price for item in order.items), Decimal(0))
    _money(etree.SubElement(header, "Total"), total.quantize(Decimal("0.01")), order.currency)
    if order.ship_to is not None:
        _address(etree.SubElement(header, "ShipTo"), order.ship_to)
    _address(etree.SubElement(header, "BillTo"), order.bill_to)
    for item in order.items:
        _item(root, item, order.currency)
    return root


def _item(root: etree._Element, item: OrderedItem, currency: str) -> None:
    facts = {"quantity": _plain(item.quantity), "lineNumber": str(item.number)}
    if item.wanted_on is not None:
        facts["requestedDeliveryDate"] = item.wanted_on.isoformat()
    out = etree.SubElement(root, "ItemOut", facts)
    ids = etree.SubElement(out, "ItemID")
    etree.SubElement(ids, "SupplierPartID").text = item.supplier_part
    if item.buyer_part:
        etree.SubElement(ids, "BuyerPartID").text = item.buyer_part
    detail = etree.SubElement(out, "ItemDetail")
    _money(etree.SubElement(detail, "UnitPrice"), item.price, currency)
    etree.SubElement(detail, "Description", {_LANGUAGE: "en"}).text = item.description or item.supplier_part
    etree.SubElement(detail, "UnitOfMeasure").text = item.unit
    domain = "UNSPSC" if item.classification else "custom"
    etree.SubElement(detail, "Classification", domain=domain).text = item.classification or "0"


def _money(parent: etree._Element, amount: Decimal, currency: str) -> None:
    etree.SubElement(parent, "Money", currency=currency).text = _plain(amount)


def _address(parent: etree._Element, address: Address) -> None:
    root = etree.SubElement(parent, "Address", {"addressID": address.id} if address.id else {})
    etree.SubElement(root, "Name", {_LANGUAGE: "en"}).text = address.name
    if not (address.street or address.city):
        return
    postal = etree.SubElement(root, "PostalAddress")
    for street in address.street:
        etree.SubElement(postal, "Street").text = street
    etree.SubElement(postal, "City").text = address.city
    if address.state:
        etree.SubElement(postal, "State").text = address.state
    if address.postal_code:
        etree.SubElement(postal, "PostalCode").text = address.postal_code
    etree.SubElement(postal, "Country", isoCountryCode=address.country).text = address.country


def _plain(number: Decimal) -> str:
    return format(number, "f")

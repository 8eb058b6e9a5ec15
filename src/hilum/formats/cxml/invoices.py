"""InvoiceDetailRequest: a bill or credit memo. Sums are checked; what does not add up is `Invalid` with its element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from hilum.errors import Invalid
from hilum.formats.cxml import parts
from hilum.formats.cxml.envelope import Document
from hilum.formats.xml_nodes import XmlNode, exact

_SLACK: Final = Decimal("0.02")  # rounding, at each sum
_EXTRA: Final = (
    ("ShippingAmount", "Shipping", 1), ("SpecialHandlingAmount", "Special handling", 1),
    ("InvoiceDetailDiscount", "Discount", -1),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoicedItem:
    """One line."""

    order: str
    order_line: int
    quantity: Decimal
    unit: str
    price: Decimal
    amount: Decimal  # before tax
    tax_percent: Decimal | None
    supplier_part: str
    buyer_part: str
    description: str
    where: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Invoice:
    """The bill. Amounts of a credit memo are negative, as they are sent."""

    number: str
    purpose: str  # standard, creditMemo, debitMemo, lineLevelCreditMemo
    operation: str  # new, delete
    invoiced_on: date
    net_days: int | None
    currency: str
    corrects: str
    items: tuple[InvoicedItem, ...]
    extra: tuple[tuple[str, Decimal], ...]  # words and amount of what is billed besides, before tax
    tax: Decimal
    total: Decimal  # with tax


def read_invoice(document: Document) -> Invoice:
    """The bill. Raises `Invalid` with the path of the element, also where sums do not add up."""
    root = document.body
    if root.name != "InvoiceDetailRequest":
        raise Invalid("an InvoiceDetailRequest is expected", where=root.where)
    header = root.need("InvoiceDetailRequestHeader")
    if header.first("InvoiceDetailHeaderIndicator") is not None and root.first("InvoiceDetailHeaderOrder") is not None:
        raise Invalid("a bill of orders as a whole (header invoice) has no lines", where=root.where)
    items = tuple(
        _item(each, order) for order in root.each("InvoiceDetailOrder") for each in order.each("InvoiceDetailItem")
    )
    if not items:
        raise Invalid("there is no line", where=root.where)
    number, on = header.attribute("invoiceID"), parts.day(header, "invoiceDate")
    if not number or on is None:
        raise Invalid("the bill has no number or no date (invoiceID, invoiceDate)", where=header.where)
    summary = root.need("InvoiceDetailSummary")
    extra = tuple(_extra(summary))
    total = _total(summary, items, extra)
    days = header.first("PaymentTerm")
    return Invoice(
        number=number,
        purpose=header.attribute("purpose") or "standard",
        operation=header.attribute("operation") or "new",
        invoiced_on=on,
        net_days=_days(days) if days is not None else None,
        currency=parts.currency(summary.need("SubtotalAmount")),
        corrects=_corrected(root, header),
        items=_with_rate(items, summary),
        extra=extra,
        tax=parts.money(summary.first("Tax")) or Decimal(0),
        total=total,
    )


def _item(item: XmlNode, order: XmlNode) -> InvoicedItem:
    reference = item.need("InvoiceDetailItemReference")
    count, price = parts.quantity(item), parts.needed_money(item.need("UnitPrice"))
    basis = item.first("PriceBasisQuantity")
    if basis is not None:
        factor = basis.attribute("conversionFactor") or "1"
        per = exact(basis.attribute("quantity") or "1", basis.where)
        if per <= 0:
            raise Invalid("a price is for more than 0 units", where=basis.where)
        price = price * exact(factor, basis.where) / per
    told = item.first("SubtotalAmount")
    amount = parts.money(told)
    if told is not None and amount is not None:
        _same(told, abs(amount), abs(count * price), "quantity and price")
    return InvoicedItem(
        order=_order(order),
        order_line=parts.line_number(reference),
        quantity=count,
        unit=item.text("UnitOfMeasure"),
        price=price,
        amount=amount if amount is not None else count * price,
        tax_percent=_rate(item),
        supplier_part=reference.text("ItemID/SupplierPartID"),
        buyer_part=reference.text("ItemID/BuyerPartID"),
        description=reference.text("Description"),
        where=item.where,
    )


def _order(order: XmlNode) -> str:
    info = order.need("InvoiceDetailOrderInfo")
    found = info.first("OrderReference", "OrderIDInfo")
    return found.attribute("orderID") if found is not None else ""


def _rate(node: XmlNode) -> Decimal | None:
    """The rate of tax, several ones together; None where none is told."""
    found = [each for each in node.each("Tax/TaxDetail") if each.attribute("percentageRate")]
    rates = [exact(each.attribute("percentageRate"), each.where) for each in found]
    return sum(rates, Decimal(0)) if rates else None


def _with_rate(items: Sequence[InvoicedItem], summary: XmlNode) -> tuple[InvoicedItem, ...]:
    """Lines that tell no rate have the one of the whole, where there is just one and it gives the tax that is told."""
    rate = _rate(summary)
    if rate is None or any(each.tax_percent is not None for each in items):
        return tuple(items)
    tax = parts.money(summary.first("Tax")) or Decimal(0)
    net = sum((each.amount for each in items), Decimal(0))
    if abs(net * rate / 100 - tax) > _SLACK:
        return tuple(items)
    return tuple(replace(each, tax_percent=rate) for each in items)


def _extra(summary: XmlNode) -> Sequence[tuple[str, Decimal]]:
    found = []
    for name, words, sign in _EXTRA:
        amount = parts.money(summary.first(name))
        if amount:
            found.append((words, sign * amount))
    return found


def _total(summary: XmlNode, items: Sequence[InvoicedItem], extra: Sequence[tuple[str, Decimal]]) -> Decimal:
    """The amount with tax, after looking whether all sums add up."""
    subtotal = summary.need("SubtotalAmount")
    net = parts.needed_money(subtotal)
    _same(subtotal, net, sum((each.amount for each in items), Decimal(0)), "the lines")
    tax = parts.money(summary.first("Tax")) or Decimal(0)
    told = summary.need("NetAmount", "GrossAmount", "DueAmount")
    total = parts.needed_money(told)
    _same(told, total, net + tax + sum((amount for _, amount in extra), Decimal(0)), "lines, tax, freight and discount")
    return total


def _same(node: XmlNode, told: Decimal, found: Decimal, of: str) -> None:
    if abs(told - found) > _SLACK:
        raise Invalid(f"{node.name} is not what {of} come to", where=node.where)


def _days(term: XmlNode) -> int | None:
    text = term.attribute("payInNumberofDays") or term.attribute("payInNumberOfDays")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None


def _corrected(root: XmlNode, header: XmlNode) -> str:
    found = header.first("InvoiceIDInfo") or root.first("InvoiceDetailOrder/InvoiceDetailOrderInfo/InvoiceIDInfo")
    return found.attribute("invoiceID") if found is not None else ""

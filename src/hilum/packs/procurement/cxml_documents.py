"""cXML: a `PurchaseOrder` becomes an OrderRequest; confirmations, ship notices and bills become business objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hilum.canonical import (
    AcknowledgedLine,
    InvoiceLine,
    LineAnswer,
    OrderAcknowledgement,
    OrderLine,
    PurchaseOrder,
    PurchaseOrderCancelled,
    ShipNotice,
    ShippedLine,
    SupplierBill,
)
from hilum.errors import Invalid
from hilum.formats import cxml
from hilum.packs.building import make
from hilum.packs.procurement.x12_items import EACH, besides, trade_numbers
from hilum.partners import CxmlPartner

ItemOf = Callable[[str, str, str], str]
"""The hub's number of an item: (its number with the buyer, with the supplier, where) → number. Raises `Unmapped`."""

_ANSWERS = {
    "accept": LineAnswer.ACCEPTED,
    "allDetail": LineAnswer.ACCEPTED,
    "detail": LineAnswer.CHANGED,
    "backordered": LineAnswer.BACKORDERED,
    "reject": LineAnswer.REJECTED,
}
_WHOLE = {
    **dict.fromkeys(("accept", "allDetail", "detail", "except"), LineAnswer.ACCEPTED),
    "reject": LineAnswer.REJECTED,
    "backordered": LineAnswer.BACKORDERED,
}
"""What a type of confirmation says of the lines that it does not name."""

_CREDITS = frozenset({"creditMemo", "lineLevelCreditMemo"})


def items_as_sent(buyer: str, supplier: str, where: str) -> str:
    """Our own number where it is told, else the supplier's. Raises `Invalid` where there is none."""
    if not (buyer or supplier):
        raise Invalid("the line does not name its item (ItemID)", where=where)
    return buyer or supplier


def order_to_cxml(order: PurchaseOrder, partner: CxmlPartner, *, now: datetime) -> cxml.Order:
    """An OrderRequest, for a changed order one of type `update`. Raises `Invalid` where a line has no price.

    Also for one that only bills what was used: an OrderRequest cannot say so, and the supplier would send it again.
    """
    if order.bill_only:
        raise Invalid("an order for what was used already is not written as cXML: it would be sent", where=order.number)
    ship_to = cxml.Address(name=order.deliver_to, id=order.deliver_to) if order.deliver_to else None
    return cxml.Order(
        number=order.number,
        version=order.revision + 1,
        ordered_at=order.ordered_at or now.astimezone(UTC),
        currency=order.currency or partner.currency,
        bill_to=_bill_to(partner),
        ship_to=ship_to,
        agreement=order.agreement or "",
        items=tuple(_ordered(line, order.number) for line in order.lines),
    )


def cancellation_to_cxml(cancelled: PurchaseOrderCancelled, partner: CxmlPartner, *, now: datetime) -> cxml.Order:
    """An OrderRequest of type `delete`. Raises `Invalid` where its lines are not told, which the DTD wants again."""
    if not cancelled.lines:
        raise Invalid("the cancellation does not say what was ordered, which cXML needs", where=cancelled.number)
    return cxml.Order(
        number=cancelled.number,
        version=(cancelled.revision or 0) + 2,
        deleted=True,
        ordered_at=cancelled.ordered_at or now.astimezone(UTC),
        currency=cancelled.currency or partner.currency,
        bill_to=_bill_to(partner),
        items=tuple(_ordered(line, cancelled.number) for line in cancelled.lines),
    )


def _bill_to(partner: CxmlPartner) -> cxml.Address:
    return partner.bill_to.address if partner.bill_to is not None else cxml.Address(name=partner.ours.identity)


def _ordered(line: OrderLine, order: str) -> cxml.OrderedItem:
    if line.unit_price is None:
        raise Invalid(f"line {line.number} has no price, which cXML needs", where=order)
    numbers = line.numbers
    return cxml.OrderedItem(
        number=line.number,
        quantity=line.quantity,
        unit=line.unit,
        price=line.unit_price,
        supplier_part=(numbers.supplier_item if numbers is not None else "") or line.item,
        buyer_part=line.item,
        classification=(numbers.unspsc or "") if numbers is not None else "",
        wanted_on=line.needed_by,
    )


def answer_from_cxml(confirmation: cxml.Confirmation, *, supplier: str, item_of: ItemOf) -> OrderAcknowledgement:
    """A ConfirmationRequest. Its lines name no item, unless another one is delivered. Raises `Invalid`."""
    if confirmation.operation == "delete":
        raise Invalid("an answer is taken back: decide what this means", where="ConfirmationHeader/@operation")
    if confirmation.type not in _WHOLE:
        raise Invalid("this type is no answer to an order: ask the supplier", where="ConfirmationHeader/@type")
    lines = [line for item in confirmation.items for line in _confirmed(item, item_of)]
    currencies = {part.currency for item in confirmation.items for part in item.parts if part.currency}
    return make(
        OrderAcknowledgement,
        "ConfirmationHeader",
        number=confirmation.number,
        order=confirmation.order,
        supplier=supplier,
        acknowledged_at=confirmation.noticed_at,
        currency=currencies.pop() if len(currencies) == 1 else "",
        lines=tuple(lines),
        rest=_WHOLE[confirmation.type],
    )


def _confirmed(item: cxml.ConfirmedItem, item_of: ItemOf) -> Iterator[AcknowledgedLine]:
    for part in item.parts:
        answer = _ANSWERS.get(part.type)
        if answer is None:
            raise Invalid("the hub does not know what this status means (type)", where=part.where)
        yield make(
            AcknowledgedLine,
            part.where,
            number=item.number,
            answer=answer,
            quantity=part.quantity,
            unit=part.unit or EACH,
            unit_price=part.price,
            delivery_date=part.delivered_on,
            substitute=item_of("", part.part_id, part.where) if part.part_id and part.type == "detail" else "",
            words=part.words[:2000],
        )


def ship_notice_from_cxml(notice: cxml.ShipNotice, *, supplier: str, item_of: ItemOf) -> ShipNotice:
    """A ShipNoticeRequest. Raises `Invalid`, also where it only says that an order was sent."""
    if notice.operation != "new":
        raise Invalid("a notice is changed or taken back: decide what this means", where="ShipNoticeHeader/@operation")
    if not notice.items:
        raise Invalid("it does not say what was sent (ShipNoticeItem)", where="ShipNoticePortion")
    return make(
        ShipNotice,
        "ShipNoticeHeader",
        number=notice.number,
        supplier=supplier,
        shipped_at=notice.shipped_at,
        expected_on=notice.expected_on,
        carrier=notice.carrier,
        waybill=notice.waybill,
        lines=tuple(_shipped(each, item_of) for each in notice.items),
    )


def _shipped(each: cxml.ShippedItem, item_of: ItemOf) -> ShippedLine:
    item = item_of(each.buyer_part, each.supplier_part, each.where)
    return make(
        ShippedLine,
        each.where,
        order=each.order,
        order_line=each.line,
        item=item,
        numbers=trade_numbers(supplier_item=besides(item, each.supplier_part)),
        quantity=each.quantity,
        unit=each.unit or EACH,
        lot=each.lot,
        expires_on=each.expires_on,
        package=each.package,
    )


def bill_from_cxml(invoice: cxml.Invoice, *, supplier: str, item_of: ItemOf) -> SupplierBill:
    """An InvoiceDetailRequest. Freight and discounts become lines; so does a tax without a rate. Raises `Invalid`."""
    if invoice.operation != "new":
        raise Invalid("a bill is taken back: decide what this means", where="InvoiceDetailRequestHeader/@operation")
    if invoice.purpose not in ("standard", *_CREDITS):
        raise Invalid("a bill or credit memo is expected", where="InvoiceDetailRequestHeader/@purpose")
    credit = invoice.purpose in _CREDITS
    # credit memos tell what they give back below zero, a few above
    sign = -1 if invoice.total < 0 else 1
    lines = [_billed(each, number, sign, item_of) for number, each in enumerate(invoice.items, 1)]
    extra = list(invoice.extra)
    taxed = sum((each.amount * (each.tax_percent or 0) / 100 for each in invoice.items), Decimal(0))
    if all(each.tax_percent is None for each in invoice.items) and invoice.tax:
        extra.append(("Tax", invoice.tax))
    elif abs(invoice.tax - taxed) > Decimal("0.02") and not invoice.extra:
        raise Invalid("the tax is not what the lines' rates come to", where="InvoiceDetailSummary/Tax")
    for words, amount in extra:
        lines.append(
            make(
                InvoiceLine, "InvoiceDetailSummary", number=len(lines) + 1, description=words, unit_price=sign * amount
            )
        )
    orders = {each.order for each in invoice.items if each.order}
    return make(
        SupplierBill,
        "InvoiceDetailRequestHeader",
        number=invoice.number,
        supplier=supplier,
        credit=credit or (sign < 0),
        order=orders.pop() if len(orders) == 1 else "",
        corrects=invoice.corrects if credit else "",
        currency=invoice.currency,
        billed_on=invoice.invoiced_on,
        due_on=invoice.invoiced_on + timedelta(days=invoice.net_days) if invoice.net_days is not None else None,
        total=sign * invoice.total,
        lines=tuple(lines),
    )


def _billed(each: cxml.InvoicedItem, number: int, sign: int, item_of: ItemOf) -> InvoiceLine:
    """A line of less than nothing has a negative price: a bill's line has something of it."""
    item = item_of(each.buyer_part, each.supplier_part, each.where)
    if not each.quantity:
        raise Invalid("nothing of it is billed", where=each.where)
    negative = (each.amount < 0) != (sign < 0)
    return make(
        InvoiceLine,
        each.where,
        number=number,
        item=item,
        numbers=trade_numbers(supplier_item=besides(item, each.supplier_part)),
        description=each.description[:2000],
        quantity=abs(each.quantity),
        unit=each.unit or EACH,
        unit_price=round(-abs(each.price) if negative else abs(each.price), 6),
        tax_percent=each.tax_percent,
        order_line=each.order_line,
    )

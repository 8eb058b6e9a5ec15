"""EDIFACT ORDERS becomes a `PurchaseOrder`, INVOIC a `SupplierBill`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, tzinfo
from decimal import Decimal

from hilum.canonical import InvoiceLine, OrderLine, PurchaseOrder, SupplierBill, TradeNumbers
from hilum.errors import Invalid
from hilum.formats.edifact.documents import Charge, Document, Line
from hilum.packs.building import make
from hilum.packs.procurement.x12_items import (
    EACH,
    besides,
    gtin_in,
    line_number,
    moment,
    needed_quantity,
    trade_numbers,
    unspsc_in,
)

ItemOf = Callable[[Line], str]
"""The hub's number of the item of a line. Raises `Invalid` or `Unmapped`."""

_INVOICE = frozenset({"380", "80", "82", "84", "383", "388", "389", "393"})
_CREDIT = frozenset({"381", "81", "83", "261", "262", "308", "396", "420", "532"})
_CORRECTED = "384"
"""Kinds of bills (data element 1001). A corrected one takes the place of the bill that it must name. Not taken: what is
paid in advance (386), partial (326) or pro forma (325); somebody decides what it means."""
_ORIGINAL = ("", "9")


def items_as_sent(*types: str) -> ItemOf:
    """The item is the identifier whose type (data element 7143) comes first in `types`; "" is one without type."""
    wanted = types or ("IN", "BP")

    def item_of(line: Line) -> str:
        found = dict(reversed(line.ids))
        for each in wanted:
            if each in found:
                return found[each]
        raise Invalid(f"no item number of type {', '.join(each or '(none)' for each in wanted)}", where=line.where)

    return item_of


_GTINS = ("SRV", "EN", "UP")
_UNSPSC, _HIBC = "TST", "AC"


def numbers_of(line: Line, taken: str = "") -> TradeNumbers | None:
    """What LIN and PIA say of an item beside the number that is taken (data element 7143); none: nothing.

    A GTIN or UNSPSC code that is none (a wrong check digit, another number in its place) is left out.
    """
    known = dict(reversed(line.ids))
    return trade_numbers(
        gtin=next((number for each in _GTINS if (number := gtin_in(known.get(each, "")))), ""),
        supplier_item=besides(taken, known.get("SA", "")),
        manufacturer_item=besides(taken, known.get("MF", "")),
        hibc=known.get(_HIBC, ""),
        unspsc=unspsc_in(known.get(_UNSPSC, "")),
    )


def order_from_edifact(
    document: Document, *, supplier: str, item_of: ItemOf | None = None, zone: tzinfo = UTC
) -> PurchaseOrder:
    """An ORDERS that somebody sends for us. Units are as sent. Raises `Invalid`, also for a change or cancellation."""
    _must_be(document, "ORDERS")
    item_of = item_of or items_as_sent()
    lines = []
    for line in document.lines:
        quantity, unit = line.quantity("21")
        item = item_of(line)
        price = line.price("AAA", "INV")
        lines.append(
            make(
                OrderLine,
                line.where,
                number=line_number(line.number, line.place),
                item=item,
                quantity=needed_quantity(quantity, line.where),
                unit=unit or EACH,
                unit_price=price.of_one if price is not None else None,
                needed_by=line.date("2", "63", "64") or document.head.date("2", "63", "64"),
                numbers=numbers_of(line, item),
            )
        )
    return make(
        PurchaseOrder,
        "BGM",
        number=document.number,
        supplier=supplier,
        agreement=document.head.reference("CT", "BO"),
        currency=document.currency,
        deliver_to=document.party("DP", "ST"),
        ordered_at=moment(document.issued_on, zone),
        lines=tuple(lines),
    )


def bill_from_edifact(
    document: Document, *, supplier: str, item_of: ItemOf | None = None, currency: str = ""
) -> SupplierBill:
    """An INVOIC: an invoice (380), credit note (381), corrected invoice (384) or one of their kinds.

    Units are as sent; charges become lines of their own. Raises `Invalid`, also where a line has charges of which the
    hub cannot tell whether its price holds them.
    """
    _must_be(document, "INVOIC")
    corrects = document.head.reference("IV", "OI")
    corrected = document.code == _CORRECTED and bool(corrects)
    if document.code not in _INVOICE | _CREDIT and not corrected:
        raise Invalid("an invoice (380), credit note (381) or corrected invoice (384) is expected", where="BGM-01")
    credit = document.code in _CREDIT
    item_of = item_of or items_as_sent()
    lines = [_billed(line, number, document, item_of) for number, line in enumerate(document.lines, 1)]
    lines += _extra(document.charges, len(lines))
    orders = {document.order or line.reference("ON") for line in document.lines}
    return make(
        SupplierBill,
        "BGM",
        number=document.number,
        supplier=supplier,
        credit=credit,
        order=orders.pop() if len(orders) == 1 else "",
        corrects=corrects if credit or corrected else "",
        currency=document.currency or currency,
        billed_on=document.issued_on,
        due_on=document.head.date("13", "140"),
        total=document.total,
        lines=tuple(lines),
    )


def _billed(line: Line, number: int, document: Document, item_of: ItemOf) -> InvoiceLine:
    quantity, unit = line.quantity("47", "12", "46")
    price = line.price("AAA", "INV")
    if price is None:
        raise Invalid("the price (PRI AAA or INV) is missing", where=line.where)
    if line.charges and price.kind != "AAA":
        raise Invalid("the line has charges, and its price is not said to hold them (PRI AAA)", where=line.where)
    tax, item = line.tax_percent(), item_of(line)
    return make(
        InvoiceLine,
        line.where,
        number=number,
        item=item,
        description=line.description,
        quantity=needed_quantity(quantity, line.where),
        unit=unit or EACH,
        unit_price=price.of_one,
        tax_percent=tax if tax is not None else document.tax_percent,
        numbers=numbers_of(line, item),
    )


def _extra(charges: Sequence[Charge], before: int) -> Iterator[InvoiceLine]:
    for number, each in enumerate(charges, before + 1):
        words = each.words or ("charge" if each.kind == "C" else "allowance")
        amount = each.amount if each.kind == "C" else -each.amount
        yield make(InvoiceLine, "ALC", number=number, description=words, quantity=Decimal(1), unit_price=amount)


def _must_be(document: Document, kind: str) -> None:
    if document.type != kind:
        raise Invalid(f"this is no {kind}", where="UNH-02")
    if document.function not in _ORIGINAL:
        raise Invalid("only originals are taken (9): decide what this change or cancellation means", where="BGM-03")

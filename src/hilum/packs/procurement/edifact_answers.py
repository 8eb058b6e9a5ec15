"""EDIFACT to and from suppliers: a `PurchaseOrder` becomes ORDERS, ORDRSP an answer, DESADV a `ShipNotice`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, tzinfo
from decimal import Decimal
from types import MappingProxyType

from hilum.canonical import (
    AcknowledgedLine,
    LineAnswer,
    OrderAcknowledgement,
    OrderLine,
    PurchaseOrder,
    PurchaseOrderCancelled,
    ShipNotice,
    ShippedLine,
)
from hilum.errors import Invalid
from hilum.formats import edifact
from hilum.formats.edifact.documents import Document, Line
from hilum.formats.edifact.segment import Value
from hilum.packs.building import make
from hilum.packs.procurement.edifact_documents import ItemOf, items_as_sent, numbers_of
from hilum.packs.procurement.x12_items import EACH, line_number, moment, needed_quantity

ORDERS_TYPE = "ORDERS:D:96A:UN"
ORDCHG_TYPE = "ORDCHG:D:96A:UN"
"""How the hub writes an order and its changes, unless the partner's profile names another directory."""

_REPLACE, _CHANGED = "5", "3"  # data elements 1225 and 1229
_CANCELLED = "1"  # data element 1225
_ENDED = "/X"
"""What the number of a cancellation ends with."""

ACTIONS: Mapping[str, LineAnswer] = MappingProxyType(
    {
        "1": LineAnswer.CHANGED,  # added
        "2": LineAnswer.REJECTED,  # deleted
        "3": LineAnswer.CHANGED,
        "4": LineAnswer.ACCEPTED,  # no action
        "5": LineAnswer.ACCEPTED,
        "6": LineAnswer.CHANGED,  # accepted with amendment
        "7": LineAnswer.REJECTED,
        "9": LineAnswer.CHANGED,  # amendments
        "10": LineAnswer.REJECTED,  # not found
        "11": LineAnswer.ACCEPTED,  # not amended
        "21": LineAnswer.REJECTED,  # no delivery
        "23": LineAnswer.CHANGED,  # proposed amendment
        "24": LineAnswer.CHANGED,  # accepted with an amendment that needs no confirmation
        "37": LineAnswer.REJECTED,  # discontinued
        "38": LineAnswer.CHANGED,  # replaced
        "55": LineAnswer.REJECTED,  # what is referred to was rejected
    }
)
"""What the action of a line (data element 1229) means."""

_WHOLE: Mapping[str, LineAnswer] = MappingProxyType(
    {
        **dict.fromkeys(("", "4", "5", "6", "7", "9", "11"), LineAnswer.ACCEPTED),  # an answer, whatever its lines say
        **dict.fromkeys(("28", "29", "30", "34", "42", "43", "44"), LineAnswer.ACCEPTED),
        **dict.fromkeys(("10", "27", "48"), LineAnswer.REJECTED),  # not found, not accepted, contents rejected
    }
)
"""What the function of an ORDRSP (data element 1225) means for the order and for lines that say nothing themselves.

Others, such as not processed yet (12) or on hold (23), are no answer to an order.
"""
_BACKORDERED = "83"


def order_to_edifact(order: PurchaseOrder, partner: edifact.Partner, *, ordered_on: date) -> edifact.Draft:
    """An ORDERS; a changed order (revision above 0) is an ORDCHG that replaces the former one as a whole.

    The number of a change is that of the order with its revision: `PO-1/2`.
    """
    changed = order.revision > 0
    head = ("BGM", "230", f"{order.number}/{order.revision}", _REPLACE) if changed else (
        "BGM", "227" if order.bill_only else "220", order.number, "9"  # data element 1001: consignment order
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = [head, ("DTM", ["137", _day(ordered_on), "102"])]
    if changed:
        rows.append(("RFF", ["ON", order.number]))
    if order.agreement:
        rows.append(("RFF", ["CT", order.agreement]))
    rows += [("NAD", "BY", [partner.ours.id, None, "92"]), ("NAD", "SU", [partner.theirs.id, None, "92"])]
    if order.deliver_to:
        rows.append(("NAD", "DP", [order.deliver_to, None, "92"]))
    if order.currency:
        rows.append(("CUX", ["2", order.currency, "9"]))
    for line in order.lines:
        rows += _ordered(line, _CHANGED if changed else None)
    rows += [("UNS", "S"), ("CNT", ["2", len(order.lines)])]
    name, usual = ("ORDCHG", ORDCHG_TYPE) if changed else ("ORDERS", ORDERS_TYPE)
    return edifact.Draft(partner.type_of(name, usual), rows)


def cancellation_to_edifact(
    cancelled: PurchaseOrderCancelled, partner: edifact.Partner, *, today: date
) -> edifact.Draft:
    """An ORDCHG that cancels the order (1225: 1). Its number is that of the order with `/X`: an order ends once."""
    rows: list[tuple[Value, ...]] = [
        ("BGM", "230", f"{cancelled.number}{_ENDED}", _CANCELLED),
        ("DTM", ["137", _day(today), "102"]),
        ("RFF", ["ON", cancelled.number]),
        ("NAD", "BY", [partner.ours.id, None, "92"]),
        ("NAD", "SU", [partner.theirs.id, None, "92"]),
        ("UNS", "S"),
    ]
    return edifact.Draft(partner.type_of("ORDCHG", ORDCHG_TYPE), rows)


def change_answered(document: Document) -> str:
    """The number of our change that an ORDRSP answers; empty: it does not say.

    It is told as that of a change (RFF+PP) or of the message before (RFF+ACW), or as if it were that of the order.
    """
    found = document.head.reference("PP", "ACW")
    return found or (document.order if document.order.endswith(_ENDED) else "")


def is_cancellation(change: str) -> bool:
    """Is it the number of a change by which we have cancelled an order?"""
    return change.endswith(_ENDED)


def refuses(document: Document) -> bool:
    """Does an ORDRSP say no to the whole of what it answers (1225: 10, 27, 48), without a word on lines?"""
    return _WHOLE.get(document.function) is LineAnswer.REJECTED and not document.lines


def _ordered(line: OrderLine, action: str | None) -> Iterator[tuple[Value, ...]]:
    yield ("LIN", line.number, action) if action else ("LIN", line.number)
    yield ("PIA", "5", [line.item, "IN"])
    yield ("QTY", ["21", line.quantity, line.unit])
    if line.needed_by is not None:
        yield ("DTM", ["2", _day(line.needed_by), "102"])
    if line.unit_price is not None:
        yield ("PRI", ["AAA", line.unit_price])


def answer_from_edifact(
    document: Document, *, supplier: str, item_of: ItemOf | None = None, zone: tzinfo = UTC
) -> OrderAcknowledgement:
    """An ORDRSP, or an ORDCHG by which a supplier changes a running order: what it will do otherwise.

    What comes later (QTY+83) becomes a line of its own, as in an 855. An ORDCHG that cancels (1225: 1), and an ORDRSP
    that is not accepted (27) without lines, reject the whole order. Raises `Invalid`.
    """
    if document.type not in ("ORDRSP", "ORDCHG"):
        raise Invalid("this is no ORDRSP and no ORDCHG", where="UNH-02")
    if document.type == "ORDRSP" and document.function == _CANCELLED:
        raise Invalid("the supplier takes an answer back: ask what counts now", where="BGM-03")
    if document.type == "ORDRSP" and document.function not in _WHOLE:
        raise Invalid("this function is no answer to an order: ask the supplier what counts", where="BGM-03")
    if not document.order:
        raise Invalid("it does not say which order it answers (RFF+ON)", where="RFF")
    ended = document.type == "ORDCHG" and document.function == _CANCELLED
    item_of = item_of or items_as_sent()
    lines = [] if ended else [found for line in document.lines for found in _answered(line, document, item_of)]
    return make(
        OrderAcknowledgement,
        "BGM",
        number=document.number,
        order=document.order,
        supplier=supplier,
        acknowledged_at=moment(document.issued_on, zone),
        currency=document.currency,
        lines=tuple(lines),
        rest=LineAnswer.REJECTED if ended or _replaces(document) or refuses(document) else LineAnswer.ACCEPTED,
    )


def _replaces(document: Document) -> bool:
    """Does an ORDCHG say all of the order again, so that what it does not name is not delivered?"""
    return document.type == "ORDCHG" and document.function == _REPLACE


def _answered(line: Line, document: Document, item_of: ItemOf) -> Iterator[AcknowledgedLine]:
    answer = _answer_of(line, document)
    price = line.price("AAA", "INV", "AAB")
    now, unit = line.quantity("113", "21", "12")
    later, later_unit = line.quantity(_BACKORDERED)
    item = item_of(line)
    common = {
        "number": line_number(line.order_line or line.number, line.place),
        "item": item,
        "unit_price": price.of_one if price is not None else None,
        "delivery_date": line.date("67", "69", "76"),
    }
    if later is None or now:
        substitute = _substitute(line, item_of) if answer is LineAnswer.CHANGED else ""
        yield make(
            AcknowledgedLine,
            line.where,
            **common,
            answer=answer,
            quantity=needed_quantity(now if answer is not LineAnswer.REJECTED else now or Decimal(0), line.where),
            unit=unit or EACH,
            substitute=substitute if substitute != item else None,
            numbers=None if substitute else numbers_of(line, item),
        )
    if later:
        yield make(
            AcknowledgedLine,
            line.where,
            **common,
            answer=LineAnswer.BACKORDERED,
            quantity=later,
            unit=later_unit or unit or EACH,
        )


def _answer_of(line: Line, document: Document) -> LineAnswer:
    if line.action:
        if line.action not in ACTIONS:
            raise Invalid("the hub does not know what this action means (LIN-02)", where=line.where)
        return ACTIONS[line.action]
    return _WHOLE.get(document.function, LineAnswer.ACCEPTED)


def _substitute(line: Line, item_of: ItemOf) -> str:
    """The item that comes instead, by the same identifiers as the item itself."""
    if not line.substitutes:
        return ""
    return item_of(_Substitute(line))


class _Substitute(Line):
    """The line as if it were about the item that comes instead."""

    def __init__(self, line: Line) -> None:
        super().__init__(line.segments, line.place, line.packed)

    @property
    def ids(self) -> list[tuple[str, str]]:
        return list(self.substitutes)


def ship_notice_from_edifact(
    document: Document, *, supplier: str, item_of: ItemOf | None = None, zone: tzinfo = UTC
) -> ShipNotice:
    """A DESADV, with packages, lots and days of expiry. Raises `Invalid`, also for several lots in one line."""
    if document.type != "DESADV":
        raise Invalid("this is no DESADV", where="UNH-02")
    if document.function not in ("", "9"):
        raise Invalid("only originals are taken (9): decide what this change or cancellation means", where="BGM-03")
    item_of = item_of or items_as_sent()
    transport = next((each for each in document.head.segments if each.name == "TDT"), None)
    return make(
        ShipNotice,
        "BGM",
        number=document.number,
        supplier=supplier,
        shipped_at=moment(document.head.date("11", "200"), zone),
        expected_on=document.head.date("17", "132", "2"),
        carrier=(transport["05.4"] or transport["05.1"]) if transport is not None else "",
        waybill=document.head.reference("AAS", "CN", "BM"),
        lines=tuple(_shipped(line, document, item_of) for line in document.lines),
    )


def _shipped(line: Line, document: Document, item_of: ItemOf) -> ShippedLine:
    order = line.reference("ON") or document.order
    if not order:
        raise Invalid("no order number (RFF+ON) in the line or the head", where=line.where)
    if len(line.lots) > 1:
        raise Invalid("the line has several lots, and does not say how much is of which", where=line.where)
    quantity, unit = line.quantity("12", "21")
    item = item_of(line)
    return make(
        ShippedLine,
        line.where,
        order=order,
        order_line=line_number(line.order_line, 0) or None,
        item=item,
        numbers=numbers_of(line, item),
        quantity=needed_quantity(quantity, line.where),
        unit=unit or EACH,
        lot=line.lots[0] if line.lots else None,
        expires_on=line.date("36", "361"),
        package=line.package,
    )


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")

"""Changes of orders in X12: an 860 of a customer, one by which a supplier changes our order, and our cancellation."""

from __future__ import annotations

from collections.abc import Mapping
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
)
from hilum.errors import Invalid
from hilum.formats.x12 import Partner, documents
from hilum.formats.x12.documents import ChangeCode, Purpose
from hilum.packs.building import make
from hilum.packs.procurement.x12_items import (
    ItemOf,
    items_as_sent,
    line_number,
    moment,
    needed_quantity,
    numbers_of,
    price_of_one,
)
from hilum.packs.procurement.x12_orders import ENDS
from hilum.packs.procurement.x12_units import unit_of


def cancellation_to_x12(cancelled: PurchaseOrderCancelled, *, ordered_on: date) -> documents.OrderChange:
    """An 860 that cancels the order: its last change."""
    return documents.OrderChange(
        number=cancelled.number,
        ordered_on=ordered_on,
        purpose=Purpose.CANCELLATION,
        sequence=str(cancelled.revision + 1) if cancelled.revision is not None else "",
    )


def change_from_x12(
    change: documents.OrderChange, before: PurchaseOrder, partner: Partner, *, item_of: ItemOf | None = None
) -> PurchaseOrder | PurchaseOrderCancelled:
    """The order after an 860: an 860 says what changes, so the order before it is needed. Raises `Invalid`."""
    if change.number != before.number:
        raise Invalid("the change is for another order", where="BCH-03")
    if change.purpose in ENDS:
        return PurchaseOrderCancelled(number=change.number)
    item_of = item_of or items_as_sent(partner)
    lines = {} if change.purpose == Purpose.REPLACE else {line.number: line for line in before.lines}
    for place, line in enumerate(change.lines, 1):
        number = line_number(line.number, place)
        if line.change == ChangeCode.DELETE:
            lines.pop(number, None)
        elif line.change != ChangeCode.NO_CHANGE or number not in lines:
            lines[number] = _changed(line, lines.get(number), number, item_of, partner, f"POC[{place}]")
    return make(
        PurchaseOrder,
        "BCH",
        **{name: getattr(before, name) for name in before.model_fields_set if name not in ("revision", "lines")},
        revision=before.revision + 1,
        lines=tuple(lines[number] for number in sorted(lines)),
    )


def _changed(
    line: documents.ChangedLine, before: OrderLine | None, number: int, item_of: ItemOf, partner: Partner, where: str
) -> OrderLine:
    """The line as it is now; what the change does not say stays as it was."""
    price = price_of_one(line.price, line.price_basis)
    quantity = line.quantity if line.quantity is not None else before.quantity if before else None
    item = item_of(line, where) if line.ids or before is None else before.item
    return make(
        OrderLine,
        where,
        number=number,
        item=item,
        quantity=needed_quantity(quantity, where),
        unit=before.unit if before is not None and not line.unit else unit_of(line.unit),
        unit_price=price if price is not None or before is None else before.unit_price,
        needed_by=line.wanted_on or (before.needed_by if before else None),
        numbers=numbers_of(line, partner, item) or (before.numbers if before else None),
    )


_SAID: Mapping[str, LineAnswer] = MappingProxyType(
    {
        ChangeCode.DELETE: LineAnswer.REJECTED,
        ChangeCode.CANCEL_ORDER: LineAnswer.REJECTED,
        ChangeCode.NO_CHANGE: LineAnswer.ACCEPTED,
    }
)
"""What a change of a line (data element 670) means for a buyer; every other one is a change."""


def change_by_supplier(
    change: documents.OrderChange, partner: Partner, *, supplier: str, item_of: ItemOf | None = None, zone: tzinfo = UTC
) -> OrderAcknowledgement:
    """An 860 that a supplier or marketplace sends: what it will do otherwise, as its answer (855) would say it.

    One that cancels rejects the whole order; one that replaces it rejects the lines that it does not name. Raises
    `Invalid`, also for purposes that are no change.
    """
    if change.purpose not in (*ENDS, Purpose.CHANGE, Purpose.REPLACE, Purpose.BY_SELLER):
        raise Invalid("a change (04), replacement (05) or cancellation (01) is expected", where="BCH-01")
    ended = change.purpose in ENDS
    item_of = item_of or items_as_sent(partner)
    named = () if ended else change.lines
    lines = [_told(line, place, item_of, partner) for place, line in enumerate(named, 1)]
    day = change.changed_on
    return make(
        OrderAcknowledgement,
        "BCH",
        number=f"{change.number}-{change.sequence or (day.isoformat() if day is not None else 'change')}",
        order=change.number,
        supplier=supplier,
        acknowledged_at=moment(day, zone),
        currency=change.currency,
        lines=tuple(lines),
        rest=LineAnswer.REJECTED if ended or change.purpose == Purpose.REPLACE else LineAnswer.ACCEPTED,
    )


def _told(line: documents.ChangedLine, place: int, item_of: ItemOf, partner: Partner) -> AcknowledgedLine:
    where = f"POC[{place}]"
    answer = _SAID.get(line.change, LineAnswer.CHANGED)
    quantity = line.quantity if answer is not LineAnswer.REJECTED else line.quantity or Decimal(0)
    item = item_of(line, where) if line.ids else None
    return make(
        AcknowledgedLine,
        where,
        number=line_number(line.number, place),
        item=item,
        answer=answer,
        quantity=needed_quantity(quantity, where),
        unit=unit_of(line.unit),
        unit_price=price_of_one(line.price, line.price_basis),
        delivery_date=line.wanted_on,
        numbers=numbers_of(line, partner, item or ""),
    )

"""Purchase orders and their answers: `PurchaseOrder` to 850 and 860 and from 850; 855, 865 `OrderAcknowledgement`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, tzinfo
from decimal import Decimal
from types import MappingProxyType

from hilum.canonical import (
    AcknowledgedLine,
    LineAnswer,
    OrderAcknowledgement,
    OrderLine,
    PurchaseOrder,
)
from hilum.errors import Invalid
from hilum.formats.x12 import Partner, documents
from hilum.formats.x12.documents import AnswerType, ChangeCode, Dates, Entity, LineStatus, Purpose, References
from hilum.formats.x12.documents.answers import DELIVERIES
from hilum.formats.x12.documents.parts import reference
from hilum.packs.building import make
from hilum.packs.procurement.x12_items import (
    ItemOf,
    ids_for,
    items_as_sent,
    line_number,
    moment,
    needed_quantity,
    numbers_of,
    price_of_one,
)
from hilum.packs.procurement.x12_units import unit_for, unit_of

STATUS: Mapping[str, LineAnswer] = MappingProxyType(
    {
        LineStatus.ACCEPTED: LineAnswer.ACCEPTED,
        LineStatus.RELEASED: LineAnswer.ACCEPTED,
        LineStatus.SHIPPED: LineAnswer.ACCEPTED,
        LineStatus.FORWARDED: LineAnswer.ACCEPTED,
        LineStatus.BACKORDERED: LineAnswer.BACKORDERED,
        LineStatus.PARTLY_BACKORDERED: LineAnswer.CHANGED,
        LineStatus.CHANGED: LineAnswer.CHANGED,
        LineStatus.PRICE_CHANGED: LineAnswer.CHANGED,
        LineStatus.QUANTITY_CHANGED: LineAnswer.CHANGED,
        LineStatus.SUBSTITUTED: LineAnswer.CHANGED,
        LineStatus.RESCHEDULED: LineAnswer.CHANGED,
        LineStatus.PRICE_PENDING: LineAnswer.CHANGED,
        LineStatus.ON_HOLD: LineAnswer.BACKORDERED,
        LineStatus.ON_HOLD_DESCRIPTION: LineAnswer.BACKORDERED,
        LineStatus.ON_HOLD_WAIVER: LineAnswer.BACKORDERED,
        LineStatus.DATE_PENDING: LineAnswer.CHANGED,
        LineStatus.DELETED: LineAnswer.REJECTED,
        LineStatus.REJECTED: LineAnswer.REJECTED,
    }
)
"""What a line status (data element 668) means for the hospital; codes that begin with R are rejections too."""

_WORDS = {
    LineStatus.PRICE_CHANGED: "price changed",
    LineStatus.QUANTITY_CHANGED: "quantity changed",
    LineStatus.SUBSTITUTED: "another item is delivered",
    LineStatus.RESCHEDULED: "date changed",
    LineStatus.PRICE_PENDING: "price pending",
    LineStatus.ON_HOLD: "on hold",
    LineStatus.ON_HOLD_DESCRIPTION: "on hold, its description is not complete",
    LineStatus.ON_HOLD_WAIVER: "on hold, a waiver is needed",
    LineStatus.DATE_PENDING: "date pending",
    LineStatus.DELETED: "deleted",
    LineStatus.PARTLY_BACKORDERED: "a part is delivered later",
}


ENDS = (Purpose.CANCELLATION, Purpose.DELETE)
"""Purposes (data element 353) of a change by which an order ends."""

REJECTIONS = frozenset(
    {
        AnswerType.REJECTED,
        AnswerType.REJECTED_WITH_DETAIL,
        AnswerType.REJECTED_WITH_EXCEPTIONS,
        AnswerType.REJECTED_NOT_AS_AGREED,
        AnswerType.REJECTED_BY_PRACTICE,
    }
)
"""Types of answer (data element 587) that say no to an order."""

_WHOLE: Mapping[str, LineAnswer] = MappingProxyType(
    {
        **dict.fromkeys(REJECTIONS, LineAnswer.REJECTED),
        AnswerType.ON_HOLD: LineAnswer.BACKORDERED,
        AnswerType.COUNTER_OFFER: LineAnswer.CHANGED,
    }
)
"""What a type of answer means for a line without a status of its own; every other one accepts it."""

_TAKEN_BACK = (ChangeCode.DELETE, ChangeCode.CANCEL_ORDER, ChangeCode.REJECT_CHANGE)
"""What an 865 says of a line that will not come (data element 670)."""


def order_to_x12(
    order: PurchaseOrder, partner: Partner, *, ordered_on: date, parties: Iterable[documents.NamedParty] = ()
) -> documents.Order | documents.OrderChange:
    """A first order becomes an 850; a changed one (revision above 0) an 860 that replaces it as a whole.

    `ordered_on` is the day of the first order, by which suppliers know it beside its number. `parties` are those that
    the partner wants named (ship to, bill to); without a ship-to among them `deliver_to` becomes one.
    """
    named = tuple(parties)
    if order.deliver_to and not any(each.role == Entity.SHIP_TO for each in named):
        named = (*named, documents.NamedParty(role=Entity.SHIP_TO, qualifier="92", id=order.deliver_to))
    pairs = ((References.CONTRACT, order.agreement), (References.REQUISITION, order.requisition))
    common = {
        "number": order.number,
        "ordered_on": ordered_on,
        "currency": order.currency or "",
        "references": tuple(documents.Reference(qualifier=code, id=each) for code, each in pairs if each),
        "parties": named,
        **({"type": partner.bill_only_type} if order.bill_only else {}),
    }
    if order.revision == 0:
        return documents.Order(lines=tuple(_ordered(line, partner) for line in order.lines), **common)  # type: ignore[arg-type]
    lines = tuple(_replaced(line, partner) for line in order.lines)
    sequence = str(order.revision)
    return documents.OrderChange(purpose=Purpose.REPLACE, sequence=sequence, lines=lines, **common)  # type: ignore[arg-type]


def order_from_x12(
    order: documents.Order, partner: Partner, *, supplier: str, item_of: ItemOf | None = None, zone: tzinfo = UTC
) -> PurchaseOrder:
    """An 850 that somebody sends for us (a distributor's portal, a purchasing service). Raises `Invalid`."""
    item_of = item_of or items_as_sent(partner)
    lines = []
    for place, line in enumerate(order.lines, 1):
        where = f"PO1[{place}]"
        item = item_of(line, where)
        lines.append(
            make(
                OrderLine,
                where,
                number=line_number(line.number, place),
                item=item,
                quantity=needed_quantity(line.quantity, where),
                unit=unit_of(line.unit),
                unit_price=price_of_one(line.price, line.price_basis),
                needed_by=line.wanted_on or order.wanted_on,
                numbers=numbers_of(line, partner, item),
            )
        )
    return make(
        PurchaseOrder,
        "BEG",
        number=order.number,
        supplier=supplier,
        agreement=order.contract
        or reference(order.references, References.CONTRACT, References.BUYERS_CONTRACT, References.VENDORS_CONTRACT),
        currency=order.currency,
        requisition=reference(order.references, References.REQUISITION),
        deliver_to=next((each.id for each in order.parties if each.role == Entity.SHIP_TO), ""),
        ordered_at=moment(order.ordered_on, zone),
        lines=tuple(lines),
    )


def answers_cancellation(answer: documents.OrderAnswer) -> bool:
    """Is it the 865 by which a supplier answers that we have cancelled? One without a verdict is its own wish."""
    return answer.change and answer.purpose in ENDS and bool(answer.type)


def refuses(answer: documents.OrderAnswer) -> bool:
    """Does it say no to the whole of what it answers, without a word on lines?"""
    return answer.type in REJECTIONS and not answer.lines


def answer_from_x12(
    answer: documents.OrderAnswer, partner: Partner, *, supplier: str, item_of: ItemOf | None = None, zone: tzinfo = UTC
) -> OrderAcknowledgement:
    """An 855 or 865. A line that is split into several answers (so much now, the rest later) becomes several lines.

    An answer that rejects without lines, and an 865 by which the supplier cancels, reject the whole order. Raises
    `Invalid`.
    """
    item_of = item_of or items_as_sent(partner)
    whole = _WHOLE.get(answer.type, LineAnswer.ACCEPTED)
    if whole in (LineAnswer.BACKORDERED, LineAnswer.CHANGED) and not answer.lines:
        raise Invalid(
            "the order is held or answered otherwise, without a word on its lines: ask the supplier", where="BAK-02"
        )
    ended = answer.change and answer.purpose in ENDS
    lines = [
        found
        for place, line in enumerate(() if ended else answer.lines, 1)
        for found in _answered(line, place, item_of, partner, whole)
    ]
    return make(
        OrderAcknowledgement,
        "BCA" if answer.change else "BAK",
        number=answer.number or f"{answer.order}-{answer.sequence or '0'}",
        order=answer.order,
        supplier=supplier,
        acknowledged_at=moment(answer.acknowledged_on, zone),
        currency=answer.currency,
        lines=tuple(lines),
        rest=LineAnswer.REJECTED if ended or whole is LineAnswer.REJECTED else LineAnswer.ACCEPTED,
    )


def answer_to_x12(
    acknowledgement: OrderAcknowledgement, partner: Partner, *, ordered_on: date, change: bool = False
) -> documents.OrderAnswer:
    """An 855, or with `change` an 865; as suppliers send it, for simulators and for a hub at a supplier."""
    lines: dict[int, list[AcknowledgedLine]] = {}
    for line in acknowledgement.lines:
        lines.setdefault(line.number, []).append(line)
    answers = {line.answer for line in acknowledgement.lines}
    kind = AnswerType.WITHOUT_CHANGES
    if answers == {LineAnswer.REJECTED}:
        kind = AnswerType.REJECTED_WITH_DETAIL
    elif answers - {LineAnswer.ACCEPTED}:
        kind = AnswerType.WITH_CHANGES
    at = acknowledgement.acknowledged_at
    return documents.OrderAnswer(
        order=acknowledgement.order,
        ordered_on=ordered_on,
        change=change,
        type=kind,
        number=acknowledgement.number,
        acknowledged_on=at.date() if at is not None else None,
        currency=acknowledgement.currency or "",
        lines=tuple(_answering(number, parts, partner, change=change) for number, parts in lines.items()),
    )


def _ordered(line: OrderLine, partner: Partner) -> documents.OrderedLine:
    return documents.OrderedLine(
        number=str(line.number),
        quantity=line.quantity,
        unit=unit_for(line.unit),
        price=line.unit_price,
        ids=ids_for(partner, line.item, numbers=line.numbers),
        wanted_on=line.needed_by,
    )


def _replaced(line: OrderLine, partner: Partner) -> documents.ChangedLine:
    return documents.ChangedLine(
        number=str(line.number),
        change=ChangeCode.REPLACE_ALL_VALUES,
        quantity=line.quantity,
        open_quantity=line.quantity,
        unit=unit_for(line.unit),
        price=line.unit_price,
        ids=ids_for(partner, line.item, numbers=line.numbers),
        wanted_on=line.needed_by,
    )


def _answered(
    line: documents.AnsweredLine, place: int, item_of: ItemOf, partner: Partner, whole: LineAnswer
) -> Iterable[AcknowledgedLine]:
    where = f"PO1[{place}]"
    number, item = line_number(line.number, place), item_of(line, where)
    price = price_of_one(line.price, line.price_basis)
    if not line.answers:
        yield make(
            AcknowledgedLine,
            where,
            number=number,
            item=item,
            answer=LineAnswer.REJECTED if line.change in _TAKEN_BACK else whole,
            quantity=needed_quantity(line.quantity, where),
            unit=unit_of(line.unit),
            unit_price=price,
            numbers=numbers_of(line, partner, item),
        )
    for each in line.answers:
        other = documents.AnsweredLine(ids=each.ids)
        substitute = item_of(other, where) if each.status == LineStatus.SUBSTITUTED and each.ids else ""
        yield make(
            AcknowledgedLine,
            where,
            number=number,
            item=item,
            answer=_status(each.status, where),
            quantity=needed_quantity(each.quantity if each.quantity is not None else line.quantity, where),
            unit=unit_of(each.unit or line.unit),
            unit_price=price,
            delivery_date=each.date if each.date_qualifier in DELIVERIES else None,
            substitute=substitute if substitute != item else None,
            words=_WORDS.get(each.status, ""),  # type: ignore[call-overload]  # a StrEnum is found by its text
            numbers=numbers_of(other, partner, substitute) if substitute else numbers_of(line, partner, item),
        )


def _status(code: str, where: str) -> LineAnswer:
    found = STATUS.get(code) or (LineAnswer.REJECTED if code.startswith("R") else None)
    if found is None:
        raise Invalid("the hub does not know what this line status means (ACK-01)", where=where)
    return found


_CODES = {
    LineAnswer.ACCEPTED: LineStatus.ACCEPTED,
    LineAnswer.CHANGED: LineStatus.CHANGED,
    LineAnswer.BACKORDERED: LineStatus.BACKORDERED,
    LineAnswer.REJECTED: LineStatus.REJECTED,
}


def _answering(number: int, parts: list[AcknowledgedLine], partner: Partner, *, change: bool) -> documents.AnsweredLine:
    head = parts[0]
    return documents.AnsweredLine(
        number=str(number),
        change=ChangeCode.NO_CHANGE if change else "",
        quantity=sum((part.quantity for part in parts), Decimal(0)),
        unit=unit_for(head.unit),
        price=head.unit_price,
        ids=ids_for(partner, head.item or "", numbers=None if head.substitute else head.numbers),
        answers=tuple(
            documents.LineAnswer(
                status=LineStatus.SUBSTITUTED if part.substitute else _CODES[part.answer],
                quantity=part.quantity,
                unit=unit_for(part.unit),
                date_qualifier=Dates.SCHEDULED_DELIVERY if part.delivery_date else "",
                date=part.delivery_date,
                ids=ids_for(partner, part.substitute, numbers=part.numbers) if part.substitute else (),
            )
            for part in parts
        ),
    )

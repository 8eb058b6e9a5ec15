"""855 purchase order acknowledgement, and 865 acknowledgement of a change (or a change by the seller)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hilum.formats.x12.building import Draft, Row
from hilum.formats.x12.documents.codes import AnswerType, Dates, Purpose
from hilum.formats.x12.documents.parts import (
    Identified,
    Ids,
    NamedParty,
    Reference,
    count_row,
    currency_of,
    description_of,
    description_rows,
    first,
    ids_of,
    ids_row,
    needed,
    parties_of,
    party_rows,
    reference_rows,
    references_of,
    text,
    tree,
)
from hilum.formats.x12.loops import Loop
from hilum.formats.x12.segment import Segment
from hilum.formats.x12.transaction import TransactionSet


@dataclass(frozen=True, kw_only=True, slots=True)
class LineAnswer:
    """ACK: what becomes of so much of a line."""

    status: str  # data element 668, see `codes.LineStatus`
    quantity: Decimal | None = None
    unit: str = ""
    date_qualifier: str = ""  # data element 374
    date: date | None = None
    ids: Ids = ()  # of the item that is delivered; empty: the one that was ordered


@dataclass(frozen=True, kw_only=True, slots=True)
class AnsweredLine(Identified):
    """PO1 or POC with its ACKs."""

    number: str = ""
    change: str = ""  # of an 865: data element 670
    quantity: Decimal | None = None  # of the line as the seller repeats it
    unit: str = ""
    price: Decimal | None = None
    price_basis: str = ""
    description: str = ""
    answers: tuple[LineAnswer, ...] = ()  # one line may be split: so much now, the rest later


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderAnswer:
    """855, or with `change` 865."""

    order: str  # the buyer's order number
    ordered_on: date  # BAK04, BCA06: the date of the order
    change: bool = False
    purpose: str = Purpose.ORIGINAL
    type: str = AnswerType.WITHOUT_CHANGES
    number: str = ""  # BAK08, the seller's order number
    sequence: str = ""  # of an 865: BCA05
    acknowledged_on: date | None = None  # BAK09, BCA10
    currency: str = ""
    references: tuple[Reference, ...] = ()
    parties: tuple[NamedParty, ...] = ()
    lines: tuple[AnsweredLine, ...] = ()


def read_answer(transaction: TransactionSet) -> OrderAnswer:
    """An 855 or 865. Raises `Invalid`."""
    root = tree(transaction, "855", "865")
    change = transaction.code == "865"
    head = first(root, "BCA" if change else "BAK")
    day, number, answered = ("06", "09", "10") if change else ("04", "08", "09")
    return OrderAnswer(
        order=text(head, "03"),
        ordered_on=needed(head, day, head.date),
        change=change,
        purpose=head["01"],
        type=head["02"],
        number=head[number],
        sequence=head["05"] if change else "",
        acknowledged_on=head.date(answered),
        currency=currency_of(root),
        references=references_of(root),
        parties=parties_of(root),
        lines=tuple(_line(loop, change) for loop in root.within("POC" if change else "PO1")),
    )


def draft_answer(answer: OrderAnswer) -> Draft:
    """An 855 or 865."""
    own = (answer.purpose, answer.type, answer.order)
    begin: Row
    if answer.change:
        begin = (
            "BCA", *own, None, answer.sequence, answer.ordered_on, None, None, answer.number, answer.acknowledged_on
        )  # fmt: skip
    else:
        begin = ("BAK", *own, answer.ordered_on, None, None, None, answer.number, answer.acknowledged_on)
    rows: list[Row] = [
        begin,
        *([("CUR", "SE", answer.currency)] if answer.currency else []),
        *reference_rows(answer.references),
        *party_rows(answer.parties),
    ]
    for line in answer.lines:
        rows.append(_line_row(line, answer.change))
        rows += description_rows(line.description)
        rows += [
            ("ACK", each.status, each.quantity, each.unit, each.date_qualifier, each.date, None, *ids_row(each.ids))
            for each in line.answers
        ]
    return Draft("865" if answer.change else "855", [*rows, count_row(len(answer.lines))])


def _line_row(line: AnsweredLine, change: bool) -> Row:
    rest = (line.price, line.price_basis, *ids_row(line.ids))
    if change:
        unit = [line.unit] if line.unit else None
        return ("POC", line.number, line.change, line.quantity, line.quantity, unit, *rest)
    return ("PO1", line.number, line.quantity, line.unit, *rest)


def _line(loop: Loop, change: bool) -> AnsweredLine:
    head = loop.head
    acks = [*(each.head for each in loop.within("ACK")), *loop.all("ACK")]
    at = 6 if change else 4  # POC has the change code, the open quantity and a composite unit before
    return AnsweredLine(
        number=head["01"],
        change=head["02"] if change else "",
        quantity=head.decimal("03" if change else "02"),
        unit=head["05.1"] if change else head["03"],
        price=head.decimal(f"{at:02d}"),
        price_basis=head[f"{at + 1:02d}"],
        ids=ids_of(head, at + 2),
        description=description_of(loop),
        answers=tuple(_answer(each) for each in acks),
    )


def _answer(ack: Segment) -> LineAnswer:
    return LineAnswer(
        status=text(ack, "01"),
        quantity=ack.decimal("02"),
        unit=ack["03"],
        date_qualifier=ack["04"],
        date=ack.date("05"),
        ids=ids_of(ack, 7),
    )


DELIVERIES = (Dates.SCHEDULED_DELIVERY, Dates.PROMISED, Dates.ESTIMATED_DELIVERY, Dates.DELIVERY_REQUESTED)
"""Dates of an ACK that say when the goods come, the strongest first."""

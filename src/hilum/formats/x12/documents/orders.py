"""850 purchase order, and 860 change of a purchase order by the buyer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hilum.formats.x12.building import Draft, Row
from hilum.formats.x12.documents.codes import Dates, Purpose
from hilum.formats.x12.documents.parts import (
    Identified,
    NamedParty,
    Reference,
    count_row,
    currency_of,
    day_of,
    day_rows,
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
from hilum.formats.x12.transaction import TransactionSet


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderedLine(Identified):
    """PO1 with what follows it."""

    number: str = ""  # PO101, the buyer's number of the line
    quantity: Decimal | None = None
    unit: str = ""  # data element 355
    price: Decimal | None = None
    price_basis: str = ""  # data element 639: PE per each, CT contract, WE wholesale
    description: str = ""
    wanted_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """850."""

    number: str
    ordered_on: date
    purpose: str = Purpose.ORIGINAL
    type: str = "SA"  # data element 92: SA stand-alone, NE new, RL release, BK blanket
    release: str = ""  # BEG04
    contract: str = ""  # BEG06, else REF*CT
    currency: str = ""
    references: tuple[Reference, ...] = ()
    wanted_on: date | None = None
    parties: tuple[NamedParty, ...] = ()
    lines: tuple[OrderedLine, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedLine(Identified):
    """POC with what follows it."""

    number: str = ""
    change: str  # data element 670, see `codes.ChangeCode`
    quantity: Decimal | None = None  # what is ordered now
    open_quantity: Decimal | None = None  # what is still to come of it, POC04
    unit: str = ""
    price: Decimal | None = None
    price_basis: str = ""
    description: str = ""
    wanted_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderChange:
    """860. Lines that are not there stay as they are, unless the purpose is to replace the order."""

    number: str
    ordered_on: date
    purpose: str = Purpose.CHANGE
    type: str = "SA"
    release: str = ""
    sequence: str = ""  # BCH05, number of this change
    changed_on: date | None = None  # BCH11
    contract: str = ""
    currency: str = ""
    references: tuple[Reference, ...] = ()
    wanted_on: date | None = None
    parties: tuple[NamedParty, ...] = ()
    lines: tuple[ChangedLine, ...] = ()


def read_order(transaction: TransactionSet) -> Order:
    """An 850. Raises `Invalid`."""
    root = tree(transaction, "850")
    beg = first(root, "BEG")
    return Order(
        number=text(beg, "03"),
        ordered_on=needed(beg, "05", beg.date),
        purpose=beg["01"],
        type=beg["02"],
        release=beg["04"],
        contract=beg["06"],
        currency=currency_of(root),
        references=references_of(root),
        wanted_on=day_of(root, Dates.DELIVERY_REQUESTED),
        parties=parties_of(root),
        lines=tuple(_ordered(loop) for loop in root.within("PO1")),
    )


def draft_order(order: Order) -> Draft:
    """An 850."""
    rows: list[Row] = [
        ("BEG", order.purpose, order.type, order.number, order.release, order.ordered_on, order.contract),
        *_head_rows(order),
    ]
    for line in order.lines:
        rows.append(("PO1", line.number, line.quantity, line.unit, line.price, line.price_basis, *ids_row(line.ids)))
        rows += _line_rows(line)
    return Draft("850", [*rows, count_row(len(order.lines))])


def read_change(transaction: TransactionSet) -> OrderChange:
    """An 860. Raises `Invalid`."""
    root = tree(transaction, "860")
    bch = first(root, "BCH")
    return OrderChange(
        number=text(bch, "03"),
        ordered_on=needed(bch, "06", bch.date),
        purpose=bch["01"],
        type=bch["02"],
        release=bch["04"],
        sequence=bch["05"],
        changed_on=bch.date("11"),
        contract=bch["08"],
        currency=currency_of(root),
        references=references_of(root),
        wanted_on=day_of(root, Dates.DELIVERY_REQUESTED),
        parties=parties_of(root),
        lines=tuple(_changed(loop) for loop in root.within("POC")),
    )


def draft_change(change: OrderChange) -> Draft:
    """An 860."""
    begin: Row = (
        "BCH", change.purpose, change.type, change.number, change.release, change.sequence, change.ordered_on, None,
        change.contract, None, None, change.changed_on,
    )  # fmt: skip
    rows = [begin, *_head_rows(change)]
    for line in change.lines:
        quantities = (line.quantity, line.open_quantity, [line.unit] if line.unit else None)
        rows.append(("POC", line.number, line.change, *quantities, line.price, line.price_basis, *ids_row(line.ids)))
        rows += _line_rows(line)
    return Draft("860", [*rows, count_row(len(change.lines))])


def _ordered(loop: Loop) -> OrderedLine:
    head = loop.head
    return OrderedLine(
        number=head["01"],
        quantity=head.decimal("02"),
        unit=head["03"],
        price=head.decimal("04"),
        price_basis=head["05"],
        ids=ids_of(head, 6),
        description=description_of(loop),
        wanted_on=day_of(loop, Dates.DELIVERY_REQUESTED),
    )


def _changed(loop: Loop) -> ChangedLine:
    head = loop.head
    return ChangedLine(
        number=head["01"],
        change=text(head, "02"),
        quantity=head.decimal("03"),
        open_quantity=head.decimal("04"),
        unit=head["05.1"],
        price=head.decimal("06"),
        price_basis=head["07"],
        ids=ids_of(head, 8),
        description=description_of(loop),
        wanted_on=day_of(loop, Dates.DELIVERY_REQUESTED),
    )


def _head_rows(order: Order | OrderChange) -> list[Row]:
    return [
        *([("CUR", "BY", order.currency)] if order.currency else []),
        *reference_rows(order.references),
        *day_rows((Dates.DELIVERY_REQUESTED, order.wanted_on)),
        *party_rows(order.parties),
    ]


def _line_rows(line: OrderedLine | ChangedLine) -> list[Row]:
    return [*description_rows(line.description), *day_rows((Dates.DELIVERY_REQUESTED, line.wanted_on))]

"""The documents of an order side by side, for whoever decides: order, receipt, bill or answer, contract price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from hilum.canonical import (
    AcknowledgedLine,
    BillMatch,
    InvoiceLine,
    MatchCause,
    MatchedLine,
    OrderAcknowledgement,
    OrderLine,
    PurchaseOrder,
    SupplierBill,
)
from hilum.canonical.conversions import plain, priced, six_places
from hilum.cases.side_by_side import Member, SideBySide, compared
from hilum.packs.procurement.answers import not_named

ORDER, RECEIVED, BILL, CONTRACT = range(4)
"""The places of the documents beside a bill."""

_QUANTITY: Final[Mapping[MatchCause, tuple[int, ...]]] = {
    MatchCause.NOT_RECEIVED: (RECEIVED, BILL),
    MatchCause.OVER_ORDERED: (ORDER, BILL),
    MatchCause.OVER_CREDITED: (BILL,),
}
"""Which documents stand out, by what is wrong with a quantity."""


def beside_bill(order: PurchaseOrder, bill: SupplierBill, found: BillMatch, *, came: str = "Received") -> SideBySide:
    """Order | received | bill | contract price, line by line in the unit of the order's line.

    `came`: what is said of the goods, where they were used instead of received.
    """
    causes: dict[int, set[MatchCause]] = {}
    for finding in found.findings:
        causes.setdefault(finding.line or 0, set()).add(finding.cause)
    compared_lines = {line.number: line for line in found.lines}
    members = [*_whole(order, bill, causes.get(0, set()))]
    for line in bill.lines:
        wrong = causes.get(line.number, set())
        beside = compared_lines.get(line.number)
        members += _goods(beside, wrong) if beside is not None else [_alone(line, bill, wrong)]
    documents = (f"Order {order.number}", came, f"{_kind(bill)} {bill.number}", "Contract price")
    return SideBySide(documents=documents, members=tuple(members))


def beside_answer(order: PurchaseOrder, answer: OrderAcknowledgement, agreed: Mapping[str, Fraction]) -> SideBySide:
    """Order | the supplier's answer | contract price, line by line."""
    ordered = {line.number: line for line in order.lines}
    members: list[Member] = []
    for said in answer.lines:
        members += _answered(said, ordered.get(said.number), agreed)
    for line in not_named(order, answer):
        members.append(_pair(f"Line {line.number}, {line.item}: answer", "", answer.rest.value, differs=True))
    documents = (f"Order {order.number}", f"Answer {answer.number}", "Contract price")
    return SideBySide(documents=documents, members=tuple(members))


def _kind(bill: SupplierBill) -> str:
    return "Credit note" if bill.credit else "Bill"


def _whole(order: PurchaseOrder, bill: SupplierBill, wrong: set[MatchCause]) -> Iterable[Member]:
    yield _two("Supplier", order.supplier, bill.supplier)
    yield _two("Currency", order.currency or "", bill.currency)
    if bill.total is not None:
        marked = (BILL,) if MatchCause.TOTAL in wrong else ()
        yield Member(name="Total with tax", values=("", "", priced(bill.total), ""), marked=marked)


def _two(name: str, ordered: str, billed: str) -> Member:
    told = compared(name, (ordered, billed))
    return Member(name=name, values=(ordered, "", billed, ""), marked=(ORDER, BILL) if told.differs else ())


def _goods(line: MatchedLine, wrong: set[MatchCause]) -> Iterable[Member]:
    before = f" after {plain(line.billed_before)} before" if line.billed_before else ""
    marked = {place for cause in wrong for place in _QUANTITY.get(cause, ())}
    yield Member(
        name=f"Line {line.number}, {line.item}: quantity, {line.unit}",
        values=(plain(line.ordered), plain(line.received), f"{plain(line.billed)}{before}", ""),
        marked=tuple(sorted(marked)),
    )
    dear = MatchCause.PRICE in wrong or MatchCause.NO_PRICE in wrong
    against = CONTRACT if line.agreed_price is not None else ORDER
    yield Member(
        name=f"Line {line.number}, {line.item}: price for one {line.unit}",
        values=(_said(line.ordered_price), "", _said(line.price), _said(line.agreed_price)),
        marked=tuple(sorted({BILL, against})) if dear else (),
    )


def _alone(line: InvoiceLine, bill: SupplierBill, wrong: set[MatchCause]) -> Member:
    """A line that is compared with nothing: charges, what was not ordered, a unit that leads nowhere."""
    what = line.item or line.description or "charge"
    unit = f" {line.unit}" if line.item else ""
    told = f"{plain(line.quantity)}{unit} at {priced(line.unit_price)} {bill.currency}"
    marked = (BILL,) if wrong or line.item is not None else ()
    return Member(name=f"Line {line.number}, {what}"[:300], values=("", "", told, ""), marked=marked)


def _answered(said: AcknowledgedLine, line: OrderLine | None, agreed: Mapping[str, Fraction]) -> Iterable[Member]:
    head = f"Line {said.number}, {line.item if line is not None else said.item}"
    price = agreed.get(line.item) if line is not None else None
    contract = priced(six_places(price)) if price is not None else ""
    yield _pair(f"{head}: answer", "", str(said.answer.value), differs=said.answer.value != "accepted")
    if line is None:
        yield _pair(f"{head}: quantity", "", f"{plain(said.quantity)} {said.unit}", differs=True)
        return
    item = said.substitute or line.item
    yield _pair(f"{head}: item", line.item, item)
    yield _pair(f"{head}: quantity", f"{plain(line.quantity)} {line.unit}", f"{plain(said.quantity)} {said.unit}")
    yield _pair(f"{head}: price for one {line.unit}", _said(line.unit_price), _said(said.unit_price), contract)
    late = said.delivery_date is not None and line.needed_by is not None and said.delivery_date > line.needed_by
    days = str(line.needed_by or ""), str(said.delivery_date or "")
    yield _pair(f"{head}: day", *days, differs=late)


def _pair(name: str, ordered: str, told: str, contract: str = "", *, differs: bool | None = None) -> Member:
    """Order and answer; both stand out where they differ. What one of them does not say differs from nothing."""
    if differs is None:
        differs = bool(ordered and told) and ordered != told
    marked = tuple(at for at, value in enumerate((ordered, told)) if value) if differs else ()
    return Member(name=name[:300], values=(ordered, told, contract), marked=marked)


def _said(price: Decimal | None) -> str:
    return priced(price) if price is not None else ""


def items_of(order: PurchaseOrder, bill: SupplierBill | None = None) -> Sequence[str]:
    """The items that a question about these documents concerns."""
    billed = [line.item for line in bill.lines if line.item] if bill is not None else []
    return list(dict.fromkeys(billed or [line.item for line in order.lines]))

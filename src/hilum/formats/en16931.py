"""The invoice of EN 16931, whichever syntax it came in: UBL (`hilum.formats.ubl`) or CII (`hilum.formats.cii`).

What the standard says of its meaning is here for both; each syntax has names of its own. Sums are checked where it is
read, by the rules of the standard (BR-CO-10 … BR-CO-17): each may be off by two cents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from hilum.errors import Invalid
from hilum.formats.xml_nodes import XmlNode

SLACK: Final = Decimal("0.02")
"""Rounding, at each sum."""

CREDIT_NOTES: Final = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})
"""UNCL1001 of what is a credit note, where the syntax has one document for both (CII)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Charge:
    """An allowance or charge before tax; an allowance is negative."""

    amount: Decimal
    words: str
    tax_percent: Decimal | None
    where: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BillLine:
    """One line."""

    id: str
    quantity: Decimal
    unit: str  # UN/ECE Recommendation 20: C62, EA
    price: Decimal  # of one unit, before tax
    amount: Decimal  # net of the line, with its own charges
    tax_percent: Decimal | None
    description: str
    ids: tuple[tuple[str, str], ...]  # identifiers of the item: buyer, seller, or the scheme of a standard one (0160)
    order_line: str
    charges: tuple[Charge, ...]
    where: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """The seller or the buyer, by what names it."""

    name: str
    ids: tuple[tuple[str, str], ...]  # scheme and identifier: endpoint, party, tax, company
    tax_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """An invoice or credit note."""

    number: str
    credit: bool
    type: str  # UNCL1001: 380, 381, 389 …
    issued_on: date
    due_on: date | None
    currency: str
    order: str
    corrects: tuple[str, ...]  # numbers of the bills that it is about
    seller: Party
    buyer: Party
    total: Decimal  # with tax
    payable: Decimal
    lines: tuple[BillLine, ...]
    charges: tuple[Charge, ...]  # of the whole


def must_be(node: XmlNode, told: Decimal, found: Decimal, of: str) -> None:
    """Raises `Invalid` where a sum is not what it is the sum of."""
    if abs(told - found) > SLACK:
        raise Invalid(f"{node.name} is not what {of} come to", where=node.where)


def sign_of(indicator: XmlNode) -> int:
    """1 of a charge, -1 of an allowance. Raises `Invalid` where it is neither."""
    if indicator.text() not in ("true", "false", "1", "0"):
        raise Invalid("a charge is true, an allowance false", where=indicator.where)
    return 1 if indicator.text() in ("true", "1") else -1


def charge_of(sign: int, amount: Decimal, words: str, tax_percent: Decimal | None, where: str) -> Charge:
    """A charge or, with the other sign, an allowance; one without words is called what it is."""
    called = words or ("Charge" if sign > 0 else "Allowance")
    return Charge(amount=sign * amount, words=called, tax_percent=tax_percent, where=where)


def price_of_one(price: Decimal, basis: XmlNode | None) -> Decimal:
    """The price of one unit (BT-146), where it is told for `basis` of them. Raises `Invalid`."""
    if basis is None:
        return price
    if basis.decimal() <= 0:
        raise Invalid("a price is for more than 0 units", where=basis.where)
    return price / basis.decimal()


def item_ids(buyer: str, standard: XmlNode | None, seller: str) -> tuple[tuple[str, str], ...]:
    """What names the item (BT-155 … BT-157): a standard identifier by its scheme."""
    found = [("buyer", buyer)]
    if standard is not None:
        found.append((standard.attribute("schemeID") or "standard", standard.text()))
    found.append(("seller", seller))
    return tuple((kind, value) for kind, value in found if value)


def party_ids(nodes: Iterable[XmlNode]) -> tuple[tuple[str, str], ...]:
    """What names a party, by scheme."""
    return tuple((each.attribute("schemeID"), each.text()) for each in nodes if each.text())


def line_must_add_up(net: XmlNode, amount: Decimal, goods: Decimal, charges: Sequence[Charge]) -> None:
    """The amount of a line is that of its goods with its own charges (PEPPOL-EN16931-R120). Raises `Invalid`."""
    must_be(net, amount, goods + _sum(charges), "quantity, price and charges")


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """What a syntax calls the sums of the document (BG-22); both call those of allowances and charges the same."""

    net: str
    before_tax: str
    with_tax: str
    prepaid: str
    rounding: str
    payable: str

    def of(
        self,
        sums: XmlNode,
        money: Callable[[XmlNode], Decimal],
        lines: Sequence[BillLine],
        charges: Sequence[Charge],
        tax: Callable[[], Decimal],
    ) -> tuple[Decimal, Decimal]:
        """What is billed with tax, and what is to be paid. Raises `Invalid` where sums do not add up."""
        net = sums.need(self.net)
        must_be(net, money(net), sum((each.amount for each in lines), Decimal(0)), "the lines")
        for name, sign in (("AllowanceTotalAmount", -1), ("ChargeTotalAmount", 1)):
            told, found = sums.first(name), abs(_sum([each for each in charges if sign * each.amount > 0]))
            if told is not None:
                must_be(told, money(told), found, "the allowances or charges")
            elif found:
                raise Invalid(f"the element {name} is missing", where=sums.where)
        before = sums.need(self.before_tax)
        must_be(before, money(before), money(net) + _sum(charges), "lines, allowances and charges")
        with_tax = sums.need(self.with_tax)
        must_be(with_tax, money(with_tax), money(before) + tax(), "the amount without tax, and the tax")
        payable = sums.need(self.payable)
        open_ = money(with_tax) - _told(sums, self.prepaid, money) + _told(sums, self.rounding, money)
        must_be(payable, money(payable), open_, "the total and what is prepaid")
        return money(with_tax), money(payable)


def _sum(charges: Sequence[Charge]) -> Decimal:
    return sum((each.amount for each in charges), Decimal(0))


def _told(sums: XmlNode, name: str, money: Callable[[XmlNode], Decimal]) -> Decimal:
    found = sums.first(name)
    return money(found) if found is not None else Decimal(0)

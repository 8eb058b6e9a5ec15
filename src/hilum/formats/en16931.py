"""The invoice of EN 16931, whichever syntax it came in: UBL (`hilum.formats.ubl`) or CII (`hilum.formats.cii`).

Sums are checked where it is read, by the rules of the standard (BR-CO-10 … BR-CO-17): each may be off by two cents.
"""

from __future__ import annotations

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

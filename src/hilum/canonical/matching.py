"""What became of a bill when it was compared with its order and with what came."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from hilum.canonical.base import Amount, BusinessObject, Code, Currency, Kind, Quantity, Text, Value


class MatchCause(StrEnum):
    """Why a bill does not match."""

    NO_ORDER = "no order"  # it names none, or one that nobody knows
    SUPPLIER = "supplier"  # the order is with another one
    CURRENCY = "currency"
    NOT_ORDERED = "not ordered"
    UNIT = "unit"  # billed in a unit that nothing leads to the ordered one from
    PRICE = "price"
    NO_PRICE = "no price"  # neither contract nor order says what it should cost
    NOT_RECEIVED = "not received"
    OVER_ORDERED = "over ordered"
    OVER_CREDITED = "over credited"  # more given back than was billed
    EXTRAS = "extras"  # freight and other charges beyond what is allowed
    TAX = "tax"
    TOTAL = "total"  # the printed total is not what the lines come to
    DUPLICATE = "duplicate"


class MatchFinding(Value):
    """One thing that does not match."""

    cause: MatchCause
    line: int | None = Field(default=None, ge=1)  # of the bill; none: of the bill as a whole
    amount: Amount | None = None  # so much more than it should be, in the bill's currency; none: not known
    words: Text


class MatchedLine(Value):
    """A line of goods beside what it is compared with; quantities and prices are in the unit of the order's line."""

    number: int = Field(ge=1)
    order_line: int | None = Field(default=None, ge=1)
    item: Code
    unit: Code
    billed: Quantity
    billed_before: Quantity
    ordered: Quantity
    received: Quantity
    price: Amount | None = None  # billed, for one
    ordered_price: Amount | None = None
    agreed_price: Amount | None = None  # by a contract


class BillMatch(BusinessObject):
    """A bill was compared with its order, what came, and what was agreed (three-way match)."""

    name: ClassVar[str] = "hilum.bill.match"
    kind: ClassVar[Kind] = Kind.EVENT

    bill: Code  # its business key
    supplier: Code
    order: Code | None = None
    currency: Currency
    round: int = Field(default=1, ge=1)  # it is compared again when more comes
    amount: Amount  # what the lines come to, before tax
    findings: tuple[MatchFinding, ...] = ()
    lines: tuple[MatchedLine, ...] = ()

    @property
    def matched(self) -> bool:
        """Nothing is in the way of paying it."""
        return not self.findings

    @property
    def business_key(self) -> str:
        """The bill, and which comparison it is."""
        return f"{self.bill}:{self.round}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Bill, order, supplier, items."""
        found = (self.bill, self.order, self.supplier, *(line.item for line in self.lines))
        return tuple(dict.fromkeys(x for x in found if x))

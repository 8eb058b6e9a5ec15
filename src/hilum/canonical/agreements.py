"""What is agreed with suppliers: prices, and blanket orders that purchase orders draw on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field

from hilum.canonical.base import Amount, BusinessObject, Code, Currency, Kind, Money, Quantity, Text, Value
from hilum.canonical.trade import TradeNumbers


class SupplierPrice(BusinessObject):
    """What a supplier asks for an item, from a quantity on, for a time (X12 832, EDIFACT PRICAT)."""

    name: ClassVar[str] = "hilum.supplier.price"
    version: ClassVar[str] = "1.1"
    kind: ClassVar[Kind] = Kind.RECORD

    supplier: Code
    item: Code
    price: Money
    unit: Code | None = None  # the price is for one of these; none: the unit in which the item is bought
    from_quantity: Quantity = Field(default=Decimal(0), ge=0)
    valid_from: date | None = None
    valid_to: date | None = None  # the first day on which it does not count any more
    lead_days: int | None = Field(default=None, ge=0)
    supplier_item: Text = ""  # the supplier's own item number
    supplier_title: Text = ""
    numbers: TradeNumbers | None = None  # of what the price is for

    @property
    def business_key(self) -> str:
        """Item and supplier, and where they are given: quantity step, first day."""
        step = format(self.from_quantity.normalize(), "f") if self.from_quantity else ""
        start = self.valid_from.isoformat() if self.valid_from else ""
        return "/".join([self.item, self.supplier, *([step, start] if step or start else [])])

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Item, supplier, the supplier's item number."""
        return tuple(x for x in (self.item, self.supplier, self.supplier_item) if x)


class AgreementLine(Value):
    """An item of a blanket order, with its agreed price and quantity."""

    number: int = Field(ge=1)
    item: Code
    quantity: Quantity = Field(gt=0)
    unit: Code = "EA"
    unit_price: Amount = Field(gt=0)


class BlanketAgreement(BusinessObject):
    """A blanket order: quantities and prices of a supplier for a time; orders draw on it."""

    name: ClassVar[str] = "hilum.purchase.agreement"
    kind: ClassVar[Kind] = Kind.RECORD

    number: Code
    supplier: Code
    currency: Currency | None = None
    valid_from: date | None = None
    valid_to: date | None = None  # the first day on which it does not count any more
    confirm: bool = True  # its prices count at once; otherwise it stays a draft for a buyer
    lines: Annotated[tuple[AgreementLine, ...], Field(min_length=1)]

    @property
    def business_key(self) -> str:
        """The agreement number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Agreement, supplier, items."""
        return tuple(dict.fromkeys((self.number, self.supplier, *(line.item for line in self.lines))))


class AgreementEnded(BusinessObject):
    """A blanket order is over: its prices no longer count."""

    name: ClassVar[str] = "hilum.purchase.agreement.ended"

    number: Code
    cancelled: bool = False  # it never was to be; otherwise it has run out or was used up
    reason: Text = ""

    @property
    def business_key(self) -> str:
        """The agreement number."""
        return self.number

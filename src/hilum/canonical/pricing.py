"""What lines of documents cost, and what they should cost by what was agreed."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from hilum.canonical.base import Amount, BusinessObject, Code, Currency, Kind, Quantity, Text, Value


class PackOf(Value):
    """One package of an item holds so many of a smaller unit."""

    unit: Code
    holds: Annotated[Quantity, Field(gt=0)]
    of: Code


class PriceBasis(StrEnum):
    """Whose price a line should have."""

    CONTRACT = "contract"
    LIST = "list"  # the supplier's catalogue: nothing was agreed
    NONE = "none"  # nobody has said a price


class PricedDocument(StrEnum):
    """What sort of document a line is of."""

    REQUISITION = "requisition"
    ORDER = "order"
    BILL = "bill"


class PriceCheck(BusinessObject):
    """What a line of a document costs, and what it should cost by what was agreed with the supplier."""

    name: ClassVar[str] = "hilum.price.check"
    kind: ClassVar[Kind] = Kind.EVENT

    document_type: PricedDocument
    document: Code  # its business key
    line: int = Field(ge=1)
    revision: int = Field(default=0, ge=0)
    checked_on: date  # the day that the price is of
    supplier: Code
    item: Code
    quantity: Quantity
    unit: Code = "EA"
    packs: tuple[PackOf, ...] = ()  # what packages of the item hold, as far as it was known
    facility: Code | None = None
    agreement: Code | None = None  # the contract that the document names
    currency: Currency | None = None
    unit_price: Amount | None = None  # none: the document asks for none
    basis: PriceBasis
    contract: Code | None = None
    expected_price: Amount | None = None  # for one of the unit, rounded to six digits
    leak: Amount | None = None  # so much too much, for the line, in minor units of the currency; negative: too little
    words: Text

    @property
    def business_key(self) -> str:
        """Document, line and revision."""
        return f"{self.document_type.value}:{self.document}:{self.line}:{self.revision}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Document, supplier, item, contract."""
        found = (self.document, self.supplier, self.item, self.contract or self.agreement)
        return tuple(dict.fromkeys(x for x in found if x))

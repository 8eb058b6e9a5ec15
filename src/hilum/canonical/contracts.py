"""What was agreed with a supplier: contracts with their price schedules, and how an order was answered."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from hilum.canonical.base import Amount, BusinessObject, Code, Currency, Kind, Moment, Quantity, Text, Value
from hilum.canonical.trade import TradeNumbers


class PriceTier(Value):
    """The price of one unit from a quantity on."""

    from_quantity: Quantity = Decimal(0)
    unit_price: Amount


class PriceLine(Value):
    """One item of a price schedule. The tier with the highest quantity that is reached counts."""

    item: Code
    supplier_item: Text = ""  # what the supplier calls it
    unit: Code = "EA"
    tiers: Annotated[tuple[PriceTier, ...], Field(min_length=1)]
    valid_from: date | None = None  # none: as the contract
    valid_to: date | None = None  # the first day on which it does not count any more; none: as the contract


class ContractStatus(StrEnum):
    """Where a contract is in its life."""

    DRAFT = "draft"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Rebate(Value):
    """What the supplier gives back when so much was bought in the time of the contract. The highest that is reached
    counts, of all that was bought."""

    from_amount: Amount = Decimal(0)
    percent: Annotated[Decimal, Field(gt=0, le=100)]


class Contract(BusinessObject):
    """An agreement with a supplier and its price schedule: what orders are compared with."""

    name: ClassVar[str] = "hilum.contract"
    version: ClassVar[str] = "1.1"
    kind: ClassVar[Kind] = Kind.RECORD

    number: Code
    title: Text
    supplier: Code
    status: ContractStatus = ContractStatus.ACTIVE
    currency: Currency
    valid_from: date
    valid_to: date | None = None  # the first day on which it does not hold any more; none: until it is ended
    group: Text = ""  # purchasing organisation that negotiated it, with its tier
    facilities: tuple[Code, ...] = ()  # those that may buy by it; none: all
    committed_amount: Amount | None = None
    prices: tuple[PriceLine, ...] = ()
    rebates: tuple[Rebate, ...] = ()
    revision: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Contract:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to must be after valid_from")
        return self

    @property
    def business_key(self) -> str:
        """The contract number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Contract number and supplier."""
        return (self.number, self.supplier)


class LineAnswer(StrEnum):
    """What a supplier says of an order line (X12 855 ACK01, EDIFACT ORDRSP)."""

    ACCEPTED = "accepted"
    CHANGED = "changed"  # quantity, date, price or item differ
    BACKORDERED = "backordered"
    REJECTED = "rejected"


class AcknowledgedLine(Value):
    """The supplier's answer to one order line."""

    number: int = Field(ge=1)
    item: Code | None = None  # none: that of the order's line (a ConfirmationRequest of cXML does not repeat it)
    answer: LineAnswer
    quantity: Quantity
    unit: Code = "EA"
    unit_price: Amount | None = None
    delivery_date: date | None = None
    substitute: Code | None = None  # item that is delivered instead
    words: Text = ""
    numbers: TradeNumbers | None = None  # of what is delivered


class OrderAcknowledgement(BusinessObject):
    """A supplier answers a purchase order (X12 855, EDIFACT ORDRSP, cXML ConfirmationRequest)."""

    name: ClassVar[str] = "hilum.order.acknowledgement"
    version: ClassVar[str] = "2.1"  # 2.0: a line need not name its item; 2.1: what becomes of lines that are not named

    number: Code  # the supplier's number of this answer
    order: Code
    supplier: Code
    acknowledged_at: Moment | None = None
    currency: Currency | None = None
    lines: tuple[AcknowledgedLine, ...] = ()
    rest: LineAnswer = LineAnswer.ACCEPTED  # of the lines that are not named; with no line: of the whole order

    @property
    def business_key(self) -> str:
        """Supplier and number of the answer."""
        return f"{self.supplier}:{self.number}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Answer, order, supplier, items."""
        items = (line.item for line in self.lines if line.item)
        return tuple(dict.fromkeys((self.number, self.order, self.supplier, *items)))


class ScreeningOutcome(StrEnum):
    """What a screening came to."""

    CLEAR = "clear"
    POSSIBLE = "possible"  # a person must look
    LISTED = "listed"


class ScreeningResult(BusinessObject):
    """A supplier, person or item was looked up in lists of exclusions, sanctions or recalls."""

    name: ClassVar[str] = "hilum.screening.result"
    kind: ClassVar[Kind] = Kind.EVENT

    screening: Code  # identifier of this look-up
    subject_type: Text  # supplier, employee, item
    subject: Code
    list_name: Text  # which list, and of whom
    list_date: date | None = None  # issue of the list
    outcome: ScreeningOutcome
    score: Decimal | None = Field(default=None, ge=0, le=1)  # 1: the same
    screened_at: Moment

    @property
    def business_key(self) -> str:
        """The look-up and its list."""
        return f"{self.screening}:{self.list_name}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Look-up and subject."""
        return (self.screening, self.subject)

"""The kinds of facts: each is a table for analytics, its fields are the columns. No I/O.

Whoever adds, drops or retypes a field raises the `schema_version` of its kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Fact(BaseModel):
    """What all facts say."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    kind: ClassVar[str]
    schema_version: ClassVar[int] = 1

    document: str = Field(description="What it is of: the number of an order, the key of a bill, a registration")
    line: int = Field(0, ge=0, description="Line of the document; 0: the document as a whole")
    revision: int = Field(0, ge=0, description="Of the document: of a lower one nothing counts any more")
    at: datetime | None = Field(None, description="When it came about")  # none: when it is noted
    on: date | None = Field(None, exclude=True)  # the day that its document names; none: that of `at`
    followed: bool = Field(True, exclude=True)  # told by who follows the document
    facility: str = Field("", description="Whom it was for; empty: nobody said")
    supplier: str = Field("", description="The hub's code of the supplier")
    category: str = Field("", description="Of the item, as the hospital's rules say it; empty: none")
    currency: str = Field("", description="ISO 4217 code of the amounts; empty: there are none")
    run_id: UUID | None = Field(None, description="The run of the process that noted it")
    message_id: UUID | None = Field(None, description="The message that told it")


COMMON: Final = frozenset(Fact.model_fields)
"""Fields of every fact, which have columns of their own in the database."""


class OrderLine(Fact):
    """A line that was ordered, with the price that it should have. Counts on the day of the order."""

    kind: ClassVar[str] = "order_lines"

    item: str = Field(description="The hub's code of the item")
    quantity: Decimal = Field(description="As ordered, in the unit")
    unit: str = Field(description="Of the quantity and of the prices")
    unit_price: Decimal | None = Field(None, description="For one of the unit; none: the order says none")
    amount: Decimal | None = Field(None, description="Of the line before tax, in minor units; none: no price is known")
    basis: str = Field(description="Whose price it should have: contract, list (nothing was agreed) or none")
    contract: str = Field("", description="By which contract; empty: bought off contract")
    expected_price: Decimal | None = Field(None, description="What was agreed, for one of the unit")
    leak: Decimal | None = Field(None, description="Asked above what was agreed, for the line; negative: below")
    cancelled: bool = Field(False, description="The order was cancelled: it is in no figure")


class BillLine(Fact):
    """A line that was billed, as its price was checked. Counts on the day whose prices count: that of the order."""

    kind: ClassVar[str] = "bill_lines"

    item: str = Field(description="The hub's code of the item")
    quantity: Decimal = Field(description="As billed, in the unit; negative: a credit note")
    unit: str = Field(description="Of the quantity")
    amount: Decimal | None = Field(None, description="Of the line before tax, in minor units; negative: a credit note")
    contract: str = Field("", description="The contract that covers it; empty: none")
    leak: Decimal | None = Field(None, description="Billed above what was agreed, for the line; negative: below")


class BilledPrice(Fact):
    """A line of a bill beside its order line when it was compared first. Counts on that day."""

    kind: ClassVar[str] = "billed_prices"

    order: str = Field(description="The order that is billed")
    item: str = Field(description="The hub's code of the item")
    amount: Decimal = Field(description="What is billed for the line before tax, in minor units")
    should_be: Decimal | None = Field(None, description="By contract, else by the order; none: neither says a price")
    too_much: Decimal = Field(description="What the match found too dear, beyond the tolerance; 0: the price is right")


class MatchedBill(Fact):
    """A bill or credit note that is settled. Counts on the day on which it was settled."""

    kind: ClassVar[str] = "matched_bills"

    order: str = Field("", description="The order that it names")
    outcome: str = Field(description="matched (nobody had to decide), accepted or refused (somebody did)")
    first_time: bool = Field(description="It matched when it was compared first")
    causes: tuple[str, ...] = Field((), description="Why it did not match when it was compared last before its end")
    credit: bool = Field(False, description="It is a credit note")
    amount: Decimal = Field(description="Of its lines before tax, in minor units; negative: a credit note")
    came_at: datetime = Field(description="When its run heard of it")


class Acknowledgement(Fact):
    """The first answer of a supplier to an order. Counts on the day of the answer."""

    kind: ClassVar[str] = "acknowledgements"

    ordered_at: datetime = Field(description="When the order was made, else when its run began")
    differs: bool = Field(description="It says something else than was ordered")


class FirstDelivery(Fact):
    """A line of an order when the first goods of the order came. Counts on that day."""

    kind: ClassVar[str] = "first_deliveries"

    item: str = Field(description="The hub's code of the item")
    unit: str = Field(description="Of the quantities")
    ordered: Decimal = Field(description="What was ordered")
    came: Decimal = Field(description="What came of it with the first delivery")


class Onboarding(Fact):
    """A registration of a supplier that is decided for the first time. Counts on the day of the decision."""

    kind: ClassVar[str] = "onboardings"

    outcome: str = Field(description="active or refused")
    registered_at: datetime = Field(description="When it was registered, else when its run began")


class Approval(Fact):
    """A requisition of which people have decided. Counts on the day of the decision."""

    kind: ClassVar[str] = "approvals"

    outcome: str = Field(description="approved or refused")
    asked_at: datetime = Field(description="When its run began")
    rule: str = Field(description="The approval rule that fitted")
    people: int = Field(ge=0, description="How many people have decided")
    urgent: bool = Field(description="The requester said so")
    amount: Decimal | None = Field(None, description="What it costs in all; none: nobody knows")


class PaidOut(Fact):
    """A payment to a supplier and what has become of it. Counts on the day on which it was to be made."""

    kind: ClassVar[str] = "payments"

    payment_run: str = Field(description="Number of the payment run, and of the file")
    state: str = Field(description="instructed, accepted, rejected, partly, booked, returned or given up")
    amount: Decimal = Field(description="As the bank was instructed")
    booked: Decimal = Field(description="What left the account")
    returned: Decimal = Field(description="What came back")
    reopened: Decimal = Field(description="What is to be paid by another payment, or by hand")
    bills: int = Field(ge=1, description="How many documents it pays")


KINDS: Final[Mapping[str, type[Fact]]] = {
    each.kind: each
    for each in (
        OrderLine, BillLine, BilledPrice, MatchedBill, Acknowledgement, FirstDelivery, Onboarding, Approval, PaidOut,
    )
}  # fmt: skip
"""All kinds, by the names of their tables."""

"""What is asked of a payer and what it answers: eligibility, authorisation, claim, remittance, denial."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from hilum.canonical.base import Amount, BusinessObject, Code, Currency, Kind, Moment, Quantity, Text, Value


class Eligibility(BusinessObject):
    """A payer says whether and how somebody is insured (X12 271, FHIR R4 CoverageEligibilityResponse)."""

    name: ClassVar[str] = "hilum.eligibility"
    kind: ClassVar[Kind] = Kind.EVENT

    inquiry: Code  # identifier of the question
    account: Code
    payer: Code
    member_id: Code = Field(repr=False)
    active: bool
    plan: Text = ""
    valid_from: date | None = None
    valid_to: date | None = None  # the first day on which it does not hold any more
    copayment: Amount | None = None
    deductible_left: Amount | None = None
    currency: Currency | None = None
    answered_at: Moment

    @property
    def business_key(self) -> str:
        """The inquiry."""
        return self.inquiry

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Inquiry, account, member."""
        return (self.inquiry, self.account, self.member_id)


class AuthorisationStatus(StrEnum):
    """What a payer decided."""

    PENDING = "pending"
    APPROVED = "approved"
    PARTIAL = "partial"
    DENIED = "denied"


class Authorisation(BusinessObject):
    """A payer agrees beforehand to pay for a service (X12 278)."""

    name: ClassVar[str] = "hilum.authorisation"

    number: Code
    account: Code
    payer: Code
    status: AuthorisationStatus
    service: Text = ""
    quantity: Quantity | None = None
    valid_from: date | None = None
    valid_to: date | None = None  # the first day on which it does not hold any more
    decided_at: Moment | None = None

    @property
    def business_key(self) -> str:
        """Payer and number."""
        return f"{self.payer}:{self.number}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Authorisation and account."""
        return (self.number, self.account)


class ClaimLine(Value):
    """One service of a claim."""

    number: int = Field(ge=1)
    service: Code  # procedure or revenue code
    quantity: Quantity
    amount: Amount
    service_date: date | None = None
    charge: Code | None = None  # transaction of the charge it comes from


class Claim(BusinessObject):
    """The hospital asks a payer to pay (X12 837, FHIR R4 Claim). Without clinical content."""

    name: ClassVar[str] = "hilum.claim"

    number: Code  # the hospital's number (CLM01)
    account: Code
    payer: Code
    replaces: Code | None = None  # claim that this one corrects
    encounter: Code | None = None
    authorisation: Code | None = None
    currency: Currency
    total: Amount
    facility: Text = ""
    submitted_at: Moment | None = None
    lines: Annotated[tuple[ClaimLine, ...], Field(min_length=1)]

    @property
    def business_key(self) -> str:
        """The claim number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Claim, the one it replaces, account, encounter, authorisation."""
        found = (self.number, self.replaces, self.account, self.encounter, self.authorisation)
        return tuple(x for x in found if x)


class Adjustment(Value):
    """Why less was paid than billed (X12 835 CAS): group and reason as the payer gives them."""

    group: Code  # CO contractual, PR patient, OA other, PI payer
    reason: Code  # claim adjustment reason code
    amount: Amount


class PaidClaim(Value):
    """What a remittance says of one claim."""

    claim: Code
    payer_claim: Text = ""  # the payer's own number
    billed: Amount
    paid: Amount
    patient_share: Amount | None = None
    adjustments: tuple[Adjustment, ...] = ()


class Remittance(BusinessObject):
    """A payer tells what it pays for which claims (X12 835)."""

    name: ClassVar[str] = "hilum.remittance"

    number: Code  # trace number of the payment (TRN02)
    payer: Code
    currency: Currency
    paid: Amount
    paid_on: date
    claims: tuple[PaidClaim, ...] = ()

    @property
    def business_key(self) -> str:
        """Payer and trace number."""
        return f"{self.payer}:{self.number}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Trace number and claims."""
        return (self.number, *dict.fromkeys(each.claim for each in self.claims))


class Denial(BusinessObject):
    """A payer refuses a claim, or a line of it."""

    name: ClassVar[str] = "hilum.denial"
    kind: ClassVar[Kind] = Kind.EVENT

    claim: Code
    line: int | None = Field(default=None, ge=1)  # none: the whole claim
    payer: Code
    reason: Code  # the payer's reason code
    words: Text = ""
    amount: Amount
    currency: Currency
    denied_on: date
    appeal_until: date | None = None  # the last day on which it can be appealed

    @property
    def business_key(self) -> str:
        """Claim, line, reason and day."""
        return ":".join(str(x) for x in (self.claim, self.line, self.reason, self.denied_on) if x is not None)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The claim and the key."""
        return (self.business_key, self.claim)

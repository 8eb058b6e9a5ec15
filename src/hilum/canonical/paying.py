"""Paying suppliers: a run is asked for, the bank is instructed, and says what becomes of it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from hilum.canonical.base import Amount, BusinessObject, Code, Currency, Kind, Moment, Text, Value

BankCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9/?:().,'+-]([A-Za-z0-9/?:().,'+ -]{0,33}[A-Za-z0-9?:().,'+-])?$")]
"""An identifier as ISO 20022 messages carry it: 1 to 35 characters of the banks' set, no slash at its end."""


class PaymentRun(BusinessObject):
    """Somebody, or the calendar, asks that what is due be paid from one account."""

    name: ClassVar[str] = "hilum.payment.run"

    number: BankCode  # of the run; the file for the bank has it too, and banks take no number twice
    account: Code  # the hospital's account from which it is paid, by its code
    due_until: date  # what is due on this day or before
    execute_on: date  # when the bank is to pay
    requested_by: Text = ""  # the user; who asked does not approve

    @property
    def business_key(self) -> str:
        """The number."""
        return self.number


class Payee(Value):
    """Who is paid, and where to. Never shown in a repr."""

    title: Text = Field(repr=False)
    account: Code = Field(repr=False)  # IBAN or account number
    bank: Text = ""  # BIC or clearing number; empty where the IBAN is enough


class OrderedPayment(Value):
    """One payment of an order."""

    end_to_end_id: BankCode  # comes back in the status and on statements
    supplier: Code
    amount: Annotated[Amount, Field(gt=0)]
    currency: Currency
    payee: Payee
    documents: tuple[Code, ...] = ()  # what it pays: bills, and credit notes that are taken off


class PaymentOrder(BusinessObject):
    """The bank is instructed to pay: one file for one account of the hospital (ISO 20022 pain.001)."""

    name: ClassVar[str] = "hilum.payment.order"

    number: BankCode
    created_at: Moment
    execute_on: date
    payer: Payee  # the hospital itself
    payments: Annotated[tuple[OrderedPayment, ...], Field(min_length=1)]

    @property
    def business_key(self) -> str:
        """The number: the same order again is the same file."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Number, payments, what they pay."""
        found = (self.number, *(x for each in self.payments for x in (each.end_to_end_id, *each.documents)))
        return tuple(dict.fromkeys(found))


class PaymentStanding(StrEnum):
    """What a bank says of an instructed payment."""

    UNKNOWN = "unknown"  # nothing, or in a code of its own
    ACCEPTED = "accepted"  # checked; nothing has moved
    PENDING = "pending"
    PARTLY = "partly"  # of a group: some of its payments
    EXECUTED = "executed"  # it has left the account
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class StatusLevel(StrEnum):
    """What a status is about."""

    MESSAGE = "message"
    RUN = "run"  # payments from one account on one day within a message
    PAYMENT = "payment"


class PaymentStatus(Value):
    """What the bank says of a message, a run or a payment."""

    level: StatusLevel
    number: Code  # of the message, the run or the payment (end-to-end id)
    standing: PaymentStanding
    code: Text = ""  # ISO 20022: ACCP, PDNG, RJCT …
    reasons: tuple[Code, ...] = ()  # ISO 20022 codes: AC01, AM04 …
    words: Text = Field(default="", repr=False)


class PaymentStatusReport(BusinessObject):
    """A bank says what becomes of a payment order (ISO 20022 pain.002)."""

    name: ClassVar[str] = "hilum.payment.status"
    kind: ClassVar[Kind] = Kind.EVENT

    number: Code  # the bank's
    order: Code  # number of the payment order that it is about
    reported_at: Moment | None = None
    statuses: tuple[PaymentStatus, ...] = ()

    @property
    def business_key(self) -> str:
        """The order and the bank's number."""
        return f"{self.order}:{self.number}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The key, both numbers, and the payments that it names."""
        named = (each.number for each in self.statuses if each.level is StatusLevel.PAYMENT)
        return tuple(dict.fromkeys((self.business_key, self.order, self.number, *named)))

    def of(self, end_to_end_id: str) -> PaymentStatus | None:
        """What holds for a payment: what is said of itself, else of its run, else of all. None: nothing."""
        for level, number in ((StatusLevel.PAYMENT, end_to_end_id), (StatusLevel.RUN, ""), (StatusLevel.MESSAGE, "")):
            for each in self.statuses:
                if each.level is level and number in ("", each.number) and each.standing not in _SAYS_NOTHING:
                    return each
        return None


_SAYS_NOTHING = (PaymentStanding.UNKNOWN, PaymentStanding.PARTLY)

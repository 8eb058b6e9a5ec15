"""The accounts that entries are posted to, and what a bank says of a day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from pydantic import Field, model_validator

from hilum.canonical.base import Amount, BusinessObject, Code, Currency, Kind, Text, Value


class AccountType(StrEnum):
    """What an account is for, in every chart of accounts."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


class LedgerAccount(BusinessObject):
    """An account of a chart of accounts: what journal entries are posted to."""

    name: ClassVar[str] = "hilum.ledger.account"
    kind: ClassVar[Kind] = Kind.RECORD

    code: Code
    title: Text
    account_type: AccountType
    company: Code | None = None  # legal entity whose chart it is of
    parent: Code | None = None
    currency: Currency | None = None  # none: that of the company
    reconciled: bool = False  # its items are matched with each other, as those of receivables are
    active: bool = True

    @property
    def business_key(self) -> str:
        """Company and code."""
        return ":".join(x for x in (self.company, self.code) if x)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The key and the code."""
        return tuple(dict.fromkeys((self.business_key, self.code)))


class StatementLine(Value):
    """One booking of a bank statement. What came in is positive."""

    reference: Code  # the bank's own; the same booking has the same one
    booked_on: date
    value_on: date | None = None  # when it counts for interest
    amount: Amount
    partner: Text = Field(default="", repr=False)
    partner_account: Text = Field(default="", repr=False)  # IBAN or account number
    purpose: Text = Field(default="", repr=False)


class BankStatement(BusinessObject):
    """What a bank says of an account for a time (ISO 20022 camt.053, SWIFT MT940, BAI2): balances and bookings."""

    name: ClassVar[str] = "hilum.bank.statement"

    account: Code  # IBAN or account number of the hospital
    number: Code  # the bank's number of the statement
    currency: Currency
    from_day: date
    to_day: date  # the last day
    opening: Amount
    closing: Amount
    lines: tuple[StatementLine, ...] = ()

    @model_validator(mode="after")
    def _adds_up(self) -> BankStatement:
        if self.opening + sum((line.amount for line in self.lines), Decimal(0)) != self.closing:
            raise ValueError("opening balance and lines do not add up to the closing balance")
        return self

    @property
    def business_key(self) -> str:
        """Account, first day and number: numbers begin again each year."""
        return f"{self.account}:{self.from_day}:{self.number}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The key, the account and the bank's references."""
        return (self.business_key, self.account, *dict.fromkeys(line.reference for line in self.lines))

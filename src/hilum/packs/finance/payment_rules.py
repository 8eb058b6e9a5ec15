"""What a hospital decides about its payments: from which accounts, to which, who is asked, how long is waited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from pydantic import BaseModel, Field

from hilum.canonical import BankTransaction, Payee
from hilum.processes.periods import Period

DESK: Final = "Payables"
TREASURY: Final = "Treasury"


class ProposalDecision(BaseModel):
    """Is this to be paid?"""

    approve: bool = Field(description="Pay it, once another person has released it; otherwise nothing is paid.")
    leave_out: list[str] = Field(default=[], description="Suppliers that are not paid in this run.")
    comment: str = ""


class ReleaseDecision(BaseModel):
    """Does it go to the bank?"""

    release: bool = Field(description="Send it to the bank; otherwise nothing is paid.")
    comment: str = ""


class RejectedDecision(BaseModel):
    """What to do with a payment that the bank rejects."""

    decision: Literal["again", "close"] = Field(
        description="again: the next run pays the bills; close: they are settled by hand."
    )
    comment: str = ""


class UnpaidDecision(BaseModel):
    """What to do with a payment that is on no statement."""

    decision: Literal["again", "close", "wait"] = Field(
        description="again: the next run pays the bills; close: they are settled by hand; wait: it may still be made."
    )
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtorAccount:
    """An account of the hospital that suppliers are paid from."""

    payer: Payee = field(repr=False)
    journal: str  # short name of its journal in the ledger
    currencies: tuple[str, ...]  # what is paid from it


def _nothing(line: BankTransaction) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRules:
    """A hospital's own rules."""

    accounts: Mapping[str, DebtorAccount]  # by code, as payment runs name them
    discount_account: str = ""  # of the ledger, for discounts; empty: the receiver's own rules decide
    bank_holidays: frozenset[date] = frozenset()  # besides weekends; what is to be paid then is paid on the next day
    passes: Callable[[BankTransaction], bool] = _nothing  # what leaves an account and is no payment: fees, salaries
    decide_within: Period = "P2D"
    expect_within: Period = "P5D"  # after the day of execution, before Treasury is asked where a payment is
    look_every: Period = "PT1H"  # how soon a run notices what was booked
    orders: str = "payables.orders"  # the channel of files for the bank
    payments: str = "payables.payments"  # of what to book in the ledger
    advise: Literal["settled", "sent"] = "settled"  # suppliers, once it was booked; or once the bank was instructed
    remittances: str = "payables.remittances"  # of what to tell suppliers

    @property
    def journals(self) -> frozenset[str]:
        """Of the accounts that suppliers are paid from."""
        return frozenset(each.journal for each in self.accounts.values())

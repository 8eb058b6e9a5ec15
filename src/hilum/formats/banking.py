"""What banks tell of an account, whatever they write it in: ISO 20022 camt, SWIFT MT940 and MT942, BAI2.

Money that came in is positive, money that went out negative. Names, accounts and texts are never in a repr.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class StatementKind(StrEnum):
    """What a message says of an account."""

    STATEMENT = "statement"  # what was booked in a time, with balances: camt.053, MT940, BAI2 of a previous day
    REPORT = "report"  # what has happened so far today: camt.052, MT942, BAI2 of the same day
    NOTIFICATION = "notification"  # single bookings and what they are made of: camt.054


class EntryStatus(StrEnum):
    """Does the entry count?"""

    BOOKED = "booked"
    PENDING = "pending"  # it may still change
    FUTURE = "future"
    INFORMATION = "information"  # it moves no money


class BalanceKind(StrEnum):
    """Which balance it is."""

    OPENING = "opening"
    CLOSING = "closing"
    OPENING_AVAILABLE = "opening_available"
    CLOSING_AVAILABLE = "closing_available"
    FORWARD_AVAILABLE = "forward_available"
    INTERIM = "interim"  # camt ITBD: that of the page
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What does not agree with itself in a message that can be read. `words` has no value of the message."""

    where: str
    words: str

    def __str__(self) -> str:
        return f"{self.where}: {self.words}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """How much was on the account."""

    kind: BalanceKind
    code: str  # as the bank writes it: `CLBD`, `62F`, `015`
    amount: Decimal
    currency: str
    day: date | None = None
    intermediate: bool = False  # of a page that is not the first (opening) or the last (closing)


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """The other side of a payment. Empty: not told."""

    name: str = field(default="", repr=False)
    account: str = field(default="", repr=False)  # IBAN or account number
    bank: str = ""  # BIC or clearing number
    identity: str = field(default="", repr=False)  # of an organisation or a person


@dataclass(frozen=True, kw_only=True, slots=True)
class Remittance:
    """What a payment is for."""

    texts: tuple[str, ...] = field(default=(), repr=False)  # free text, in its lines
    references: tuple[str, ...] = ()  # structured references of the creditor (RF, QR, ISR …)
    documents: tuple[str, ...] = ()  # numbers of the documents that are paid

    @property
    def words(self) -> str:
        """All of it in one line: texts, references, documents, each once."""
        return " ".join(dict.fromkeys(part for part in (*self.texts, *self.references, *self.documents) if part))


NOBODY = Party()
"""A party of which nothing is told."""

UNSAID = Remittance()
"""A remittance of which nothing is told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Detail:
    """One payment within an entry."""

    amount: Decimal | None = None  # none: not told
    currency: str = ""
    end_to_end_id: str = ""  # that of who ordered the payment; "NOTPROVIDED" is nothing
    transaction_id: str = ""  # of the first bank
    instruction_id: str = ""
    payment_id: str = ""  # PmtInfId of the order
    message_id: str = ""
    mandate_id: str = ""
    reference: str = ""  # the account servicer's
    code: str = ""  # bank transaction code
    party: Party = NOBODY
    remittance: Remittance = UNSAID
    return_code: str = ""  # why it came back: `AC04`
    return_words: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One booking. A batch booking has a detail for each payment where the bank tells them."""

    position: int  # in its statement, from 1
    where: str  # place in the message, for errors
    amount: Decimal
    currency: str
    status: EntryStatus = EntryStatus.BOOKED
    reversal: bool = False  # it takes an earlier one back; the sign is that of this one
    booked_on: date | None = None
    value_on: date | None = None
    reference: str = ""  # the bank's
    customer_reference: str = ""  # that of the account's owner
    code: str = ""  # bank transaction code: `PMNT-RCDT-ESCT`, `NTRF`, `195`
    words: str = field(default="", repr=False)  # what the bank says of it
    batch_count: int | None = None  # payments in it, as the bank says
    details: tuple[Detail, ...] = ()

    @property
    def details_add_up(self) -> bool:
        """Are there details, each with its amount in the entry's currency, that come to the entry's amount?"""
        told = [each.amount for each in self.details if each.amount is not None and each.currency == self.currency]
        return bool(told) and len(told) == len(self.details) and sum(told) == self.amount


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """What a bank says of one account for a time, or one page of it."""

    kind: StatementKind
    where: str  # place in the message, for errors
    account: str = field(repr=False)
    currency: str = ""
    number: str = ""  # the bank's
    page: str = ""
    owner: str = field(default="", repr=False)
    bank: str = ""  # BIC or clearing number
    created_at: datetime | None = None  # without offset: in the bank's time
    from_day: date | None = None
    to_day: date | None = None
    balances: tuple[Balance, ...] = ()
    entries: tuple[Entry, ...] = ()
    words: str = field(default="", repr=False)
    claims: tuple[Problem, ...] = ()  # totals of the message that do not agree with what is in it

    @property
    def opening(self) -> Balance | None:
        """The booked balance before the entries; the available one where the bank tells no booked ones at all."""
        return self._first(BalanceKind.OPENING if self._ledger else BalanceKind.OPENING_AVAILABLE)

    @property
    def closing(self) -> Balance | None:
        """The balance after the entries; see `opening`."""
        return self._first(BalanceKind.CLOSING if self._ledger else BalanceKind.CLOSING_AVAILABLE)

    @property
    def booked(self) -> Sequence[Entry]:
        """The entries that count."""
        return [entry for entry in self.entries if entry.status is EntryStatus.BOOKED]

    def problems(self) -> list[Problem]:
        """What does not agree: totals, currencies, and the booked balances of a statement with its booked entries.

        Available balances are not compared: they do not follow from the entries.
        """
        found = [*self.claims, *(foreign := self._currencies())]
        opening, closing = self._first(BalanceKind.OPENING), self._first(BalanceKind.CLOSING)
        if foreign or self.kind is not StatementKind.STATEMENT or opening is None or closing is None:
            return found
        if opening.amount + sum(entry.amount for entry in self.booked) != closing.amount:
            words = "the opening balance and the booked entries do not come to the closing balance"
            found.append(Problem(where=self.where, words=words))
        return found

    @property
    def _ledger(self) -> bool:
        return any(each.kind in (BalanceKind.OPENING, BalanceKind.CLOSING) for each in self.balances)

    def _first(self, kind: BalanceKind) -> Balance | None:
        return next((balance for balance in self.balances if balance.kind is kind), None)

    def _currencies(self) -> list[Problem]:
        ends = [(self.where, "a balance", balance.currency) for balance in (self.opening, self.closing) if balance]
        parts = [*ends, *((entry.where, "the entry", entry.currency) for entry in self.booked)]
        return [
            Problem(where=where, words=f"{what} is not in the currency of the account")
            for where, what, currency in parts
            if self.currency and currency != self.currency
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A file of a bank: its statements."""

    number: str = ""
    created_at: datetime | None = None  # without offset: in the bank's time
    statements: tuple[Statement, ...] = ()
    claims: tuple[Problem, ...] = ()

    def problems(self) -> list[Problem]:
        """What does not agree in the file and in its statements."""
        return [*self.claims, *(problem for statement in self.statements for problem in statement.problems())]

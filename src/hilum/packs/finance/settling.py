"""What a line of a bank statement means for what the bank was instructed to pay: a pure comparison, to the cent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from hilum.canonical import BankTransaction
from hilum.canonical.conversions import plain, priced

EARLY: Final = timedelta(days=1)
LATE: Final = timedelta(days=10)
"""A line without an identifier is of a payment that was to be executed so near to it."""

ID: Final = re.compile(r"\bH2[A-Z2-7]{14}\b")
"""End-to-end ids of supplier payments: banks put them into texts where their format has no place for them."""


class PaymentState(StrEnum):
    """Where a payment is."""

    PROPOSED = "proposed"
    INSTRUCTED = "instructed"
    ACCEPTED = "accepted"  # by the bank; nothing has moved
    REJECTED = "rejected"
    PARTLY = "partly"  # a part has left the account
    BOOKED = "booked"  # all of it has
    RETURNED = "returned"  # it, or a part of it, came back
    GIVEN_UP = "given up"  # it is not expected any more


EXPECTED: Final = frozenset({PaymentState.INSTRUCTED, PaymentState.ACCEPTED, PaymentState.PARTLY})
"""The bank may still pay these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructed:
    """A payment, and what has become of it."""

    end_to_end_id: str
    run: str
    supplier: str
    amount: Decimal
    currency: str
    execute_on: date
    state: PaymentState
    on_account: bool = False
    documents: tuple[str, ...] = ()
    payee: str = ""  # digest of the account
    booked: Decimal = Decimal(0)
    returned: Decimal = Decimal(0)
    parts: int = 0
    reopened: Decimal = Decimal(0)
    words: str = ""  # the last that the bank said

    @property
    def open(self) -> Decimal:
        """What the bank has still to pay, or a desk to decide. Instructed = booked - returned + reopened + open."""
        return self.amount - self.booked + self.returned - self.reopened

    @property
    def title(self) -> str:
        """For people: `payment H… of run RUN-88, 151.25 EUR to V-100`."""
        return f"payment {self.end_to_end_id} of run {self.run}, {money(self.amount, self.currency)} to {self.supplier}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a line is. `words`: why somebody must look at it; empty: it is clear."""

    payment: Instructed | None = None
    words: str = ""

    @property
    def clear(self) -> bool:
        """It can be booked without anybody."""
        return self.payment is not None and not self.words


def money(amount: Decimal, currency: str) -> str:
    """For people: at least two decimals where there are any."""
    return f"{priced(amount)} {currency}"


def print_of(account: str) -> str:
    """A digest of an account number, however it is spelt; empty: there is none."""
    compact = "".join(letter for letter in account if letter.isalnum()).upper()
    return blake2b(compact.encode(), digest_size=12).hexdigest() if compact else ""


def ids_in(line: BankTransaction) -> list[str]:
    """The end-to-end ids of ours that the line names."""
    return list(dict.fromkeys(ID.findall(f"{line.end_to_end_id} {line.words}")))


def words_in(line: BankTransaction) -> set[str]:
    """Of its text: numbers of documents are among them."""
    return set(re.split(r"[\s,;+]+", line.words))


def identity(line: BankTransaction) -> str:
    """The same for one entry, whether a notification or a statement tells it; else the line's number."""
    ids = " ".join(ids_in(line))
    if not line.bank_reference or not ids:  # the payments of a batch have one reference
        return line.business_key
    return f"{line.journal}:{line.booked_on:%Y%m%d}:{line.bank_reference}:{plain(line.amount)}:{ids}"


def judge(line: BankTransaction, known: Sequence[Instructed]) -> Finding:
    """Which of the known payments it is of, and whether it is as it should be.

    By its end-to-end id; else by amount and day, with the supplier's account or the number of a document.
    """
    ids = ids_in(line)
    named = [each for each in known if each.end_to_end_id in ids]
    if not named and line.amount < 0:
        named = [each for each in known if _resembles(line, each)]
    if not named:
        unknown = f"names {', '.join(ids)}, which this hub has not instructed" if ids else "is of no instructed payment"
        return Finding(words=f"{_told(line)} {unknown}")
    if len(named) > 1:
        return Finding(
            words=f"{_told(line)} may be of {len(named)} payments: {', '.join(x.title for x in named)}"[:1500]
        )
    return Finding(payment=named[0], words=_wrong(line, named[0]))


def after(payment: Instructed, amount: Decimal) -> Instructed:
    """The payment when so much has left the account (negative), or come back. It has never less than nothing booked."""
    if amount > 0:
        back = min(amount, payment.booked - payment.returned)
        moved = replace(payment, returned=payment.returned + back, state=PaymentState.RETURNED)
    else:
        paid = min(-amount, payment.open)
        moved = replace(payment, booked=payment.booked + paid)
        moved = replace(moved, state=PaymentState.PARTLY if moved.open else PaymentState.BOOKED)
    return replace(moved, parts=payment.parts + 1)


def _told(line: BankTransaction) -> str:
    way = "came in on" if line.amount > 0 else "left"
    amount = money(abs(line.amount), line.currency)
    return f"{amount} {way} {line.journal} on {line.booked_on}, entry {line.number}: it"


def _wrong(line: BankTransaction, payment: Instructed) -> str:
    """Why the line is not what was instructed, in words; empty: it is."""
    told, paid = f"{_told(line)} is of {payment.title},", money(abs(line.amount), line.currency)
    if line.currency != payment.currency:
        return f"{told} in another currency"
    if line.amount > 0:
        booked = payment.booked - payment.returned
        return f"{told} of which only {money(booked, payment.currency)} was paid" if line.amount > booked else ""
    if payment.state not in EXPECTED:
        return f"{told} which is {payment.state.value}: it may have been paid twice"
    if -line.amount != payment.open:
        return f"{told} of which {money(payment.open, payment.currency)} was open, and {paid} was paid"
    return ""


def _resembles(line: BankTransaction, payment: Instructed) -> bool:
    """Of this amount, about this day, and to this account or for these documents."""
    if (-line.amount, line.currency) != (payment.open, payment.currency) or payment.state not in EXPECTED:
        return False
    if not payment.execute_on - EARLY <= line.booked_on <= payment.execute_on + LATE:
        return False
    return print_of(line.party_account) == payment.payee or bool(words_in(line) & set(payment.documents))

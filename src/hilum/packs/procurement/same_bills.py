"""Is this bill one that came before? The same number is the same bill; these are the ones that only look otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from rapidfuzz.distance import DamerauLevenshtein

from hilum.canonical import SupplierBill
from hilum.journal.text import storable
from hilum.postgres import Connection

NEAR: timedelta = timedelta(days=60)
"""Bills of equal amounts further apart than this are a rhythm, not a mistake."""

_TYPING = 1
"""Characters by which numbers differ that were mistyped: one wrong, missing, doubled, or two exchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """What is remembered of a bill."""

    supplier: str
    number: str
    amount: Decimal  # before tax
    currency: str
    billed_on: date
    order: str | None = None
    credit: bool = False
    corrects: str | None = None  # number of the bill that it is about, or takes the place of


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """An earlier bill that this one may be."""

    number: str  # empty: nobody noted which
    amount: Decimal  # before tax
    words: str

    def credited_by(self, bills: Iterable[SupplierBill]) -> bool:
        """Do credit notes among these take back all of it? Then the later bill is the one that counts."""
        notes = (goods_of(bill) for bill in bills if bill.credit and bill.corrects == self.number)
        return bool(self.number) and sum(notes, Decimal(0)) >= self.amount

    def as_json(self) -> dict[str, str]:
        """For a step of a run to remember."""
        return {"number": self.number, "amount": str(self.amount), "words": self.words}

    @classmethod
    def from_json(cls, found: Any) -> Alike:
        """The same again; runs from before remember nothing but the words."""
        if isinstance(found, str):
            return cls(number="", amount=Decimal(0), words=found)
        return cls(number=found["number"], amount=Decimal(found["amount"]), words=found["words"])


def billed_of(bill: SupplierBill) -> Billed:
    """What is remembered of a bill."""
    return Billed(
        supplier=bill.supplier,
        number=bill.number,
        amount=goods_of(bill),
        currency=bill.currency,
        billed_on=bill.billed_on,
        order=bill.order,
        credit=bill.credit,
        corrects=bill.corrects,
    )


def goods_of(bill: SupplierBill) -> Decimal:
    """What its lines come to, before tax."""
    return sum((line.quantity * line.unit_price for line in bill.lines), Decimal(0))


def likeness(one: Billed, other: Billed) -> str:
    """Why these two may be one bill, in words; empty: they are two.

    The same supplier, never a bill and a credit note, never the very same number: that is the same bill, told again.
    Who orders the same every week gets equal bills with near numbers: each of an order of its own, they are two. Of a
    wrong one its order would say that it was billed already.
    One that names the other as what it corrects is no second telling of it.
    """
    if one.supplier != other.supplier or one.credit != other.credit or one.number == other.number:
        return ""
    if not one.credit and one.corrects == other.number:
        return ""
    same_amount = (one.amount, one.currency) == (other.amount, other.currency)
    near = abs(one.billed_on - other.billed_on) <= NEAR
    if core(one.number) == core(other.number):
        return f"bill {other.number} of {other.billed_on} has the same number, written otherwise"
    if not same_amount or not near or _of_two_orders(one, other):
        return ""
    if one.billed_on == other.billed_on and one.order and one.order == other.order:
        return f"bill {other.number} of the same day bills the same amount of the same order"
    if _mistyped(_plain(one.number), _plain(other.number)):
        return f"bill {other.number} of {other.billed_on} has the same amount, and nearly the same number"
    return ""


def alike(bill: Billed, earlier: Iterable[Billed]) -> list[Alike]:
    """Of which earlier bills it may be a second telling."""
    return [
        Alike(number=each.number, amount=each.amount, words=words)
        for each in earlier
        if (words := likeness(bill, each))
    ]


def core(number: str) -> str:
    """What is left of a number without its dress: `INV-00123` and `inv 123` are 123 of INV."""
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", _plain(number))


def _plain(number: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", number.upper())


def _of_two_orders(one: Billed, other: Billed) -> bool:
    return bool(one.order and other.order and one.order != other.order)


def _mistyped(one: str, other: str) -> bool:
    """Consecutive numbers differ by one character too, and are two bills: a last digit that only counts on is none."""
    if DamerauLevenshtein.distance(one, other, score_cutoff=_TYPING) > _TYPING:
        return False
    return not (len(one) == len(other) and one[:-1] == other[:-1])


async def seen(connection: Connection, bill: Billed) -> list[Alike]:
    """Remember this bill; of which earlier ones it may be a second telling. The same again says the same.

    Bills that credit notes have taken back whole are left out: what comes after is what is owed.
    """
    kind = storable(core(bill.number))
    cursor = await connection.execute(
        "SELECT number, amount, currency, billed_on, order_number FROM bill_seen b WHERE supplier = %(supplier)s"
        " AND credit = %(credit)s AND number <> %(number)s AND (core = %(core)s OR amount = %(amount)s"
        " AND billed_on BETWEEN %(day)s - %(near)s::interval AND %(day)s + %(near)s::interval)"
        " AND seen_at < coalesce((SELECT seen_at FROM bill_seen WHERE supplier = %(supplier)s AND number = %(number)s"
        "  AND credit = %(credit)s), 'infinity')"
        " AND (credit OR amount > coalesce((SELECT sum(n.amount) FROM bill_seen n WHERE n.supplier = b.supplier"
        "  AND n.credit AND n.corrects = b.number), 0))"
        " ORDER BY billed_on, number LIMIT 50",
        {"supplier": bill.supplier, "credit": bill.credit, "number": bill.number, "core": kind,
         "amount": bill.amount, "day": bill.billed_on, "near": NEAR},
    )  # fmt: skip
    earlier = [
        Billed(supplier=bill.supplier, number=row[0], amount=row[1], currency=row[2], billed_on=row[3], order=row[4],
               credit=bill.credit)
        for row in await cursor.fetchall()
    ]  # fmt: skip
    await connection.execute(
        "INSERT INTO bill_seen (supplier, number, credit, core, amount, currency, billed_on, order_number, corrects)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [bill.supplier, bill.number, bill.credit, kind, bill.amount, bill.currency, bill.billed_on, bill.order,
         bill.corrects],
    )  # fmt: skip
    return alike(bill, earlier)


async def still_stands(connection: Connection, bill: SupplierBill) -> list[str]:
    """Why a bill that corrects another one may be paid beside it, in words: that one was posted, and not credited."""
    if bill.credit or bill.corrects is None:
        return []
    cursor = await connection.execute(
        "SELECT FROM bill_seen b WHERE supplier = %(supplier)s AND number = %(number)s AND NOT credit AND posted"
        " AND amount > coalesce((SELECT sum(n.amount) FROM bill_seen n WHERE n.supplier = b.supplier AND n.credit"
        " AND n.corrects = b.number), 0)",
        {"supplier": bill.supplier, "number": bill.corrects},
    )
    posted = await cursor.fetchone() is not None
    return [f"it corrects bill {bill.corrects}, which was posted and is not credited"] if posted else []


async def named_order(connection: Connection, bill: SupplierBill) -> str:
    """The order that this very bill named when it came before; empty: none, or it did not."""
    cursor = await connection.execute(
        "SELECT order_number FROM bill_seen WHERE supplier = %s AND number = %s AND credit = %s AND order_number <> ''",
        [bill.supplier, bill.number, bill.credit],
    )
    row = await cursor.fetchone()
    return str(row[0]) if row is not None else ""


async def was_posted(connection: Connection, bill: SupplierBill) -> bool:
    """Was this very bill posted without an order?"""
    cursor = await connection.execute(
        "SELECT FROM bill_seen WHERE supplier = %s AND number = %s AND credit = %s AND posted",
        [bill.supplier, bill.number, bill.credit],
    )
    return await cursor.fetchone() is not None


async def note_posted(connection: Connection, bill: SupplierBill) -> None:
    """Within a transaction: it is, and is not asked about again."""
    await connection.execute(
        "UPDATE bill_seen SET posted = true WHERE supplier = %s AND number = %s AND credit = %s",
        [bill.supplier, bill.number, bill.credit],
    )

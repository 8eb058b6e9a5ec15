"""What is owed to suppliers, and what of it is proposed to be paid: all SQL over these tables.

A bill belongs to one payment at most. What the bank is instructed to pay is in `instructed`.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from itertools import groupby
from uuid import UUID

from psycopg.rows import class_row

from hilum.canonical import (
    Payee,
    Payment,
    PaymentRun,
    PaymentTerms,
    SupplierBill,
)
from hilum.canonical.conversions import plain
from hilum.packs.finance import discounts
from hilum.packs.finance.discounts import SUFFIX, bank_day
from hilum.packs.finance.instructed import payments_of
from hilum.packs.finance.settling import ID, money, print_of
from hilum.packs.suppliers.accounts import payees
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Payable:
    """Something that is owed, or a credit note."""

    bill: str
    supplier: str
    number: str
    amount: Decimal
    currency: str
    due_on: date
    on_account: bool
    documents: list[str]
    attempts: int
    discount: Decimal = Decimal(0)
    discount_until: date | None = None

    def less(self, paid_on: date) -> Decimal:
        """What is paid of it when the bank pays on that day."""
        return self.amount - (self.discount if self.gets_discount(paid_on) else 0)

    def gets_discount(self, paid_on: date) -> bool:
        """Is that day within its terms?"""
        return self.discount > 0 and self.discount_until is not None and paid_on <= self.discount_until


_PAYABLE = ", ".join(each.name for each in fields(Payable))


async def keep(connection: Connection, bill: SupplierBill, terms: PaymentTerms | None = None) -> bool:
    """Remember a posted bill. False: it is known already; what a payment has is not changed any more.

    `terms`: those agreed with the supplier, for a bill that names none.
    """
    if bill.terms is None and terms is not None:
        bill = bill.model_copy(update={"terms": terms})
    discount = discounts.discount_of(bill, bill.terms)
    cursor = await connection.execute(
        "INSERT INTO payable (bill, supplier, number, amount, currency, due_on, documents, discount, discount_until,"
        " discount_lines, corrects) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (bill) DO UPDATE"
        " SET amount = excluded.amount, due_on = excluded.due_on, discount = excluded.discount,"
        " discount_until = excluded.discount_until, discount_lines = excluded.discount_lines"
        " WHERE payable.payment IS NULL AND payable.closed = '' AND NOT payable.on_account"
        " AND (payable.amount, payable.due_on, payable.discount, payable.discount_until)"
        " IS DISTINCT FROM (excluded.amount, excluded.due_on, excluded.discount, excluded.discount_until)",
        [bill.business_key, bill.supplier, bill.number, bill.amount, bill.currency, bill.due, [bill.number],
         discount.amount if discount else 0, discount.until if discount else None,
         discounts.as_json(discount.lines if discount else []),
         f"{bill.supplier}:{bill.corrects}" if bill.credit and bill.corrects else ""],
    )  # fmt: skip
    return bool(cursor.rowcount)


async def paid_otherwise(connection: Connection, payment: Payment) -> str:
    """Somebody paid bills by another way: they are not proposed any more. Returns why that cannot be; empty: it is so.

    Payments of the hub itself change nothing.
    """
    if payment.supplier is None or ID.search(payment.number) or not payment.documents:
        return ""
    cursor = await connection.execute(
        "SELECT bill, amount, payment, closed FROM payable WHERE supplier = %s AND number = ANY(%s) FOR UPDATE",
        [payment.supplier, list(payment.documents)],
    )
    rows = await cursor.fetchall()
    taken = [row[0] for row in rows if row[2] is not None]
    if taken:
        return f"Payment {payment.number} pays {', '.join(taken)}, which the bank is being instructed to pay: pay one."
    free = [row for row in rows if not row[3]]
    if free and sum((row[1] or Decimal(0) for row in free), Decimal(0)) != payment.amount:
        numbers = ", ".join(row[0] for row in free)
        return f"Payment {payment.number} is not what {numbers} come to: say in the ledger what is still owed."
    await _close(connection, [row[0] for row in free], f"paid by {payment.number}")
    return ""


async def taken_back(connection: Connection, bill: str) -> str:
    """A bill was reversed in the ledger: it is not proposed any more. Returns why that cannot be; empty: it is so."""
    cursor = await connection.execute("SELECT payment, closed FROM payable WHERE bill = %s FOR UPDATE", [bill])
    row = await cursor.fetchone()
    if row is not None and row[0] is not None and not row[1]:
        return f"Bill {bill} was reversed, and payment {row[0]} pays it: stop that at the bank, or ask for it back."
    await _close(connection, [bill], "reversed")
    return ""


async def _close(connection: Connection, bills: Sequence[str], words: str) -> None:
    await connection.execute("UPDATE payable SET closed = %s WHERE bill = ANY(%s) AND closed = ''", [words, bills])


async def propose(
    connection: Connection,
    asked: PaymentRun,
    *,
    currencies: Sequence[str],
    journal: str,
    run: UUID,
    holidays: frozenset[date] = frozenset(),
) -> list[str]:
    """Take what is due, less credit notes, into payments of this run; says what is left out, in words.

    So is what would lose its discount by waiting longer; it is taken where the bank's day is within the terms.
    A credit note is taken with the bill that it corrects, where that is still to be paid: the ledger has matched them,
    and would refuse the bill's full amount later.
    Asked again, it changes nothing. Bills that another run takes at the same moment are waited for, and left to it.
    """
    if await payments_of(connection, run):
        return []
    paid_on = bank_day(asked.execute_on, holidays)
    due = await _due(connection, currencies, paid_on, asked.due_until)
    known = await payees(connection, {(each.supplier, each.currency) for each in due}, asked.execute_on)
    left = await _without_amount(connection, currencies)
    for (supplier, currency, _), group in groupby(sorted(due, key=_together), key=_together):
        bills = list(group)
        amount = sum((each.less(paid_on) for each in bills), Decimal(0))
        if amount <= 0:
            continue  # credit notes wait for the next bill
        payee = known.get((supplier, currency))
        if payee is None:
            left.append(f"{supplier}: {money(amount, currency)}, no account of theirs was confirmed for that day")
            continue
        await _take(connection, asked, bills, paid_on=paid_on, journal=journal, payee=payee, run=run)
    return left


async def _due(connection: Connection, currencies: Sequence[str], paid_on: date, until: date) -> list[Payable]:
    async with connection.cursor(row_factory=class_row(Payable)) as cursor:
        await cursor.execute(
            f"SELECT {_PAYABLE} FROM payable WHERE payment IS NULL AND closed = '' AND amount IS NOT NULL"
            " AND currency = ANY(%(currencies)s) AND CASE WHEN amount < 0 THEN NOT EXISTS (SELECT 1 FROM payable b"
            "  WHERE b.bill = payable.corrects AND b.payment IS NULL AND b.closed = '' AND b.due_on > %(until)s"
            "  AND NOT (b.discount > 0 AND b.discount_until BETWEEN %(paid_on)s AND %(until)s))"
            " ELSE due_on <= %(until)s OR discount > 0 AND discount_until BETWEEN %(paid_on)s AND %(until)s END"
            " ORDER BY bill FOR UPDATE".encode(),
            {"currencies": list(currencies), "until": until, "paid_on": paid_on},
        )
        return await cursor.fetchall()


async def _take(
    connection: Connection, asked: PaymentRun, bills: Sequence[Payable], *, paid_on: date, journal: str, payee: Payee,
    run: UUID,
) -> None:  # fmt: skip
    """These are paid together, to one supplier."""
    supplier, currency, on_account = _together(bills[0])
    early = [each for each in bills if each.gets_discount(paid_on)]
    documents = [*(n for each in bills for n in each.documents), *(each.number + SUFFIX for each in early)]
    amount = sum((each.less(paid_on) for each in bills), Decimal(0))
    id = end_to_end_id(supplier, currency, bills, paid_on)
    await connection.execute(
        "INSERT INTO supplier_payment (end_to_end_id, run_id, run, supplier, amount, currency, journal, execute_on,"
        " on_account, documents, bills, payee) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [id, run, asked.number, supplier, amount, currency, journal, asked.execute_on, on_account, documents,
         [each.bill for each in bills], print_of(payee.account)],
    )  # fmt: skip
    await connection.execute("UPDATE payable SET payment = %s WHERE bill = ANY(%s)", [id, [x.bill for x in bills]])
    for each in early:
        await discounts.take(connection, each.bill, number=each.number, payment=id, attempts=each.attempts)


def end_to_end_id(supplier: str, currency: str, bills: Sequence[Payable], paid_on: date) -> str:
    """The same bills, paid for the same time, have the same id wherever it is made: 16 characters, for MT940's sake."""
    parts = [supplier, currency, *(f"{each.bill}\n{each.attempts}\n{plain(each.less(paid_on))}" for each in bills)]
    return "H2" + b32encode(blake2b("\n".join(parts).encode(), digest_size=10).digest()).decode()[:14]


def _together(each: Payable) -> tuple[str, str, bool]:
    return (each.supplier, each.currency, each.on_account)


async def _without_amount(connection: Connection, currencies: Sequence[str]) -> list[str]:
    cursor = await connection.execute(
        "SELECT bill FROM payable WHERE amount IS NULL AND closed = '' AND payment IS NULL AND currency = ANY(%s)"
        " ORDER BY bill LIMIT 20",
        [list(currencies)],
    )
    return [f"{bill}: it has no total, and not all its lines say their tax" for (bill,) in await cursor.fetchall()]

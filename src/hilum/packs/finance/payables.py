"""What is owed to suppliers, and what the bank is instructed to pay of it: all SQL over these tables.

A bill belongs to one payment at most; a payment is proposed, instructed, and then moves only by what the bank says.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from itertools import groupby
from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row
from pydantic import TypeAdapter

from hilum.canonical import (
    Payee,
    Payment,
    PaymentRun,
    PaymentStanding,
    PaymentStatus,
    PaymentStatusReport,
    PaymentTerms,
    SupplierBill,
)
from hilum.canonical.conversions import plain
from hilum.facts import PaidOut, note
from hilum.packs.finance import discounts
from hilum.packs.finance.advice import PaidPart
from hilum.packs.finance.discounts import SUFFIX, bank_day
from hilum.packs.finance.settling import EXPECTED, ID, Instructed, PaymentState, money, print_of
from hilum.packs.suppliers.accounts import payees
from hilum.postgres import Connection

_REFUSED = (PaymentStanding.REJECTED, PaymentStanding.CANCELLED)
_REPEATED = frozenset({"AM05", "DUPL", "DU01", "DU02", "DU03", "DU04", "DU05"})
"""Reasons (ISO 20022) that say: it came before. A file that is sent again is refused so, and the first one counts."""


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
_PAYMENT = ", ".join(each.name for each in fields(Instructed))


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


async def payments_of(connection: Connection, run: UUID) -> list[Instructed]:
    """The payments of a run, by supplier."""
    return await _payments(connection, "WHERE run_id = %s ORDER BY supplier, end_to_end_id", [run])


async def candidates(connection: Connection, ids: Sequence[str], amount: Decimal, currency: str) -> list[Instructed]:
    """Payments that a line may be of, locked: those that it names, else those of its amount."""
    found = await _payments(
        connection, "WHERE end_to_end_id = ANY(%s) AND state <> 'proposed' ORDER BY end_to_end_id FOR UPDATE",
        [list(ids)],
    )  # fmt: skip
    if found or ids:
        return found
    return await _payments(
        connection,
        "WHERE amount - booked + returned - reopened = %s AND amount >= %s AND currency = %s AND state = ANY(%s)"
        " ORDER BY end_to_end_id LIMIT 50 FOR UPDATE",
        [amount, amount, currency, [each.value for each in EXPECTED]],
    )


async def _payments(connection: Connection, where: str, values: Sequence[Any]) -> list[Instructed]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(f"SELECT {_PAYMENT} FROM supplier_payment {where}".encode(), values)
        rows = await cursor.fetchall()
    return [
        Instructed(**{**row, "state": PaymentState(row["state"]), "documents": tuple(row["documents"])}) for row in rows
    ]


async def parts_of(connection: Connection, end_to_end_id: str) -> list[PaidPart]:
    """What a payment pays of each bill; none where it pays what is left of others."""
    cursor = await connection.execute(
        "SELECT number, amount, documents, discount_of FROM payable WHERE payment = %s ORDER BY bill", [end_to_end_id]
    )
    rows = await cursor.fetchall()
    if any(documents != [number] for number, _, documents, _ in rows):
        return []
    taken = {bill: -amount for _, amount, _, bill in rows if bill}
    return [
        PaidPart(number=number, amount=amount - taken.get(number, 0), discount=taken.get(number, Decimal(0)))
        for number, amount, _, bill in rows
        if not bill
    ]


async def leave_out(connection: Connection, run: UUID, suppliers: Sequence[str] | None = None) -> None:
    """Proposed payments of these suppliers (none: of all) are none: their bills are free again."""
    cursor = await connection.execute(
        "DELETE FROM supplier_payment WHERE run_id = %s AND state = 'proposed'"
        " AND (%s::text[] IS NULL OR supplier = ANY(%s)) RETURNING end_to_end_id",
        [run, suppliers, suppliers],
    )
    ids = [row[0] for row in await cursor.fetchall()]
    await discounts.give_back(connection, ids)
    await connection.execute("UPDATE payable SET payment = NULL WHERE payment = ANY(%s)", [ids])


async def instruct(connection: Connection, run: UUID) -> tuple[Mapping[str, Payee], list[str]]:
    """The payments of the run go to the bank, except where the account is no longer the one that was approved.

    Says where each is paid, by end-to-end id; and of what was left out, why.
    """
    proposed = [each for each in await payments_of(connection, run) if each.state == PaymentState.PROPOSED]
    known = await _payees_of(connection, proposed)
    changed = [each.supplier for each in proposed if _print_in(known, each) != each.payee]
    if changed:
        await leave_out(connection, run, changed)
    await connection.execute(
        "UPDATE supplier_payment SET state = 'instructed' WHERE run_id = %s AND state = 'proposed'", [run]
    )
    await count(connection, [each.end_to_end_id for each in await payments_of(connection, run)])
    known = await _payees_of(connection, await payments_of(connection, run))
    return known, [f"{each}: the account was changed after the approval" for each in dict.fromkeys(changed)]


def _print_in(known: Mapping[str, Payee], payment: Instructed) -> str:
    payee = known.get(payment.end_to_end_id)
    return print_of(payee.account) if payee is not None else ""


async def _payees_of(connection: Connection, payments: Sequence[Instructed]) -> dict[str, Payee]:
    """By end-to-end id, where each is paid on its day."""
    if not payments:
        return {}
    known = await payees(connection, {(x.supplier, x.currency) for x in payments}, payments[0].execute_on)
    return {each.end_to_end_id: payee for each in payments if (payee := known.get((each.supplier, each.currency)))}


async def report(connection: Connection, run: UUID, told: PaymentStatusReport) -> list[str]:
    """What the bank says of the payments of a run; returns those that it rejects. Rejected or booked is final."""
    rejected = []
    # locked: a statement that books one of them at this moment is not undone
    for each in await _payments(connection, "WHERE run_id = %s ORDER BY supplier, end_to_end_id FOR UPDATE", [run]):
        status = told.of(each.end_to_end_id)
        refused = status is not None and status.standing in _REFUSED and not _is_repeated(status)
        if refused and each.state is PaymentState.REJECTED:
            rejected.append(each.end_to_end_id)  # noted by this very step, before its hub died; or told again
        if status is None or each.state not in (PaymentState.INSTRUCTED, PaymentState.ACCEPTED):
            continue
        accepted = status.standing in (PaymentStanding.ACCEPTED, PaymentStanding.EXECUTED)
        state = PaymentState.REJECTED if refused else PaymentState.ACCEPTED if accepted else each.state
        await connection.execute(
            "UPDATE supplier_payment SET state = %s, words = %s WHERE end_to_end_id = %s",
            [state.value, (status.words or status.standing.value)[:1000], each.end_to_end_id],
        )
        rejected += [each.end_to_end_id] * refused
        await count(connection, [each.end_to_end_id])
    return rejected


async def count(connection: Connection, ids: Sequence[str]) -> None:
    """What has become of these payments is noted, to be counted."""
    cursor = await connection.execute(
        "SELECT end_to_end_id, run, state, amount, booked, returned, reopened, greatest(cardinality(documents), 1),"
        " supplier, currency, execute_on, run_id FROM supplier_payment WHERE end_to_end_id = ANY(%s)"
        " AND state <> 'proposed'",
        [list(ids)],
    )
    told = [
        PaidOut(document=row[0], payment_run=row[1], state=row[2], amount=row[3], booked=row[4], returned=row[5],
                reopened=row[6], bills=row[7], supplier=row[8], currency=row[9], on=row[10], run_id=row[11])
        for row in await cursor.fetchall()
    ]  # fmt: skip
    await note(connection, told)


def _is_repeated(status: PaymentStatus) -> bool:
    return bool(status.reasons) and _REPEATED.issuperset(status.reasons)


async def give_up(connection: Connection, end_to_end_id: str, *, again: bool, words: str) -> None:
    """What is open of a payment is not expected any more: it is owed again, or closed with these words.

    A bill of which nothing was paid is free again itself. Where a part was paid, or all and some came back, what is
    open is owed beside it, and with it the discounts that came back.
    """
    found = await _payments(connection, "WHERE end_to_end_id = %s FOR UPDATE", [end_to_end_id])
    if not found or not found[0].open:
        return
    (payment,) = found
    if payment.booked == 0:
        await discounts.give_back(connection, [end_to_end_id])
        await connection.execute(
            "UPDATE payable SET payment = CASE WHEN %s THEN NULL ELSE payment END, attempts = attempts + 1, closed = %s"
            " WHERE payment = %s",
            [again, "" if again else words, end_to_end_id],
        )
    else:
        await connection.execute(
            "INSERT INTO payable (bill, supplier, number, amount, currency, due_on, on_account, documents, closed)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [f"{end_to_end_id}:{payment.parts}", payment.supplier, end_to_end_id, payment.open, payment.currency,
             payment.execute_on, payment.on_account or payment.returned > 0,
             list(payment.documents), "" if again else words],
        )  # fmt: skip
        await connection.execute(  # discounts that were taken back with what came back
            "UPDATE payable SET payment = NULL, closed = %s WHERE payment = %s",
            ["" if again else words, discounts.held_by_return(end_to_end_id)],
        )
    rejected = payment.state is PaymentState.REJECTED
    await connection.execute(
        "UPDATE supplier_payment SET reopened = reopened + %s, state = CASE WHEN %s OR state = 'returned' THEN state"
        " ELSE 'given up' END WHERE end_to_end_id = %s",
        [payment.open, rejected, end_to_end_id],
    )
    await count(connection, [end_to_end_id])


_MONEY = TypeAdapter(Instructed)


def as_json(payment: Instructed) -> dict[str, Any]:
    """For a step of a run to remember."""
    found: dict[str, Any] = _MONEY.dump_python(payment, mode="json")
    return found


def from_json(found: Mapping[str, Any]) -> Instructed:
    """The payment again."""
    return _MONEY.validate_python(found)

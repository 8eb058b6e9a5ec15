"""Payments that the bank is instructed to make: all SQL over them, and what becomes of the bills that they pay.

A payment is proposed, instructed, and then moves only by what the bank says. What is owed is in `payables`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from pydantic import TypeAdapter

from hilum.canonical import (
    BankTransaction,
    Payee,
    PaymentStanding,
    PaymentStatus,
    PaymentStatusReport,
)
from hilum.facts import PaidOut, note
from hilum.packs.finance import discounts
from hilum.packs.finance.advice import PaidPart
from hilum.packs.finance.settling import EXPECTED, Instructed, PaymentState, print_of
from hilum.packs.suppliers.accounts import payees
from hilum.postgres import Connection

_REFUSED = (PaymentStanding.REJECTED, PaymentStanding.CANCELLED)
_REPEATED = frozenset({"AM05", "DUPL", "DU01", "DU02", "DU03", "DU04", "DU05"})
"""Reasons (ISO 20022) that say: it came before. A file that is sent again is refused so, and the first one counts."""


_PAYMENT = ", ".join(each.name for each in fields(Instructed))


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


async def named(connection: Connection, ids: Sequence[str]) -> list[Instructed]:
    """The payments with these ids."""
    return await _payments(connection, "WHERE end_to_end_id = ANY(%s) ORDER BY end_to_end_id", [list(ids)])


async def near(connection: Connection, ids: Sequence[str], line: BankTransaction, *, most: int) -> list[Instructed]:
    """Payments to show beside a line: those that it names, then those of its currency nearest in amount and day."""
    return await _payments(
        connection,
        "WHERE state <> 'proposed' AND (end_to_end_id = ANY(%(ids)s) OR currency = %(currency)s"
        "  AND execute_on BETWEEN %(day)s - 60 AND %(day)s + 10"
        "  AND amount BETWEEN %(amount)s * 0.5 AND %(amount)s * 2)"
        " ORDER BY end_to_end_id = ANY(%(ids)s) DESC, abs(amount - booked + returned - reopened - %(amount)s),"
        " abs(amount - %(amount)s), abs(execute_on - %(day)s), end_to_end_id LIMIT %(most)s",
        {"ids": list(ids), "currency": line.currency, "day": line.booked_on, "amount": abs(line.amount), "most": most},
    )


async def _payments(connection: Connection, where: str, values: Sequence[Any] | Mapping[str, Any]) -> list[Instructed]:
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

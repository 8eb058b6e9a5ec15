"""Discounts for early payment: `2/10 net 30` is two percent when the bank pays within ten days, else all in thirty.

A discount that is taken is a credit note of the hub's own, from the proposal on: the payment pays the bill less that
note, and in the books the note settles the rest of the bill. It goes into the ledger when the bank has paid in time.
What the bank paid too late is still owed; and so is what was taken off by a payment that came back, which a bill of the
hub's own says in the ledger: paid again within the terms, the discount is taken again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from psycopg.types.json import Jsonb

from hilum.canonical import InvoiceLine, PaymentTerms, SupplierBill
from hilum.canonical.currencies import minor_units
from hilum.postgres import Connection

SUFFIX: Final = "-DISCOUNT"
"""The number of the note is that of its bill with this."""

BACK: Final = "-BACK"
"""The number of the bill that takes a note back is that of the note with this, and the count of a further return."""

_OWN: Final = re.compile(rf"{SUFFIX}({BACK}(-\d+)?)?$")

_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """What may be taken off a bill."""

    amount: Decimal  # with tax
    until: date
    lines: Sequence[tuple[Decimal, Decimal | None]]  # before tax, and the percentage; none: without tax


def is_own(number: str) -> bool:
    """Is this a paper of the hub's own about a discount? The supplier does not know its number."""
    return _OWN.search(number) is not None


def bank_day(day: date, holidays: frozenset[date] = frozenset()) -> date:
    """When a bank does what it is to do on a day: then, or on the next day that is no weekend and no holiday."""
    while day.weekday() >= _SATURDAY or day in holidays:
        day += timedelta(days=1)
    return day


def discount_of(bill: SupplierBill, terms: PaymentTerms | None) -> Discount | None:
    """What may be taken off, to the minor unit; none: it has no such terms, or nobody knows its total."""
    until = terms.discount_until(bill.billed_on) if terms is not None else None
    if terms is None or until is None or bill.credit or bill.amount is None:
        return None
    amount = _rounded(bill.amount * (terms.discount_percent or 0) / 100, bill.currency)
    if amount <= 0:
        return None
    return Discount(amount=amount, until=until, lines=_by_tax(bill, amount))


def _by_tax(bill: SupplierBill, amount: Decimal) -> list[tuple[Decimal, Decimal | None]]:
    """The discount before tax, shared as the bill is; a cent that no tax comes to stands alone."""
    gross: dict[Decimal, Decimal] = {}
    for line in bill.lines:
        if line.tax_percent is None:
            return [(amount, None)]
        with_tax = line.quantity * line.unit_price * (100 + line.tax_percent) / 100
        gross[line.tax_percent] = gross.get(line.tax_percent, Decimal(0)) + with_tax
    whole = sum(gross.values(), Decimal(0))
    if whole <= 0 or set(gross) == {Decimal(0)}:
        return [(amount, None)]
    found: list[tuple[Decimal, Decimal | None]] = []
    left = amount
    for percent, part in gross.items():
        net = _rounded(amount * part / whole * 100 / (100 + percent), bill.currency)
        found.append((net, percent))
        left -= net + _rounded(net * percent / 100, bill.currency)
    return [*found, *([(left, None)] if left else [])]


def _rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-minor_units(currency)), rounding=ROUND_HALF_UP)


async def take(connection: Connection, bill: str, *, number: str, payment: str, attempts: int) -> None:
    """Within a transaction: the discount of a bill is taken by a payment."""
    await connection.execute(
        "INSERT INTO payable (bill, supplier, number, amount, currency, due_on, documents, attempts, payment,"
        " discount_until, discount_lines, discount_of)"
        " SELECT supplier || ':' || %(note)s || ':credit', supplier, %(note)s, -discount, currency, due_on,"
        " ARRAY[%(note)s], %(attempts)s, %(payment)s, discount_until, discount_lines, number"
        " FROM payable WHERE bill = %(bill)s ON CONFLICT (bill) DO UPDATE SET payment = excluded.payment,"
        " attempts = excluded.attempts",
        {"bill": bill, "note": number + SUFFIX, "payment": payment, "attempts": attempts},
    )


async def give_back(connection: Connection, payments: Sequence[str]) -> None:
    """Within a transaction: these payments are not made, and take no discount."""
    await connection.execute("DELETE FROM payable WHERE payment = ANY(%s) AND discount_of <> ''", [list(payments)])


async def settle(
    connection: Connection, payment: str, booked_on: date, *, account: str = ""
) -> tuple[list[SupplierBill], list[str]]:
    """Within a transaction: the bank has paid. Credit notes for the ledger, and numbers of those that came too late.

    What was taken off too late is owed again, beside the payment.
    """
    cursor = await connection.execute(
        "SELECT bill, supplier, number, -amount, currency, discount_until, discount_lines, discount_of FROM payable"
        " WHERE payment = %s AND discount_of <> '' AND amount < 0 ORDER BY bill FOR UPDATE",
        [payment],
    )
    notes, late = [], []
    for row in await cursor.fetchall():
        if booked_on <= row[5]:
            notes.append(_note(row, booked_on, account))
            continue
        late.append(row[2])
        await connection.execute(
            "UPDATE payable SET bill = %s, amount = %s, documents = ARRAY[discount_of], payment = NULL,"
            " discount_of = '', discount_until = NULL, due_on = %s WHERE bill = %s",
            [f"{payment}:{row[2]}", row[3], booked_on, row[0]],
        )
    return notes, late


async def take_back(
    connection: Connection, payment: str, *, returned: Decimal, of: Decimal, parts: int, booked_on: date, account: str
) -> list[SupplierBill]:
    """Within a transaction: so much of what a payment had paid came back, and with it that share of its discounts.

    Bills for the ledger, which say that it is owed again. What is owed stays with the return until a desk has decided.
    """
    cursor = await connection.execute(
        "SELECT bill, supplier, number, -amount, currency, discount_until, discount_lines, discount_of FROM payable"
        " WHERE payment = %s AND discount_of <> '' AND amount < 0 ORDER BY bill FOR UPDATE",
        [payment],
    )
    made = []
    for bill, supplier, note, amount, currency, until, lines, _ in await cursor.fetchall():
        lost = amount if returned >= of else _rounded(amount * returned / of, currency)
        if lost <= 0:
            continue
        number = note + BACK + ("" if lost == amount else f"-{parts}")
        gone, left = _split(lines, lost, amount, currency)
        await connection.execute(
            "UPDATE payable SET amount = amount + %s, discount_lines = %s WHERE bill = %s", [lost, as_json(left), bill]
        )
        await connection.execute(
            "INSERT INTO payable (bill, supplier, number, amount, currency, due_on, on_account, documents, payment,"
            " discount, discount_until, discount_lines) VALUES (%s, %s, %s, %s, %s, %s, true, %s, %s, %s, %s, %s)",
            [f"{supplier}:{number}", supplier, number, lost, currency, booked_on, [number], held_by_return(payment),
             lost, until, as_json(gone)],
        )  # fmt: skip
        made.append(
            SupplierBill(
                number=number, supplier=supplier, currency=currency, billed_on=booked_on, due_on=booked_on, total=lost,
                lines=_lines("Discount for early payment, taken back: the payment returned", gone, account),
            )
        )  # fmt: skip
    return made


def held_by_return(payment: str) -> str:
    """What a payable names as its payment while a desk decides about what came back."""
    return f"{payment}:returned"


def _split(
    lines: Sequence[Sequence[str | None]], lost: Decimal, whole: Decimal, currency: str
) -> tuple[list[tuple[Decimal, Decimal | None]], list[tuple[Decimal, Decimal | None]]]:
    """The lines of a note as far as they are taken back, and what is left of them; a cent too much stands alone."""
    told = [(Decimal(str(net)), Decimal(percent) if percent is not None else None) for net, percent in lines]
    if lost == whole:
        return told, []
    gone = [(_rounded(net * lost / whole, currency), percent) for net, percent in told]
    left = [(net - back, percent) for (net, percent), (back, _) in zip(told, gone, strict=True)]
    taxed = sum((net + _rounded(net * (percent or 0) / 100, currency) for net, percent in gone), Decimal(0))
    if taxed != lost:
        gone, left = [*gone, (lost - taxed, None)], [*left, (taxed - lost, None)]
    return [each for each in gone if each[0]], [each for each in left if each[0]]


def _note(row: Sequence[Any], on: date, account: str) -> SupplierBill:
    _, supplier, number, amount, currency, _, lines, bill = row
    return SupplierBill(
        number=number,
        supplier=supplier,
        credit=True,
        corrects=bill,
        currency=currency,
        billed_on=on,
        total=amount,
        lines=_lines("Discount for early payment", lines, account),
    )


def _lines(words: str, lines: Sequence[Sequence[Any]], account: str) -> tuple[InvoiceLine, ...]:
    return tuple(
        InvoiceLine(
            number=place,
            description=words,
            unit_price=Decimal(net),
            tax_percent=Decimal(percent) if percent is not None else None,
            account=account or None,
        )
        for place, (net, percent) in enumerate(lines, 1)
    )


def as_json(lines: Sequence[tuple[Decimal, Decimal | None]]) -> Jsonb:
    """For the table."""
    return Jsonb([[str(net), str(percent) if percent is not None else None] for net, percent in lines])

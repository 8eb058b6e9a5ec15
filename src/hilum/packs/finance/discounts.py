"""Discounts for early payment: `2/10 net 30` is two percent when the bank pays within ten days, else all in thirty.

A discount that is taken is a credit note of the hub's own, from the proposal on: the payment pays the bill less that
note, and in the books the note settles the rest of the bill. It goes into the ledger when the bank has paid in time.
What the bank paid too late is still owed.
"""

from __future__ import annotations

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

_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """What may be taken off a bill."""

    amount: Decimal  # with tax
    until: date
    lines: Sequence[tuple[Decimal, Decimal | None]]  # before tax, and the percentage; none: without tax


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
        " WHERE payment = %s AND discount_of <> '' ORDER BY bill FOR UPDATE",
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
        lines=tuple(
            InvoiceLine(
                number=place,
                description="Discount for early payment",
                unit_price=Decimal(net),
                tax_percent=Decimal(percent) if percent is not None else None,
                account=account or None,
            )
            for place, (net, percent) in enumerate(lines, 1)
        ),
    )


def as_json(lines: Sequence[tuple[Decimal, Decimal | None]]) -> Jsonb:
    """For the table."""
    return Jsonb([[str(net), str(percent) if percent is not None else None] for net, percent in lines])

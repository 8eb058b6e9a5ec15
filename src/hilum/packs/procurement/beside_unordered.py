"""A bill without an order beside the earlier bills of its supplier, for whoever approves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from hilum.canonical import InvoiceLine, SupplierBill
from hilum.canonical.conversions import plain, priced
from hilum.cases.side_by_side import Member, SideBySide, member
from hilum.packs.procurement.same_bills import billed_of
from hilum.postgres import Connection
from hilum.processes.tasks import LookUp

MOST: Final = 4
"""Earlier bills that are shown."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A bill that came before."""

    number: str
    amount: Decimal  # before tax
    currency: str
    billed_on: date
    order: str


def beside_unordered(bill: SupplierBill) -> LookUp:
    """The bill, with its lines | the last bills of this supplier, those of its amount first."""
    told = billed_of(bill)

    async def look(connection: Connection) -> SideBySide:
        cursor = await connection.execute(
            "SELECT number, amount, currency, billed_on, coalesce(order_number, '') FROM bill_seen"
            " WHERE supplier = %s AND credit = %s AND number <> %s"
            " ORDER BY amount = %s DESC, billed_on DESC, number LIMIT %s",
            [told.supplier, told.credit, told.number, told.amount, MOST],
        )
        return bill_and_earlier(bill, [Earlier(*row) for row in await cursor.fetchall()])

    return look


def bill_and_earlier(bill: SupplierBill, found: Sequence[Earlier]) -> SideBySide:
    """As `beside_unordered`, of what was found; an amount that came before stands out."""
    told = billed_of(bill)
    rest = [""] * max(len(found), 1)
    same = [
        at for at, each in enumerate(found, start=1) if (each.amount, each.currency) == (told.amount, told.currency)
    ]
    amounts = [f"{priced(each.amount)} {each.currency}" for each in found] or rest
    total = f"{priced(bill.total)} {bill.currency}" if bill.total is not None else ""
    members = [
        member("Before tax", f"{priced(told.amount)} {told.currency}", *amounts, marked=same),
        member("Total with tax", total, *rest),
        member("Day", str(bill.billed_on), *([str(each.billed_on) for each in found] or rest)),
        member("Order", bill.order or "none", *([each.order or "none" for each in found] or rest)),
        *(_line(each, bill.currency, rest) for each in bill.lines[:20]),
    ]
    heads = [f"Bill {each.number}" for each in found] or [f"No earlier bill of {bill.supplier}"]
    return SideBySide(documents=(f"Bill {bill.number} of {bill.supplier}", *heads), members=tuple(members))


def _line(line: InvoiceLine, currency: str, rest: Sequence[str]) -> Member:
    what = line.item or line.description or "charge"
    return member(
        f"Line {line.number}", f"{what}: {plain(line.quantity)} at {priced(line.unit_price)} {currency}", *rest
    )

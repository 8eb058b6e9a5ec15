"""What a month must come to: stock, supplier balances and ledger, calculated from what is true. Pure.

Nothing of it is taken from the hub: no code that matches bills or settles payments is used here, only the story of each
order and the rules of the house (what is paid when). Amounts are to the cent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from hilum.simulator.month.truth import Bill, Month, Return, Story, Vendor

ZERO = Decimal(0)

Key = TypeVar("Key", str, tuple[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Money between the hospitals and a supplier. Negative: it came back."""

    vendor: str
    day: int
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What there is at the end. What is nothing is left out."""

    stock: Mapping[tuple[str, str], Decimal]  # hospital, item
    owed: Mapping[str, Decimal]  # supplier: what is still to be paid
    ledger: Mapping[str, Decimal]  # type of account: debit less credit
    documents: Mapping[str, Decimal] = field(default_factory=dict)  # number of a bill: its total; credit notes negative


def books_of(month: Month) -> Books:
    """The books at the end of the month."""
    billed, paid = [*_posted(month)], [*moves(month)]
    owed: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for story, bill in billed:
        owed[story.vendor.code] += _sign(bill) * bill.with_tax(story.vendor.tax)
    for move in paid:
        owed[move.vendor] -= move.amount
    money = sum((move.amount for move in paid), ZERO)
    ledger = {
        "liability_payable": -sum(owed.values(), ZERO),
        "expense": sum((_sign(bill) * _expense(story, bill) for story, bill in billed), ZERO),
        "tax": sum((_sign(bill) * bill.tax(story.vendor.tax) for story, bill in billed), ZERO),
        "payments": -money,  # out of the account, as booked payments say
        "statements": -money,  # as the bank says
    }
    return Books(
        stock=_filled(_stock(month)),
        owed=_filled(owed),
        ledger=_filled(ledger),
        documents={bill.number: _sign(bill) * bill.with_tax(story.vendor.tax) for story, bill in billed},
    )


def moves(month: Month) -> Iterator[Move]:
    """What is paid when, and what comes back."""
    for vendor in month.vendors:
        mine = [bill for story, bill in _posted(month) if story.vendor.code == vendor.code]
        yield from _paid(vendor, mine, month)


def _paid(vendor: Vendor, bills: list[Bill], month: Month) -> Iterator[Move]:
    """Each run pays what is due, less credit notes; what came back is paid by the next one, on its own."""
    left, back, came_back = list(bills), ZERO, False
    for day in month.payment_days:
        if back:
            yield Move(vendor=vendor.code, day=day, amount=back)
            back = ZERO
        due = [each for each in left if (each.posted or 0) <= day and _is_due(each, left, day - vendor.terms)]
        amount = sum((_sign(each) * each.with_tax(vendor.tax) for each in due), ZERO)
        if amount <= 0:
            continue
        left = [each for each in left if each not in due]
        yield Move(vendor=vendor.code, day=day, amount=amount)
        if vendor.returned and not came_back:
            yield Move(vendor=vendor.code, day=day + 1, amount=-amount)
            back, came_back = amount, True


def _is_due(bill: Bill, left: list[Bill], billed_until: int) -> bool:
    """A credit note goes with the bill that it corrects, as long as that is to be paid."""
    if not bill.credit:
        return bill.day <= billed_until
    return all(each.day <= billed_until for each in left if each.number == bill.corrects)


def _posted(month: Month) -> Iterator[tuple[Story, Bill]]:
    return ((story, bill) for story in month.stories for bill in story.bills if bill.posted is not None)


def _stock(month: Month) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for story in month.stories:
        for arrival in story.arrivals:
            sign = -1 if isinstance(arrival, Return) else 1
            for line in arrival.lines:
                found[story.hospital.code, line.item] += sign * line.quantity
    return found


def _expense(story: Story, bill: Bill) -> Decimal:
    """What is owed without tax; cents between the seller's rounding of tax and the ledger's are in it."""
    return bill.with_tax(story.vendor.tax) - bill.tax(story.vendor.tax)


def _sign(bill: Bill) -> int:
    return -1 if bill.credit else 1


def _filled(amounts: Mapping[Key, Decimal]) -> dict[Key, Decimal]:
    return {key: amounts[key] for key in sorted(amounts) if amounts[key]}


def differences(wanted: Books, found: Books) -> list[str]:
    """Where Odoo has something else, in words; none: they are equal to the cent."""
    told = []
    for name in ("stock", "owed", "ledger", "documents"):
        left: Mapping[str | tuple[str, str], Decimal] = getattr(wanted, name)
        right: Mapping[str | tuple[str, str], Decimal] = getattr(found, name)
        for key in sorted(left.keys() | right.keys(), key=str):
            must, has = left.get(key, ZERO), right.get(key, ZERO)
            if must != has:
                what = key if isinstance(key, str) else " ".join(key)
                told.append(f"{name} {what}: Odoo has {has}, it must be {must}")
    return told

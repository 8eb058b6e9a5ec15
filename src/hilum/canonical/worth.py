"""How much money a document is about: what a person who decides what comes first wants to know of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any

from hilum.canonical.base import Money
from hilum.canonical.claims import Claim, Denial, Remittance
from hilum.canonical.currencies import MINOR_UNITS
from hilum.canonical.finance import BankTransaction, CustomerInvoice, JournalEntry, Payment, SupplierBill
from hilum.canonical.paying import PaymentOrder
from hilum.canonical.purchasing import PurchaseOrder
from hilum.canonical.revenue import Charge

_DIGITS = 12  # before the decimal point: what an amount may have


def worth(thing: object) -> Money | None:
    """The amount of a document, without a sign; none where it has no amount, or none in one currency.

    A bill counts with its printed total, else as its lines come to; an order with the lines that have a price.
    """
    find = _FINDERS.get(type(thing))
    return find(thing) if find is not None else None


def money(amount: Decimal, currency: str | None) -> Money | None:
    """An amount in minor units, without a sign; none where there is no currency, or it is too large to be one."""
    if not currency or not amount.is_finite() or amount.adjusted() >= _DIGITS:
        return None
    step = Decimal(1).scaleb(-MINOR_UNITS.get(currency, 2))
    return Money(amount=abs(amount).quantize(step, ROUND_HALF_UP), currency=currency)


def together(amounts: Iterable[Money]) -> Money | None:
    """Their sum; none where they are in several currencies."""
    found = list(amounts)
    if len({each.currency for each in found}) != 1:
        return None
    return money(sum((each.amount for each in found), Decimal(0)), found[0].currency)


def _order(order: PurchaseOrder) -> Money | None:
    priced = [line.quantity * line.unit_price for line in order.lines if line.unit_price is not None]
    return money(sum(priced, Decimal(0)), order.currency) if priced else None


def _invoice(bill: SupplierBill | CustomerInvoice) -> Money | None:
    lines = sum((line.quantity * line.unit_price for line in bill.lines), Decimal(0))
    return money(lines if bill.total is None else bill.total, bill.currency)


def _payments(order: PaymentOrder) -> Money | None:
    return together(Money(amount=each.amount, currency=each.currency) for each in order.payments)


_FINDERS: Mapping[type, Callable[[Any], Money | None]] = MappingProxyType(
    {
        PurchaseOrder: _order,
        SupplierBill: _invoice,
        CustomerInvoice: _invoice,
        JournalEntry: lambda entry: money(sum((line.debit for line in entry.lines), Decimal(0)), entry.currency),
        Payment: lambda payment: money(payment.amount, payment.currency),
        PaymentOrder: _payments,
        BankTransaction: lambda line: money(line.amount, line.currency),
        Charge: lambda charge: money(charge.quantity * charge.unit_price, charge.currency),
        Claim: lambda claim: money(claim.total, claim.currency),
        Denial: lambda denial: money(denial.amount, denial.currency),
        Remittance: lambda remittance: money(remittance.paid, remittance.currency),
    }
)

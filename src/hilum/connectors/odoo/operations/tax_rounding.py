"""Cents between the total of a bill and Odoo's: one side rounds the tax of each line, the other once for each rate.

EN 16931 rounds once (BR-CO-17), and so Peppol does; Odoo rounds line by line unless its company says otherwise. Such a
bill is owed as it is printed: it gets a line more, with the cents.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Final

from hilum.canonical import SupplierBill
from hilum.canonical.currencies import invoiced

WORDS: Final = "Rounding of tax"
"""What the line is called."""


def between(bill: SupplierBill) -> Decimal:
    """How far the two ways are apart where the bill's total is one of them; 0: nowhere, or nobody can tell."""
    if bill.total is None:
        return Decimal(0)
    net: dict[Decimal, list[Decimal]] = defaultdict(list)
    for line in bill.lines:
        if line.tax_percent is None:
            return Decimal(0)
        net[line.tax_percent].append(invoiced(Fraction(line.quantity) * Fraction(line.unit_price), bill.currency))

    def tax(amount: Decimal, percent: Decimal) -> Decimal:
        return invoiced(Fraction(amount) * Fraction(percent) / 100, bill.currency)

    goods = sum((amount for amounts in net.values() for amount in amounts), Decimal(0))
    by_line = sum((tax(amount, percent) for percent, amounts in net.items() for amount in amounts), goods)
    by_rate = sum((tax(sum(amounts, Decimal(0)), percent) for percent, amounts in net.items()), goods)
    return abs(by_line - by_rate) if bill.total in (by_line, by_rate) else Decimal(0)

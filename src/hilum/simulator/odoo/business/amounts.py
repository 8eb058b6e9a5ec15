"""Amounts of lines: discount, rounding, taxes."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.simulator.odoo.orm.fields import rounded
from hilum.simulator.odoo.orm.record import Record

CENTS = 2  # decimals of the company's currency


def taxed(quantity: float, price: float, discount: float, taxes: Sequence[Record]) -> tuple[float, float]:
    """Untaxed amount and tax of a line, both rounded to cents. `discount` in percent."""
    untaxed = rounded(quantity * price * (1 - discount / 100), CENTS)
    return untaxed, rounded(sum(tax_amount(tax, untaxed, quantity) for tax in taxes), CENTS)


def tax_amount(tax: Record, untaxed: float, quantity: float) -> float:
    """One tax on one line, rounded to cents."""
    raw = untaxed * tax["amount"] / 100 if tax["amount_type"] == "percent" else tax["amount"] * quantity
    return rounded(raw, CENTS)

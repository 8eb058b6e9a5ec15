"""Amounts and quantities of any length: what a sender may write breaks neither a price nor the words about it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hilum.canonical.conversions import priced
from hilum.formats import hl7v2
from hilum.packs.inventory.pricing import price_of

LINE = "MSH|^~\\&|OR|H|HUB|H|20260302||DFT^P03|1|P|2.5.1\rFT1|1|||20260302||CG|GLV||||TOTAL\r"


@pytest.mark.parametrize(
    ("total", "quantity", "unit", "lot"),
    [
        ("12.75", "3", "4.25", False),
        ("15.00", "3", "5.00", False),
        ("10.00", "3", "10.00", True),
        ("12.75", "0.0000000000000000000000000000001", "127500000000000000000000000000000.00", False),
    ],
)
def test_an_amount_is_divided_where_that_comes_out_even(total: str, quantity: str, unit: str, lot: bool) -> None:
    (line,) = hl7v2.parse(LINE.replace("TOTAL", total).encode()).segments("FT1")
    price = price_of(line, Decimal(quantity), {}, "EUR")
    assert (str(price.unit_price), price.lot) == (unit, lot)


@pytest.mark.req("UX-1")
@pytest.mark.parametrize(
    ("amount", "said"),
    [("12.5", "12.50"), ("38", "38.00"), ("0.0125", "0.0125"), ("-3.1", "-3.10"), ("1E+30", f"1{'0' * 30}.00")],
)
def test_prices_are_said_with_their_cents(amount: str, said: str) -> None:
    assert priced(Decimal(amount)) == said

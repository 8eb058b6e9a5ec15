"""Terms of payment: `2/10 net 30` read, days counted, discounts to the cent and by tax, days on which banks work."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from hilum.canonical import PaymentTerms, SupplierBill
from hilum.errors import Invalid
from hilum.packs.finance.discounts import bank_day, discount_of

pytestmark = pytest.mark.req("WF-12")

DAY = date(2026, 3, 2)


def bill(*lines: tuple[str, str | None], **more: Any) -> SupplierBill:
    made = [{"number": n, "unit_price": price, "tax_percent": tax} for n, (price, tax) in enumerate(lines, 1)]
    return SupplierBill.model_validate(
        {"number": "B-1", "supplier": "V1", "currency": "EUR", "billed_on": DAY, "lines": made} | more
    )


@pytest.mark.parametrize(
    ("text", "percent", "days", "net"),
    [("2/10 net 30", "2", 10, 30), ("1.5/8, n/45", "1.5", 8, 45), ("3/0 NET 14", "3", 0, 14)],
)
def test_terms_are_read_as_people_write_them(text: str, percent: str, days: int, net: int) -> None:
    found = PaymentTerms.of(text)
    assert (found.discount_percent, found.discount_days, found.net_days) == (Decimal(percent), days, net)


def test_terms_without_discount_and_what_is_none() -> None:
    assert PaymentTerms.of("net 60") == PaymentTerms(net_days=60)
    for text in ("soon", "2/10", "100/10 net 30"):
        with pytest.raises((Invalid, ValueError)):
            PaymentTerms.of(text)


def test_a_bill_is_due_by_its_terms_unless_it_says_the_day() -> None:
    terms = PaymentTerms.of("2/10 net 30")
    assert bill(("1", None), terms=terms).due == date(2026, 4, 1)
    assert bill(("1", None), terms=terms, due_on=date(2026, 3, 20)).due == date(2026, 3, 20)
    assert bill(("1", None)).due == DAY


def test_weekends_and_holidays_are_no_days_of_banks() -> None:
    easter = frozenset({date(2026, 4, 3), date(2026, 4, 6)})
    assert bank_day(date(2026, 4, 2), easter) == date(2026, 4, 2)
    assert bank_day(date(2026, 4, 3), easter) == date(2026, 4, 7)
    assert bank_day(date(2026, 4, 4)) == date(2026, 4, 6)


@pytest.mark.parametrize(
    ("lines", "total", "amount", "parts"),
    [
        ([("100.10", None)], "100.10", "2.00", [("2.00", None)]),
        ([("0.20", None)], "0.20", None, []),
        ([("100", "21")], "121.00", "2.42", [("2.00", "21")]),
        ([("100", "0")], "100.00", "2.00", [("2.00", None)]),
        ([("100", "21"), ("50", "6")], "174.00", "3.48", [("2.00", "21"), ("1.00", "6")]),
        ([("33.33", "21")], "40.33", "0.81", [("0.67", "21")]),
        ([("12.60", "21")], "15.25", "0.31", [("0.26", "21"), ("0.00", None)]),
    ],
)
def test_the_discount_is_exact_with_its_tax(
    lines: list[tuple[str, str | None]], total: str, amount: str | None, parts: list[tuple[str, str | None]]
) -> None:
    found = discount_of(bill(*lines, total=total), PaymentTerms.of("2/10 net 30"))
    if amount is None:
        assert found is None
        return
    assert found is not None
    assert (found.amount, found.until) == (Decimal(amount), date(2026, 3, 12))
    taxed = sum(net + round(net * (percent or 0) / 100, 2) for net, percent in found.lines)
    assert taxed == found.amount
    wanted = [(Decimal(net), Decimal(tax) if tax else None) for net, tax in parts if Decimal(net)]
    assert [*found.lines][: len(wanted)] == wanted


def test_nothing_is_taken_off_a_credit_note_or_a_bill_without_total() -> None:
    terms = PaymentTerms.of("2/10 net 30")
    assert discount_of(bill(("100", None), total="100", credit=True), terms) is None
    assert discount_of(bill(("100", None)), terms) is None
    assert discount_of(bill(("100", None), total="100"), PaymentTerms.of("net 30")) is None

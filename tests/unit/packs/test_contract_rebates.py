"""Rebates: the step that is reached, what is accrued to the cent, and what is missing to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from hilum.canonical import PriceBasis, Rebate
from hilum.flow.prices import Ask
from hilum.masterdata.terms import Checked
from hilum.masterdata.terms.rebates import Accrual, Bought, accrual, bought

pytestmark = pytest.mark.req("SYS-11")

SINCE = date(2026, 1, 1)
STEPS = [
    Rebate(from_amount=Decimal(5000), percent=Decimal("2.5")),
    Rebate(from_amount=Decimal(1000), percent=Decimal(1)),
]


def line(quantity: str, price: str, currency: str = "EUR", leak: str | None = "0", contract: str = "C-7") -> Checked:
    ask = Ask(supplier="V1", item="GLV", quantity=Decimal(quantity), on=SINCE, currency=currency)
    return Checked(
        document_type="bill", document="B-1", line=1, ask=ask, unit_price=Decimal(price), basis=PriceBasis.CONTRACT,
        contract=contract, expected_price=Decimal(38), leak=Decimal(leak) if leak else None, words="x",
    )  # fmt: skip


def of(amount: str, *steps: Rebate) -> Accrual:
    return accrual(Bought(contract="C-7", currency="EUR", amount=Decimal(amount)), steps, SINCE)


def test_bills_of_the_contract_count_less_what_was_given_back() -> None:
    lines = [line("12", "40", leak="24"), line("-2", "40", leak="-4"), line("1", "9", currency="USD", leak=None)]
    lines += [line("5", "1", contract="C-8"), replace(line("5", "1"), document_type="order")]
    found = bought(lines, "C-7", "EUR")
    assert (found.amount, found.leak, found.lines, found.left_out) == (400, 20, 2, 1)
    assert found.words == (
        "400.00 EUR were bought by contract C-7 in 2 lines of bills, 20.00 EUR of that above what was agreed;"
        " 1 line in other currencies is not in it"
    )


@pytest.mark.parametrize(
    ("amount", "accrued", "missing"),
    [("0", "0", "1000"), ("999.99", "0", "0.01"), ("1000", "10", "4000"), ("4999.99", "50", "0.01"),
     ("5000", "125", "0"), ("5000.33", "125.01", "0"), ("-50", "0", "1050")],
)  # fmt: skip
def test_the_highest_step_that_is_reached_counts_of_all_that_was_bought(
    amount: str, accrued: str, missing: str
) -> None:
    found = of(amount, *STEPS)
    assert (found.accrued, found.missing) == (Decimal(accrued), Decimal(missing))


def test_it_is_told_in_words() -> None:
    assert of("4100", *STEPS).words == (
        "4100.00 EUR were bought by contract C-7 since 2026-01-01: 1 % from 1000.00 EUR on, 41.00 EUR are accrued;"
        " 900.00 EUR more reach 2.5 %"
    )
    assert of("4100").words == "4100.00 EUR were bought by contract C-7 since 2026-01-01: no rebate was agreed"
    assert of("500", *STEPS).words.endswith(": no rebate is reached; 500.00 EUR more reach 1 %")

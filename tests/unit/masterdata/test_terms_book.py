"""What a line should cost: which contract counts, which step, in which unit, and the words when none does."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.canonical import ContractStatus, PriceBasis, PurchaseOrder
from hilum.canonical.units import Pack
from hilum.errors import Refused
from hilum.flow.prices import Ask
from hilum.masterdata.terms import Book, Head, PriceFact, leak_of
from hilum.packs.contracts import Comparison, Tolerance, keep_to

pytestmark = pytest.mark.req("NEW-4")

DAY = date(2026, 3, 10)


def head(number: str, **more: Any) -> Head:
    return Head(**{"number": number, "supplier": "V1", "currency": "EUR", "valid_from": date(2026, 1, 1)} | more)


def fact(contract: str, price: str, **more: Any) -> PriceFact:
    said = {"supplier": "V1", "item": "GLV", "contract": contract, "unit": "BX", "currency": "EUR"}
    return PriceFact(unit_price=Decimal(price), **said | more)


def ask(quantity: str = "1", **more: Any) -> Ask:
    return Ask(**{"supplier": "V1", "item": "GLV", "quantity": Decimal(quantity), "unit": "BX", "on": DAY} | more)


def test_the_highest_step_that_is_reached_counts() -> None:
    book = Book.of([head("C-7")], [fact("C-7", "40"), fact("C-7", "38", from_quantity=Decimal(100))])
    assert book.price(ask("99.5")).price == 40
    best = book.price(ask("100"))
    assert (best.price, best.contract, best.is_agreed) == (38, "C-7", True)
    assert best.words == "contract C-7, from 100 BX on, since 2026-01-01"


def test_steps_are_reached_in_the_unit_of_the_contract_and_prices_are_exact() -> None:
    book = Book.of([head("C-7")], [fact("C-7", "40"), fact("C-7", "10", from_quantity=Decimal(2))])
    packs = (Pack(unit="BX", holds=Decimal(12), of="EA"),)
    one = book.price(ask("12", unit="EA", packs=packs))
    assert one.price == Fraction(40, 12)
    assert "1 BX = 12 EA" in one.words
    assert book.price(ask("24", unit="EA", packs=packs)).price == Fraction(10, 12)
    nobody_knows = book.price(ask("12", unit="EA"))
    assert nobody_knows.price is None
    assert "nothing says how many of these one EA is" in nobody_knows.words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": ContractStatus.SUSPENDED}, "contract C-7 is suspended"),
        ({"valid_to": DAY}, "contract C-7 ran out on 2026-03-10"),
        ({"valid_from": DAY + timedelta(1)}, "contract C-7 holds from 2026-03-11 on"),
        ({"facilities": frozenset({"NORTH"})}, "contract C-7 is not for SOUTH"),
    ],
)
def test_a_contract_that_does_not_count_says_why_and_the_catalogue_takes_its_place(
    change: dict[str, Any], words: str
) -> None:
    book = Book.of([head("C-7", **change)], [fact("C-7", "38")])
    nothing = book.price(ask(facility="SOUTH"))
    assert (nothing.basis, nothing.price, nothing.words) == (PriceBasis.NONE, None, words)
    book.put("V1", "GLV", [fact("C-7", "38"), fact("", "45")])
    listed = book.price(ask(facility="SOUTH"))
    assert (listed.basis, listed.price, listed.is_agreed) == (PriceBasis.LIST, 45, False)
    assert listed.words == f"the catalogue of V1; {words}"


def test_the_named_contract_counts_before_one_for_the_facility_and_that_before_the_cheapest() -> None:
    heads = [head("ALL"), head("OWN", facilities=frozenset({"SOUTH"})), head("NAMED")]
    book = Book.of(heads, [fact("ALL", "30"), fact("OWN", "33"), fact("NAMED", "36"), fact("", "20")])
    assert book.price(ask(facility="SOUTH", agreement="NAMED")).contract == "NAMED"
    assert book.price(ask(facility="SOUTH")).contract == "OWN"
    assert book.price(ask(facility="NORTH")).contract == "ALL"
    wrong = book.price(ask(facility="NORTH", agreement="GONE"))
    assert wrong.contract == "ALL"
    assert wrong.words.endswith("contract GONE, which is named, is not known")


def test_of_two_schedules_of_a_contract_the_later_one_counts_even_if_it_is_dearer() -> None:
    later = date(2026, 3, 1)
    book = Book.of([head("C-7")], [fact("C-7", "30"), fact("C-7", "32", valid_from=later)])
    assert book.price(ask()).price == 32
    assert book.price(ask(on=later - timedelta(1))).price == 30


def test_currencies_are_never_compared() -> None:
    book = Book.of([head("C-7", currency="USD")], [fact("C-7", "30", currency="USD")])
    assert book.price(ask(currency="EUR")).words == "contract C-7 is in USD, not in EUR"
    assert leak_of(Decimal(1), Decimal(40), "EUR", book.price(ask())) is None


def test_sources_are_those_who_agreed_a_price_the_cheapest_first() -> None:
    heads = [head("C-1"), head("C-2", supplier="V2"), head("C-3", supplier="V3", valid_to=DAY)]
    facts = [fact("C-1", "40"), fact("C-2", "35", supplier="V2"), fact("C-3", "1", supplier="V3")]
    book = Book.of(heads, [*facts, fact("", "2", supplier="V4")])
    assert [(each.supplier, each.price) for each in book.sources(ask(supplier="-"))] == [("V2", 35), ("V1", 40)]
    book.put("V2", "GLV", [])
    book.put("V1", "GLV", [])
    assert [each.supplier for each in book.sources(ask())] == []


def test_a_leak_is_the_difference_of_what_would_be_invoiced() -> None:
    book = Book.of([head("C-7")], [fact("C-7", "10", unit="BX")])
    packs = (Pack(unit="BX", holds=Decimal(3), of="EA"),)
    expected = book.price(ask("10", unit="EA", packs=packs))  # 10 EA at 3.333… are 33.33
    assert leak_of(Decimal(10), Decimal("3.34"), "EUR", expected) == Decimal("0.07")
    assert leak_of(Decimal(-10), Decimal("3.34"), "EUR", expected) == Decimal("-0.07")
    assert leak_of(Decimal(10), Decimal("3.333333"), "EUR", expected) == 0


days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
steps = st.lists(
    st.tuples(st.sampled_from(["A", "B", ""]), days, days, st.integers(0, 5), st.integers(1, 99)), max_size=12
)


@given(steps, days, st.integers(1, 6))
def test_a_price_is_always_one_that_was_said_for_that_day_and_quantity(
    said: list[tuple[str, date, date, int, int]], day: date, quantity: int
) -> None:
    unique = {(c, a, b, q): p for c, a, b, q, p in said if a < b}
    facts = [fact(c, str(p), valid_from=a, valid_to=b, from_quantity=Decimal(q)) for (c, a, b, q), p in unique.items()]
    answer = Book.of([head("A"), head("B")], facts).price(ask(str(quantity), on=day))
    holds = [f for f in facts if f.valid_from <= day < f.valid_to and f.from_quantity <= quantity]
    if not holds:
        assert answer.price is None
        return
    agreed = [f for f in holds if f.contract]
    assert answer.is_agreed is bool(agreed)
    assert answer.price in {Fraction(f.unit_price) for f in (agreed or holds)}
    assert answer.words


def test_an_order_that_names_a_suspended_contract_is_held_though_another_one_has_a_price() -> None:
    book = Book.of([head("C-7", status=ContractStatus.SUSPENDED), head("C-8")], [fact("C-7", "30"), fact("C-8", "38")])
    line = {"number": 1, "item": "GLV", "quantity": 1, "unit": "BX", "unit_price": 38}
    said = {"number": "PO-1", "supplier": "V1", "currency": "EUR", "lines": [line]}
    comparison = Comparison(prices=book, on=DAY)
    keep_to(comparison.order(PurchaseOrder.model_validate(said)), Tolerance(), only_contract=True)
    named = comparison.order(PurchaseOrder.model_validate(said | {"agreement": "C-7"}))
    with pytest.raises(Refused, match=r"not by the contract that it names .*contract C-7 is suspended"):
        keep_to(named, Tolerance(), only_contract=True)

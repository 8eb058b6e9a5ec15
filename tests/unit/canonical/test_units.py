"""Units become others exactly, say by which rule, and never where they measure different things."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.canonical import currencies, units
from hilum.canonical.base import Money
from hilum.canonical.units import PACKAGES, REC20, Pack, convert
from hilum.errors import Invalid

BOX = Pack(unit="BX", holds=Decimal(100), of="EA")
CASE = Pack(unit="CS", holds=Decimal(10), of="BX")


@pytest.mark.req("MOD-5")
@pytest.mark.parametrize(
    ("quantity", "unit", "to", "result"),
    [
        ("1", "KGM", "g", "1000"),
        ("1", "LBR", "KGM", "0.453592"),  # 0.45359237, rounded
        ("16", "ONZ", "LBR", "1"),
        ("1", "GLL", "mL", "3785.411784"),
        ("128", "OZA", "GLL", "1"),
        ("5", "DZN", "EA", "60"),
        ("2", "GRO", "DZN", "24"),
        ("7", "DAY", "WEE", "1"),
        ("100", "mg/dL", "g/L", "1"),
        ("4.5", "10*3/uL", "10*9/L", "4.5"),
        ("120", "mm[Hg]", "kPa", "15.99864"),
        ("1", "U/L", "nkat/L", "16.666667"),
        ("5", "m[IU]/mL", "[iU]/L", "5"),
        ("37", "Cel", "[degF]", "98.6"),
        ("98.6", "FAH", "CEL", "37"),
        ("0", "K", "Cel", "-273.15"),
        ("3", "{tablet}", "1", "3"),
        ("50", "%", "1", "0.5"),
        ("1", "kW.h", "MJ", "3.6"),
        ("1", "(mg/kg)/d", "ug/(kg.d)", "1000"),
        ("60", "/min", "Hz", "1"),
    ],
)
def test_quantities_become_others_exactly(quantity: str, unit: str, to: str, result: str) -> None:
    made = convert(Decimal(quantity), unit, to)
    assert made.quantity == Decimal(result)
    assert made.unit == to
    assert made.exact == (result not in ("0.453592", "16.666667"))


@pytest.mark.req("MOD-5")
def test_what_a_package_holds_is_a_fact_about_the_item() -> None:
    made = convert(Decimal(2), "CS", "EA", packs=(BOX, CASE))
    assert made.quantity == 2000
    assert made.words == "2 CS = 2000 EA (1 CS = 10 BX; 1 BX = 100 EA)"
    assert convert(Decimal(250), "EA", "BX", packs=(BOX, CASE)).quantity == Decimal("2.5")
    assert convert(Decimal(1), "BX", "DZN", packs=(BOX,)).words == (
        "1 BX = 8.333333 DZN (1 BX = 100 EA; 1 EA = 1/12 DZN; rounded)"
    )
    with pytest.raises(Invalid, match="no package of the item says how"):
        convert(Decimal(1), "BX", "EA")
    with pytest.raises(Invalid, match="said twice"):
        convert(Decimal(1), "BX", "EA", packs=(BOX, BOX))
    with pytest.raises(Invalid, match="more than nothing"):
        convert(Decimal(1), "BX", "EA", packs=(Pack(unit="BX", holds=Decimal(0), of="EA"),))


@pytest.mark.req("MOD-5")
def test_a_substance_leads_from_moles_to_grams() -> None:
    glucose = Decimal("180.156")
    made = convert(Decimal("5.5"), "mmol/L", "mg/dL", grams_per_mole=glucose)
    assert made.quantity == Decimal("99.0858")
    assert "1 mol = 180.156 g" in made.rule
    back = convert(made.quantity, "mg/dL", "mmol/L", grams_per_mole=glucose)
    assert back.quantity == Decimal("5.5")
    with pytest.raises(Invalid, match="different things"):
        convert(Decimal(1), "mmol/L", "mg/dL")
    with pytest.raises(Invalid, match="different things"):
        convert(Decimal(1), "mol", "mL", grams_per_mole=glucose)


@pytest.mark.req("MOD-5")
@pytest.mark.parametrize(
    ("unit", "to"),
    [("kg", "m"), ("EA", "%"), ("EA", "kg"), ("[iU]", "mg"), ("meq", "mmol"), ("Cel", "m"), ("BX", "CS")],
)
def test_what_measures_something_else_is_refused(unit: str, to: str) -> None:
    with pytest.raises(Invalid, match="different things"):
        convert(Decimal(1), unit, to)


@pytest.mark.req("MOD-5")
@pytest.mark.parametrize(
    "code",
    [
        "",
        "mgg",
        "mg//dL",
        "mg/",
        "(mg",
        "mg)",
        "mg dL",
        "Kg",
        "ML5x",
        "0",
        "kg(",
        "m{",
        "Cel.m",
        "m999",
        "a" * 200,
    ],
)
def test_what_is_no_unit_is_refused(code: str) -> None:
    with pytest.raises(Invalid):
        units.meaning(code)


@pytest.mark.req("MOD-5")
def test_every_code_of_the_tables_has_a_meaning_and_a_name() -> None:
    for code in (*REC20, *PACKAGES):
        assert units.meaning(code).factor > 0
        assert units.title(code)
    assert units.title("mg/dL") == "mg/dL"


@pytest.mark.req("MOD-5")
@given(
    quantity=st.decimals(min_value=-(10**9), max_value=10**9, places=6),
    pair=st.sampled_from([("KGM", "mg"), ("LTR", "uL"), ("DZN", "EA"), ("[in_i]", "um"), ("h", "s"), ("TNE", "kg")]),
)
def test_there_and_back_is_where_it_was(quantity: Decimal, pair: tuple[str, str]) -> None:
    there = convert(quantity, *pair)
    assert there.exact
    assert convert(there.quantity, pair[1], pair[0]).quantity == quantity


@given(st.text(max_size=30))
def test_any_text_is_a_unit_or_invalid(text: str) -> None:
    try:
        units.meaning(text)
    except Invalid:
        return


@pytest.mark.req("MOD-5")
def test_money_has_the_minor_units_of_its_currency() -> None:
    assert [currencies.minor_units(code) for code in ("EUR", "JPY", "KWD", "CLF")] == [2, 0, 3, 4]
    assert currencies.rounded(Money(amount=Decimal("1.005"), currency="EUR")).amount == Decimal("1.01")
    assert currencies.rounded(Money(amount=Decimal("-2.5"), currency="JPY")).amount == Decimal(-3)
    assert currencies.in_minor_units(Money(amount=Decimal("12.34"), currency="EUR")) == 1234
    with pytest.raises(Invalid, match="more digits"):
        currencies.in_minor_units(Money(amount=Decimal("12.345"), currency="EUR"))
    with pytest.raises(Invalid, match="not a currency"):
        currencies.minor_units("EURO")
    with pytest.raises(Invalid, match="not a currency"):
        currencies.rounded(Money(amount=Decimal(1), currency="XXA"))


@pytest.mark.req("MOD-5")
def test_an_exchange_says_its_rate() -> None:
    made, conversion = currencies.exchange(
        Money(amount=Decimal("100.00"), currency="USD"), "EUR", rate=Decimal("0.91835"), source="rate of 2026-03-04"
    )
    assert made == Money(amount=Decimal("91.84"), currency="EUR")
    assert conversion.words == "100 USD = 91.84 EUR (1 USD = 0.91835 EUR, rate of 2026-03-04; rounded)"
    with pytest.raises(Invalid, match="above zero"):
        currencies.exchange(made, "USD", rate=Decimal(0))

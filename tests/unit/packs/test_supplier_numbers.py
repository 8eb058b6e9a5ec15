"""Numbers of banks and tax offices: real ones pass, and one wrong digit is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.packs.suppliers import numbers
from hilum.packs.suppliers.vat import CHECKED, SHAPES, vat

pytestmark = pytest.mark.req("SYS-12")

REAL = {
    "AT": "ATU13585627", "BE": "BE0428759497", "CH": "CHE-107.787.577 MWST", "DE": "DE136695976", "DK": "DK13585628",
    "EL": "EL094259216", "ES": "ESB64717838", "FI": "FI20774740", "FR": "FR40303265045", "GB": "GB 980 7806 84",
    "HR": "HR33392005961", "IE": "IE6433435F", "IT": "IT00743110157", "LU": "LU15027442", "NL": "NL004495445B01",
    "NO": "NO995525828MVA", "PL": "PL8567346215", "PT": "PT501964843", "SE": "SE123456789701", "SK": "SK2022749619",
}  # fmt: skip
"""One for each country of which the check digits are looked at; all are published examples."""


@pytest.mark.parametrize("country", CHECKED)
def test_a_vat_number_passes_and_one_wrong_digit_is_found(country: str) -> None:
    number = REAL[country]
    assert vat(country, number) == ""
    last = max(place for place, letter in enumerate(number[:-2] if country in ("NL", "SE") else number)
               if letter.isdigit())  # fmt: skip
    wrong = [d for d in "0123456789" if d != number[last]]
    found = [vat(country, f"{number[:last]}{digit}{number[last + 1 :]}") for digit in wrong]
    assert sum(1 for each in found if each) >= 8, found  # by 97 and by 11, two digits may share a rest
    assert all(not each or number not in each for each in found)


@pytest.mark.parametrize(
    ("country", "number"), [("GR", "GR094259216"), ("BE", "BE428759497"), ("ES", "54362315K"), ("IE", "6433435OA"),
                            ("FR", "FR83404833048"), ("UK", "GB980780684"), ("BR", "anything"), ("LI", "12345")]
)  # fmt: skip
def test_other_ways_to_write_them_pass(country: str, number: str) -> None:
    assert vat(country, number) == ""


@pytest.mark.parametrize("country", SHAPES)
def test_what_does_not_look_so_is_found(country: str) -> None:
    assert vat(country, f"{country}1") != ""


_IBANS = ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "BE68539007547034", "NO9386011117947"]


@given(st.sampled_from(_IBANS), st.integers(0, 40), st.sampled_from("0123456789"))
def test_one_wrong_digit_of_an_iban_is_found(number: str, place: int, digit: str) -> None:
    number = numbers.compact(number)
    place = 2 + place % (len(number) - 2)
    assert numbers.iban(number) == ""
    if number[place].isdigit() and digit != number[place]:
        assert numbers.iban(f"{number[:place]}{digit}{number[place + 1 :]}") != ""


@given(st.text("0123456789", min_size=10, max_size=28))
def test_an_iban_has_the_length_of_its_country(rest: str) -> None:
    made = str(98 - int(f"{rest}131400") % 97).rjust(2, "0")  # D, E are 13, 14
    words = numbers.iban(f"DE{made}{rest}")
    assert (words == "") == (len(rest) == 18)


@pytest.mark.parametrize("number", ["US00123456789012345", "XX82WEST12345698765432", "", "DE", "DE003704004405320130"])
def test_what_is_no_iban_is_found(number: str) -> None:
    assert numbers.iban(number) != ""


@given(st.sampled_from(["021000021", "011401533", "091000019"]), st.integers(0, 8), st.sampled_from("0123456789"))
def test_one_wrong_digit_of_a_routing_number_is_found(number: str, place: int, digit: str) -> None:
    assert numbers.aba(number) == ""
    assert (numbers.aba(f"{number[:place]}{digit}{number[place + 1 :]}") == "") == (digit == number[place])


@pytest.mark.parametrize("number", ["000000000", "02100002", "990000000", "٠٢١٠٠٠٠٢١"])
def test_what_is_no_routing_number_is_found(number: str) -> None:
    assert numbers.aba(number) != ""


@pytest.mark.parametrize(
    ("number", "good"),
    [("COBADEFF", True), ("COBADEFFXXX", True), ("GEBABEBB", True), ("COBADE", False), ("COBADEFFX", False),
     ("COBA12FF", False)],
)  # fmt: skip
def test_identifiers_of_banks(number: str, good: bool) -> None:
    assert (numbers.bic(number) == "") == good


@pytest.mark.parametrize(
    ("number", "good"),
    [("12-3456789", True), ("07-3456789", False), ("123456789", True), ("000-12-3456", False), ("666-12-3456", False),
     ("912-70-1234", True), ("912-40-1234", False), ("12-345678", False), ("078-05-1120", True), ("", False)],
)  # fmt: skip
def test_taxpayer_numbers_of_the_united_states(number: str, good: bool) -> None:
    assert (numbers.tin(number) == "") == good

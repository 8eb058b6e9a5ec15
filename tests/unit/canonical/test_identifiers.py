"""Identifiers of items, places and devices are read in all their forms, and refused where a digit is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.canonical import identifiers, times
from hilum.canonical.udi import elements, udi
from hilum.errors import Invalid


@pytest.mark.req("MOD-5")
def test_a_gtin_has_one_form() -> None:
    assert identifiers.gtin("4006381333931") == "04006381333931"
    assert identifiers.gtin("036000291452") == "00036000291452"
    assert identifiers.gtin("73513537") == "00000073513537"
    assert identifiers.gtin("0 4006381 33393 1") == "04006381333931"
    for wrong in ("4006381333932", "", "12345", "400638133393X", "٤٠٠٦٣٨١٣٣٣٩٣١"):
        with pytest.raises(Invalid, match="GTIN"):
            identifiers.gtin(wrong)


@given(st.from_regex(r"[0-9]{13}", fullmatch=True), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(digits: str, place: int, more: int) -> None:
    good = digits + identifiers.check_digit(digits)
    wrong = good[:place] + str((int(good[place]) + more) % 10) + good[place + 1 :]
    assert identifiers.gtin(good) == good
    with pytest.raises(Invalid):
        identifiers.gtin(wrong)


@pytest.mark.req("MOD-5")
def test_places_shipments_and_commodities() -> None:
    assert identifiers.gln("5412345000013") == "5412345000013"
    base = "35412345000000001"
    assert identifiers.sscc(base + identifiers.check_digit(base)).startswith(base)
    gloves = identifiers.unspsc("42132203")
    assert (gloves.segment, gloves.family, gloves.category) == ("42000000", "42130000", "42132200")
    assert identifiers.unspsc("4213220314").code == "42132203"
    for wrong in ("4213220", "42002203", "00000000", "4213220X"):
        with pytest.raises(Invalid, match="UNSPSC"):
            identifiers.unspsc(wrong)


GS1 = "01" + "5102222223333" + identifiers.check_digit("5102222223333")


@pytest.mark.req("MOD-5")
def test_a_gs1_label_scanned_and_printed() -> None:
    scanned = udi(f"]d2{GS1}11141231" + "17150700" + "10A213B1\x1d211234", year=2026)
    assert scanned.device == GS1[2:]
    assert (scanned.lot, scanned.serial) == ("A213B1", "1234")
    assert scanned.made_on == date(2014, 12, 31)
    assert scanned.expires_on == date(2015, 7, 31), "day 00 is the last of the month"
    printed = udi(f"(01){GS1[2:]}(11)141231(17)150700(10)A213B1(21)1234", year=2026)
    assert printed == scanned
    assert udi(f"{GS1}17990101", year=2026).expires_on == date(1999, 1, 1)
    assert udi(f"{GS1}17760101", year=2026).expires_on == date(2076, 1, 1)


@pytest.mark.req("MOD-5")
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("10LOT", "no device identifier"),
        (GS1[:-1] + str((int(GS1[-1]) + 1) % 10), "check digit"),
        (GS1 + "17151301", "no such month"),
        (GS1 + "17150230", "no such day"),
        (GS1 + "17ABCDEF", "must have 6 digits"),
        (GS1 + "10" + "X" * 21, "1 to 20 characters"),
        (GS1 + "10A\x1d10B", "there twice"),
        (GS1 + "(05)1", "no known application identifier"),
        ("(01)" + GS1[2:] + "(5555)1", "not known here"),
        ("(01", "not a GS1"),
        ("", "nothing to read"),
    ],
)
def test_a_wrong_gs1_label_says_where(code: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        udi(code, year=2026)


HIBC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"


def _with_check(body: str) -> str:
    return body + HIBC[sum(map(HIBC.index, body)) % 43]


@pytest.mark.req("MOD-5")
def test_an_hibcc_label() -> None:
    label = _with_check("+H123ABC01234567890/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202")
    found = udi(label, year=2026)
    assert (found.issuer, found.device) == ("HIBCC", "H123ABC01234567890")
    assert (found.lot, found.serial) == ("LOT123456789012345", "XYZ456789012345678")
    assert (found.expires_on, found.made_on) == (date(2020, 2, 2), date(2013, 2, 2))
    with pytest.raises(Invalid, match="check character"):
        udi(label.replace("LOT1", "LOT2"))
    assert _with_check("+A123BJC5D6E71")[-1] == "G", "the example of the standard"


@pytest.mark.req("MOD-5")
@pytest.mark.parametrize(
    ("secondary", "expected"),
    [
        ("$LOT1", {"lot": "LOT1"}),
        ("$+SER1", {"serial": "SER1"}),
        ("$$0926L1", {"lot": "L1", "expires_on": date(2026, 9, 30)}),
        ("$$3270115L1", {"lot": "L1", "expires_on": date(2027, 1, 15)}),
        ("$$2011527L1", {"lot": "L1", "expires_on": date(2027, 1, 15)}),
        ("$$527015L1", {"lot": "L1", "expires_on": date(2027, 1, 15)}),
        ("$$7L1", {"lot": "L1", "expires_on": None}),
        ("$$8247L1", {"lot": "L1", "quantity": 24}),
        ("$$+3270115S1", {"serial": "S1", "expires_on": date(2027, 1, 15)}),
        ("27015L1", {"lot": "L1", "expires_on": date(2027, 1, 15)}),
        ("$$7L1/14D20270115/Q500", {"expires_on": date(2027, 1, 15), "quantity": 500}),
    ],
)
def test_the_forms_of_hibcc_secondary_data(secondary: str, expected: dict[str, object]) -> None:
    body = f"+A999PROD10/{secondary}"
    found = udi(_with_check(body), year=2026)
    assert found.device == "A999PROD10"
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.req("MOD-5")
def test_an_iccbba_label() -> None:
    found = udi("=/A9999XYZ100T0944=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123", year=2026)
    assert (found.issuer, found.device, found.serial) == ("ICCBBA", "A9999XYZ100T0944", "000025")
    assert (found.donation, found.lot) == ("A99971312345600", "000000000000XYZ123")
    assert (found.expires_on, found.made_on) == (date(2014, 2, 1), date(2013, 2, 1))
    for wrong in ("=,000025", "=/SHORT", "=/A9999XYZ100T0944=>014400"):
        with pytest.raises(Invalid):
            udi(wrong, year=2026)


@given(st.text(max_size=40))
def test_any_text_is_a_label_or_invalid(text: str) -> None:
    for begin in ("", "+", "=/", "(01)", "01"):
        try:
            udi(begin + text, year=2026)
            elements(begin + text)
        except Invalid:
            continue


@pytest.mark.req("MOD-5")
def test_what_the_clock_showed_becomes_a_moment() -> None:
    berlin = "Europe/Berlin"
    assert times.moment(datetime(2026, 7, 1, 12), berlin).isoformat() == "2026-07-01T12:00:00+02:00"
    known = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert times.moment(known, berlin) is known
    twice = datetime(2026, 10, 25, 2, 30)
    assert times.moment(twice, berlin).utcoffset() != times.moment(twice, berlin, second=True).utcoffset()
    with pytest.raises(Invalid, match="skip this time"):
        times.moment(datetime(2026, 3, 29, 2, 30), berlin)
    for wrong in ("Europe/Atlantis", "", "../etc/passwd"):
        with pytest.raises(Invalid, match="no time zone"):
            times.moment(datetime(2026, 7, 1), wrong)
    assert times.day(datetime(2026, 7, 1, 23, 30, tzinfo=UTC), berlin) == date(2026, 7, 2)
    with pytest.raises(Invalid, match="no offset"):
        times.day(datetime(2026, 7, 1), berlin)

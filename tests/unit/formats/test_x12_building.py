"""Interchanges that we make have right counts, control numbers and widths; partners are data."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from hilum.formats import x12
from hilum.formats.x12 import datatypes

AT = datetime(2026, 3, 4, 10, 11)

pytestmark = [pytest.mark.req("MOD-3"), pytest.mark.req("SYS-10")]


def partner(**changes: object) -> x12.Partner:
    return x12.Partner.model_validate(
        {
            "name": "Gloveco",
            "ours": {"id": "HILLTOP"},
            "theirs": {"id": "1234567890", "qualifier": "01", "application": "GLV"},
            **changes,
        }
    )


ORDER = x12.Draft("850", [("BEG", "00", "SA", "PO-1", None, date(2026, 3, 4)), ("PO1", 1, Decimal("2.50"), "EA")])
CHANGE = x12.Draft("860", [("BCH", "04", "SA", "PO-1", None, 1, date(2026, 3, 5))])


def test_control_numbers_and_counts() -> None:
    drafts = [ORDER, ORDER, CHANGE, ORDER]
    numbers = x12.Numbers(interchange=41, group=7)
    made = x12.build(partner(), drafts, numbers=numbers, at=AT)
    assert x12.groups_of(drafts) == 3
    text = made.encode().decode()
    assert text.splitlines()[0] == (
        "ISA*00*          *00*          *ZZ*HILLTOP        *01*1234567890     *260304*1011*^*00501*000000041*0*P*>~"
    )
    assert text.splitlines()[1] == "GS*PO*HILLTOP*GLV*20260304*1011*7*X*005010~"
    again = x12.parse(made.encode())
    assert [(group.functional_id, group.control_number) for group in again.groups] == [
        ("PO", "7"),
        ("PC", "8"),
        ("PO", "9"),
    ]
    assert [each.control_number for each in again.sets] == ["0001", "0002", "0003", "0004"]
    assert not again.problems()
    assert not [problem for group in again.groups for problem in group.problems()]
    assert not [problem for each in again.sets for problem in x12.envelope_problems(each)]
    assert again.encode() == made.encode()


def test_a_partner_has_its_own_form() -> None:
    own = partner(
        version="004010",
        repetition="",
        element="|",
        component=":",
        segment="\n",
        line_end="",
        wants_ta1=True,
        usage="T",
    )
    made = x12.build(own, [ORDER], numbers=x12.Numbers(1, 1), at=AT)
    first = made.encode().decode().splitlines()[0]
    assert len(first) == 105
    assert first.endswith("|U|00401|000000001|1|T|:")
    again = x12.parse(made.encode())
    assert not again.warnings
    assert again.sets[0].version == "004010"
    assert again.sets[0].decimal("PO1-02") == Decimal("2.5")


def test_what_cannot_be_sent_is_refused() -> None:
    with pytest.raises(ValueError, match="9 digits"):
        x12.build(partner(), [ORDER], numbers=x12.Numbers(10**9, 1), at=AT)
    with pytest.raises(ValueError, match="functional group of transaction set 123"):
        x12.build(partner(), [x12.Draft("123", [])], numbers=x12.Numbers(1, 1), at=AT)
    with pytest.raises(ValueError, match="delimiter"):
        x12.build(partner(), [x12.Draft("850", [("BEG", "0*0")])], numbers=x12.Numbers(1, 1), at=AT)
    with pytest.raises(ValueError, match="capital"):
        x12.Segment.new("beg")


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "5010"},
        {"ours": {"id": ""}},
        {"ours": {"id": "x" * 16}},
        {"tolerated": ["4"]},
        {"answer": "998"},
        {"currency": "usd"},
        {"unknown": 1},
    ],
)
def test_a_profile_is_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        partner(**wrong)


def test_numbers_are_written_as_short_as_they_can_be() -> None:
    assert datatypes.write_decimal(Decimal("12.500")) == "12.5"
    assert datatypes.write_decimal(Decimal("100")) == "100"
    assert datatypes.write_decimal(Decimal("1E+2")) == "100"
    assert datatypes.write_decimal(Decimal("-0.0")) == "0"
    assert datatypes.write_implied(Decimal("123.45"), 2) == "12345"
    assert datatypes.write_implied(Decimal("-0.5"), 2) == "-50"
    assert datatypes.write_implied(Decimal(0), 2) == "0"
    with pytest.raises(ValueError, match="2 decimals"):
        datatypes.write_implied(Decimal("0.005"), 2)
    with pytest.raises(ValueError, match="finite"):
        datatypes.write_decimal(Decimal("NaN"))


@pytest.mark.parametrize("form", [{}, {"segment": "\n", "line_end": ""}, {"line_end": "\r\n"}, {"line_end": ""}])
@pytest.mark.parametrize("parsed", [True, False])
def test_numbers_that_are_drawn_late_are_put_over_the_same_sets(form: dict[str, object], parsed: bool) -> None:
    own, drafts = partner(**form), [ORDER, ORDER, CHANGE]
    service = ("TA1", "000000017", "260304", "1011", "A", "000")
    made = x12.build(own, drafts, numbers=x12.Numbers(0, 0), at=AT, services=[service])
    if parsed:
        made = x12.parse(made.encode())
    later, numbers = AT.replace(day=5), x12.Numbers(interchange=41, group=7)
    stamped = x12.stamp(made, own, numbers=numbers, at=later)
    assert stamped.encode() == x12.build(own, drafts, numbers=numbers, at=later, services=[service]).encode()
    assert not stamped.problems()

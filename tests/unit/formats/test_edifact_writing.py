"""EDIFACT as a partner wants it: delimiters, decimal comma, characters of two bytes, numbers drawn late."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from hilum.formats import edifact

AT = datetime(2026, 3, 4, 10, 11, tzinfo=UTC)

pytestmark = [pytest.mark.req("SYS-10"), pytest.mark.req("MOD-3")]


def partner(**more: Any) -> edifact.Partner:
    return edifact.Partner(**{"name": "Medix", "ours": {"id": "A"}, "theirs": {"id": "B"}, **more})


def order(*rows: Any) -> edifact.Draft:
    return edifact.Draft("ORDERS:D:96A:UN", [("BGM", "220", "PO-1", "9"), *rows])


def test_numbers_have_the_decimal_mark_that_una_announces() -> None:
    made = edifact.build(partner(decimal=","), [order(("QTY", ["21", Decimal("2.50")]))], reference="7", at=AT)
    assert made.encode().startswith(b"UNA:+,? 'UNB+UNOC:3+A+B+260304:1011+7'")
    message = made.messages[0]
    assert message["QTY-01.2"] == "2,5"
    assert message.segment("QTY").decimal("01.2") == Decimal("2.5")
    message.segment("QTY")["01.2"] = Decimal("0.125")
    assert b"QTY+21:0,125'" in message.encode()


def test_other_delimiters_are_announced_and_used() -> None:
    own = partner(segment="~", element="|", component="^", version="4", repetition="*", wants_answer=True, test=True)
    made = edifact.build(own, [order(("FTX", "AAI", None, None, "a|b^c~d'e*f"))], reference="7", at=AT)
    assert made.encode().startswith(b"UNA^|.?*~UNB|UNOC^4|A|B|20260304^1011|7||||1||1~")
    again = edifact.parse(made.encode())
    assert again.messages[0]["FTX-04"] == "a|b^c~d'e*f"
    assert (again.problems(), again.asks_answer, again.test) == ([], True, True)


def test_delimiters_that_nobody_could_read_are_refused() -> None:
    with pytest.raises(ValidationError, match="two purposes"):
        partner(element=":")
    with pytest.raises(ValidationError, match="printing character"):
        partner(segment="A")


# among the bytes of these characters are those of all delimiters: ' + : ?
WORDS = "手袋'+:？ ソ手ァェ侮ル"


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1000])
def test_bytes_of_wide_characters_are_no_delimiters(chunk: int) -> None:
    made = edifact.build(partner(identifier="UNOX"), [order(("FTX", "AAI", None, None, WORDS))], reference="7", at=AT)
    data = made.encode()
    (again,) = edifact.interchanges(data[at : at + chunk] for at in range(0, len(data), chunk))
    assert again.encode() == data
    message = again.messages[0]
    assert [each.name for each in message] == ["UNH", "BGM", "FTX", "UNT"]
    assert message["FTX-04"] == WORDS
    message["BGM-02"] = "PO-2"
    assert message.encode() == data.replace(b"PO-1", b"PO-2")


def test_escapes_that_are_none_are_text() -> None:
    data = b"UNB+UNOX:3+A+B+260304:1011+7'UNH+1+ORDERS:D:96A:UN'FTX+AAI+++\x1b-A\x1b$'BGM+220+x\x1b$)C'UNT+4+1'UNZ+1+7'"
    found = edifact.parse(data)
    assert found.encode() == data
    assert [each.name for each in found.messages[0]] == ["UNH", "FTX", "BGM", "UNT"]
    assert next(iter(edifact.interchanges(data[at : at + 1] for at in range(len(data))))).encode() == data


def test_a_number_that_is_drawn_late_is_put_over_the_same_messages() -> None:
    own = partner(decimal=",", line_end="\n")
    made = edifact.build(own, [order(), order()], reference="0", at=AT)
    later = AT.replace(day=5)
    stamped = edifact.stamp(made, own, reference="42", at=later)
    assert stamped.encode() == edifact.build(own, [order(), order()], reference="42", at=later).encode()
    assert (stamped.control_reference, stamped.problems()) == ("42", [])
    group = edifact.parse(b"UNB+UNOC:3+A+B+260304:1011+7'UNG+ORDERS+A+B+260304:1011+1+UN+D:96A'UNE+0+1'UNZ+1+7'")
    with pytest.raises(ValueError, match="functional groups"):
        edifact.stamp(group, own, reference="42", at=AT)

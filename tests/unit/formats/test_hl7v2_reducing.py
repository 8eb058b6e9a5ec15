"""Parts that are taken out of a message, and parts whose content is hidden: everywhere where they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.formats import hl7v2 as hl7

BODY = (
    b"MSH|^~\\&|REG|HILLSIDE|HUB|HILUM|20260304||ADT^A08|7|P|2.5.1\r"
    b'PID|1||47^^^A^MR~99-1^^^GOV^SS||Okafor^Lena~Nakamura^L||""||||12 Lane&Rear^^Town\r'
    b"NK1|1|Okafor^Jo\rNK1|2|Okafor^Sam\rOBX|1|TX|a||one\rOBX|2|TX|b||two\r"
)


def reduced(reduction: object, body: bytes = BODY) -> list[str]:
    message = hl7.parse(body)
    made = reduction(message)  # type: ignore[operator]
    assert message.encode() == body, "the original stays as it was"
    return made.encode().decode().split("\r")[:-1]


@pytest.mark.req("MSG-16")
@pytest.mark.parametrize(
    ("parts", "gone", "kept"),
    [
        (("NK1",), ["NK1", "Sam"], ["Lena", "two"]),
        (("PID-5",), ["Okafor^Lena", "Nakamura"], ["12 Lane", "Okafor^Jo"]),
        (("PID-3.1",), ["47", "99-1"], ["GOV", "MR"]),
        (("PID-3[2].1",), ["99-1"], ["47", "GOV"]),
        (("PID-11.1.2",), ["Rear"], ["12 Lane"]),
        (("OBX-5",), ["one", "two"], ["OBX|1|TX|a", "OBX|2|TX|b"]),
        (("OBX[2]-5",), ["two"], ["one"]),
        (("OBX[1]-5",), ["one"], ["two"]),
        (("ZZZ", "PID-30", "ZZZ-1"), [], ["Lena", "two"]),
        (("NK1", "PID-5", "PID-11"), ["Okafor", "Lane"], ["47", "one"]),
    ],
)
def test_what_is_taken_out_is_gone_everywhere_and_nothing_else(
    parts: tuple[str, ...], gone: list[str], kept: list[str]
) -> None:
    text = "\r".join(reduced(hl7.without(*parts)))
    assert not [word for word in gone if word in text]
    assert [word for word in kept if word in text] == kept
    assert text.startswith("MSH|^~\\&|REG|")


@pytest.mark.req("MSG-16")
def test_a_mask_hides_every_value_and_keeps_the_shape() -> None:
    lines = reduced(hl7.masked("PID-5", "PID-7", "PID-11", "PID-3.1", "NK1[2]-2"))
    assert lines[1] == 'PID|1||***^^^A^MR~***^^^GOV^SS||***^***~***^***||""||||***&***^^***'
    assert lines[2:4] == ["NK1|1|Okafor^Jo", "NK1|2|***^***"]
    assert reduced(hl7.masked("OBX-5", mask="a|b\\c"))[4] == "OBX|1|TX|a||a\\F\\b\\E\\c"
    assert hl7.masked("OBX-5", mask="a|b\\c")(hl7.parse(BODY))["OBX-5"] == "a|b\\c"


@pytest.mark.parametrize("part", ["MSH", "MSH-1", "MSH-2", "pid", "PID-0", "PID.5", ""])
def test_what_is_no_part_or_must_stay_is_refused_where_the_flow_is_declared(part: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        hl7.without(part)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20), st.sampled_from("|^~&"))
def test_no_value_survives_its_mask(value: str, mark: str) -> None:
    message = hl7.parse(BODY)
    message["PID-5"] = f"<{value}{mark}>"
    hidden = hl7.masked("PID-5")(message)
    assert set(hidden.raw("PID-5")) <= set("*^~&")

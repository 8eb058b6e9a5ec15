"""Acknowledgements: made for what can be read and for what cannot, and read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hilum.errors import Invalid
from hilum.formats import hl7v2 as hl7

MOMENT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def message(version: str = "2.5.1", more: str = "", delimiters: str = "|^~\\&") -> hl7.Message:
    header = f"MSH|^~\\&|LAB^1.2^ISO|HILLTOP|HILUM|HUB|2026||ORU^R01^ORU_R01|C\\T\\1|T|{version}{more}"
    return hl7.parse(header.replace("|^~\\&", delimiters).replace("|", delimiters[0]).encode() + b"\r")


@pytest.mark.req("SYS-4")
@pytest.mark.req("SYS-3")
def test_parties_are_swapped_and_the_rest_is_kept() -> None:
    answer = hl7.acknowledge(message(more="|||AL|NE||8859/1"), "AA", control_id="A-1", timestamp=MOMENT)
    assert answer.encode() == (
        b"MSH|^~\\&|HILUM|HUB|LAB^1.2^ISO|HILLTOP|20260304050607+0000||ACK^R01^ACK|A-1|T|2.5.1||||||8859/1\r"
        b"MSA|AA|C\\T\\1\r"
    )
    assert answer["MSA-2"] == "C&1"


@pytest.mark.parametrize(
    ("version", "type_"),
    [("2.2", "ACK"), ("2.3", "ACK^R01"), ("2.3.1", "ACK^R01^ACK"), ("2.8", "ACK^R01^ACK"), ("odd", "ACK^R01^ACK")],
)
def test_message_type_of_the_version(version: str, type_: str) -> None:
    assert hl7.acknowledge(message(version), "CA").raw("MSH-9") == type_


@pytest.mark.parametrize(
    ("version", "error"),
    [
        ("2.3", "ERR|PID^1^3^102&Data type error&HL70357"),
        ("2.4", "ERR|PID^1^3^102&Data type error&HL70357"),
        ("2.5", "ERR||PID^1^3^^1|102^Data type error^HL70357|E|||refused|PID-3.1: no such ward"),
        ("2.7", "ERR||PID^1^3^^1|102^Data type error^HL70357|E|||refused|PID-3.1: no such ward"),
    ],
)
def test_error_segment_of_the_version(version: str, error: str) -> None:
    answer = hl7.acknowledge(message(version), "AE", text="refused", error=Invalid("no such ward", where="PID-3.1"))
    assert answer.segment("ERR").line == error
    assert answer["MSA-3"] == "refused"


def test_a_detail_says_more() -> None:
    detail = hl7.ErrorDetail(location="FT1[3]-7[2].1.2", code="204", severity="W", text="unknown item")
    answer = hl7.acknowledge(message(), "AE", error=detail)
    read = hl7.read_acknowledgement(answer.encode())
    assert read == hl7.Acknowledgement(
        code="AE",
        control_id="C&1",
        text="unknown item",
        error_location="FT1[3]-7[2].1.2",
        error_code="204",
        severity="W",
    )
    assert not read.accepted
    assert "unknown item" not in repr(read)


@pytest.mark.parametrize(
    ("where", "location"),
    [("PID", "PID^1"), ("FT1[2]", "FT1^2"), ("PID-3", "PID^1^3"), ("line 3", ""), (None, ""), ("MSH[2]", "MSH^2")],
)
def test_locations(where: str | None, location: str) -> None:
    answer = hl7.acknowledge(message(), "AR", error=Invalid("no", where=where))
    assert answer.raw("ERR-2") == location


def test_other_delimiters_are_kept() -> None:
    answer = hl7.acknowledge(message(delimiters="$%*!@"), "AA", text="costs $ 5 | 6")
    assert answer.encode().startswith(b"MSH$%*!@$HILUM$HUB$")
    assert hl7.read_acknowledgement(answer.encode()).text == "costs $ 5 | 6"
    short = hl7.acknowledge(hl7.parse(b"MSH|^|A||||||ADT^A01|7|P|2.5\r"), "AE", text="a|b")
    assert hl7.read_acknowledgement(short.encode()).text == "a|b"


@pytest.mark.parametrize(
    ("data", "control_id", "receiver"),
    [
        (b"", "", ""),
        (b"\x00\xffgarbage", "", ""),
        (b"PID|1\rMSH|^~\\&|A|B|C|D|2026||ADT^A01|77|P|2.3\r", "77", "A"),
        (b"MSH|^~\\&|A|B|C|D|2026||ADT^A01|78|P|2.3\rMSH|^~\\&|", "78", "A"),
        (b"MSH|||", "", ""),
        (b"MSH|^~\\&|\xff|B|C|D|2026||ADT^A01|79|P|2.3\rMSH|^~\\&|", "79", "?"),
        (b"MSH", "", ""),
    ],
)
def test_anything_gets_an_answer(data: bytes, control_id: str, receiver: str) -> None:
    answer = hl7.acknowledge_unreadable(data, "AR", "cannot be read")
    read = hl7.read_acknowledgement(answer)
    assert (read.code, read.control_id, read.text) == ("AR", control_id, "cannot be read")
    assert hl7.parse(answer)["MSH-5"] == receiver


def test_a_text_outside_the_character_set_still_gets_an_answer() -> None:
    data = b"MSH|^~\\&|A||||||ADT^A01|7|P|2.5||||||ASCII\r"
    assert hl7.read_acknowledgement(hl7.acknowledge_unreadable(data, "AE", "für")).code == "AE"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"MSA|AA|7", hl7.Acknowledgement(code="AA", control_id="7")),
        (b"MSA|CA|7|fine", hl7.Acknowledgement(code="CA", control_id="7", text="fine")),
        (
            b"MSA|AE|7\rERR|PID^2^3^101&Required field missing",
            hl7.Acknowledgement(code="AE", control_id="7", error_location="PID[2]-3", error_code="101"),
        ),
        (
            b"MSA|AR|7\rERR||EVN^1|200|F|||hint",
            hl7.Acknowledgement(
                code="AR", control_id="7", text="hint", error_location="EVN", error_code="200", severity="F"
            ),
        ),
    ],
)
def test_reading(body: bytes, expected: hl7.Acknowledgement) -> None:
    read = hl7.read_acknowledgement(b"MSH|^~\\&|||||||ACK\r" + body)
    assert read == expected
    assert read.accepted == (expected.code in ("AA", "CA"))


@pytest.mark.parametrize(
    ("body", "where"), [(b"PID|1", "MSA"), (b"MSA|", "MSA-1"), (b"MSA|OK|7", "MSA-1"), (b"MSA|aa|7", "MSA-1")]
)
def test_what_is_no_acknowledgement(body: bytes, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        hl7.read_acknowledgement(b"MSH|^~\\&|||||||ACK\r" + body)
    assert caught.value.where == where

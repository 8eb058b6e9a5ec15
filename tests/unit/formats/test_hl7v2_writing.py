"""Building and editing messages, escape sequences, and character sets."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from hilum.errors import Invalid
from hilum.formats import hl7v2 as hl7
from hilum.formats.hl7v2.delimiters import ABSENT

MOMENT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def built(charset: str = "UNICODE UTF-8") -> hl7.Message:
    return hl7.build(
        "ADT^A04", sender=("APP", "FAC"), receiver=("HILUM",), control_id="C-1", timestamp=MOMENT, charset=charset
    )


def test_build_and_append() -> None:
    message = built()
    pid = message.append("PID", {"1": 1, "3[2].4.2": "1.2", "5.1": "O|Neil", "7": date(1984, 2, 29), "8": hl7.NULL})
    message.append(hl7.Segment.new("ZZ1", {"2": Decimal("1.50"), "3": datetime(2026, 1, 2, 3, 4, 5, 678900)}))
    assert message.encode() == (
        b"MSH|^~\\&|APP|FAC|HILUM||20260304050607+0000||ADT^A04|C-1|P|2.5.1||||||UNICODE UTF-8\r"
        b'PID|1||~^^^&1.2||O\\F\\Neil||19840229|""\r'
        b"ZZ1||1.50|20260102030405.6789\r"
    )
    assert message.segment("PID") == pid
    pid["8"] = None
    assert not message.has("PID-8")
    pid["8"] = hl7.NULL
    assert hl7.parse(message.encode()).is_null("PID-8")


def test_control_ids_differ() -> None:
    first, second = hl7.build("ACK"), hl7.build("ACK")
    assert len(first.control_id) == 20
    assert first.control_id != second.control_id
    assert first.timestamp("MSH-7") is not None


def test_edits_keep_the_rest_byte_for_byte() -> None:
    data = b"MSH|^~\\&|A|B|||||ADT^A08|1|P|2.3\rPID|1||7^^^\\X41\\~||Doe^^^||\\H\\x||\rZZZ||\\unknown|"
    message = hl7.parse(data)
    message["PID-5.2"] = "J&J"
    assert message.encode() == data.replace(b"Doe^^^", b"Doe^J\\T\\J^^") + b"\r"
    message["PID-3[2].1"] = 8
    message["PID-3.1"] = None
    assert message["PID-3"] == "^^^\\X41\\~8"
    message.segments("ZZZ")[0]["5.2.2"] = "deep"
    assert message.raw("ZZZ-5") == "^&deep"


def test_copies_and_unchanged_messages() -> None:
    data = b"MSH|^~\\&|A\nPID|1"
    message = hl7.parse(data)
    assert [segment.name for segment in message] == ["MSH", "PID"]
    copy = message.copy()
    copy["PID-1"] = "2"
    assert (message["PID-1"], message.encode()) == ("1", data)
    assert copy.encode() == b"MSH|^~\\&|A\rPID|2\r"
    assert copy.copy().encode() == copy.encode()
    assert message.copy().encode() == data


def test_append_after_and_remove() -> None:
    message = hl7.parse(b"MSH|^~\\&|\rOBX|1\rOBX|2\rOBX|3\r")
    one, two, three = message.segments("OBX")
    note = message.append("NTE", {"3": "x"}, after=one)
    message.remove(two)
    assert [str(segment) for segment in message] == ["MSH", "OBX", "NTE", "OBX[2]"]
    assert message["OBX[2]-1"] == "3"
    assert message["NTE-3"] == note["3"] == "x"
    assert (message.segment("OBX", 2), len(message)) == (three, 4)
    with pytest.raises(ValueError, match="not a segment of this message"):
        message.remove(two)
    with pytest.raises(ValueError, match="begins with its MSH"):
        message.remove(message.segment("MSH"))
    with pytest.raises(ValueError, match="one MSH"):
        message.append("MSH")
    with pytest.raises(ValueError, match="header of a batch"):
        message.append("BHS")


def test_segments_move_between_delimiters() -> None:
    source = hl7.parse(b'MSH$%*!@$A\rZZ1$a%b@c*d$"!F!$!Q!$""$|^\r')
    target = hl7.parse(b"MSH|^~\\&|A\r")
    moved = target.append(source.segment("ZZ1"))
    assert moved.line == 'ZZ1|a^b&c~d|"$|!Q!|""|\\F\\\\S\\'
    moved["1.1"] = "changed"
    assert source["ZZ1-1.1"] == "a"


def test_what_cannot_be_put() -> None:
    message = built()
    with pytest.raises(Invalid) as caught:
        message["PID-3"] = "7"
    assert caught.value.where == "PID"
    for path in ("MSH-1", "MSH-2"):
        with pytest.raises(ValueError, match="delimiters"):
            message[path] = "x"
    for value in (hl7.Encoded("a|b"), hl7.Encoded("a\rb"), Decimal("NaN"), Decimal("Infinity")):
        with pytest.raises(ValueError, match=r"stay within|finite"):
            message["MSH-5"] = value
    with pytest.raises(TypeError, match="true and false"):
        message["MSH-5"] = True
    for name in ("pid", "PI", "1AB", "PIDX", "ÄAA"):
        with pytest.raises(ValueError, match="segment name"):
            message.append(name)
    with pytest.raises(ValueError, match="application, facility"):
        hl7.build("ACK", sender="APP")


def test_encoded_text_and_nulls() -> None:
    message = built()
    message.append("PID", {"3": hl7.Encoded("12^^^H~13"), "5.1": '""', "5.2": hl7.NULL})
    again = hl7.parse(message.encode())
    assert (again["PID-3[2]"], again["PID-3.4"]) == ("13", "H")
    assert (again["PID-5.1"], again.is_null("PID-5.1")) == ('""', False)
    assert (again["PID-5.2"], again.is_null("PID-5.2")) == ("", True)


def test_a_message_without_a_delimiter_refuses_what_needs_it() -> None:
    message = hl7.parse(b"MSH|^|A\rPID|1\r")
    message["PID-3.2"] = "a~b\\"
    assert message["PID-3.2"] == "a~b\\"
    with pytest.raises(ValueError, match="no escape character"):
        message["PID-3.2"] = "a^b"
    message["PID-4[1].1"] = "first"
    assert message.raw("PID-4") == "first"
    with pytest.raises(ValueError, match="no delimiter"):
        message["PID-3[2]"] = "x"


@pytest.mark.parametrize(
    ("encoded", "text"),
    [
        ("\\F\\\\S\\\\T\\\\R\\\\E\\", "|^&~\\"),
        ("\\P\\", "#"),
        ("\\X48C3A4\\", "Hä"),
        ("\\X0d0A\\", "\r\n"),
        ("a\\.br\\b\\.sp\\c\\.sp2\\d\\.sp +1\\e\\.ce\\f", "a\nb\nc\n\nd\ne\nf"),
        ("a\\.sk 3\\b\\.in+4\\c\\.ti-2\\d\\.fi\\e\\.nf\\f", "a   bcdef"),
        ("\\H\\bold\\N\\", "bold"),
        ("\\C2842\\x\\M247040\\y\\Zlocal\\", "\\C2842\\x\\M247040\\y\\Zlocal\\"),
        ("C:\\temp", "C:\\temp"),
        ("C:\\temp\\T\\x", "C:\\temp&x"),
        ("\\\\", "\\\\"),
        ("\\", "\\"),
        ("\\XZZ\\ \\X4\\ \\XFF\\ \\.sp9999\\ \\.spx\\", "\\XZZ\\ \\X4\\ \\XFF\\ \\.sp9999\\ \\.spx\\"),
        ("\\unknown\\", "\\unknown\\"),
    ],
)
def test_unescape(encoded: str, text: str) -> None:
    assert hl7.unescape(encoded) == text


def test_escape() -> None:
    assert hl7.escape("a|b^c~d\\e&f\ng\rh\tä#") == "a\\F\\b\\S\\c\\R\\d\\E\\e\\T\\f\\.br\\g\\X0D\\h\tä#"
    truncating = hl7.Delimiters(truncation="#")
    assert hl7.escape("#", truncating) == "\\P\\"
    assert hl7.escape("\x0b\x1c") == "\\X0B\\\\X1C\\"
    with pytest.raises(ValueError, match="no escape character"):
        hl7.escape("a|b", hl7.Delimiters(escape=ABSENT))
    assert hl7.escape("a&b", hl7.Delimiters(escape=ABSENT, subcomponent=ABSENT)) == "a&b"


def test_unknown_escape_sequences_are_noted_once_without_their_text() -> None:
    message = hl7.parse(b"MSH|^~\\&|A\rOBX|1\rOBX|2||\\secret\\")
    assert message["OBX[2]-3"] == message["OBX[2]-3.1"] == "\\secret\\"
    assert message.warnings == ("OBX[2]-3: an unknown escape sequence was kept as it is",)


CHARSETS = {
    "": "Ä€日",
    "ASCII": "A",
    "8859/1": "Äé",
    "8859/2": "Łž",
    "8859/5": "Дж",
    "8859/7": "Ωλ",
    "8859/9": "ğİ",
    "8859/15": "€œ",
    "UNICODE UTF-8": "Ä€日",
    "UNICODE UTF-16": "Ä€日",
    "GB 18030-2000": "汉字Ä乗",
    "BIG-5": "漢功許字",
    "ISO IR87": "山田ソ",
    "~ISO IR87": "山田A",
    "KS X 1001": "한글",
    "unicode utf-8": "Ä€日",
    "ISO-8859-1": "Äé",
}


@pytest.mark.req("MOD-3")
@pytest.mark.parametrize("names", CHARSETS)
def test_character_sets(names: str) -> None:
    message = built(charset="")
    if names:
        message["MSH-18"] = hl7.Encoded(names)
    message.append("PID", {"5.1": CHARSETS[names], "5.2": "a|b", "6": CHARSETS[names] + "^"})
    again = hl7.parse(message.encode())
    assert again.warnings == ()
    assert (again["PID-5.1"], again["PID-5.2"], again["PID-6"]) == (CHARSETS[names], "a|b", CHARSETS[names] + "^")
    again["PID-8"] = "F"
    assert hl7.parse(again.encode())["PID-6"] == CHARSETS[names] + "^"


@pytest.mark.parametrize(
    ("names", "body", "text", "reading"),
    [
        ("", b"\xc3\x84", "Ä", None),
        ("", b"\xc4", "Ä", "Windows-1252"),
        ("", b"\x81", "\x81", "ISO 8859-1"),
        ("ASCII", b"\xc3\x84", "Ä", "UTF-8"),
        ("UNICODE UTF-8", b"\x80", "€", "Windows-1252"),
        ("KLINGON", b"\xc4", "Ä", "Windows-1252"),
        ("KLINGON", b"A", "A", "UTF-8"),
        ("UNICODE UTF-16", b"A", "A", "UTF-8"),
        ("ISO IR87", b"\x1bX", "\x1bX", "UTF-8"),
    ],
)
def test_wrong_or_missing_character_sets(names: str, body: bytes, text: str, reading: str | None) -> None:
    data = b"MSH|^~\\&|A||||||ADT^A01|1|P|2.5||||||" + names.encode() + b"\rPID|" + body + b"\r"
    message = hl7.parse(data)
    assert message["PID-1"] == text
    assert len(message.warnings) == (reading is not None)
    assert all(warning.startswith("MSH-18: ") and warning.endswith(f" {reading}") for warning in message.warnings)
    message["MSH-3"] = "B"
    assert message.encode() == data.replace(b"|A|", b"|B|", 1)


def test_a_character_that_the_set_does_not_have() -> None:
    message = hl7.parse(b"MSH|^~\\&|A||||||ADT^A01|1|P|2.5||||||8859/1\rPID|1\r")
    message["PID-5"] = "日"
    with pytest.raises(Invalid) as caught:
        message.encode()
    assert caught.value.where == "MSH-18"
    message["MSH-18"] = "UNICODE UTF-8"
    assert hl7.parse(message.encode())["PID-5"] == "日"


def test_hexadecimal_is_in_the_character_set_of_the_message() -> None:
    for names, digits in (("8859/1", b"C4"), ("UNICODE UTF-8", b"C384"), ("", b"C384")):
        data = b"MSH|^~\\&|A||||||ADT^A01|1|P|2.5||||||" + names.encode() + b"\rPID|\\X" + digits + b"\\\r"
        assert hl7.parse(data)["PID-1"] == "Ä"

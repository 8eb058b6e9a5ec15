"""Reading a message by path: values, types, groups, and errors that say where."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from hilum.errors import Invalid
from hilum.formats import hl7v2 as hl7

HEADER = "MSH|^~\\&|OR|HILLTOP|HILUM|HUB|20260304||DFT^P03|C-1|P|2.5.1"


def message(*lines: str, header: str = HEADER) -> hl7.Message:
    return hl7.parse("\r".join((header, *lines, "")).encode())


def test_shortcuts() -> None:
    read = hl7.parse(b"MSH|^~\\&|OR^1.2^ISO|HILLTOP^x|||||DFT^P03^DFT_P03|C-1|P|2.5.1^USA|||AL|NE\r")
    assert (read.type, read.code, read.trigger, read.control_id) == ("DFT^P03", "DFT", "P03", "C-1")
    assert (read.version, read.sender) == ("2.5.1", "OR|HILLTOP")
    assert (read.accept_mode, read.application_mode) == ("AL", "NE")
    assert hl7.parse(b"MSH|^~\\&|||||||ACK").type == "ACK"


@pytest.mark.parametrize(
    ("field", "path", "value", "has", "null"),
    [
        ("", "NTE-1", "", False, False),
        ('""', "NTE-1", "", True, True),
        ('""', "NTE-1.1", "", True, True),
        ('""', "NTE-1.2", "", False, False),
        ("a", "NTE-1[1].1.1", "a", True, False),
        ("a", "NTE-1.1.2", "", False, False),
        ("a^b", "NTE-1", "a^b", True, False),
        ("a&b", "NTE-1", "a&b", True, False),
        ("a&b", "NTE-1.1", "a&b", True, False),
        ("a&b^c", "NTE-1.1.1", "a", True, False),
        ("a~b^c", "NTE-1", "a~b^c", True, False),
        ("a~b^c", "NTE-1[1]", "a", True, False),
        ("a~b^c", "NTE-1[2]", "b^c", True, False),
        ("a~b^c", "NTE-1[2].2", "c", True, False),
        ("a~b^c", "NTE-1.2", "", False, False),
        ("a~b^c", "NTE-1[3]", "", False, False),
        ("~b", "NTE-1.1", "", False, False),
        ("A\\T\\B", "NTE-1", "A&B", True, False),
        ("A\\S\\B^\\F\\", "NTE-1", "A\\S\\B^\\F\\", True, False),
        ("A\\S\\B^\\F\\", "NTE-1.2", "|", True, False),
    ],
)
def test_a_path_reads_exactly_its_part(field: str, path: str, value: str, has: bool, null: bool) -> None:
    read = message(f"NTE|{field}")
    assert read[path] == hl7.field(path)(read) == value
    segment, inner = read.segment("NTE"), path.removeprefix("NTE-")
    assert segment[inner] == value
    assert (read.has(path), read.is_null(path)) == (segment.has(inner), segment.is_null(inner)) == (has, null)
    assert read.get(path, "none") == (value if has else "none")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "PID",
        "PID-",
        "PID-0",
        "pid-3",
        "PID-3.",
        "PID-3.1.1.1",
        "PID-3[0]",
        "PID[0]-3",
        "PID-3[]",
        "PI-3",
        "PID-10000",
    ],
)
def test_a_wrong_path_is_a_value_error(path: str) -> None:
    with pytest.raises(ValueError, match="is not a path"):
        hl7.field(path)
    with pytest.raises(ValueError, match="is not a path"):
        message()[path]


@pytest.mark.parametrize("path", ["", "PID-3", "0", "3.", "3[0]", "3.1.1.1"])
def test_a_wrong_path_within_a_segment_is_a_value_error(path: str) -> None:
    with pytest.raises(ValueError, match="is not a path"):
        message().segment("MSH")[path]


def test_a_field_is_reused_pickled_and_compared() -> None:
    field = hl7.field("OBX[2]-5.1")
    assert hl7.field("OBX[2]-5.1") is field
    copy = pickle.loads(pickle.dumps(field))
    assert copy == field
    assert hash(copy) == hash(field)
    assert field.path == "OBX[2]-5.1"
    assert repr(field) == "hl7.field('OBX[2]-5.1')"
    assert field(message("OBX|1||||x", "OBX|2||||y^z")) == "y"
    assert field(message("OBX|1||||x")) == ""


def test_a_message_can_be_pickled() -> None:
    read = message("PID|1||7")
    assert pickle.loads(pickle.dumps(read)).encode() == read.encode()


def test_nothing_shows_its_content() -> None:
    read = message("PID|1||77~8||SECRET")
    for thing in (read, read.segment("PID"), *read.segment("PID").repetitions("3")):
        assert "SECRET" not in repr(thing)
        assert "77" not in repr(thing)


def test_segments_and_groups() -> None:
    read = message("ORC|1", "OBR|1", "NTE|1||a", "ORC|2", "OBR|2", "OBX|1", "ZZ1|x")
    assert [segment.name for segment in read] == ["MSH", "ORC", "OBR", "NTE", "ORC", "OBR", "OBX", "ZZ1"]
    assert [str(segment) for segment in read.segments("OBR")] == ["OBR", "OBR[2]"]
    assert read.segments("OBR")[1] == read.segment("OBR", 2) == list(read)[5] != read.segment("OBR")
    assert len({*read, *read}) == len(read)
    assert read.segments("AL1") == []
    assert read.segments() == list(read)
    assert [[segment.name for segment in group] for group in read.groups("ORC")] == [
        ["ORC", "OBR", "NTE"],
        ["ORC", "OBR", "OBX", "ZZ1"],
    ]
    assert [[str(segment) for segment in group] for group in read.groups("ORC", "OBR")] == [
        ["ORC", "OBR"],
        ["ORC[2]", "OBR[2]"],
    ]
    with pytest.raises(Invalid) as caught:
        read.segment("ORC", 3)
    assert caught.value.where == "ORC[3]"
    with pytest.raises(Invalid) as caught:
        read.segment("PID")
    assert caught.value.where == "PID"


def test_repetitions() -> None:
    pid = message("PID|1||12^^^A&1.2&ISO^MR~13^^^B~~A\\T\\B").segment("PID")
    first, second, third, fourth = pid.repetitions("3")
    assert (first["1"], first["4"], first["4.2"], first["5"], first["6"]) == ("12", "A&1.2&ISO", "1.2", "MR", "")
    assert (second["4.1"], second.integer("1"), second.has("5")) == ("B", 13, False)
    assert third.text == ""
    assert (fourth.text, first.text) == ("A&B", "12^^^A&1.2&ISO^MR")
    assert pid.repetitions("8") == ()
    with pytest.raises(Invalid) as caught:
        first.date("5")
    assert caught.value.where == "PID-3[1].5"
    with pytest.raises(ValueError, match="number of a field"):
        pid.repetitions("3.1")
    with pytest.raises(ValueError, match="not a path"):
        first["1.1.1"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", None),
        ('""', None),
        ("12", "12"),
        ("-0.50", "-0.50"),
        ("+3.", "3"),
        (".5", "0.5"),
        (" 7 ", "7"),
        ("12^USD", "12"),
        ("9.5&EUR^x", "9.5"),
    ],
)
def test_decimal(text: str, number: str | None) -> None:
    read = message("FT1|1", f"FT1|2|||||||||{text}")
    assert read.decimal("FT1[2]-10") == read.segments("FT1")[1].decimal("10") == (Decimal(number) if number else None)


@pytest.mark.parametrize("text", ["x", "1,5", "1e3", "--1", "1.2.3", "NaN", "Infinity", "0x1", "١", ".", "-"])
def test_what_is_no_number_says_where(text: str) -> None:
    read = message("FT1|1", f"FT1|2|||||||||{text}")
    for reading in (lambda: read.segments("FT1")[1].decimal("10"), lambda: read.segments("FT1")[1].integer("10")):
        with pytest.raises(Invalid) as caught:
            reading()
        assert caught.value.where == "FT1[2]-10"
        assert str(caught.value).startswith("FT1[2]-10: this is not a ")
    with pytest.raises(Invalid) as caught:
        read.decimal("FT1[2]-10.1")
    assert caught.value.where == "FT1[2]-10.1"


def test_integer() -> None:
    read = message("PID|007|-3|1.0")
    assert (read.integer("PID-1"), read.integer("PID-2"), read.integer("PID-4")) == (7, -3, None)
    with pytest.raises(Invalid):
        read.integer("PID-3")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026", datetime(2026, 1, 1)),
        ("202603", datetime(2026, 3, 1)),
        ("20260304", datetime(2026, 3, 4)),
        ("2026030405", datetime(2026, 3, 4, 5)),
        ("202603040506", datetime(2026, 3, 4, 5, 6)),
        ("20260304050607", datetime(2026, 3, 4, 5, 6, 7)),
        ("20260304050607.8", datetime(2026, 3, 4, 5, 6, 7, 800_000)),
        ("20260304050607.1234567", datetime(2026, 3, 4, 5, 6, 7, 123_456)),
        ("20260304050607-0530", datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone(-timedelta(hours=5, minutes=30)))),
        ("2026+0000", datetime(2026, 1, 1, tzinfo=UTC)),
        ("20260304^D", datetime(2026, 3, 4)),
        ("", None),
        ('""', None),
    ],
)
def test_timestamp(text: str, moment: datetime | None) -> None:
    read = message(f"EVN||{text}")
    assert read.timestamp("EVN-2") == read.segment("EVN").timestamp("2") == moment
    assert read.date("EVN-2") == (moment.date() if moment else None)
    zone = timezone(timedelta(hours=9))
    in_zone = read.timestamp("EVN-2", zone=zone)
    assert (in_zone and in_zone.tzinfo) == (moment and (moment.tzinfo or zone))


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "20261",
        "20261301",
        "20260230",
        "2026030424",
        "20260304.5",
        "20260304050607.",
        "2026-03-04",
        "20260304+2",
        "20260304+9900",
        "00000101",
        "Aug 15, 1942",
        "20260304Z",
    ],
)
def test_what_is_no_time_says_where(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        message(f"PID|||||||{text}").date("PID-7")
    assert caught.value.where == "PID-7"
    assert text not in str(caught.value) or len(text) < 3


def test_date_is_a_date() -> None:
    assert type(message("PID|||||||19840229").date("PID-7")) is date


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"", "MSH"),
        (b"\r\r", "MSH"),
        (b"PID|1", "MSH"),
        (b"junk MSH|^~\\&|", "MSH"),
        (b"MSH", "MSH-1"),
        (b"MSH|", "MSH-2"),
        (b"MSH||", "MSH-2"),
        (b"MSH|^~\\&^|", "MSH-2"),
        (b"MSH|^~\\&#!|", "MSH-2"),
        (b"MSH|^~a&|", "MSH-2"),
        (b"MSH|^~\\&amp;|", "MSH-2"),
        (b"MSH|^~\\|", None),
        (b"MSH|^~\\&|\rMSH|^~\\&|", "MSH[2]"),
        (b"MSH|^~\\&|\nMSH$^~\\&$", "MSH[2]"),
        (b"FHS|^~\\&|\rBTS|0", "MSH"),
        (b"MSH|^~\\&|\rBTS|1\rPID|1", "BTS"),
        (b"\xff\xfeM", "MSH"),
        (b"MSH|^~\\&|A\rtext\rPID|1", "MSH"),
        (b"MSH|^~\\&|A\rPID|1\rOBX\r|2", "OBX"),
        (b"<PID/>", "MSH"),
    ],
)
def test_what_is_broken_says_where(data: bytes, where: str | None) -> None:
    if where is None:
        assert "fewer than four" in hl7.parse(data).warnings[0]
        return
    with pytest.raises(Invalid) as caught:
        hl7.parse(data)
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("data", "warning"),
    [
        (b"  \r\n MSH|^~\\&|A|\r\n  PID|1||7", "white space"),
        (b"\x0bMSH|^~\\&|A|\rPID|1||7\r\x1c\r", "frame bytes"),
        (b"MSH|^~\\&|A|\r\r\rPID|1||7", "blank lines"),
        (b"FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|A|\rPID|1||7\rBTS|1\rFTS|1", "envelope"),
        (b"MSH|^~\\&|A|\nPID|1||7\n", "LF or CRLF"),
        ("MSH|^~\\&|A|\rPID|1||7\rNTE|Ä".encode("utf-16-be").join((b"\xfe\xff", b"")), None),
        ("MSH|^~\\&|A|\rPID|1||7\r".encode("utf-16-le"), None),
    ],
)
def test_what_is_clear_in_meaning_is_accepted(data: bytes, warning: str | None) -> None:
    read = hl7.parse(data)
    assert (read["MSH-3"], read["PID-3"]) == ("A", "7")
    assert read.encode() == data
    assert any(warning in text for text in read.warnings) if warning else read.warnings == ()


def test_fields_without_some_delimiters() -> None:
    read = hl7.parse(b"MSH|^|A^B\rPID|1||a~b\\T\\&c")
    assert read["PID-3"] == "a~b\\T\\&c"
    assert read["MSH-3.2"] == "B"

"""Batches and files of several messages; the XML encoding."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.errors import Invalid
from hilum.formats import hl7v2 as hl7

ONE = b"MSH|^~\\&|A||||||ADT^A01|1|P|2.5\rPID|1||7\r"
TWO = b"MSH|^~\\&|A||||||ADT^A01|2|P|2.5\rNTE|1||first\rmore text\r\rlast\r"


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        (b"", []),
        (b"\r\n\r\n", []),
        (ONE, [ONE]),
        (ONE + TWO, [ONE, TWO]),
        (ONE + b"\r\r" + TWO, [ONE + b"\r\r", TWO]),
        (b"FHS|^~\\&\rBHS|^~\\&\r" + ONE + TWO + b"BTS|2\rFTS|1\r", [ONE, TWO]),
        (b"BHS|^~\\&\r" + ONE + b"BTS|1\rBHS|^~\\&\r" + TWO + b"BTS|1\r", [ONE, TWO]),
        (b"FHS|^~\\&\rBHS|^~\\&\r" + ONE, [ONE]),
        (ONE + b"BTS\rFTS", [ONE]),
        (b"FHS|^~\\&\rFTS|0\r", []),
        (b"\xef\xbb\xbf" + ONE, [ONE]),
        (b"\x0b" + ONE + b"\x1c\r\x0b" + TWO + b"\x1c\r", [ONE, TWO]),
        (b"  " + ONE, [ONE]),
        (ONE.replace(b"|^~\\&|", b"$^~\\&$").replace(b"|", b"$") + TWO, [ONE.replace(b"|", b"$"), TWO]),
        (b"<ACK/>", [b"<ACK/>"]),
    ],
)
def test_split(data: bytes, messages: list[bytes]) -> None:
    assert list(hl7.split(data)) == messages


def test_split_wide_text() -> None:
    text = (ONE + TWO).decode()
    pieces = list(hl7.split(("\ufeff" + text).encode("utf-16-le")))
    assert [hl7.parse(piece).control_id for piece in pieces] == ["1", "2"]
    assert [hl7.parse(piece).control_id for piece in hl7.split(text.encode("utf-16-be"))] == ["1", "2"]
    with pytest.raises(Invalid):
        list(hl7.split(b"\xff\xfeM"))


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"junk\r" + ONE, "line 1"),
        (b"\r\njunk", "line 2"),
        (b"FHS|^~\\&\r\njunk\r\n" + ONE, "line 2"),
        (ONE + b"BTS|1\rPID|1\rFTS|1", "line 4"),
        (ONE + b"BTS|1\rFTS|1\rtail", "line 5"),
    ],
)
def test_junk_says_where(data: bytes, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        list(hl7.split(data))
    assert caught.value.where == where


def test_messages_before_the_junk_are_given_first() -> None:
    pieces = hl7.split(ONE + b"BTS|1\rjunk")
    assert next(pieces) == ONE
    with pytest.raises(Invalid, match=f"byte {len(ONE) + 7}"):
        next(pieces)


HEADER = "<MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2><MSH.9><MSG.1>ADT</MSG.1></MSH.9></MSH>"


def xml(body: str, root: str = "ADT_A01") -> bytes:
    return f"<{root}>{HEADER}{body}</{root}>".encode()


@pytest.mark.req("MOD-3")
@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("<PID><PID.3>7</PID.3></PID>", "PID|||7"),
        ("<PID><PID.3><PID.3.2>7</PID.3.2></PID.3><PID.3/></PID>", "PID|||^7~"),
        ("<PID><PID.3><CX.4><HD.2>7</HD.2></CX.4></PID.3></PID>", "PID|||^^^&7"),
        ("<G.1><G.2><PID><PID.1>é|^</PID.1></PID></G.2></G.1>", "PID|é\\F\\\\S\\"),
        ('<PID><PID.1>""</PID.1><PID.2> x </PID.2><PID.3>\n  </PID.3></PID>', 'PID|""| x |'),
        ("<PID><PID.1><QIP><QIP.1>a</QIP.1></QIP><QIP><QIP.2>b</QIP.2></QIP></PID.1></PID>", "PID|a~^b"),
        ('<PID><PID.1>a<escape V="H"/>b<!-- note -->c</PID.1></PID>', "PID|a\\H\\bc"),
        ("<PID><PID.1><![CDATA[<&>]]></PID.1></PID>", "PID|<\\T\\>"),
        ("<PID/>", "PID"),
    ],
)
def test_xml(body: str, line: str) -> None:
    message = hl7.parse(xml(body))
    assert message.segment("PID").line == line
    assert message.encode() == xml(body)
    assert message.to_er7() == f"MSH|^~\\&|||||||ADT\r{line}\r".encode()
    message["MSH-3"] = "X"
    assert message.encode() == f"MSH|^~\\&|X||||||ADT\r{line}\r".encode()


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"<a", "line 1, column 3"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "line 1, column 39"),
        (b"<a>\xff</a>", "line 1, column 4"),
        (b"<a>\0</a>", "line 1, column 4"),
        (b"<a/>", "MSH"),
        (b"<a><PID/></a>", "MSH"),
        (xml(HEADER), "MSH[2]"),
        (xml("<PID><x>1</x></PID>"), "PID"),
        (xml("<PID><PID.1000>1</PID.1000></PID>"), "PID"),
        (xml("<PID><PID.0>1</PID.0></PID>"), "PID"),
        (xml("<PID><PID.1><x/><X.1/></PID.1></PID>"), "PID-1"),
        (xml("<PID><PID.1><X.1/><X.1/></PID.1></PID>"), "PID-1"),
        (xml("<PID><PID.1><X.1><Y.1><Z.1>deep</Z.1></Y.1></X.1></PID.1></PID>"), "PID-1"),
        (xml("<PID><PID.1><X.1><Y/></X.1></PID.1></PID>"), "PID-1"),
        (b"<!DOCTYPE a [<!ENTITY e 'boom'>]>" + xml("<PID><PID.1>&e;</PID.1></PID>"), "line 1"),
    ],
)
def test_broken_xml_says_where(data: bytes, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        hl7.parse(data)
    assert caught.value.where == where


def test_xml_in_other_encodings() -> None:
    for encoding in ("utf-16", "iso8859-1", "utf-8-sig"):
        declared = encoding.removesuffix("-sig")
        text = f'<?xml version="1.0" encoding="{declared}"?>' + xml("<PID><PID.1>Ä</PID.1></PID>").decode()
        message = hl7.parse(text.encode(encoding))
        assert message["PID-1"] == "Ä"
        assert not any("MSH-18" in warning for warning in message.warnings)
        assert message.encode() == text.encode(encoding)


def test_er7_made_of_xml_is_in_the_character_set_of_msh_18() -> None:
    header = HEADER.replace("</MSH>", "<MSH.18>8859/1</MSH.18></MSH>")
    message = hl7.parse(f"<A>{header}<PID><PID.1>Ä</PID.1></PID></A>".encode())
    assert message.to_er7().endswith(b"PID|\xc4\r")
    assert hl7.parse(message.to_er7())["PID-1"] == "Ä"


def test_nothing_outside_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from outside")
    data = f"<!DOCTYPE a [<!ENTITY e SYSTEM '{secret.as_uri()}'>]>".encode() + xml("<PID><PID.1>&e;</PID.1></PID>")
    with pytest.raises(Invalid):
        hl7.parse(data)

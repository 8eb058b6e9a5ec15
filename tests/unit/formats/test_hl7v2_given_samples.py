"""Every message of the sample collection that HILUM_SAMPLES names is read, and given back byte for byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hilum.errors import Invalid
from hilum.formats import hl7v2 as hl7

WITHOUT = "set HILUM_SAMPLES to the folder of the sample collection"
FOLDER = Path(os.environ.get("HILUM_SAMPLES", "")) / "hl7v2"
FILES = (
    sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*")) if "HILUM_SAMPLES" in os.environ else []
)

# Truly broken: the file ends in the middle of an element.
BROKEN = {"hapi-hl7v2/get_ack_id.xml": "line 46, column 10"}
SEVERAL = {"connect/batch01.hl7": 3, "data-exchange-hl7/GenV1_Batch_No_headers_twoMSH.txt": 2}

pytestmark = pytest.mark.skipif("HILUM_SAMPLES" not in os.environ, reason=WITHOUT)


def bytes_of(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def test_the_collection_is_there() -> None:
    assert len(FILES) > 100
    assert {*BROKEN, *SEVERAL} <= set(FILES)


@pytest.mark.req("MOD-3")
@pytest.mark.req("SYS-3")
@pytest.mark.req("SYS-4")
@pytest.mark.parametrize("name", [name for name in FILES if name not in BROKEN])
def test_bytes_come_back(name: str) -> None:
    pieces = list(hl7.split(bytes_of(name)))
    assert len(pieces) == SEVERAL.get(name, 1)
    for piece in pieces:
        message = hl7.parse(piece)
        assert message.encode() == piece
        assert message.code
        assert message.version
        message.timestamp("MSH-7")
        if not piece.lstrip().startswith(b"<"):
            lines = [
                line for line in piece.replace(b"\n", b"\r").removeprefix(b"\xef\xbb\xbf").split(b"\r") if line.strip()
            ]
            assert message.to_er7() == b"\r".join(lines) + b"\r"


@pytest.mark.parametrize("name", BROKEN)
def test_broken_ones_say_where(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        hl7.parse(bytes_of(name))
    assert caught.value.where == BROKEN[name]


def test_one_message_in_an_envelope_needs_no_split() -> None:
    name = "connect/test-hl7-batch-input.txt"
    message = hl7.parse(bytes_of(name))
    assert message.encode() == bytes_of(name)
    assert message["OBR-4.3"] == "Jane MRI W/&W/O CONTRAST"
    assert "the message stands in a batch envelope" in message.warnings


def test_xml_agrees_with_its_er7_twin() -> None:
    xml = hl7.parse(bytes_of("connect/test-hl7-output.xml"))
    er7 = hl7.parse(bytes_of("connect/test-hl7-input.txt"))
    assert len(xml) == len(er7) > 20
    for one, other in zip(xml, er7, strict=True):
        for field in range(1, len(other.fields)):
            # ER7 may end a field with empty components; XML has no such thing.
            # The XML has a bare & in one text, which in the ER7 divides it.
            texts = [hl7.unescape(segment.raw(str(field))).rstrip("^") for segment in (one, other)]
            assert texts[0] == texts[1], f"{other}-{field}"


def test_an_edit_touches_nothing_else() -> None:
    for name in FILES:
        if name in BROKEN or name in SEVERAL or name.endswith(".xml"):
            continue
        message = hl7.parse(bytes_of(name))
        before = message.to_er7()
        control_id = message.raw("MSH-10")
        message["MSH-10"] = "changed"
        assert message.encode() != before
        message["MSH-10"] = hl7.Encoded(control_id)
        assert message.encode() == before, name

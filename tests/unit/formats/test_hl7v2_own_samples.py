"""Each invented sample reads as it should, and its bytes come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.errors import Invalid
from hilum.formats import hl7v2 as hl7

FOLDER = Path(__file__).parents[2] / "samples" / "hl7v2"

# File → what its paths must read as, and parts of the warnings it must give (no others).
EXPECTED: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "adt_a04_plain.hl7": (
        {
            "MSH-1": "|",
            "MSH-2": "^~\\&",
            "MSH-7": "20260304081500+0100",
            "PID-3[2].4": "NATIONAL",
            "PID-3": "70001^^^HILLTOP^MR~A-55^^^NATIONAL^NI",
            "PID-5.1": "Okafor&van",
            "PID-5.1.1": "Okafor",
            "PID-5.1.2": "van",
            "PID-18": "ACC-900",
            "PID-18.1": "ACC-900",
            "PID-18.2": "",
            "PID-18[2]": "",
            "ZPV-2": "blue wristband^colour",
            "ZPV-3": "",
            "ZPV-4": "0042",
            "ZPV-400": "",
            "NK1-2": "",
        },
        (),
    ),
    "oru_r01_lf_continued.hl7": (
        {
            "OBX-5": "Growth after two days.\n\n  Sensitive to A & B;\nrepeat advised\nin a week.",
            "OBX-11": "F",
            "OBX[2]-5": "13.20",
            "OBX[2]-7": "12^16",
            "OBX[3]-5": "",
        },
        ("LF or CRLF", "without a segment name"),
    ),
    "orm_o01_bom_crlf.hl7": (
        {"MSH-4": "ZÜRICH", "PID-5.1": "Łukasz", "OBR[2]-4.2": "Röntgen Hand"},
        ("byte-order mark", "LF or CRLF", "blank lines"),
    ),
    "dft_p03_latin1.hl7": ({"PID-5.2": "Zoë", "FT1-7.2": "Fil à suture", "ZFT[2]-2": "LOT-3"}, ()),
    "adt_a08_null_doubled_escape.hl7": (
        {"PID-5.1": "Okafor", "PID-5.2": "", "PID-7": "", "PID-8": "F"},
        ("written twice",),
    ),
    "siu_s12_other_delimiters.hl7": (
        {
            "MSH-1": "$",
            "MSH-3.2": "1.2.3",
            "MSH-9.2": "S12",
            "PID-3[2]": "B-1",
            "PID-5.1": "O^Neil|Smith",
            "PID-5.2.1": "Ann@Marie",
        },
        (),
    ),
    "mdm_t02_framed.hl7": (
        {"OBX-5.5": "Hilum\r\n bold # \\Zlocal\\ \\Q\\", "OBX-5.2": "TEXT"},
        ("frame bytes", "unknown escape sequence"),
    ),
    "adt_a01_utf16.hl7": ({"PID-5.1": "Ωmega", "PID-5.2": "Ñuño"}, ()),
    "adt_a01_japanese.hl7": ({"PID-5.1": "山田", "PID-5.2": "太郎", "PID-5.8": "I"}, ()),
    "adt_a01_undeclared_1252.hl7": ({"PID-5.1": "Müller", "PID-5.2": "Jörg “Jo”"}, ("Windows-1252",)),
    "omd_o03_twin.hl7": ({"ODS-3.2": "Soup & bread, 1^2 portion", "NTE-3": "first\nsecond"}, ()),
    "omd_o03.xml": ({"ODS-3.2": "Soup & bread, 1^2 portion", "NTE-3": "first\nsecond", "PID-3[2].1": "C-2"}, ()),
}
SEVERAL = {"batch_with_envelope.hl7": 2, "several_without_envelope.hl7": 3}


def bytes_of(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def test_every_sample_is_expected_here() -> None:
    there = {path.name for path in FOLDER.iterdir() if path.suffix in (".hl7", ".xml")}
    assert there == EXPECTED.keys() | SEVERAL.keys()


@pytest.mark.req("MOD-3")
@pytest.mark.parametrize("name", EXPECTED)
def test_values_warnings_and_bytes(name: str) -> None:
    message = hl7.parse(bytes_of(name))
    values, warnings = EXPECTED[name]
    assert {path: message[path] for path in values} == values
    assert len(message.warnings) == len(warnings)
    assert all(part in warning for part, warning in zip(warnings, message.warnings, strict=True))
    assert message.encode() == bytes_of(name)


@pytest.mark.parametrize("name", EXPECTED)
def test_er7_reads_the_same(name: str) -> None:
    message = hl7.parse(bytes_of(name))
    again = hl7.parse(message.to_er7())
    for one, other in zip(message, again, strict=True):
        places = [f"{field}" for field in range(1, len(one.fields))]
        assert [one[place].replace("\n", "\\.br\\") for place in places] == [
            other[place].replace("\n", "\\.br\\") for place in places
        ]


@pytest.mark.parametrize("name", SEVERAL)
def test_several_messages(name: str) -> None:
    with pytest.raises(Invalid, match="split"):
        hl7.parse(bytes_of(name))
    pieces = list(hl7.split(bytes_of(name)))
    assert [hl7.parse(piece).control_id for piece in pieces] == [f"S-{n + 1}" for n in range(SEVERAL[name])]
    assert all(piece in bytes_of(name) for piece in pieces)


def test_xml_agrees_with_its_er7_twin() -> None:
    assert hl7.parse(bytes_of("omd_o03.xml")).to_er7() == bytes_of("omd_o03_twin.hl7")

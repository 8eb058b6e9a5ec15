"""The folder takes files of every format: what fits becomes messages, and what is wrong is named."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.connector import Header, Received
from hilum.connectors import files
from hilum.connectors.encoding import encode
from hilum.errors import SettingsError
from hilum.flow import DataClass, Flow, Lookup, Owners, Slo
from hilum.formats import read_tree, write_fixed
from hilum.formats.parquet import write_parquet
from hilum.formats.spreadsheets import write_xlsx
from hilum.testing import eventually, take
from hilum.testing.source_suite import accept_all, opened

pytestmark = pytest.mark.req("MOD-3")

ROWS = [{"item": "G1", "quantity": "12"}, {"item": "MÜLL", "quantity": "-3.50"}]
NUMBERS: list[dict[str, Any]] = [{"item": "G1", "quantity": 12}, {"item": "MÜLL", "quantity": Decimal("-3.50")}]
COLUMNS = ("item", "quantity")
FIXED = (("item", 6), ("", 1), ("quantity", 6))

MADE: dict[str, tuple[bytes, dict[str, Any]]] = {
    "rows": (b"item,quantity\r\nG1,12\r\nM\xc3\x9cLL,-3.50\r\n", {}),
    "fixed": (write_fixed(NUMBERS, FIXED), {"columns": FIXED}),
    "xlsx": (write_xlsx(NUMBERS, COLUMNS, "Orders"), {"sheet": "Orders"}),
    "parquet": (write_parquet([{**row, "quantity": Decimal(row["quantity"])} for row in NUMBERS], COLUMNS), {}),
    "json": (b'[{"item":"G1","quantity":"12"},\n {"item":"M\xc3\x9cLL","quantity":"-3.50"}]', {}),
}


async def given_over(directory: Path, count: int, **settings: Any) -> list[Received]:
    """What the folder hands over, accepted, when the file has been put away."""
    source = files.Folder(url=str(directory), stable_for=0, poll=0.01, **settings)
    async with opened(source):
        received = await take(source, count) if count else []
        await accept_all(received)
        await eventually(lambda: not [path for path in directory.iterdir() if path.is_file()], lambda: "put away")
    return received


def flow(**settings: Any) -> Flow:
    """A flow from such a folder, which reads what its source says."""
    return Flow(
        "test.files", version="1.0", summary="Files", owners=Owners(business="a", technical="b"),
        data_class=DataClass.INTERNAL, slo=Slo(percent=99, within="1h"), retention="P1Y",
        source=files.Folder(url="/nowhere", **settings),
    )  # fmt: skip


@pytest.mark.parametrize("split", MADE)
async def test_every_table_becomes_the_same_rows(tmp_path: Path, split: str) -> None:
    data, settings = MADE[split]
    (tmp_path / "orders").write_bytes(data)
    received = await given_over(tmp_path, 2, split=split, **settings)
    reading = flow(split=split, **settings)
    found = [reading.read(each.body) for each in received]
    assert [row["item"] for row in found] == ["G1", "MÜLL"]
    assert [Decimal(row["quantity"]) for row in found] == [Decimal(12), Decimal("-3.5")]
    numbers = ["2", "3"] if split == "xlsx" else ["1", "2"]  # as the spreadsheet counts, the head line too
    assert [each.headers[Header.ROW] for each in received] == numbers
    assert (tmp_path / "done" / "orders").read_bytes() == data


async def test_elements_of_a_document_become_messages(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<Batch><Order><No>1</No></Order><Order><No>2</No></Order></Batch>")
    received = await given_over(tmp_path, 2, split="xml", element="Order")
    reading = flow(split="xml", element="Order")
    assert [reading.read(each.body).findtext("No") for each in received] == ["1", "2"]
    assert {each.content_type for each in received} == {"application/xml"}
    outgoing = encode(read_tree(received[0].body))
    assert outgoing.content_type == "application/xml"
    assert b"<Order><No>1</No></Order>" in outgoing.body


@pytest.mark.parametrize(
    ("split", "data", "settings", "taken", "reason"),
    [
        ("fixed", b"G1     12\r\nG2" + b"x" * 30 + b"\r\nG3     14\r\n", {"columns": FIXED}, 2,
         "row or message 2: the line has 32 characters, but the columns have 13"),
        ("json", b'{"a":1}\n{"a"\n{"a":3}\n', {}, 2, "row or message 2: this is not well-formed JSON"),
        ("json", b'[{"a":1},{"a":', {}, 1, "Reading ended early. value 2: the array has no end"),
        ("xml", b"<r><a/><a></r>", {"element": "a"}, 1, "Reading ended early. line 1"),
        ("xml", b'<!DOCTYPE r [<!ENTITY x "y">]><r><a/></r>', {"element": "a"}, 0, "DOCTYPE: the XML declares a DTD"),
        ("xlsx", b"PK", {}, 0, "this cannot be read as an XLSX workbook"),
        ("xlsx", write_xlsx([{"a": 1}, {"a": "#REF!"}, {"a": 3}], ("a",)), {}, 3, ""),
        ("xlsx", write_xlsx([{"a": 1}], ("a",)), {"max_file": 1024}, 0, "the file is larger than 1024 bytes"),
        ("parquet", b"PAR1", {}, 0, "this cannot be read as a Parquet file"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_keeps_nothing_else_back(
    tmp_path: Path, split: str, data: bytes, settings: dict[str, Any], taken: int, reason: str
) -> None:
    (tmp_path / "in").write_bytes(data)
    assert len(await given_over(tmp_path, taken, split=split, **settings)) == taken
    if reason:
        assert reason in (tmp_path / "failed" / "in.reason.txt").read_text(encoding="utf-8")
    else:
        assert (tmp_path / "done" / "in").exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"split": "fixed"}, "say the columns"),
        ({"split": "fixed", "columns": (("a", 0),)}, "at least one character"),
        ({"split": "xml"}, "which elements become messages"),
        ({"split": "pdf"}, "split"),
    ],
)
def test_what_a_way_to_divide_files_needs_is_asked_for(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        files.Folder(url="/nowhere", **settings)


def test_a_translation_gets_the_parsed_form() -> None:
    made = flow(split="json")
    made.translate(lambda parsed, _: parsed)
    made.deliver_to(files.write(url="/nowhere"))
    assert [each.thing for each in made.run(made.read(b'{"a": 1}'), Lookup())] == [{"a": 1}]

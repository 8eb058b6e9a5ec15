"""Fixed width, JSON values, XML, spreadsheets, Parquet: read in bounded memory, written, and where they are wrong."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import orjson
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from openpyxl import Workbook, load_workbook

from hilum.errors import Invalid
from hilum.formats import FORMATS, parquet, read_delimited, read_fixed, spreadsheets, write_delimited, write_fixed
from hilum.formats.fixed_width import check_columns
from hilum.formats.json_values import Values
from hilum.formats.spreadsheets import read_xlsx, rows_of, write_xlsx
from hilum.formats.xml_tree import Elements, read_tree, write_tree

pytestmark = pytest.mark.req("MOD-3")

COLUMNS = (("item", 6), ("", 2), ("quantity", 4), ("title", 8))

plain_text = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=6)


def wrong(read: Callable[[], Any], where: str, words: str) -> None:
    """It is `Invalid`, there and for that reason."""
    with pytest.raises(Invalid, match=words) as caught:
        read()
    assert caught.value.where == where


# ---- fixed width


def test_a_file_of_fixed_width_there_and_back() -> None:
    rows = [
        {"item": "G1", "quantity": Decimal("12.5"), "title": "Gloves"},
        {"item": "MÜLL", "quantity": -3, "title": None},
    ]
    data = write_fixed(rows, COLUMNS, "cp1252")
    assert data == b"G1      12.5Gloves  \r\nM\xdcLL      -3        \r\n"
    assert list(read_fixed(data, COLUMNS, "cp1252")) == [
        (1, {"item": "G1", "quantity": "12.5", "title": "Gloves"}),
        (2, {"item": "MÜLL", "quantity": "-3", "title": ""}),
    ]
    assert list(read_fixed(b"G1\n\n", COLUMNS)) == [(1, {"item": "G1", "quantity": "", "title": ""})], "may end early"


@given(st.lists(st.fixed_dictionaries({"item": plain_text, "title": plain_text}), max_size=5))
def test_what_is_written_in_fixed_width_is_read(rows: list[dict[str, str]]) -> None:
    columns = (("item", 6), ("title", 6))
    assert [row for _, row in read_fixed(write_fixed(rows, columns), columns)] == [r for r in rows if any(r.values())]


def test_what_does_not_fit_says_where() -> None:
    wrong(lambda: list(read_fixed(b"G1\n" + b"x" * 21, COLUMNS)), "row 2", "21 characters, but the columns have 20")
    wrong(lambda: list(read_fixed(b"\xff", COLUMNS)), "row 1", "byte 1 is not utf-8")
    wrong(lambda: write_fixed([{}, {"item": "TOO-LONG"}], COLUMNS), "row 2, item", "8 characters, but the column has 6")
    wrong(lambda: write_fixed([{"item": "a\nb"}], COLUMNS), "row 1, item", "line end")
    wrong(lambda: write_fixed([{"item": "Ж"}], COLUMNS, "cp1252"), "row 1", "cannot be written in cp1252")
    for columns in ((), (("a", 1), ("a", 2)), (("a", 0),), (("", 3),)):
        with pytest.raises(ValueError, match="column"):
            check_columns(columns)


# ---- delimited, written


def test_a_table_is_written_so_that_no_spreadsheet_computes_it() -> None:
    rows = [{"item": "=1+1", "price": Decimal("-5.50"), "note": 'a "b", c\nd'}, {"item": "+49 30", "price": None}]
    data = write_delimited(rows, ("item", "price", "note"))
    assert data == b'item,price,note\r\n\'=1+1,-5.50,"a ""b"", c\nd"\r\n\'+49 30,,\r\n'
    machine = write_delimited(rows, ("item", "price"), delimiter=";", for_people=False)
    assert [row for _, row in read_delimited(machine)] == [
        {"item": "=1+1", "price": "-5.50"}, {"item": "+49 30", "price": ""},
    ]  # fmt: skip
    wrong(lambda: write_delimited([{"a": "Ж"}], ("a",), encoding="latin-1"), "row 1", "cannot be written in latin-1")


# ---- JSON


def values(data: bytes, size: int, limit: int = 10_000) -> list[tuple[int, Any]]:
    """Values read in chunks of that size; of flaws the reason."""
    reader, found = Values(limit), []
    for at in range(0, len(data), size):
        found += reader.feed(data[at : at + size])
    found += reader.finish()
    return [(each.number, each.flaw or orjson.loads(each.body)) for each in found]


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(anything, max_size=6), st.integers(1, 40), st.sampled_from([b"", b"\xef\xbb\xbf", b" \n"]))
def test_json_in_chunks_is_what_json_is_whole(given_values: list[Any], size: int, lead: bytes) -> None:
    numbered = list(enumerate(given_values, 1))
    assert values(lead + orjson.dumps(given_values), size) == numbered
    assert values(lead + orjson.dumps(given_values, option=orjson.OPT_INDENT_2) + b"\n ", size) == numbered
    if not given_values or not isinstance(given_values[0], list):
        assert values(b"\n".join(map(orjson.dumps, given_values)), size) == numbered


def test_one_wrong_value_keeps_no_other_back() -> None:
    bad = "this is not well-formed JSON in UTF-8"
    assert values(b'{"a":1}\n{"a":\n{"a":3}\n', 7) == [(1, {"a": 1}), (2, bad), (3, {"a": 3})]
    assert values(b'[{"a":1},{"a"},{"a":3}]', 5) == [(1, {"a": 1}), (2, bad), (3, {"a": 3})]
    assert values(b"[]", 1) == [] == values(b"", 1)


@pytest.mark.parametrize(
    ("data", "where", "words"),
    [
        (b'[{"a": 1}, {"b"', "value 2", "no end"),
        (b'[1, "a', "value 2", "no end"),
        (b"[1] 2", "after value 1", "after the end"),
        (b'[1, "' + b"x" * 200, "value 2", "more than 100 bytes"),
        (b"1\n" + b"2" * 200, "value 2", "more than 100 bytes"),
    ],
)
def test_json_that_cannot_be_told_apart_says_where(data: bytes, where: str, words: str) -> None:
    wrong(lambda: values(data, 50, limit=100), where, words)


# ---- XML


ORDERS = b"""<?xml version="1.0" encoding="ISO-8859-1"?><!-- daily --><x:Batch xmlns:x="urn:a"><Head/>
<x:Order id="1"><Item>M\xfcll</Item></x:Order>text<Order id="2"><Order id="2a"/></Order><Tail/></x:Batch>"""


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_elements_of_a_large_document_are_documents(size: int) -> None:
    reader, found = Elements("Order", 1000), list[bytes]()
    for at in range(0, len(ORDERS), size):
        found += reader.feed(ORDERS[at : at + size])
    found += reader.finish()
    first, second = map(read_tree, found)
    assert (first.tag, first.get("id"), first.findtext("Item")) == ("{urn:a}Order", "1", "Müll")
    assert (second.get("id"), second[0].get("id")) == ("2", "2a"), "one within another is a part of it"
    assert read_tree(write_tree(second)).get("id") == "2"
    assert FORMATS["xml"](ORDERS).tag == "{urn:a}Batch"


BOMB = b'<!DOCTYPE a [<!ENTITY x "%s">%s]><a>&y9;</a>' % (
    b"lol" * 10,
    b"".join(b'<!ENTITY y%d "%s">' % (n, b"&y%d;" % (n - 1) * 10 if n else b"&x;" * 10) for n in range(10)),
)


@pytest.mark.parametrize(
    ("data", "where", "words"),
    [
        (BOMB, "DOCTYPE", "declares a DTD"),
        (b"\xff\xfe" + BOMB.decode().encode("utf-16-le"), "DOCTYPE", "declares a DTD"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "DOCTYPE", "declares a DTD"),
        (b"<a>\n <b></a>", "line 2, column 9", "not well formed"),
        (b"<a", "line 1, column 3", "not well formed"),
        (b"no", "line 1, column 1", "not well formed"),
        (b"", "line 1, column 1", "no XML|not well formed"),
        (b"<a>&x;</a>", "line 1, column 7", "not well formed"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "line 1, column 31", "not well formed|encoding"),
    ],
)
def test_xml_that_is_malformed_or_dangerous_says_where(data: bytes, where: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as whole:
        read_tree(data)
    assert str(whole.value.where).partition(",")[0] == where.partition(",")[0]
    reader = Elements("b", 1000)
    with pytest.raises(Invalid, match=words):
        for at in range(0, len(data), 9):
            reader.feed(data[at : at + 9])
        reader.finish()


def test_an_endless_element_is_not_kept() -> None:
    reader = Elements("b", 1000)
    reader.feed(b"<a><b/>")
    wrong(lambda: reader.feed(b"<b>" + b"x" * 2000), "b 2", "more than 1000 bytes")


def test_a_large_document_is_read_in_little_memory() -> None:
    reader, count = Elements("b", 100_000), 0
    count += len(reader.feed(b"<a>"))
    tracemalloc.start()
    for _ in range(200):
        count += len(reader.feed(b"<other>x</other><b><c/></b>" * 100))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert most < 2_000_000, "what was read is not kept"


def test_an_element_in_a_namespace_that_is_none_is_invalid_and_those_before_it_are_read() -> None:
    reader = Elements("Order", 1000)
    assert len(reader.feed(b'<a><Order/><Order xmlns="$rn:a"/>')) == 1
    with pytest.raises(Invalid, match=r"Order 2: .*\$rn:a"):
        reader.finish()


@settings(deadline=None)
@example(b"$", 75, 1)
@given(st.binary(max_size=20), st.integers(0, len(ORDERS)), st.integers(1, 60))
def test_a_damaged_document_is_invalid_or_read(noise: bytes, at: int, size: int) -> None:
    data = ORDERS[:at] + noise + ORDERS[at + len(noise) :]
    reader = Elements("Order", 1000)
    try:
        for place in range(0, len(data), size):
            reader.feed(data[place : place + size])
        reader.finish()
    except Invalid:
        return


# ---- spreadsheets


def workbook(rows: Sequence[Sequence[Any]], sheet: str = "Orders") -> bytes:
    book = Workbook()
    book.active.title = sheet  # type: ignore[union-attr]
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def test_a_sheet_becomes_rows_of_texts() -> None:
    data = workbook([
        [], ["item", " quantity ", "when", "open", None],
        ["G1", 12.5, datetime(2026, 3, 31), True], [], ["0012", 1e15, datetime(2026, 3, 31, 14, 5), None],
        ["x", 1e-7, time(14, 5), False],
    ])  # fmt: skip
    assert list(read_xlsx(data)) == [
        (3, {"item": "G1", "quantity": "12.5", "when": "2026-03-31", "open": "true"}),
        (5, {"item": "0012", "quantity": "1000000000000000", "when": "2026-03-31T14:05:00", "open": ""}),
        (6, {"item": "x", "quantity": "0.0000001", "when": "14:05:00", "open": "false"}),
    ]
    assert list(read_xlsx(data, "Orders")) == list(read_xlsx(data))
    wrong(lambda: list(read_xlsx(data, "Other")), None, "no sheet 'Other'")  # type: ignore[arg-type]


def test_a_sheet_is_written_and_nothing_in_it_is_computed() -> None:
    columns = ("item", "quantity", "price", "day", "at", "tax")
    row = {
        "item": "=cmd|' /C calc'!A0", "quantity": 3, "price": Decimal("41.20"), "day": date(2026, 3, 31),
        "at": datetime(2026, 3, 31, 14, 5, tzinfo=UTC), "tax": Decimal("1234567890.1234567"),
    }  # fmt: skip
    data = write_xlsx([row, {}], columns)
    page = load_workbook(io.BytesIO(data)).active
    assert page is not None
    assert [cell.data_type for cell in page[2]] == ["s", "n", "n", "d", "s", "s"]
    assert dict(read_xlsx(data)) == {
        2: {"item": "=cmd|' /C calc'!A0", "quantity": "3", "price": "41.2", "day": "2026-03-31",
            "at": "2026-03-31T14:05:00+00:00", "tax": "1234567890.1234567"},
    }  # fmt: skip
    wrong(lambda: write_xlsx([{"a": object()}], ("a",)), "row 2, a", "cannot be written")
    wrong(lambda: write_xlsx([{"a": "x" * 40_000}], ("a",)), "row 2, a", "more than 32767")
    wrong(lambda: write_xlsx([{"a": "\x01"}], ("a",)), "row 2, a", "cannot hold")


def test_a_wrong_cell_says_where_and_keeps_no_other_row_back() -> None:
    data = workbook([["item", "price"], ["A", 1], ["B", "=1/0"], ["C", "#REF!"], ["D", 4, "beside"], ["E", 5]])
    found = [(number, str(row) if isinstance(row, Invalid) else row["item"]) for number, row in rows_of(data)]
    assert found == [
        (2, "A"), (3, "price: the formula was never computed; open and save the file in a spreadsheet"),
        (4, "price: the cell shows an error"), (5, "there is a value in column 3, which has no name"), (6, "E"),
    ]  # fmt: skip
    wrong(lambda: list(read_xlsx(data)), "row 3", "price: the formula")
    wrong(lambda: list(read_xlsx(workbook([["a", "a"], [1, 2]]))), "head", "same name")


def repacked(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return made.getvalue()


def test_bombs_and_rubbish_are_refused_before_they_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    good = workbook([["a"], [1]])
    sheet = "xl/worksheets/sheet1.xml"
    entity = b'<!DOCTYPE x [<!ENTITY a "b">]>'
    with_dtd = repacked(
        good, lambda name, body: body.replace(b"<worksheet", entity + b"<worksheet", 1) if name == sheet else body
    )
    wrong(lambda: list(read_xlsx(with_dtd)), "DOCTYPE", "declares a DTD")
    far = repacked(good, lambda name, body: body.replace(b'r="2"', b'r="999999999"') if name == sheet else body)
    monkeypatch.setattr(spreadsheets, "MOST_ROWS", 1000)
    wrong(lambda: list(read_xlsx(far)), None, "more than 1000 rows")  # type: ignore[arg-type]
    short = repacked(good, lambda name, body: body.replace(b'ref="A1:A2"', b'ref="A1"') if name == sheet else body)
    assert [row for _, row in read_xlsx(short)] == [{"a": "1"}], "what a file says of its extent loses no row"
    wide = repacked(good, lambda name, body: body.replace(b'r="A2"', b'r="ZZZ2"') if name == sheet else body)
    wrong(lambda: list(read_xlsx(wide)), None, "16384 columns")  # type: ignore[arg-type]
    big = repacked(good, lambda name, body: body + b" " * 2_000_000 if name == sheet else body)
    assert len(big) < 20_000
    with pytest.raises(Invalid, match="more than 1 MB"):
        spreadsheets.check_package(io.BytesIO(big), 2**20)
    for rubbish in (b"", b"PK\x03\x04rubbish", good[:-40], good[:300], repacked(good, lambda *_: b"<a/>")):
        with pytest.raises(Invalid):
            list(read_xlsx(rubbish))


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=200), st.integers(0, 4000))
def test_a_damaged_workbook_is_invalid_or_read(noise: bytes, at: int) -> None:
    data = bytearray(GOOD)
    data[at : at + len(noise)] = noise
    try:
        list(rows_of(bytes(data)))
    except Invalid:
        return


GOOD = workbook([["item", "quantity"], *([f"G{n}", n] for n in range(20))])


# ---- Parquet


def table(**columns: Any) -> bytes:
    made = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), made)
    return made.getvalue()


def test_a_parquet_table_there_and_back() -> None:
    rows = [
        {"item": "G1", "price": Decimal("41.20"), "day": date(2026, 3, 31), "open": True, "n": 2**40, "f": 0.25},
        {"item": None, "price": None, "day": None, "open": False, "n": None, "f": None},
    ]
    data = parquet.write_parquet(rows, ("item", "price", "day", "open", "n", "f"))
    assert list(parquet.read_parquet(data)) == [
        (1, {"item": "G1", "price": "41.20", "day": "2026-03-31", "open": "true", "n": str(2**40), "f": "0.25"}),
        (2, {"item": "", "price": "", "day": "", "open": "false", "n": "", "f": ""}),
    ]
    many = table(n=list(range(1000)), at=[datetime(2026, 3, 31, 14, 5, tzinfo=UTC)] * 1000)
    found = list(parquet.rows_of(many))
    assert [number for number, _ in found] == list(range(1, 1001))
    assert found[-1][1] == {"n": "999", "at": "2026-03-31T14:05:00+00:00"}
    wrong(lambda: parquet.write_parquet([{"a": 1}, {"a": "x"}], ("a",)), "a", "different types")


def test_what_is_no_flat_table_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong(lambda: list(parquet.rows_of(table(a=[[1], [2]]))), "head", "column a is no plain one")
    wrong(lambda: list(parquet.rows_of(table(a=[b"\x00"]))), "head", "column a is no plain one")
    wrong(lambda: list(parquet.read_parquet(table(a=[1.0, float("nan")]))), "row 2", "a: a float has no text")
    good = table(a=list(range(1000)))
    for rubbish in (b"", b"PAR1", good[:-9], b"PAR1" + b"\xff" * 40 + b"PAR1"):
        with pytest.raises(Invalid, match="Parquet"):
            list(parquet.rows_of(rubbish))
    monkeypatch.setattr(parquet, "MOST_UNPACKED", 100)
    wrong(lambda: list(parquet.rows_of(good)), "head", "row group 1")


def test_an_element_is_written_with_its_declaration() -> None:
    assert write_tree(etree.fromstring("<a>ä</a>")) == "<?xml version='1.0' encoding='utf-8'?>\n<a>ä</a>".encode()

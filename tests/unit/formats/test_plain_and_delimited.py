"""The table of formats; JSON, rows, text and delimited files."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.errors import Invalid
from hilum.formats import FORMATS, hl7v2, read_delimited


def test_the_table() -> None:
    edi = {"edifact", "edifact-interchange", "x12", "x12-interchange", "cxml", "ubl", "cii"}
    bank = {"iso20022", "mt940", "bai2"}
    assert set(FORMATS) == {"hl7v2", "fhir", "json", "object", "row", "text", "xml", "bytes"} | edi | bank
    assert isinstance(FORMATS["hl7v2"](b"MSH|^~\\&|"), hl7v2.Message)
    assert FORMATS["json"](b'{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}
    assert FORMATS["row"](b'{"item": "A-1", "quantity": "3"}') == {"item": "A-1", "quantity": "3"}
    assert FORMATS["text"]("\ufeffÄ".encode()) == "Ä"
    assert FORMATS["bytes"](b"\xff") == b"\xff"


@pytest.mark.req("MOD-3")
@pytest.mark.parametrize(
    ("name", "body", "where"),
    [
        ("json", b'{"a":\n  secret}', "line 2, column 3"),
        ("json", b"", "line 1, column 1"),
        ("json", b'"\xff"', "line 1, column 1"),
        ("row", b"[]", "line 1, column 1"),
        ("row", b'{"a": "x", "b": 1}', "column 2"),
        ("text", b"ab\xff", "byte 3"),
    ],
)
def test_what_is_malformed_says_where(name: str, body: bytes, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        FORMATS[name](body)
    assert caught.value.where == where
    assert "secret" not in str(caught.value)


@pytest.mark.req("MOD-3")
@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"", []),
        (b"a,b\n", []),
        (b"a,b\n1,2", [{"a": "1", "b": "2"}]),
        (
            b'\xef\xbb\xbfa;b\r\n"1;x\r\ny";"say ""no"""\r\n\r\n3;\r\n',
            [{"a": "1;x\r\ny", "b": 'say "no"'}, {"a": "3", "b": ""}],
        ),
        (b"a\tb\n1,5\t2", [{"a": "1,5", "b": "2"}]),
        (b"a|b\n 1 |2", [{"a": " 1 ", "b": "2"}]),
        (b'"a,x";b\n1;2', [{"a,x": "1", "b": "2"}]),
        (b" a , b\n1,2", [{"a": "1", "b": "2"}]),
        (b"a\nx\n", [{"a": "x"}]),
        ("a,b\nÄ,2".encode("utf-16"), [{"a": "Ä", "b": "2"}]),
    ],
)
def test_delimited(data: bytes, rows: list[dict[str, str]]) -> None:
    assert list(read_delimited(data)) == list(enumerate(rows, 1))


def test_what_is_asked_for_wins() -> None:
    assert list(read_delimited(b"a;b,c\n1;2,3", delimiter=",")) == [(1, {"a;b": "1;2", "c": "3"})]
    assert list(read_delimited(b"a\n\xc4", encoding="cp1252")) == [(1, {"a": "Ä"})]


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"a,a\n1,2", "head"),
        (b"a,,c\n1,2,3", "head"),
        (b'"a,b\n1,2', "head"),
        (b"a,b\n1,2\n1\n", "row 2"),
        (b"a,b\n1,2,3\n", "row 1"),
        (b'a,b\n1,2\n\n"1,2\n', "row 2"),
        (b'a,b\n"1"x,2\n', "row 1"),
        (b"a,b\n1,2\n\xff,2", "line 3"),
    ],
)
def test_what_is_wrong_in_a_file_says_where(data: bytes, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        list(read_delimited(data))
    assert caught.value.where == where


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(cells, cells, cells), max_size=5), st.sampled_from(",;\t|"), st.sampled_from(["\r\n", "\n"]))
def test_what_was_written_is_read(rows: list[tuple[str, str, str]], delimiter: str, end: str) -> None:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("x", "y", "z"), *rows])
    read = list(read_delimited(file.getvalue().encode()))
    assert read == [(n, dict(zip("xyz", row, strict=True))) for n, row in enumerate(rows, 1)]

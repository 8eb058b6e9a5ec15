"""Delimited files (CSV, RFC 4180, and its cousins with semicolon, tab or bar): bytes → rows by column name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import IO, Any

from hilum.errors import Invalid

# The only delimiters that are recognised; of equally frequent ones the first wins.
DELIMITERS = (",", ";", "\t", "|")

_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def read_delimited(
    data: bytes, *, delimiter: str | None = None, encoding: str = "utf-8"
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a file, each with its number: from 1, the head line and blank lines not counted.

    The first line names the columns. Without `delimiter` it is the most frequent of `, ; tab |` in that line. A
    byte-order mark overrides `encoding`. Values are given as they are, spaces and line ends in quotes included. A file
    with nothing in it gives no rows. Raises `Invalid` where the bytes are not in the encoding, a column name is empty
    or there twice (`head`), or a row has another number of fields than the head or is wrongly quoted (`row 7`).
    """
    yield from _read(io.StringIO(_text(data, encoding), newline=""), delimiter)


def read_delimited_stream(
    data: IO[bytes], *, delimiter: str | None = None, encoding: str = "utf-8"
) -> Iterator[tuple[int, dict[str, str]]]:
    """As `read_delimited`, of an open file of any size: one row after the other, the whole is never in memory.

    Where bytes are not in the encoding, the rows before them are given first. Raises `OSError` too.
    """
    start = data.read(4)
    data.seek(0)
    named = next((codec for mark, codec in _MARKS.items() if start.startswith(mark)), encoding)
    text = io.TextIOWrapper(data, encoding=named, newline="")
    try:
        yield from _read(text, delimiter)
    except UnicodeDecodeError:
        raise Invalid(f"the bytes are not {named}; say which encoding the file has", where="the file") from None
    finally:
        text.detach()


def _read(text: IO[str], delimiter: str | None) -> Iterator[tuple[int, dict[str, str]]]:
    mark = delimiter or sniff_delimiter(_first_line(text))
    records = _records(csv.reader(text, delimiter=mark, strict=True))
    head = next(records, None)
    if head is None:
        return
    names = column_names(head)
    for number, values in enumerate(records, 1):
        if len(values) != len(names):
            raise Invalid(f"there are {len(values)} fields, but {len(names)} column names", where=f"row {number}")
        yield number, dict(zip(names, values, strict=True))


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_delimited(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    for_people: bool = True,
) -> bytes:
    """A file of these rows with a head line (RFC 4180), decimals without an exponent.

    `for_people`: a text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV injection);
    numbers do not. A machine that would keep the apostrophe reads with False. Raises `Invalid` naming the row where a
    character is not in the encoding.
    """
    made = io.BytesIO()
    for number, row in enumerate(({name: name for name in columns}, *rows)):
        out = io.StringIO()
        values = [_value(row.get(name), for_people=for_people) for name in columns]
        csv.writer(out, delimiter=delimiter).writerow(values)
        try:
            made.write(out.getvalue().encode(encoding))
        except UnicodeEncodeError:
            raise Invalid(f"a character cannot be written in {encoding}", where=f"row {number}") from None
    return made.getvalue()


def _value(value: Any, *, for_people: bool) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    text = str(value)
    return f"'{text}" if for_people and isinstance(value, str) and text.startswith(_FORMULA) else text


def csv_line(values: Sequence[str]) -> str:
    """One line of a CSV file (RFC 4180) that a spreadsheet shows and never computes.

    A value that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV injection).
    """
    out = io.StringIO()
    csv.writer(out).writerow([f"'{value}" if value.startswith(_FORMULA) else value for value in values])
    return out.getvalue()


def sniff_delimiter(text: str) -> str:
    """The most frequent known delimiter in the head line, outside quotes; a comma where there is none."""
    head = text.lstrip("\r\n").splitlines()[:1]
    unquoted = "".join("".join(head).split('"')[::2])
    return max(DELIMITERS, key=unquoted.count)


def _first_line(text: IO[str]) -> str:
    """The first line with something in it; what is read is read again."""
    line = "\n"
    while line and not line.strip("\r\n"):
        line = text.readline()
    text.seek(0)
    return line


def _text(data: bytes, encoding: str) -> str:
    named = next((codec for mark, codec in _MARKS.items() if data.startswith(mark)), encoding)
    try:
        return data.decode(named)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Invalid(f"the bytes are not {named}; say which encoding the file has", where=f"line {line}") from None


def _records(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """Records that are not blank lines; the reader's complaints with the place they belong to."""
    read = 0
    while True:
        try:
            record = next(reader, None)
        except csv.Error:
            where = f"row {read}" if read else "head"
            raise Invalid("the quotes are not balanced, or a value is too long", where=where) from None
        if record is None:
            return
        if record:
            read += 1
            yield record


def column_names(head: Sequence[str]) -> list[str]:
    """The names of columns, without the spaces around them. Raises `Invalid` for one that is empty or there twice."""
    names = [name.strip() for name in head]
    for place, name in enumerate(names, 1):
        if not name:
            raise Invalid(f"column {place} has no name", where="head")
        if name in names[: place - 1]:
            raise Invalid(f"column {place} has the same name as an earlier one", where="head")
    return names

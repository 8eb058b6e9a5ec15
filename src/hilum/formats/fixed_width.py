"""Files of fixed width: each line is a record, each field has its place; lines ↔ rows by column name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from hilum.errors import Invalid

Columns = Sequence[tuple[str, int]]
"""Names and widths in characters, in order. A column without a name is filler: read over, written as spaces."""


def check_columns(columns: Columns) -> None:
    """Raises `ValueError` in words where these can be no columns."""
    names = [name for name, _ in columns if name]
    if not names:
        raise ValueError("say the columns: their names and widths")
    if len(set(names)) < len(names):
        raise ValueError("a column is there twice")
    if any(width < 1 for _, width in columns):
        raise ValueError("a column has at least one character")


def read_line(line: str, columns: Columns) -> dict[str, str]:
    """One record; fields without the spaces around them.

    A line may end early, where its sender leaves spaces away at the end. Raises `Invalid` where it is longer than all
    columns, or ends within one.
    """
    line = line.rstrip("\r\n")
    width = sum(width for _, width in columns)
    if len(line.rstrip(" ")) > width:
        raise Invalid(f"the line has {len(line)} characters, but the columns have {width}")
    row, at = {}, 0
    for name, width in columns:
        if name:
            row[name] = line[at : at + width].strip(" ")
        at += width
    return row


def read_fixed(data: bytes, columns: Columns, encoding: str = "utf-8") -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a file, each with its number from 1; blank lines are not counted.

    Raises `Invalid` naming the row (`row 7`) where its bytes are not in the encoding or it does not fit.
    """
    number = 0
    for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        if not line.strip():
            continue
        number += 1
        try:
            yield number, read_line(decode_line(line, encoding), columns)
        except Invalid as error:
            raise Invalid(str(error), where=f"row {number}") from None


def decode_line(line: bytes, encoding: str) -> str:
    """The text of a line. Raises `Invalid` with the byte at which it is not in the encoding."""
    try:
        return line.decode(encoding)
    except UnicodeDecodeError as error:
        raise Invalid(f"byte {error.start + 1} is not {encoding}; say which encoding the file has") from None


def write_fixed(rows: Iterable[Mapping[str, Any]], columns: Columns, encoding: str = "utf-8") -> bytes:
    """A file of these rows, lines ended by CR LF: texts to the left, numbers to the right of their columns.

    Raises `Invalid` naming row and column where a value is too long, has a line end, or is not in the encoding:
    nothing is cut off.
    """
    lines = []
    for number, row in enumerate(rows, 1):
        line = "".join(
            _field(row.get(name) if name else None, width, f"row {number}, {name}") for name, width in columns
        )
        try:
            lines.append(line.encode(encoding))
        except UnicodeEncodeError:
            raise Invalid(f"a character cannot be written in {encoding}", where=f"row {number}") from None
    return b"".join(line + b"\r\n" for line in lines)


def _field(value: Any, width: int, where: str) -> str:
    text = f"{value:f}" if isinstance(value, Decimal) else "" if value is None else str(value)
    if len(text) > width:
        raise Invalid(f"the value has {len(text)} characters, but the column has {width}", where=where)
    if "\n" in text or "\r" in text:
        raise Invalid("the value has a line end", where=where)
    return text.rjust(width) if isinstance(value, int | float | Decimal) else text.ljust(width)

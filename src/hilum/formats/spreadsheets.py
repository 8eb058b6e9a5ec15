"""Spreadsheets (XLSX): a sheet ↔ rows by column name. What could make a small file huge is refused."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from os import PathLike
from typing import IO, Any, Final
from xml.etree.ElementTree import ParseError

from lxml.etree import LxmlError
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import range_boundaries
from openpyxl.utils.exceptions import IllegalCharacterError, InvalidFileException

from hilum.errors import Invalid
from hilum.formats.delimited import column_names
from hilum.formats.xml_tree import NoDtd

MOST_UNPACKED: Final = 256 * 2**20
"""Bytes that a workbook may have when it is unpacked."""

MOST_PARTS: Final = 10_000
"""Files that a workbook may consist of."""

MOST_ROWS: Final = 1_048_576
"""Rows of a sheet, as the standard has them (ECMA-376); gaps count."""

MOST_COLUMNS: Final = 16_384
"""Columns of a sheet, as the standard has them."""

MOST_CELLS: Final = 20_000_000
"""Cells that are looked at; gaps count, because a few bytes can claim a wide one in every row."""

_CHUNK: Final = 64 * 1024

_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, InvalidFileException, ParseError, LxmlError, KeyError, ValueError,
    TypeError, AttributeError, IndexError, OSError, EOFError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What the library raises, most of it by chance, for files that are no workbooks."""


def check_package(file: IO[bytes] | PathLike[str], most: int = MOST_UNPACKED) -> None:
    """Is it a package that may be opened? Raises `Invalid` for one that is none, is too big unpacked, or has a DTD."""
    try:
        with zipfile.ZipFile(file) as packed:
            parts = packed.infolist()
            # a part is never unpacked beyond the size that is said here
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > most:
                raise Invalid(f"unpacked, the workbook has more than {most // 2**20} MB or {MOST_PARTS} parts")
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels", ".vml")):
                    with packed.open(part) as opened:
                        _no_dtd(opened)
    except _UNREADABLE:
        raise Invalid("this cannot be read as an XLSX workbook") from None


def _no_dtd(opened: IO[bytes]) -> None:
    guard = NoDtd()
    while not guard.passed and (chunk := opened.read(_CHUNK)):
        guard.feed(chunk)


def rows_of(data: bytes | IO[bytes], sheet: str = "") -> Iterator[tuple[int, dict[str, str] | Invalid]]:
    """The rows of a sheet (empty: the first one) with their numbers there; instead of one that is wrong, why.

    Of a file that is open the rows are read one after the other. `data` stays open.
    The first row that is not empty names the columns. Empty rows are left out. Numbers are written without an exponent,
    days and times as ISO 8601, yes and no as `true` and `false`. A cell that shows an error, a formula that nobody
    has computed, and what is merged into another cell are wrong. Raises `Invalid` where the file is no workbook, has no
    such sheet, or a head that cannot be used (`head`).
    """
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    check_package(file)
    try:
        shown = load_workbook(file, read_only=True, data_only=True)
        written = load_workbook(file, read_only=True, data_only=False)
    except _UNREADABLE:
        raise Invalid("this cannot be read as an XLSX workbook") from None
    try:
        page = _sheet(shown, sheet)
        merged = _Merged(sorted(_merged_in(page), key=lambda area: area.first_row))
        yield from _rows(page, _sheet(written, sheet), merged)
    except _UNREADABLE:
        raise Invalid("the sheet cannot be read any further") from None
    finally:
        shown.close()
        written.close()


def read_xlsx(data: bytes, sheet: str = "") -> Iterator[tuple[int, dict[str, str]]]:
    """As `rows_of`; raises `Invalid` naming row and column (`row 7, price`) for one that is wrong."""
    for number, row in rows_of(data, sheet):
        if isinstance(row, Invalid):
            raise Invalid(str(row), where=f"row {number}")
        yield number, row


def _sheet(book: Any, name: str) -> Any:
    if not book.worksheets:
        raise Invalid("the workbook has no sheet")
    found = next((page for page in book.worksheets if not name or page.title == name), None)
    if found is None:
        raise Invalid(f"there is no sheet '{name}'")
    found.reset_dimensions()  # what a file says of its own extent is often wrong, and rows beyond it would be lost
    return found


@dataclass(frozen=True, slots=True)
class _Area:
    """Cells that are merged: only the first of them, at the top left, holds the value that all of them show."""

    first_column: int  # from 1
    first_row: int
    last_column: int
    last_row: int

    def hides(self, row: int) -> int:
        """The first column of a row, from 0, that shows the value of another cell; past all of them: none."""
        first = self.first_column + (row == self.first_row)
        return first - 1 if first <= self.last_column else MOST_COLUMNS


class _Merged:
    """What is merged into other cells, row after row from the top."""

    def __init__(self, areas: Sequence[_Area]) -> None:
        self._ahead = [*reversed(areas)]
        self._here: list[_Area] = []

    def at(self, row: int) -> Sequence[_Area]:
        """The areas that reach into a row; rows are asked for in their order."""
        while self._ahead and self._ahead[-1].first_row <= row:
            self._here.append(self._ahead.pop())
        if self._here:
            self._here = [area for area in self._here if area.last_row >= row]
        return self._here


_MERGED: Final = re.compile(
    rb"""<(?:\w{1,40}:)?mergeCell\s[^<>]{0,200}?\bref=["']([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})["']"""
)
_MOST_MERGED: Final = 65_536  # areas, as spreadsheets hold them
_TAIL: Final = 512  # bytes of a chunk in which an element may have begun that ends in the next one


def _merged_in(page: Any) -> Iterator[_Area]:
    """The areas of a sheet, read from its file: the library tells them only where it has all of it in memory."""
    count, rest = 0, b""
    with page.parent._archive.open(page._worksheet_path) as source:
        while chunk := source.read(_CHUNK):
            text, end = rest + chunk, 0
            for found in _MERGED.finditer(text):
                count, end = count + 1, found.end()
                if count > _MOST_MERGED:
                    raise Invalid(f"the sheet has more than {_MOST_MERGED} merged cells")
                yield _Area(*range_boundaries(found[1].decode()))
            rest = text[max(end, len(text) - _TAIL) :]


def _rows(shown: Any, written: Any, merged: _Merged) -> Iterator[tuple[int, dict[str, str] | Invalid]]:
    names: list[str] = []
    count = 0
    pairs = zip(shown.iter_rows(), written.iter_rows(values_only=True), strict=True)
    for number, (cells, formulas) in enumerate(pairs, start=1):
        areas = merged.at(number)
        count += len(cells) + len(areas)
        if number > MOST_ROWS or len(cells) > MOST_COLUMNS or count > MOST_CELLS:
            raise Invalid(f"the sheet has more than {MOST_ROWS} rows, {MOST_COLUMNS} columns or {MOST_CELLS} cells")
        if not any(value not in (None, "") for value in formulas):
            continue
        if not names:
            names = column_names(_without_empty_end([_text(cell.value) for cell in cells]))
            continue
        yield number, _row(names, cells, formulas, min((area.hides(number) for area in areas), default=MOST_COLUMNS))


def _without_empty_end(head: list[str]) -> list[str]:
    while head and not head[-1]:
        head.pop()
    return head


def _row(names: Sequence[str], cells: Sequence[Any], formulas: Sequence[Any], hidden: int) -> dict[str, str] | Invalid:
    row = dict.fromkeys(names, "")
    if hidden < len(names):
        return Invalid("the cell is merged into another one; write the value into each", where=names[hidden])
    for place, (cell, formula) in enumerate(zip(cells, formulas, strict=False)):
        if formula in (None, ""):
            continue
        if place >= len(names):
            return Invalid(f"there is a value in column {place + 1}, which has no name")
        name = names[place]
        if cell.value is None:
            return Invalid("the formula was never computed; open and save the file in a spreadsheet", where=name)
        if cell.data_type == "e":
            return Invalid("the cell shows an error", where=name)
        row[name] = _text(cell.value)
    return row


def _text(value: object) -> str:
    """What a cell says, as other files of rows write it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return str(int(value)) if value.is_integer() else f"{Decimal(repr(value)):f}"
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case _:
            return str(value).strip()


def write_xlsx(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], sheet: str = "Sheet1") -> bytes:
    """A workbook of one sheet with a head line: numbers, days and times as such, all else as text.

    A text is a text: nothing that begins with = is ever computed. Raises `Invalid` naming row and column for a value
    that a cell cannot hold.
    """
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    lines = [[_cell(page, name, "head", bold=True) for name in columns]]
    for number, row in enumerate(rows, start=2):
        lines.append([_cell(page, row.get(name), f"row {number}, {name}") for name in columns])
    for line in lines:  # only now, when all of them can be written: the library cannot stop in between
        page.append(line)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


_MOST_CHARACTERS: Final = 32_767  # of a cell, as spreadsheets have it
_DIGITS: Final = 15  # that a number of a spreadsheet keeps


def _cell(page: Any, value: Any, where: str, *, bold: bool = False) -> Any:
    """A number with more digits than a spreadsheet keeps is written as text: exact, if not to be computed with."""
    if isinstance(value, int | Decimal) and len(Decimal(value).normalize().as_tuple().digits) > _DIGITS:
        value = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.isoformat()  # a spreadsheet knows no zones
    if value is not None and not isinstance(value, str | bool | int | float | Decimal | date | time):
        raise Invalid(f"a {type(value).__name__} cannot be written to a spreadsheet", where=where)
    if isinstance(value, str) and len(value) > _MOST_CHARACTERS:
        raise Invalid(f"the text has more than {_MOST_CHARACTERS} characters", where=where)
    try:
        cell: Any = WriteOnlyCell(page, value)  # type: ignore[arg-type]
    except IllegalCharacterError:
        raise Invalid("the text has characters that a spreadsheet cannot hold", where=where) from None
    if isinstance(value, str):
        cell.data_type = "s"  # the library would make a formula of what begins with =
    if bold:
        cell.font = Font(bold=True)
    return cell

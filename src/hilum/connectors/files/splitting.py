"""A file's content becomes units: the file, its rows, messages, interchanges or records. Pure, bounded in memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

import orjson

from hilum.connectors.encoding import BYTES, HL7_V2, JSON
from hilum.connectors.files.interchanges import EDIFACT_SYNTAX, X12_SYNTAX, Interchanges, Messages
from hilum.connectors.files.records import FixedLines, JsonValues, WholeTable, XmlElements
from hilum.connectors.files.store import Split
from hilum.connectors.files.units import Flaw, Splitter, Unit
from hilum.errors import Invalid
from hilum.formats import hl7v2 as hl7
from hilum.formats import read_delimited
from hilum.formats.fixed_width import Columns

_BOM = b"\xef\xbb\xbf"
_HEAD = re.compile(rb"(?:\A|[\r\n\x0b])[ \t\x0b]*(?=(?:MSH|FHS|BHS)[^A-Za-z0-9 \t\r\n])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How files of a folder are divided; what each member means is said in `FolderSettings`."""

    split: Split
    max_unit: int
    max_file: int
    encoding: str = "utf-8"
    delimiter: str | None = None
    columns: Columns = ()
    element: str = ""
    sheet: str = ""


def splitter(shape: Shape) -> Splitter:
    """A splitter for one file."""
    return _SPLITTERS[shape.split](shape)


def spreadsheet_rows(data: bytes | IO[bytes], sheet: str) -> Iterator[tuple[int, dict[str, str] | Invalid]]:
    """The rows of a sheet. The library is large, and most hubs never read a spreadsheet."""
    from hilum.formats.spreadsheets import rows_of

    return rows_of(data, sheet)


def parquet_rows(data: bytes | IO[bytes]) -> Iterator[tuple[int, dict[str, str] | Invalid]]:
    """The rows of a Parquet file. The library is an extra."""
    from hilum.formats.parquet import rows_of

    return rows_of(data)


class Whole:
    """The file is the unit; an empty one gives none."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._body = bytearray()

    def feed(self, chunk: bytes) -> Sequence[Unit | Flaw]:
        """Nothing yet."""
        self._body += chunk
        if len(self._body) > self._limit:
            raise Invalid(f"the file is larger than {self._limit} bytes")
        return ()

    def finish(self) -> Sequence[Unit | Flaw]:
        """The file."""
        return (Unit(0, bytes(self._body), BYTES),) if self._body else ()


class Rows:
    """The rows of a delimited file (RFC 4180): each becomes a JSON object of column name and text."""

    def __init__(self, limit: int, encoding: str, delimiter: str | None) -> None:
        self._limit = limit
        self._encoding = encoding
        self._delimiter = delimiter
        self._head = b""
        self._line = bytearray()  # the bytes since the last line end
        self._record = bytearray()  # the lines of a record whose quotes are still open
        self._open = False  # is a quote open at the end of _record?
        self._number = 0

    def feed(self, chunk: bytes) -> Sequence[Unit | Flaw]:
        """The rows that are complete now."""
        lines = chunk.split(b"\n")
        found: list[Unit | Flaw] = []
        for line in lines[:-1]:
            self._line += line
            self._line += b"\n"
            found.extend(self._end_line())
        self._line += lines[-1]
        self._check(len(self._line) + len(self._record))
        return found

    def finish(self) -> Sequence[Unit | Flaw]:
        """The last row, when the file does not end with a line end."""
        found = list(self._end_line()) if self._line else []
        if self._open:
            raise Invalid(
                "a quote is opened and never closed", where=f"row {self._number + 1}" if self._head else "head"
            )
        return found

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise Invalid(f"the row has more than {self._limit} bytes", where=f"row {self._number + 1}")

    def _end_line(self) -> Iterator[Unit | Flaw]:
        line, self._line = self._line, bytearray()
        self._check(len(line) + len(self._record))
        if line.count(b'"') % 2:
            self._open = not self._open
        self._record += line
        if self._open:
            return
        record, self._record = bytes(self._record), bytearray()
        if not record.strip():
            return
        if not self._head:
            self._begin(record)
            return
        self._number += 1
        yield self._row(record)

    def _begin(self, head: bytes) -> None:
        """The head line names the columns; the whole file is refused when it cannot be read."""
        self._head = head.removeprefix(_BOM)
        if self._head.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Invalid("a file of rows in UTF-16 is not taken; have it written in UTF-8", where="head")
        if not self._head.endswith(b"\n"):
            self._head += b"\n"
        list(read_delimited(self._head, delimiter=self._delimiter, encoding=self._own_encoding(head)))

    def _own_encoding(self, head: bytes) -> str:
        if head.startswith(_BOM):
            self._encoding = "utf-8"  # the mark is stronger than the setting
        return self._encoding

    def _row(self, record: bytes) -> Unit | Flaw:
        try:
            rows = list(
                # with its head: so that one place decides what a delimited file may be
                read_delimited(self._head + record, delimiter=self._delimiter, encoding=self._encoding)
            )
        except Invalid as error:
            return Flaw(self._number, str(error).removeprefix(f"{error.where}: "))
        return Unit(self._number, orjson.dumps(rows[0][1]), JSON)


class Hl7Messages:
    """The HL7 v2 messages of a file, with or without FHS/BHS (chapter 2 §2.10.3), each with its bytes unchanged."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._searched = 0
        self._number = 0

    def feed(self, chunk: bytes) -> Sequence[Unit | Flaw]:
        """The messages before the last one that has begun."""
        self._rest += chunk
        heads = [found.end() for found in _HEAD.finditer(self._rest, max(self._searched - 16, 0))]
        self._searched = len(self._rest)
        last = heads[-1] if heads else 0
        if len(self._rest) - last > self._limit:
            raise Invalid(f"the message has more than {self._limit} bytes", where=f"message {self._number + 1}")
        if not last:
            return ()
        done = bytes(self._rest[:last])
        del self._rest[:last]
        self._searched = len(self._rest)
        return self._units(done)

    def finish(self) -> Sequence[Unit | Flaw]:
        """The last message."""
        return self._units(bytes(self._rest))

    def _units(self, data: bytes) -> Sequence[Unit | Flaw]:
        found: list[Unit | Flaw] = []
        try:
            for message in hl7.split(data):
                self._number += 1
                found.append(Unit(self._number, message, HL7_V2))
        except Invalid:
            # the parser's line number counts from the last chunk; the number of the message is right
            raise Invalid(
                "text stands here that belongs to no message", where=f"after message {self._number}"
            ) from None
        return found


_SPLITTERS: Mapping[Split, Callable[[Shape], Splitter]] = {
    "rows": lambda shape: Rows(shape.max_unit, shape.encoding, shape.delimiter),
    "fixed": lambda shape: FixedLines(shape.max_unit, shape.encoding, shape.columns),
    "hl7": lambda shape: Hl7Messages(shape.max_unit),
    "x12": lambda shape: Messages(X12_SYNTAX, shape.max_unit),
    "x12-interchange": lambda shape: Interchanges(X12_SYNTAX, shape.max_unit),
    "edifact": lambda shape: Messages(EDIFACT_SYNTAX, shape.max_unit),
    "edifact-interchange": lambda shape: Interchanges(EDIFACT_SYNTAX, shape.max_unit),
    "json": lambda shape: JsonValues(shape.max_unit),
    "xml": lambda shape: XmlElements(shape.max_unit, shape.element),
    "xlsx": lambda shape: WholeTable(shape.max_file, lambda data: spreadsheet_rows(data, shape.sheet)),
    "parquet": lambda shape: WholeTable(shape.max_file, parquet_rows),
    "none": lambda shape: Whole(shape.max_unit),
}
"""The whole choice."""

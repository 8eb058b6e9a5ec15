"""Records of files that are not delimited: lines of fixed width, JSON, XML elements, spreadsheets, Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import orjson

from hilum.connectors.encoding import JSON, XML
from hilum.connectors.files.units import Flaw, Unit
from hilum.errors import Invalid
from hilum.formats.fixed_width import Columns, decode_line, read_line
from hilum.formats.json_values import Values
from hilum.formats.xml_tree import Elements

_BOM = b"\xef\xbb\xbf"

Read = Callable[[bytes], Iterator[tuple[int, "dict[str, str] | Invalid"]]]
"""Makes rows of a whole file."""


class FixedLines:
    """Lines of fixed width: each becomes a JSON object of column name and text."""

    def __init__(self, limit: int, encoding: str, columns: Columns) -> None:
        self._limit = limit
        self._encoding = encoding
        self._columns = columns
        self._line = bytearray()
        self._number = 0
        self._begun = False

    def feed(self, chunk: bytes) -> Sequence[Unit | Flaw]:
        """The lines that are complete now."""
        *lines, rest = chunk.split(b"\n")
        found: list[Unit | Flaw] = []
        for line in lines:
            self._line += line
            found += self._end_line()
        self._line += rest
        self._check()
        return found

    def finish(self) -> Sequence[Unit | Flaw]:
        """The last line, when the file does not end with a line end."""
        return list(self._end_line())

    def _check(self) -> None:
        if len(self._line) > self._limit:
            raise Invalid(f"the line has more than {self._limit} bytes", where=f"row {self._number + 1}")

    def _end_line(self) -> Iterator[Unit | Flaw]:
        self._check()
        line, self._line = bytes(self._line), bytearray()
        if not self._begun:
            line, self._begun = line.removeprefix(_BOM), True
        if not line.strip():
            return
        self._number += 1
        try:
            row = read_line(decode_line(line, self._encoding), self._columns)
        except Invalid as error:
            yield Flaw(self._number, str(error))
        else:
            yield Unit(self._number, orjson.dumps(row), JSON)


class JsonValues:
    """The members of an array, or the lines of JSON Lines, each with its bytes unchanged."""

    def __init__(self, limit: int) -> None:
        self._values = Values(limit)

    def feed(self, chunk: bytes) -> Sequence[Unit | Flaw]:
        """The values that are complete now."""
        return [Flaw(v.number, v.flaw) if v.flaw else Unit(v.number, v.body, JSON) for v in self._values.feed(chunk)]

    def finish(self) -> Sequence[Unit | Flaw]:
        """The last line."""
        return [Flaw(v.number, v.flaw) if v.flaw else Unit(v.number, v.body, JSON) for v in self._values.finish()]


class XmlElements:
    """The elements of one name, each as a document of its own."""

    def __init__(self, limit: int, name: str) -> None:
        self._elements = Elements(name, limit)
        self._number = 0

    def feed(self, chunk: bytes) -> Sequence[Unit | Flaw]:
        """The elements that are complete now."""
        return [self._unit(body) for body in self._elements.feed(chunk)]

    def finish(self) -> Sequence[Unit | Flaw]:
        """Those that end with the file."""
        return [self._unit(body) for body in self._elements.finish()]

    def _unit(self, body: bytes) -> Unit:
        self._number += 1
        return Unit(self._number, body, XML)


class WholeTable:
    """Rows of a file whose directory is at its end, so that all of it must be there first; the rows are not."""

    def __init__(self, limit: int, read: Read) -> None:
        self._limit = limit
        self._read = read
        self._body = bytearray()

    def feed(self, chunk: bytes) -> Sequence[Unit | Flaw]:
        """Nothing yet."""
        self._body += chunk
        if len(self._body) > self._limit:
            raise Invalid(f"the file is larger than {self._limit} bytes")
        return ()

    def finish(self) -> Iterable[Unit | Flaw]:
        """The rows, read as they are taken."""
        if not self._body:
            return
        data, self._body = bytes(self._body), bytearray()
        for number, row in self._read(data):
            if isinstance(row, Invalid):
                yield Flaw(number, str(row))
            else:
                yield Unit(number, orjson.dumps(row), JSON)

"""Bytes, as they come, become pieces, and no byte is lost: what the scanners of interchanges have in common.

The pieces one after the other are the data. What is held in memory is the piece that has begun, so a file of any size
is read in bounded memory; and no byte is looked at again because the data comes in small chunks.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Final, Generic, TypeVar

from hilum.errors import Invalid

LIMIT: Final = 16 * 2**20
"""Most bytes of one message, unless another limit is given."""

MARK: Final = b"\xef\xbb\xbf"
"""The byte-order mark of UTF-8."""

P = TypeVar("P")


class PieceScanner(ABC, Generic[P]):
    """Takes data in chunks and gives its pieces. Raises `Invalid` with the byte where it is not the format any more."""

    blanks: ClassVar[re.Pattern[bytes]]  # white space between pieces, and what fills the last block of old files
    unit: ClassVar[str]  # what the limit is for, as a person is told

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._at = 0  # what is before it was given away, or is kept by the scanner
        self._blank = 0  # as far as this there is only white space from there
        self._searched = 0  # as far as this there is no end of what has begun
        self._gone = 0  # bytes that are not in _rest any more
        self._size = 0  # bytes that the scanner keeps of a piece that has begun

    def feed(self, chunk: bytes) -> Sequence[P]:
        """The pieces that are complete now."""
        self._rest += chunk
        found = list(self._pieces(last=False))
        at, self._at = self._at, 0
        del self._rest[:at]
        self._gone += at
        self._blank, self._searched = max(self._blank - at, 0), max(self._searched - at, 0)
        if len(self._rest) + self._size > self._limit:
            raise Invalid(f"a {self.unit} or segment has more than {self._limit} bytes", where=self._where(0))
        return found

    def finish(self) -> Sequence[P]:
        """The pieces that end with the data."""
        found = [*self._pieces(last=True), *self._ended()]
        if self._at < len(self._rest):
            found.append(self._tail(bytes(self._rest[self._at :])))
            self._at = len(self._rest)
        return found

    def _content(self) -> int:
        """Where the next byte is that is not white space; a byte-order mark counts as such at the very beginning."""
        at = max(self._at, self._blank)
        if self._gone + at == 0 and self._rest.startswith(MARK):
            at = len(MARK)
        found = self.blanks.match(self._rest, at)
        self._blank = found.end() if found is not None else at
        return self._blank

    def _where(self, at: int) -> str:
        return f"byte {self._gone + at + 1}"

    @abstractmethod
    def _pieces(self, *, last: bool) -> Iterator[P]:
        """Those that are complete in `_rest`, with `_at` behind each; `last`: no more data comes."""

    def _ended(self) -> Iterable[P]:
        """What is given away because the data ends. Raises `Invalid` where it must not end there."""
        return ()

    @abstractmethod
    def _tail(self, raw: bytes) -> P:
        """White space behind the last piece."""


def pieces(scanner: type[PieceScanner[P]], data: bytes | Iterable[bytes], limit: int) -> Iterator[P]:
    """The pieces of data that is there as a whole, then of any size, or that comes in chunks."""
    if isinstance(data, bytes):
        limit = max(limit, len(data))
        data = (data,)
    found = scanner(limit)
    for chunk in data:
        yield from found.feed(chunk)
    yield from found.finish()

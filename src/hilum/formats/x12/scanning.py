"""Bytes, as they come, become the pieces of interchanges: envelope segments and whole transaction sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar, Final, NamedTuple

from hilum.errors import Invalid
from hilum.formats.scanning import LIMIT, PieceScanner
from hilum.formats.x12.delimiters import Delimiters, Header, find_header

BLANK_LIMIT: Final = 64 * 1024  # bytes of it in one place; more is no file of anybody
_NAME = re.compile(rb"[A-Z][A-Z0-9]{1,2}")


class Kind(StrEnum):
    """What a piece is."""

    ISA = "ISA"
    GS = "GS"
    SET = "ST"
    GE = "GE"
    IEA = "IEA"
    SERVICE = "service"  # TA1, ISB, ISE: segments of the interchange itself
    BLANK = "blank"  # behind the last interchange


class Piece(NamedTuple):
    """A run of bytes: white space that stands before it, the segment or transaction set, and its end."""

    kind: Kind
    raw: bytes
    complete: bool = True  # False: a transaction set without its SE
    header: Header | None = None  # of an ISA
    at: int = 1  # the byte of the data at which it begins, white space before it not counted

    @property
    def data(self) -> bytes:
        """The bytes that it was read from."""
        return self.raw


class Scanner(PieceScanner[Piece]):
    """Takes data in chunks and gives its pieces. Raises `Invalid` with the byte where it is no X12 any more."""

    blanks: ClassVar[re.Pattern[bytes]] = re.compile(rb"[ \t\r\n\x00\x1a\x0b\x0c]*")
    unit: ClassVar[str] = "transaction set"

    def __init__(self, limit: int = LIMIT) -> None:
        super().__init__(limit)
        self._header: Header | None = None

    def _pieces(self, *, last: bool) -> Iterator[Piece]:
        while (start := self._content()) < len(self._rest):
            piece = self._next(start, last=last)
            if piece is None:
                return
            self._at += len(piece.raw)
            yield piece

    def _content(self) -> int:
        """See `PieceScanner`. Raises `Invalid` where there is more white space than in any file."""
        end = super()._content()
        if end - self._at > BLANK_LIMIT:
            raise Invalid(f"more than {BLANK_LIMIT} bytes of white space", where=self._where(self._at))
        return end

    def _tail(self, raw: bytes) -> Piece:
        return Piece(Kind.BLANK, raw)

    def _next(self, start: int, *, last: bool) -> Piece | None:
        rest = self._rest
        if self._header is None or self._is_isa(start):
            return self._interchange(start, last=last)
        if len(rest) - start < 4 and not last:
            return None
        name = _NAME.match(rest, start)
        if name is None:
            raise Invalid("a segment name is expected here", where=self._where(start))
        if name.group() == b"ST":
            return self._transaction(start, self._header.delimiters, last=last)
        return self._segment(start, name.group(), self._header.delimiters, last=last)

    def _is_isa(self, start: int) -> bool:
        """Another interchange, which may have delimiters of its own; the one before had no IEA."""
        rest = self._rest
        return rest.startswith(b"ISA", start) and not rest[start + 3 : start + 4].isalnum()

    def _interchange(self, start: int, *, last: bool) -> Piece | None:
        try:
            header = find_header(self._rest, start)
        except Invalid as error:
            where = f"{error.where} at {self._where(start)}"
            raise Invalid(str(error).removeprefix(f"{error.where}: "), where=where) from None
        if header is None:
            if last:
                raise Invalid("the data ends within the header of an interchange", where=self._where(start))
            return None
        self._header = header
        raw = bytes(self._rest[self._at : start + header.length + 1])
        return Piece(Kind.ISA, raw, header=header, at=self._gone + start + 1)

    def _segment(self, start: int, name: bytes, own: Delimiters, *, last: bool) -> Piece | None:
        end = self._rest.find(own.segment.encode(), max(start, self._searched))
        if end < 0:
            self._searched = len(self._rest)
            if not last:
                return None
            if name != b"IEA":  # some senders leave out the very last end
                raise Invalid("the data ends within this segment", where=self._where(start))
            end = len(self._rest)
        try:
            kind = Kind(name.decode())
        except ValueError:
            kind = Kind.SERVICE
        if kind is Kind.IEA:
            self._header = None
        return Piece(kind, bytes(self._rest[self._at : end + 1]), at=self._gone + start + 1)

    def _transaction(self, start: int, own: Delimiters, *, last: bool) -> Piece | None:
        """From ST to the end of SE. Binary data (BIN, BDS) is passed over by its length."""
        rest, pattern, end_of_segment = self._rest, _stops(own), own.segment.encode()
        at = max(start, self._searched)
        while found := pattern.search(rest, at):
            if found["binary"]:
                behind = past_binary(rest, found.start("binary"), own)
                if behind is None and not last:
                    self._searched = found.start()
                    return None
                at = behind or found.end()
                continue
            if found["other"]:  # an envelope segment before SE: this one has none
                return self._done(start, found.start() + 1, complete=False)
            end = rest.find(end_of_segment, found.end())
            if end >= 0:
                return self._done(start, end + 1)
            if not last:
                self._searched = found.start()
                return None
            break
        if last:
            return self._done(start, len(rest), complete=False)
        self._searched = max(rest.rfind(end_of_segment), start)
        return None

    def _done(self, start: int, end: int, *, complete: bool = True) -> Piece:
        self._searched = 0
        return Piece(Kind.SET, bytes(self._rest[self._at : end]), complete, at=self._gone + start + 1)


@lru_cache(maxsize=256)
def _stops(own: Delimiters) -> re.Pattern[bytes]:
    """Where a transaction set may end, or where bytes follow that are no segments."""
    end, element = re.escape(own.segment.encode()), re.escape(own.element.encode())
    # Without the terminator itself, and bounded: a run of line ends must not be looked through from each of them.
    blank = b"[" + bytes(each for each in b" \t\r\n\x0b\x0c" if bytes([each]) != own.segment.encode()) + b"]{0,4096}"
    envelope = rb"(?:ST|GE|GS|IEA)" + element + rb"|ISA[^A-Za-z0-9\s]"  # the next interchange has its own delimiters
    stops = b"(?P<SE>SE)" + element + b"|(?P<other>" + envelope + b")|(?P<binary>BIN|BDS)" + element
    return re.compile(end + blank + b"(?:" + stops + b")")


def past_binary(data: bytes | bytearray, start: int, own: Delimiters) -> int | None:
    """Where the end of the BIN or BDS segment at `start` is, by the length that it says; 0: it says none that fits.

    None: the data ends before that. BIN is length and data, BDS a filter, length and data (X12.58).
    """
    element = own.element.encode()
    fields = bytes(data[start : start + 64]).split(element, 3)
    before = 2 if fields[0] == b"BIN" else 3
    if len(fields) < before:
        return None if len(data) < start + 64 else 0
    length = fields[before - 1]
    if not (length.isdigit() and len(length) < 16):
        return 0
    end = start + sum(len(each) + 1 for each in fields[:before]) + int(length)
    if end >= len(data):
        return None
    return end if data[end : end + 1] == own.segment.encode() else 0

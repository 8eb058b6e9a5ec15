"""Bytes, as they come, become the pieces of interchanges: envelope segments and whole messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar, NamedTuple

from hilum.errors import Invalid
from hilum.formats.edifact.delimiters import ABSENT, STANDARD, Delimiters, for_version, read_una
from hilum.formats.edifact.segment import Segment
from hilum.formats.scanning import LIMIT, MARK, PieceScanner


class Kind(StrEnum):
    """What a piece is."""

    UNB = "UNB"  # with its UNA
    UNG = "UNG"
    MESSAGE = "UNH"
    UNE = "UNE"
    UNZ = "UNZ"
    BLANK = "blank"  # behind the last interchange


class Piece(NamedTuple):
    """A run of bytes: white space that stands before it, the segment or message, and its end."""

    kind: Kind
    raw: bytes
    complete: bool = True  # False: a message without its UNT
    delimiters: Delimiters = STANDARD
    una: bytes = b""  # of UNB: what stands before it

    @property
    def data(self) -> bytes:
        """The bytes that it was read from."""
        return self.una + self.raw


class Scanner(PieceScanner[Piece]):
    """Takes data in chunks and gives its pieces. Raises `Invalid` with the byte where it is no EDIFACT any more."""

    blanks: ClassVar[re.Pattern[bytes]] = re.compile(rb"[ \t\r\n\x00\x1a]*")
    unit: ClassVar[str] = "message"

    def __init__(self, limit: int = LIMIT) -> None:
        super().__init__(limit)
        self._una = b""
        self._announced: Delimiters | None = None
        self._own: Delimiters | None = None  # None: outside of interchanges
        self._message: list[bytes] = []  # segments of the message that has begun, `_size` bytes

    def _pieces(self, *, last: bool) -> Iterator[Piece]:
        while (start := self._next()) < len(self._rest):
            there = len(self._rest) - start
            if there < 3 and not last:
                return  # it may become UNB, with delimiters of its own
            if self._own is None or self._rest.startswith((b"UNA", b"UNB"), start):
                if there < 9 and not last:
                    return
                self._begin(start)
                start = self._content()
            if self._una and not self._rest.startswith(b"UNB", start):
                if len(self._rest) - start < 3 and not last:
                    return
                raise Invalid("UNB is expected behind UNA", where=self._where(start))
            end = self._end_of_segment(start)
            if end is None:
                if last:
                    raise Invalid("the data ends within this segment", where=self._where(start))
                return
            yield from self._segment(start, end)

    def _ended(self) -> Iterable[Piece]:
        if self._message:
            yield self._end_message(complete=False)
        if self._una:
            raise Invalid("the data ends after UNA", where=self._where(self._at))

    def _tail(self, raw: bytes) -> Piece:
        return Piece(Kind.BLANK, raw)

    def _begin(self, start: int) -> None:
        """An interchange begins: UNA is taken, and what is no UNB is refused."""
        rest = self._rest
        if rest.startswith((b"STX=", b"STX ="), start):
            raise Invalid("this is TRADACOMS, which is no EDIFACT; have it sent as EDIFACT", where=self._where(start))
        if rest.startswith(b"UNA", start) and not self._una:
            if len(rest) < start + 9:
                raise Invalid("the data ends within UNA", where=self._where(start))
            self._announced = read_una(bytes(rest[start : start + 9]))
            self._una = bytes(rest[self._at : start + 9])
            # Given away with UNB; a message that has begun ends before it.
            self._at = self._searched = start + 9
        elif not rest.startswith(b"UNB", start):
            raise Invalid("an interchange begins with UNA or UNB", where=self._where(start))
        if self._own is not None and rest.startswith(b"UNB", start) and not self._una:
            self._announced = None  # another interchange, without UNA of its own
        self._own = self._announced or STANDARD

    def _end_of_segment(self, start: int) -> int | None:
        assert self._own is not None  # noqa: S101 - _begin has set it
        # The next look goes on where this one ends: behind whole characters, so a release is never taken apart.
        self._searched = past_text(self._own, self._rest, max(start, self._searched))
        ended = self._rest.startswith(self._own.segment.encode(), self._searched)
        return self._searched + 1 if ended else None

    def _next(self) -> int:
        """Where the next segment is. Those of a message that are whole, up to one whose name begins as those of
        envelopes do, are kept at once; not while the end of one is looked for: it would be looked at with each chunk.
        """
        if self._message and self._own is not None and self._searched <= self._at:
            found = _whole(self._own).match(self._rest, self._at)
            if found is not None:
                self._keep(found.end())
        return self._content()

    def _segment(self, start: int, end: int) -> Iterator[Piece]:
        name = self._name(start)
        if name not in _ENVELOPE and self._message:
            self._keep(end)
            return
        if name != b"UNT" and self._message:  # an envelope segment before UNT: the message has none
            yield self._end_message(complete=False)
        if name == b"UNB":
            yield self._interchange(end)
        elif name in (b"UNH", b"UNT"):
            if name == b"UNT" and not self._message:
                raise Invalid("UNT without a message before it", where=self._where(start))
            self._keep(end)
            if name == b"UNT":
                yield self._end_message(complete=True)
        elif name in _ENVELOPE:
            yield Piece(Kind(name.decode()), self._take(end), delimiters=self._own or STANDARD)
            if name == b"UNZ":
                self._own = self._announced = None
        else:
            raise Invalid("a segment outside of a message", where=self._where(start))

    def _name(self, start: int) -> bytes:
        """Three letters where they are the whole name; else nothing, and it is no segment of an envelope."""
        own = self._own or STANDARD
        head = bytes(self._rest[start : start + 16]).replace(b"\r", b"").replace(b"\n", b"")
        behind = head[3:].lstrip(b" ")[:1].decode("latin-1")
        return head[:3] if behind in (own.element, own.component, own.segment) else b""

    def _interchange(self, end: int) -> Piece:
        una, self._una = self._una, b""
        raw = self._take(end)
        version = Segment(raw.removeprefix(MARK), self._own or STANDARD)["01.2"]
        self._own = for_version(self._announced, version)
        return Piece(Kind.UNB, raw, delimiters=self._own, una=una)

    def _take(self, end: int) -> bytes:
        raw = bytes(self._rest[self._at : end])
        self._at = self._searched = end
        return raw

    def _keep(self, end: int) -> None:
        raw = self._take(end)
        self._message.append(raw)
        self._size += len(raw)
        if self._size > self._limit:
            raise Invalid(f"a message has more than {self._limit} bytes", where=self._where(self._at))

    def _end_message(self, *, complete: bool) -> Piece:
        raw, self._message, self._size = b"".join(self._message), [], 0
        return Piece(Kind.MESSAGE, raw, complete, self._own or STANDARD)


_ENVELOPE = frozenset({b"UNB", b"UNG", b"UNH", b"UNT", b"UNE", b"UNZ"})


def past_text(own: Delimiters, data: bytearray, at: int) -> int:
    """Where the text of a segment ends: at its terminator, or where the data, or a release without its character, is.

    `at` is within the text, and not behind a release.
    """
    found = _text(own).match(data, at)
    return found.end() if found is not None else at


_TWO_BYTES = rb"\x1b\$(?:[@AB]|\([@ABCD])[^\x1b]*+(?=\x1b)"
_SHIFTED = _TWO_BYTES + rb"|\x1b(?!\$)(?=.)|\x1b\$(?=[^@AB(])|\x1b\$\((?=[^@ABCD])"
"""A run of characters of two bytes (ISO 2022, UNOX), of which any byte may look as a delimiter; other escapes."""


@lru_cache(maxsize=256)
def _text(own: Delimiters) -> re.Pattern[bytes]:
    """What stands before the end of a segment, released characters and those of two bytes passed over."""
    end = re.escape(own.segment.encode())
    if own.release == ABSENT:
        return re.compile(rb"(?:[^\x1b" + end + rb"]++|" + _SHIFTED + rb")*+", re.DOTALL)
    release = re.escape(own.release.encode())
    plain = rb"[^\x1b" + end + release + rb"]++|"
    return re.compile(rb"(?:" + plain + release + rb".|" + _SHIFTED + rb")*+", re.DOTALL)


@lru_cache(maxsize=256)
def _whole(own: Delimiters) -> re.Pattern[bytes]:
    """Segments with the white space before them, none of which begins with UN."""
    end = re.escape(own.segment.encode())
    one = rb"[ \t\r\n\x00\x1a]*+(?!U[\r\n]*+N)" + _text(own).pattern + end
    return re.compile(rb"(?:" + one + rb")++", re.DOTALL)


@lru_cache(maxsize=256)
def _segment(own: Delimiters) -> re.Pattern[bytes]:
    return re.compile(_text(own).pattern + re.escape(own.segment.encode()), re.DOTALL)


def segments_of(raw: bytes, own: Delimiters) -> list[bytes]:
    """The segments of a message as bytes, each with the white space before it."""
    found = [each.group() for each in _segment(own).finditer(raw)]
    rest = raw[sum(map(len, found)) :]
    return [*found, rest] if rest else found

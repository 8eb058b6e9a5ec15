"""Bytes, as they come, become the pieces of interchanges: envelope segments and whole messages.

No byte is lost: the pieces one after the other are the data. What is held in memory is the piece that has begun.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from hilum.errors import Invalid
from hilum.formats.edifact.delimiters import ABSENT, STANDARD, Delimiters, for_version, read_una
from hilum.formats.edifact.segment import Segment

LIMIT: Final = 16 * 2**20
"""Most bytes of one message, unless another limit is given."""

_BLANK = re.compile(rb"[ \t\r\n\x00\x1a]*")
_MARK = b"\xef\xbb\xbf"


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


class Scanner:
    """Takes data in chunks and gives its pieces. Raises `Invalid` with the byte where it is no EDIFACT any more."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._at = 0  # what is before it is given away, or in _message
        self._gone = 0
        self._una = b""
        self._announced: Delimiters | None = None
        self._own: Delimiters | None = None  # None: outside of interchanges
        self._message: list[bytes] = []
        self._size = 0  # bytes of _message
        self._searched = 0  # as far as this there is no end of a segment

    def feed(self, chunk: bytes) -> Sequence[Piece]:
        """The pieces that are complete now."""
        self._rest += chunk
        found = list(self._pieces(last=False))
        del self._rest[: self._at]
        self._gone += self._at
        self._searched = max(self._searched - self._at, 0)
        self._at = 0
        if len(self._rest) + self._size > self._limit:
            raise Invalid(f"a message or segment has more than {self._limit} bytes", where=self._where(0))
        return found

    def finish(self) -> Sequence[Piece]:
        """The pieces that end with the data."""
        found = list(self._pieces(last=True))
        if self._message:
            found.append(self._end_message(complete=False))
        if self._una:
            raise Invalid("the data ends after UNA", where=self._where(self._at))
        if self._at < len(self._rest):
            found.append(Piece(Kind.BLANK, bytes(self._rest[self._at :])))
            self._at = len(self._rest)
        return found

    def _pieces(self, *, last: bool) -> Iterator[Piece]:
        while (start := self._content()) < len(self._rest):
            if self._own is None or self._rest.startswith((b"UNA", b"UNB"), start):
                if len(self._rest) - start < 9 and not last:
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

    def _content(self) -> int:
        at = self._at
        if self._gone + at == 0 and self._rest.startswith(_MARK):
            at = len(_MARK)
        found = _BLANK.match(self._rest, at)
        return found.end() if found is not None else at

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
        found = _ends(self._own).match(self._rest, start)
        if found is None:
            return None
        return found.end()

    def _segment(self, start: int, end: int) -> Iterator[Piece]:
        name = bytes(self._rest[start : start + 12]).replace(b"\r", b"").replace(b"\n", b"")[:3]
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

    def _interchange(self, end: int) -> Piece:
        una, self._una = self._una, b""
        raw = self._take(end)
        version = Segment(raw.removeprefix(_MARK), self._own or STANDARD)["01.2"]
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

    def _where(self, at: int) -> str:
        return f"byte {self._gone + at + 1}"


_ENVELOPE = frozenset({b"UNB", b"UNG", b"UNH", b"UNT", b"UNE", b"UNZ"})


@lru_cache(maxsize=256)
def _ends(own: Delimiters) -> re.Pattern[bytes]:
    """A segment to its end, released characters passed over."""
    end = re.escape(own.segment.encode())
    if own.release == ABSENT:
        return re.compile(rb"[^" + end + rb"]*+" + end)
    release = re.escape(own.release.encode())
    return re.compile(rb"(?:[^" + end + release + rb"]++|" + release + rb".)*+" + end, re.DOTALL)


def segments_of(raw: bytes, own: Delimiters) -> list[bytes]:
    """The segments of a message as bytes, each with the white space before it."""
    found = [each.group() for each in _ends(own).finditer(raw)]
    rest = raw[sum(map(len, found)) :]
    return [*found, rest] if rest else found

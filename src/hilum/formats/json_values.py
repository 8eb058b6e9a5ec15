"""Large JSON: the members of one array, or one value on each line (JSON Lines), in chunks and bounded memory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from hilum.errors import Invalid

_MARK = re.compile(rb'["\\{}\[\],]')
_IN_TEXT = re.compile(rb'["\\]')
_SPACE = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Value:
    """One value. `flaw`: why it cannot be read; the next ones can."""

    number: int
    body: bytes = field(repr=False)
    flaw: str = ""


class Values:
    """Takes a document in chunks and gives its values, with their bytes unchanged.

    Where the first character is `[`, they are the members of that array; else each line has one. A value that is wrong
    keeps no other one back.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._at = 0  # searched up to here
        self._depth = 0
        self._text = False  # within quotes
        self._array: bool | None = None  # None: nothing was read yet
        self._ended = False
        self._number = 0

    def feed(self, chunk: bytes) -> Sequence[Value]:
        """The values that are complete now. Raises `Invalid` where the rest cannot be told apart."""
        self._rest += chunk
        if self._array is None and not self._begin():
            return ()
        found = self._search() if self._array else self._lines()
        if len(self._rest) > self._limit:
            raise Invalid(f"the value has more than {self._limit} bytes", where=self._next)
        return found

    def finish(self) -> Sequence[Value]:
        """The last line. Raises `Invalid` where an array has no end."""
        if self._array is None and not self._rest.strip(_SPACE + b"\xef\xbb\xbf"):
            return ()
        if self._array:
            if not self._ended:
                raise Invalid("the array has no end", where=self._next)
            return ()
        return self._take(len(self._rest))

    @property
    def _next(self) -> str:
        return f"value {self._number + 1}"

    def _begin(self) -> bool:
        """Is it an array, or are it lines? False: that cannot be told yet."""
        start = bytes(self._rest[:3]).removeprefix(b"\xef\xbb\xbf")
        if len(self._rest) < 3 and b"\xef\xbb\xbf".startswith(self._rest):
            return False
        del self._rest[: len(self._rest[:3]) - len(start)]
        lead = len(self._rest) - len(self._rest.lstrip(_SPACE))
        del self._rest[:lead]
        if not self._rest:
            return False
        self._array = self._rest[:1] == b"["
        if self._array:
            del self._rest[:1]
        return True

    def _lines(self) -> list[Value]:
        found: list[Value] = []
        while (end := self._rest.find(b"\n", self._at)) >= 0:
            found += self._take(end)
        self._at = len(self._rest)
        return found

    def _search(self) -> list[Value]:
        found: list[Value] = []
        while not self._ended:
            mark = (_IN_TEXT if self._text else _MARK).search(self._rest, self._at)
            if mark is None:
                self._at = len(self._rest)
                return found
            self._at = mark.end()
            if mark[0] == b"\\":
                if self._text and self._at == len(self._rest):
                    self._at -= 1  # what it escapes comes with the next chunk
                    return found
                self._at += self._text
            elif mark[0] == b'"':
                self._text = not self._text
            else:
                found += self._structure(mark[0], mark.start())
        if self._rest[self._at :].strip(_SPACE):
            raise Invalid("there is something after the end of the array", where=f"after value {self._number}")
        return found

    def _structure(self, mark: bytes, at: int) -> Sequence[Value]:
        if mark in b"{[":
            self._depth += 1
        elif mark in b"}]" and self._depth:
            self._depth -= 1
        elif mark == b"]":
            self._ended = True
            return self._take(at, last=True)
        elif mark == b"," and not self._depth:
            return self._take(at)
        return ()

    def _take(self, end: int, *, last: bool = False) -> Sequence[Value]:
        body = bytes(self._rest[:end]).strip(_SPACE)
        del self._rest[: end + 1]
        self._at = 0
        if not body and ((last and not self._number) or not self._array):
            return ()  # an empty array, a blank line
        self._number += 1
        try:
            orjson.loads(body)
        except orjson.JSONDecodeError:
            return (Value(self._number, body, "this is not well-formed JSON in UTF-8"),)
        return (Value(self._number, body),)

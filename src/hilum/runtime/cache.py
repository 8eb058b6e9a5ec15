"""What was just written need not be read again: bodies of messages and deliveries that this process stored itself.

Bodies never change, so a hit is always right; a miss is read from the journal. Bounded by bytes, the oldest go first.
Parsed forms take several times as much as the bodies that they were made of, and are bounded more closely.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any
from uuid import UUID

Ref = tuple[UUID, int]

_ENTRY = 500
"""Bytes that an entry takes besides its body."""


class BodyCache:
    """Bodies by message id and ordinal, with the parsed form where there is one. For one event loop.

    `limit_bytes` bounds the bodies, `limit_parsed` the bodies whose parsed form is kept too.
    """

    def __init__(self, limit_bytes: int = 64 * 1024 * 1024, limit_parsed: int = 4 * 1024 * 1024) -> None:
        self._limit = limit_bytes
        self._limit_parsed = limit_parsed
        self._size = 0
        self._size_parsed = 0
        self._bodies: OrderedDict[Ref, bytes] = OrderedDict()
        self._parsed: OrderedDict[Ref, Any] = OrderedDict()  # a part of the bodies

    def put(self, ref: Ref, body: bytes, parsed: Any = None) -> None:
        """Keep it for the next stage."""
        self.take(ref)
        self._bodies[ref] = body
        self._size += _ENTRY + len(body)
        if parsed is not None:
            self._parsed[ref] = parsed
            self._size_parsed += len(body)
        while self._size_parsed > self._limit_parsed:
            self._forget_parsed(next(iter(self._parsed)))
        while self._size > self._limit:
            self.take(next(iter(self._bodies)))

    def take(self, ref: Ref) -> tuple[bytes, Any] | None:
        """Give it out and forget it: each stage needs it once, and the journal has it anyway."""
        body = self._bodies.get(ref)
        if body is None:
            return None
        parsed = self._forget_parsed(ref)
        del self._bodies[ref]
        self._size -= _ENTRY + len(body)
        return body, parsed

    def _forget_parsed(self, ref: Ref) -> Any:
        if ref not in self._parsed:
            return None
        self._size_parsed -= len(self._bodies[ref])
        return self._parsed.pop(ref)

    @property
    def size(self) -> int:
        """Bytes of what is kept, with the cost of keeping it."""
        return self._size

    def __len__(self) -> int:
        return len(self._bodies)

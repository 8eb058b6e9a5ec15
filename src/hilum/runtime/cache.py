"""What was just written need not be read again: bodies of messages and deliveries that this process stored itself.

Bodies never change, so a hit is always right; a miss is read from the journal. Bounded by bytes, the oldest go first.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any
from uuid import UUID

Ref = tuple[UUID, int]


class BodyCache:
    """Bodies by message id and ordinal, with the parsed form where there is one. For one event loop."""

    def __init__(self, limit_bytes: int = 64 * 1024 * 1024) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._entries: OrderedDict[Ref, tuple[bytes, Any]] = OrderedDict()

    def put(self, ref: Ref, body: bytes, parsed: Any = None) -> None:
        """Keep it for the next stage."""
        before = self._entries.pop(ref, None)
        if before is not None:
            self._size -= len(before[0])
        self._entries[ref] = (body, parsed)
        self._size += len(body)
        while self._size > self._limit and self._entries:
            _, (dropped, _) = self._entries.popitem(last=False)
            self._size -= len(dropped)

    def take(self, ref: Ref) -> tuple[bytes, Any] | None:
        """Give it out and forget it: each stage needs it once, and the journal has it anyway."""
        found = self._entries.pop(ref, None)
        if found is not None:
            self._size -= len(found[0])
        return found

    def __len__(self) -> int:
        return len(self._entries)

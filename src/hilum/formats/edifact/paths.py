"""Paths: which part of a message is meant, `SEGMENT[n]-ELEMENT[repetition].component`. Numbers count from 1.

BGM-02          element 2 of the first BGM (its first component, as all that name none)
LIN[2]-03.2     component 2 of element 3 of the second LIN
DTM-01[2].1     of its second repetition (syntax version 4)
UNB-05, UNG-01  of the envelope
02, 03.2        within a segment: the same without its name
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from hilum.formats.paths import FieldPath, numbers

if TYPE_CHECKING:
    from hilum.formats.edifact.message import Message

_PLACE = r"(0?[1-9]|[1-9][0-9])(?:\[([1-9][0-9]{0,3})\])?(?:\.([1-9][0-9]?))?"
_IN_SEGMENT = re.compile(_PLACE)

Place = tuple[int, int, int]
"""A part of a segment: element, repetition, component."""


class Field(FieldPath):
    """A compiled path. Call it with a message to read the value; made by `field`. Comparable, picklable."""

    __slots__ = ()

    written: ClassVar[str] = "edifact.field"
    form: ClassVar[re.Pattern[str]] = re.compile(rf"([A-Z][A-Z0-9]{{2}})(?:\[([1-9][0-9]{{0,5}})\])?-({_PLACE})")
    examples: ClassVar[str] = "BGM-02, LIN[2]-03 or DTM-01.2"

    def __call__(self, message: Message) -> str:
        """The value in the message; an empty text where absent."""
        found = message.pick(self.segment, self.occurrence)
        return "" if found is None else found[self.inner]


@lru_cache(maxsize=4096)
def field(path: str) -> Field:
    """Compile a path such as `BGM-02`, for `order_by` and `dedup_by`. Raises `ValueError` where it is not one."""
    return Field(path)


@lru_cache(maxsize=4096)
def place(path: str) -> Place:
    """Compile a path within a segment, such as `02` or `03.2`. Raises `ValueError` where it is not one."""
    element, repetition, component = numbers(_IN_SEGMENT, path, "02, 03.2 or 01[2].1", absent=1)
    return element, repetition, component

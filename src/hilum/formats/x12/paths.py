"""Paths: which part of a transaction set is meant, `SEGMENT[n]-ELEMENT[repetition].component`.

All numbers count from 1. Compiled once; the compiled form is kept.

    BEG-03          element 3 of the first BEG (BEG-3 is the same)
    PO1[2]-04       element 4 of the second PO1
    SVC-01.2        component 2 of the composite in its element 1
    CTX-01[2].1     component 1 of its second repetition
    GS-02, ISA-06   of the envelope that the transaction set came in
    03, 01.2        within a segment: the same without its name
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from hilum.formats.paths import FieldPath, numbers

if TYPE_CHECKING:
    from hilum.formats.x12.transaction import TransactionSet

_PLACE = r"(0?[1-9]|[1-9][0-9])(?:\[([1-9][0-9]{0,3})\])?(?:\.([1-9][0-9]?))?"
_IN_SEGMENT = re.compile(_PLACE)

# A part of a segment: element, repetition, component. 0 means that the path does not name it.
Place = tuple[int, int, int]


class Field(FieldPath):
    """A compiled path. Call it with a transaction set to read the value; made by `field`. Comparable, picklable."""

    __slots__ = ("_number", "_simple", "place")

    written: ClassVar[str] = "x12.field"
    form: ClassVar[re.Pattern[str]] = re.compile(rf"([A-Z][A-Z0-9]{{1,2}})(?:\[([1-9][0-9]{{0,5}})\])?-({_PLACE})")
    examples: ClassVar[str] = "BEG-03, PO1[2]-04 or SVC-01.2"

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.place = place(self.inner)
        self._number = self.place[0]
        self._simple = self.place[1:] == (0, 0)

    def __call__(self, transaction: TransactionSet) -> str:
        """The value in the transaction set; an empty text where absent."""
        # The hot path of every flow, so `pick` and `value` are written out for what is asked for most.
        if self.occurrence == 1 and self._simple:
            try:
                return transaction.elements(transaction.heads.index(self.segment))[self._number].rstrip(" ")
            except IndexError:
                return ""
            except ValueError:
                found = transaction.envelope.pick(self.segment)
        else:
            found = transaction.pick(self.segment, self.occurrence)
        return "" if found is None else found.value(self.place)


@lru_cache(maxsize=4096)
def field(path: str) -> Field:
    """Compile a path such as `BEG-03`, for `order_by` and `dedup_by`. Raises `ValueError` where it is not one."""
    return Field(path)


@lru_cache(maxsize=4096)
def place(path: str) -> Place:
    """Compile a path within a segment, such as `3` or `01.2`. Raises `ValueError` where it is not one."""
    element, repetition, component = numbers(_IN_SEGMENT, path, "03, 01.2 or 01[2].1", absent=0)
    return element, repetition, component

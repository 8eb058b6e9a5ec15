"""What is wrong with an interchange: where, why, and the code by which a CONTRL tells the sender."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Syntax errors (data element 0085), of those that the hub finds itself."""

    VERSION = "2"  # syntax version or level not supported
    MISSING = "13"
    UNSPECIFIED = "18"
    REFERENCES = "28"  # of header and trailer do not match
    COUNT = "29"  # is not the number of what was received
    MIXED = "30"  # functional groups and messages
    EMPTY = "32"  # a level without anything below it


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    code: str  # data element 0085
    words: str  # why, without the value
    segment: str = ""
    element: int = 0
    position: int = 0  # of the segment in its message: UNH is 1

    @property
    def where(self) -> str:
        """`UNT-01 (segment 14)`."""
        place = self.segment + (f"-{self.element:02d}" if self.element else "")
        return f"{place} (segment {self.position})" if self.position else place

    def __str__(self) -> str:
        return f"{self.where}: {self.words}"

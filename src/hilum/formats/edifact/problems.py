"""What is wrong with an interchange: where, why, and the code by which a CONTRL tells the sender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Code(StrEnum):
    """Syntax errors (data element 0085), of those that the hub finds itself."""

    VERSION = "2"  # syntax version or level not supported
    MISSING = "13"
    UNSPECIFIED = "18"
    REFERENCES = "28"  # of header and trailer do not match
    COUNT = "29"  # is not the number of what was received
    MIXED = "30"  # functional groups and messages
    EMPTY = "32"  # a level without anything below it


ERROR_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "2": "the syntax version or level is not supported",
        "7": "it is not for this receiver",
        "12": "a value is wrong",
        "13": "something is missing",
        "14": "the value is not supported here",
        "15": "this is not supported here",
        "16": "there are too many elements or components",
        "17": "there is no agreement for it",
        "18": "it is not told what is wrong",
        "19": "the decimal mark is wrong",
        "20": "a character cannot be a service character",
        "21": "a character is wrong",
        "22": "a service character is wrong",
        "23": "the sender is not known",
        "24": "it is too old",
        "25": "tests are not supported",
        "26": "it was there before",
        "27": "security is not supported",
        "28": "the references of header and trailer differ",
        "29": "the count is not what was received",
        "30": "groups and messages are mixed",
        "31": "there are several types of messages in a group",
        "32": "there is nothing in it",
        "33": "something stands outside of a message or group",
        "34": "the nesting indicator is not allowed",
        "35": "an element or segment is repeated too often",
        "36": "a group of segments is repeated too often",
        "37": "the kind of characters is wrong",
        "38": "a digit is missing before the decimal mark",
        "39": "an element is too long",
        "40": "an element is too short",
    }
)
"""Data element 0085, in words."""


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

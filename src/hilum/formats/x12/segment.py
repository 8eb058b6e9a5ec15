"""A segment: its elements, read by path in the wanted type, and changed in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from decimal import Decimal

from hilum.formats.x12 import datatypes, paths
from hilum.formats.x12.delimiters import STANDARD, Delimiters
from hilum.formats.x12.paths import Place

Value = str | int | Decimal | date | time | Sequence["str | int | Decimal | date | None"] | None
"""What may be put into an element: texts, numbers, days, times; a list is a composite. None and "" leave it empty."""


class Encoded(str):
    """Text that is encoded already, with the delimiters of where it goes: `Encoded("HC:99211")`."""

    __slots__ = ()


class Free(str):
    """Text for people, or of others: where it is written, delimiters and line ends in it become blanks."""

    __slots__ = ()


@dataclass(slots=True)
class Context:
    """What the parts of one transaction set share."""

    delimiters: Delimiters = STANDARD
    codec: str = "utf-8"  # Python's name of the character set
    changed: bool = False  # was anything put into a segment?


class Segment:
    """One segment. Paths are those within it: `segment["03"]`, `segment["01.2"]`, `segment["01[2].1"]`.

    `segment[path]` is the value of the part, without the blanks that pad it at its end (X12.6 §3.3); a composite or
    repeated element comes back as it is encoded. Absent and empty are the empty text. A path that breaks the grammar
    is a `ValueError`.
    """

    __slots__ = ("context", "elements", "number", "position")

    def __init__(self, elements: list[str], context: Context, number: int = 1, position: int = 0) -> None:
        # The encoded elements. Number 0 is the name (with the white space that stands before it), so that numbers
        # are those of the standard. Not to be changed.
        self.elements = elements
        self.context = context
        self.number = number  # the n-th segment of this name in its transaction set, from 1
        self.position = position  # in its transaction set, ST is 1; 0: in none

    @classmethod
    def new(cls, name: str, *values: Value, delimiters: Delimiters = STANDARD) -> Segment:
        """A segment of these elements: `Segment.new("BEG", "00", "SA", "PO-17", None, date(2026, 3, 31))`.

        Raises `ValueError` where a value cannot be held (a delimiter in it; X12 has no escapes).
        """
        return cls(written(name, values, delimiters), Context(delimiters))

    @property
    def name(self) -> str:
        """Its two or three letters."""
        return self.elements[0].strip()

    @property
    def line(self) -> str:
        """The segment as it is encoded, without its end and without white space before it."""
        return self.context.delimiters.element.join(self.elements).lstrip()

    def value(self, place: Place) -> str:
        """The value at a compiled path."""
        return self.raw_at(place).rstrip(" ")

    def __getitem__(self, path: str) -> str:
        return self.value(paths.place(path))

    def raw(self, path: str) -> str:
        """The part as it is encoded, padding included."""
        return self.raw_at(paths.place(path))

    def raw_at(self, place: Place) -> str:
        """The encoded text at a compiled path; empty where absent."""
        number, repetition, component = place
        if number >= len(self.elements):
            return ""
        found = self.elements[number]
        if not (repetition or component):
            return found
        own = self.context.delimiters
        try:
            found = found.split(own.repetition)[max(repetition - 1, 0)]
            return found.split(own.component)[component - 1] if component else found
        except IndexError:
            return ""

    def has(self, path: str) -> bool:
        """Is there anything?"""
        return bool(self[path])

    def repetitions(self, path: str) -> Sequence[str]:
        """The repetitions of an element as they are encoded; none where it is empty."""
        found = self.raw(path)
        return found.split(self.context.delimiters.repetition) if found else ()

    def components(self, path: str) -> Sequence[str]:
        """The components of a composite; none where it is empty."""
        found = self.raw(path)
        return [part.rstrip(" ") for part in found.split(self.context.delimiters.component)] if found else ()

    def where(self, path: str) -> str:
        """How errors call a part of it: `PO1[2]-04 (segment 14)`."""
        return f"{self}-{path}" + (f" (segment {self.position})" if self.position else "")

    def decimal(self, path: str, *, places: int | None = None) -> Decimal | None:
        """The number (R); with `places` one of type N, whose last digits are decimals. None where empty. `Invalid`."""
        text = self[path].strip()
        if not text:
            return None
        if places is not None:
            return datatypes.read_implied(text, places, self.where(path))
        return datatypes.read_decimal(text, self.where(path))

    def integer(self, path: str) -> int | None:
        """The whole number (N0); None where empty. Raises `Invalid`."""
        text = self[path].strip()
        return datatypes.read_integer(text, self.where(path)) if text else None

    def date(self, path: str) -> date | None:
        """The day (DT); None where empty. Raises `Invalid`."""
        text = self[path].strip()
        return datatypes.read_date(text, self.where(path)) if text else None

    def time(self, path: str) -> time | None:
        """The time of day (TM); None where empty. Raises `Invalid`."""
        text = self[path].strip()
        return datatypes.read_time(text, self.where(path)) if text else None

    def timestamp(self, day: str, clock: str, *, zone: tzinfo | None = None) -> datetime | None:
        """Day and time of two elements, in `zone` or naive; midnight without a time; None without a day. `Invalid`."""
        found = self.date(day)
        return None if found is None else datetime.combine(found, self.time(clock) or time(), tzinfo=zone)

    def __setitem__(self, path: str, value: Value) -> None:
        """Put a value there; missing elements and components before it become empty ones. Raises `ValueError`."""
        number, repetition, component = paths.place(path)
        own = self.context.delimiters
        text = encode(value, own)
        self.elements += [""] * (number + 1 - len(self.elements))
        if component:
            repeated = self.elements[number].split(own.repetition)
            repeated += [""] * (repetition - len(repeated))
            at = max(repetition - 1, 0)
            repeated[at] = _put(repeated[at], own.component, component, text)
            text = own.repetition.join(repeated)
        elif repetition:
            text = _put(self.elements[number], own.repetition, repetition, text)
        self.elements[number] = text
        while len(self.elements) > 1 and not self.elements[-1]:
            self.elements.pop()
        self.context.changed = True

    def __str__(self) -> str:
        """Its place in the transaction set: `PO1`, `PO1[2]`."""
        return self.name if self.number == 1 else f"{self.name}[{self.number}]"

    def __repr__(self) -> str:
        return f"<Segment {self}, {len(self.elements) - 1} elements>"


def written(name: str, values: Sequence[Value], delimiters: Delimiters) -> list[str]:
    """A segment's elements; empty ones at its end are left out (X12.6 §3.6). Raises `ValueError`."""
    if not (2 <= len(name) <= 3 and name.isascii() and name.isalnum() and name[0].isalpha() and name == name.upper()):
        raise ValueError("a segment name is a capital letter followed by one or two capital letters or digits")
    elements = [name, *(encode(value, delimiters) for value in values)]
    while len(elements) > 1 and not elements[-1]:
        elements.pop()
    return elements


def encode(value: Value, delimiters: Delimiters) -> str:
    """A value as an element. Raises `ValueError` for a text with a delimiter or a line end in it."""
    if isinstance(value, Encoded):
        return _free_of(str(value), (delimiters.element, delimiters.segment))
    if isinstance(value, Free):
        return cleaned(value, delimiters)
    if value is None or isinstance(value, str):
        return _free_of(value or "", delimiters)
    if isinstance(value, bool):
        raise TypeError("X12 has no true and false; say which code is meant, for example 'Y'")
    if isinstance(value, int | Decimal):
        return datatypes.write_decimal(value)
    if isinstance(value, datetime):
        raise TypeError("a moment is two elements in X12: put its date() and its time()")
    if isinstance(value, date):
        return datatypes.write_date(value)
    if isinstance(value, time):
        return datatypes.write_time(value)
    parts = [encode(part, delimiters) for part in value]
    while parts and not parts[-1]:
        parts.pop()
    return delimiters.component.join(parts)


def _free_of(text: str, forbidden: Sequence[str]) -> str:
    """X12 has no escapes: a text that holds a delimiter cannot be sent with these delimiters."""
    if any(character in text for character in forbidden) or "\n" in text or "\r" in text:
        raise ValueError("the text holds a delimiter or a line end, which X12 cannot send; for free text use x12.Free")
    return text


def _put(encoded: str, delimiter: str, number: int, text: str) -> str:
    parts = encoded.split(delimiter)
    parts += [""] * (number - len(parts))
    parts[number - 1] = text
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return delimiter.join(parts)


def cleaned(text: str, delimiters: Delimiters = STANDARD) -> str:
    """The text with a blank for each delimiter and each character that cannot be printed."""
    found = "".join(" " if each in delimiters or not each.isprintable() else each for each in text)
    return " ".join(found.split())

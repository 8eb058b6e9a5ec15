"""A segment: its values read by path, with released characters taken back; changed in place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from hilum.errors import Invalid
from hilum.formats.edifact import paths
from hilum.formats.edifact.delimiters import ABSENT, STANDARD, Delimiters, decoded

Value = str | int | Decimal | Sequence["str | int | Decimal | None"] | None
"""What may be put into an element; a list is a composite. None and "" leave it empty."""

_NAME = re.compile(rb"[ \t\r\n\x00\x1a]*+([A-Z0-9]{3})(.)", re.DOTALL)
_BLANK = " \t\r\n\x00\x1a\ufeff"


class Segment:
    """One segment. `segment["03.2"]` is a value without its blanks at the end; absent and empty are the empty text.

    A path without a component is component 1. Line ends within a segment are no part of its values: senders wrap
    lines anywhere. A path that breaks the grammar is a `ValueError`.
    """

    __slots__ = ("_elements", "_name", "changed", "delimiters", "identifier", "number", "position", "raw")

    def __init__(self, raw: bytes, delimiters: Delimiters = STANDARD, identifier: str = "UNOC") -> None:
        self.raw = raw  # with white space before it and its end
        self.delimiters = delimiters
        self.identifier = identifier  # of the character set, UNB-01.1
        self.number = 1  # the n-th of its name in the message
        self.position = 0  # in its message, UNH is 1; 0: in none
        self.changed = False
        self._elements: list[list[list[str]]] | None = None
        self._name: str | None = None

    @classmethod
    def new(
        cls, name: str, *values: Value, delimiters: Delimiters = STANDARD, identifier: str = "UNOC", end: str = ""
    ) -> Segment:
        """A segment of these elements; `end` follows its terminator. Raises `ValueError`."""
        if not (len(name) == 3 and name.isascii() and name.isalnum() and name == name.upper()):
            raise ValueError("a segment name is three capital letters or digits")
        elements = [name, *(encode(value, delimiters) for value in values)]
        while not elements[-1]:
            elements.pop()
        text = delimiters.element.join(elements) + delimiters.segment + end
        return cls(text.encode(decoded(b"", identifier)[1]), delimiters, identifier)

    @property
    def elements(self) -> list[list[list[str]]]:
        """Element by repetition by component, as values; number 0 is the name."""
        if self._elements is None:
            text, _ = decoded(self.raw, self.identifier)
            text = text.lstrip(_BLANK).replace("\r", "").replace("\n", "")
            self._elements = _split(text, self.delimiters)
        return self._elements

    @property
    def name(self) -> str:
        """Its three letters."""
        if self._name is None:
            found = _NAME.match(self.raw)
            # as most begin; others are told from their elements: a mark or a line end in the name, no name at all
            plain = found is not None and found[2].decode("latin-1") in (self.delimiters[1], self.delimiters[5])
            self._name = found[1].decode() if found and plain else self.elements[0][0][0].strip()
        return self._name

    def __getitem__(self, path: str) -> str:
        number, repetition, component = paths.place(path)
        try:
            return self.elements[number][repetition - 1][component - 1].rstrip(" ")
        except IndexError:
            return ""

    def components(self, path: str) -> Sequence[str]:
        """All components of the element (or its repetition) at a path."""
        number, repetition, _ = paths.place(path)
        try:
            return [each.rstrip(" ") for each in self.elements[number][repetition - 1]]
        except IndexError:
            return ()

    def where(self, path: str) -> str:
        """How errors call a part of it: `LIN[2]-03 (segment 14)`."""
        return f"{self}-{path}" + (f" (segment {self.position})" if self.position else "")

    def decimal(self, path: str) -> Decimal | None:
        """The number; comma and point are both decimal marks (ISO 9735-1 §10). None where empty. Raises `Invalid`."""
        text = self[path].strip()
        if not text:
            return None
        digits = text.removeprefix("-").replace(",", ".")
        if not digits.replace(".", "", 1).isdigit() or not digits.isascii():
            raise Invalid("this is not a number: digits with a decimal mark", where=self.where(path))
        return Decimal(text.replace(",", "."))

    def integer(self, path: str) -> int | None:
        """The whole number; None where empty. Raises `Invalid`."""
        text = self[path].strip()
        if text and not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise Invalid("this is not a whole number", where=self.where(path))
        return int(text) if text else None

    def date(self, path: str) -> date | None:
        """The day of a date composite (C507: qualifier, value, format) at an element. None where empty.

        Formats (data element 2379) 101, 102, 203, 204, and none. Many write a time too where 102 is said: the day
        counts. Raises `Invalid`.
        """
        found = self.components(path)
        text = found[1].strip() if len(found) > 1 else ""
        kind = found[2] if len(found) > 2 else ""
        if not text:
            return None
        if kind not in ("", "101", "102", "203", "204") or not (text.isascii() and text.isdigit()):
            raise Invalid("this is not a date in format 101, 102, 203 or 204", where=self.where(path))
        try:
            if kind == "101" or len(text) == 6:
                return datetime.strptime(text, "%y%m%d").date()
            if len(text) < 8:
                raise ValueError
            return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
        except ValueError:
            raise Invalid("there is no such date in the calendar", where=self.where(path)) from None

    def __setitem__(self, path: str, value: str | int | Decimal | None) -> None:
        """Put a value there; what is missing before it becomes empty. Raises `ValueError`."""
        number, repetition, component = paths.place(path)
        text = _plain(value, self.delimiters.decimal)
        elements = self.elements
        elements += [[[""]] for _ in range(number + 1 - len(elements))]
        repeated = elements[number]
        if repetition > 1 and self.delimiters.repetition == ABSENT:
            raise ValueError("this interchange does not repeat elements")
        repeated += [[""] for _ in range(repetition - len(repeated))]
        parts = repeated[repetition - 1]
        parts += [""] * (component - len(parts))
        parts[component - 1] = text
        self._write()

    def _write(self) -> None:
        own = self.delimiters
        text, codec = decoded(self.raw, self.identifier)
        before = text[: len(text) - len(text.lstrip(_BLANK))]
        elements = [
            own.repetition.join(own.component.join(released(part, own) for part in parts) for parts in repeated)
            for repeated in self.elements
        ]
        self.raw = (before + own.element.join(elements) + own.segment).encode(codec)
        self.changed = True

    def __str__(self) -> str:
        """Its place in the message: `LIN`, `LIN[2]`."""
        return self.name if self.number == 1 else f"{self.name}[{self.number}]"

    def __repr__(self) -> str:
        return f"<Segment {self}, {len(self.elements) - 1} elements>"


def _split(text: str, own: Delimiters) -> list[list[list[str]]]:
    """Elements of repetitions of components, with what is released."""
    if own.release not in text:
        line = text.split(own.segment, 1)[0]
        return [
            [each.split(own.component) for each in element.split(own.repetition)] for element in line.split(own.element)
        ]
    found, value = [[[""]]], ""
    marks = iter(text)
    for mark in marks:
        if mark == own.release:
            value += next(marks, "")
            continue
        if mark not in (own.component, own.repetition, own.element, own.segment):
            value += mark
            continue
        found[-1][-1][-1], value = value, ""
        if mark == own.segment:
            return found
        if mark == own.element:
            found.append([[""]])
        elif mark == own.repetition:
            found[-1].append([""])
        else:
            found[-1][-1].append("")
    found[-1][-1][-1] = value
    return found


def released(text: str, own: Delimiters) -> str:
    """The text with the release character before what divides. Raises `ValueError` where there is none."""
    marks = (own.component, own.element, own.release, own.repetition, own.segment)
    if not any(mark in text for mark in marks):
        return text
    if own.release == ABSENT:
        raise ValueError("the text holds a delimiter, and this interchange has no release character")
    return "".join(own.release + each if each in marks else each for each in text)


def encode(value: Value, own: Delimiters) -> str:
    """A value as an element. Raises `ValueError`."""
    if value is None or isinstance(value, str | int | Decimal):
        return released(_plain(value, own.decimal), own)
    parts = [released(_plain(part, own.decimal), own) for part in value]
    while parts and not parts[-1]:
        parts.pop()
    return own.component.join(parts)


def _plain(value: str | int | Decimal | None, decimal: str = ".") -> str:
    if isinstance(value, bool):
        raise TypeError("EDIFACT has no true and false; say which code is meant")
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("a number in EDIFACT is finite")
        text = format(value, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text in ("", "-0") else text.replace(".", decimal)
    text = "" if value is None else str(value)
    if any(not each.isprintable() for each in text):
        raise ValueError("the text holds a line end or another control character, which EDIFACT does not send")
    return text

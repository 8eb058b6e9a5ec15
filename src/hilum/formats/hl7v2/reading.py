"""What a message, a segment and a repetition have in common: reading a part of them, in the wanted type."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import date, datetime, tzinfo
from decimal import Decimal

from hilum.formats.hl7v2 import datatypes
from hilum.formats.hl7v2.delimiters import Delimiters
from hilum.formats.hl7v2.escapes import decode
from hilum.formats.hl7v2.paths import Place

# The HL7 null (§2.5.3): the sender wants the value deleted, where an empty one says nothing about it.
NULL_TEXT = '""'

# In these the first field is the field separator itself and the second the other delimiters (§2.5.4).
HEADERS = frozenset(("MSH", "FHS", "BHS"))


def divide(line: str, separator: str) -> list[str]:
    """A segment as its encoded fields; number 0 is the name, so that numbers are those of the standard."""
    fields = line.split(separator)
    if fields[0] in HEADERS:
        fields.insert(1, separator)
    return fields


def undivide(fields: list[str], separator: str) -> str:
    """The line that `divide` made the fields of."""
    return separator.join([fields[0], *fields[2:]] if fields[0] in HEADERS else fields)


class Context:
    """What the parts of one message share."""

    __slots__ = ("changed", "codec", "delimiters", "notes", "plain")

    def __init__(self, delimiters: Delimiters, codec: str, notes: list[str]) -> None:
        self.delimiters = delimiters
        self.plain = tuple(delimiters)  # Python takes a plain tuple apart much more quickly than a named one
        self.codec = codec  # Python's name of the character set
        self.changed = False  # was anything put into a segment?
        self.notes = notes  # what was accepted although it bends the standard

    def value(self, encoded: str, place: Place, segment: object) -> str:
        """The value of the part of an encoded field that `place` names; see `Readable`.

        `segment` is what notes call the segment. This is `cut`, `divided` and `text` written out: it is half of the
        time that reading a field takes.
        """
        _, by_component, by_repetition, mark, by_subcomponent, _ = self.plain
        _, repetition, component, subcomponent = place
        if component:
            try:
                if repetition or by_repetition in encoded:
                    encoded = encoded.split(by_repetition, repetition or 1)[repetition - 1 if repetition else 0]
                encoded = encoded.split(by_component, component)[component - 1]
                if subcomponent:
                    encoded = encoded.split(by_subcomponent, subcomponent)[subcomponent - 1]
            except IndexError:
                return ""
            if encoded.isalnum():
                return encoded
        elif repetition:
            encoded = self.cut(encoded, place)
        if by_component in encoded or by_subcomponent in encoded or by_repetition in encoded:
            return encoded
        if mark in encoded:
            return self.text(encoded, f"{segment}-{place[0]}")
        return "" if encoded == NULL_TEXT else encoded

    def text(self, encoded: str, where: str) -> str:
        """Decode one part; notes escape sequences that were not understood."""
        if self.delimiters.escape not in encoded:
            return "" if encoded == NULL_TEXT else encoded
        text, understood = decode(encoded, self.delimiters, self.codec)
        if not understood:
            note = f"{where}: an unknown escape sequence was kept as it is"
            if note not in self.notes:
                self.notes.append(note)
        return text

    def divided(self, encoded: str) -> bool:
        """Does the encoded text hold several repetitions, components or subcomponents?"""
        own = self.delimiters
        return own.component in encoded or own.repetition in encoded or own.subcomponent in encoded

    def cut(self, encoded: str, place: Place) -> str:
        """The part of an encoded field that `place` names; empty where absent."""
        _, by_component, by_repetition, _, by_subcomponent, _ = self.plain
        _, repetition, component, subcomponent = place
        try:
            if repetition or component:
                encoded = encoded.split(by_repetition, repetition or 1)[(repetition or 1) - 1]
            if component:
                encoded = encoded.split(by_component, component)[component - 1]
            if subcomponent:
                encoded = encoded.split(by_subcomponent, subcomponent)[subcomponent - 1]
        except IndexError:
            return ""
        return encoded

    def first(self, encoded: str) -> str:
        """The first subcomponent of the first component of the first repetition: all that a number or time can be."""
        own = self.delimiters
        return encoded.split(own.repetition, 1)[0].split(own.component, 1)[0].split(own.subcomponent, 1)[0]


class Readable(ABC):
    """Something whose parts are read by path.

    `x[path]` is the value of exactly the part that the path names, with escape sequences decoded. A part that is
    divided further (repetitions, components, subcomponents) comes back as it is encoded, for example `12^^^HOSP`;
    name the part inside to get its value (`PID-3.1`). Absent, empty and null parts are the empty text; `is_null`
    tells a null apart. A path that breaks the grammar is a `ValueError`.
    """

    __slots__ = ()

    @abstractmethod
    def __getitem__(self, path: str) -> str:
        """The value of the part; see the class."""

    @abstractmethod
    def raw(self, path: str) -> str:
        """The part as it is encoded, escape sequences and `\"\"` included; empty where absent."""

    @abstractmethod
    def _where(self, path: str) -> str:
        """The full path, for errors."""

    @abstractmethod
    def _leaf(self, path: str) -> str:
        """The text of the first, undivided part within the part."""

    def get(self, path: str, default: str = "") -> str:
        """The value, or `default` where nothing was sent. A null was sent: it gives the empty text."""
        return self[path] if self.has(path) else default

    def has(self, path: str) -> bool:
        """Was anything sent, be it a null?"""
        return bool(self.raw(path))

    def is_null(self, path: str) -> bool:
        """Was the HL7 null `\"\"` sent, which asks to delete the value (§2.5.3)?"""
        return self.raw(path) == NULL_TEXT

    def decimal(self, path: str) -> Decimal | None:
        """The number; None where empty or null. Of a divided part, the first: `100^USD` is 100. Raises `Invalid`."""
        text = self._leaf(path)
        return datatypes.read_decimal(text, self._where(path)) if text else None

    def integer(self, path: str) -> int | None:
        """The whole number; None where empty or null. Of a divided part, the first. Raises `Invalid`."""
        text = self._leaf(path)
        return datatypes.read_integer(text, self._where(path)) if text else None

    def date(self, path: str) -> date | None:
        """The day of a date or time; None where empty or null. Of a divided part, the first. Raises `Invalid`."""
        text = self._leaf(path)
        return datatypes.read_date(text, self._where(path)) if text else None

    def timestamp(self, path: str, *, zone: tzinfo | None = None) -> datetime | None:
        """The time; None where empty or null. Without an offset in the message it is in `zone`, or naive.

        Of a divided part, the first: `20240131^D` is read as a day. Raises `Invalid`.
        """
        text = self._leaf(path)
        return datatypes.read_timestamp(text, self._where(path), zone) if text else None

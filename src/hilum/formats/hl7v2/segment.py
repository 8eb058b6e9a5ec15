"""A segment of a message, and a repetition of one of its fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hilum.formats.hl7v2 import paths
from hilum.formats.hl7v2.charsets import codec_for_writing
from hilum.formats.hl7v2.delimiters import STANDARD, Delimiters
from hilum.formats.hl7v2.escapes import escape, unescape
from hilum.formats.hl7v2.paths import Place
from hilum.formats.hl7v2.reading import HEADERS, NULL_TEXT, Context, Readable, divide, undivide
from hilum.formats.hl7v2.writing import Value, encode_value, put


class Segment(Readable):
    """One segment. Paths are those within a segment: `segment["7.1"]`, `segment["3[2].4"]`.

    A segment of a message is a live part of it: what is put into it is in the message.
    """

    __slots__ = ("context", "fields", "number")

    def __init__(self, fields: list[str], context: Context, number: int = 1) -> None:
        # The encoded fields. Number 0 is the name, so that numbers are those of the standard. Not to be changed.
        self.fields = fields
        self.context = context
        self.number = number  # the n-th segment of this name in its message, from 1

    @classmethod
    def new(cls, name: str, values: Mapping[str, Value] | None = None, *, delimiters: Delimiters = STANDARD) -> Segment:
        """A segment that belongs to no message yet: `Segment.new("FT1", {"1": "1", "7.1": "ITEM"})`.

        Raises `ValueError` where the name or a path is none.
        """
        if not is_segment_name(name):
            raise ValueError("a segment name is a capital letter followed by two capital letters or digits")
        segment = cls(divide(name, delimiters.field), Context(delimiters, "utf-8", []))
        for path, value in (values or {}).items():
            segment[path] = value
        return segment

    @property
    def name(self) -> str:
        """Its three letters."""
        return self.fields[0][:3]

    @property
    def line(self) -> str:
        """The segment as it is encoded, without its end."""
        return undivide(self.fields, self.context.delimiters.field)

    def value(self, place: Place) -> str:
        """The decoded value at a compiled path; see `Readable`."""
        return self.context.value(self.fields[place[0]], place, self) if place[0] < len(self.fields) else ""

    def __getitem__(self, path: str) -> str:
        return self.value(paths.place(path))

    def raw(self, path: str) -> str:
        """The part as it is encoded; see `Readable`."""
        return self.raw_at(paths.place(path))

    def raw_at(self, place: Place) -> str:
        """The encoded text at a compiled path."""
        fields = self.fields
        return self.context.cut(fields[place[0]], place) if place[0] < len(fields) else ""

    def _where(self, path: str) -> str:
        return f"{self}-{path}"

    def _leaf(self, path: str) -> str:
        leaf = self.context.first(self.raw(path))
        return self.context.text(leaf, self._where(path)).strip()

    def __setitem__(self, path: str, value: Value) -> None:
        """Put a value there; missing fields, repetitions and components before it become empty ones.

        Text is escaped; `Encoded` text is not. None empties the part, `NULL` asks the receiver to delete. Raises
        `ValueError` for MSH-1 and MSH-2: the delimiters of a message do not change.
        """
        place = paths.place(path)
        number = place[0]
        if number <= 2 and self.name in HEADERS:
            raise ValueError("the delimiters of a message do not change")
        delimiters = self.context.delimiters
        fields = self.fields
        before = fields[number] if number < len(fields) else ""
        after = put(before, place, encode_value(value, delimiters), delimiters)
        fields += [""] * (number + 1 - len(fields))
        fields[number] = after
        self.context.changed = True
        if number == 18 and self.name == "MSH":
            self.context.codec = codec_for_writing(after, delimiters)

    def repetitions(self, path: str) -> Sequence[Repetition]:
        """The repetitions of a field (`"3"`), none where it is empty."""
        place = paths.place(path)
        if place[1:] != (0, 0, 0):
            raise ValueError(f"'{path}' is not the number of a field")
        encoded = self.raw_at(place)
        if not encoded:
            return ()
        parts = encoded.split(self.context.delimiters.repetition)
        return [Repetition(part, self.context, f"{self}-{path}[{n}]") for n, part in enumerate(parts, 1)]

    def converted(self, context: Context) -> Segment:
        """A copy with the delimiters of another message."""
        line = _convert(self.line, self.context, context)
        return Segment(divide(line, context.delimiters.field), context)

    def __eq__(self, other: object) -> bool:
        """Is it the same segment of the same message? Segments that merely read the same are not equal."""
        return isinstance(other, Segment) and other.fields is self.fields

    def __hash__(self) -> int:
        return id(self.fields)

    def __str__(self) -> str:
        """Its place in the message: `FT1`, `FT1[2]`."""
        return self.name if self.number == 1 else f"{self.name}[{self.number}]"

    def __repr__(self) -> str:
        return f"<Segment {self}, {len(self.fields) - 1} fields>"


class Repetition(Readable):
    """One repetition of a field. Paths are component and subcomponent: `repetition["4.1"]`."""

    __slots__ = ("_context", "_encoded", "_place")

    def __init__(self, encoded: str, context: Context, place: str) -> None:
        self._encoded = encoded
        self._context = context
        self._place = place

    def __getitem__(self, path: str) -> str:
        encoded = self.raw(path)
        return encoded if self._context.divided(encoded) else self._context.text(encoded, self._where(path))

    @property
    def text(self) -> str:
        """The whole repetition: decoded where it is not divided, else as it is encoded."""
        if self._context.divided(self._encoded):
            return self._encoded
        return self._context.text(self._encoded, self._place)

    def raw(self, path: str) -> str:
        """The part as it is encoded; see `Readable`."""
        return self._context.cut(self._encoded, (1, 1, *paths.component(path)))

    def _where(self, path: str) -> str:
        return f"{self._place}.{path}"

    def _leaf(self, path: str) -> str:
        return self._context.text(self._context.first(self.raw(path)), self._where(path)).strip()

    def __repr__(self) -> str:
        return f"<Repetition {self._place}>"


def is_segment_name(name: str) -> bool:
    """A capital letter, then two capital letters or digits (§2.5.1; Z-segments §2.11 are no different)."""
    return len(name) == 3 and name.isascii() and name.isalnum() and name[0].isalpha() and name == name.upper()


def _convert(line: str, old: Context, new: Context) -> str:
    """Decode every leaf with one set of delimiters and encode it with the other."""
    if old.delimiters == new.delimiters:
        return line
    levels = ("field", "repetition", "component", "subcomponent")
    return _convert_part(line, [(getattr(old.delimiters, x), getattr(new.delimiters, x)) for x in levels], old, new)


def _convert_part(text: str, levels: list[tuple[str, str]], old: Context, new: Context) -> str:
    if not levels:
        return text if text == NULL_TEXT else escape(unescape(text, old.delimiters, old.codec), new.delimiters)
    (before, after), *inner = levels
    return after.join(_convert_part(part, inner, old, new) for part in text.split(before))

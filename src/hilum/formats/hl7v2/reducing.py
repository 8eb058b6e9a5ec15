"""Storing less of a message: parts that are taken out, and parts whose content is hidden.

    flow.minimise(hl7.without("NK1", "PID-19"))        # no next of kin, no social security number
    hl7.masked("PID-5", "PID-11")(message)             # the name and the address are there, and say nothing

A part is a segment (`NK1`) or a place in one (`PID-19`, `PID-3.1`). It stands for all segments of that name and all
repetitions of the field, unless it names one: `OBX[2]-5`, `PID-3[1].1`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from hilum.formats.hl7v2 import paths
from hilum.formats.hl7v2.escapes import escape
from hilum.formats.hl7v2.message import Message
from hilum.formats.hl7v2.reading import HEADERS, NULL_TEXT
from hilum.formats.hl7v2.segment import Segment, is_segment_name
from hilum.formats.hl7v2.writing import Encoded, Value

Reduction = Callable[[Message], Message]
"""Makes a reduced copy; the message itself stays as it is."""

_EACH = re.compile(r"\[[0-9]+\]")


def without(*parts: str) -> Reduction:
    """A function that takes these parts out. Raises `ValueError` for what is no part, or cannot be taken out."""
    segments = {part for part in parts if is_segment_name(part)}
    fields = [_field(part) for part in parts if part not in segments]
    if segments & HEADERS:
        raise ValueError("a message keeps its MSH segment; take single fields of it out")

    def reduced(message: Message) -> Message:
        copy = message.copy()
        for name in segments:
            for segment in list(copy.segments(name)):
                copy.remove(segment)
        for part in fields:
            for segment, path in _places(copy, part):
                segment[path] = None
        return copy

    return reduced


def masked(*parts: str, mask: str = "***") -> Reduction:
    """A function that puts the mask in the place of every value in these parts; what is empty stays empty.

    Raises `ValueError` for what is no part of a segment.
    """
    fields = [_field(part) for part in parts]

    def reduced(message: Message) -> Message:
        copy = message.copy()
        delimiters = copy.context.delimiters
        inner = re.escape(f"{delimiters.component}{delimiters.repetition}{delimiters.subcomponent}")
        hidden = escape(mask, delimiters).replace("\\", "\\\\")
        for part in fields:
            for segment, path in _places(copy, part):
                segment[path] = _hidden(segment.raw(path), inner, hidden)
        return copy

    return reduced


def _hidden(encoded: str, inner: str, hidden: str) -> Value:
    """Encoded text with the mask for each value in it."""
    return Encoded(encoded if encoded == NULL_TEXT else re.sub(f"[^{inner}]+", hidden, encoded))


def _field(part: str) -> paths.Field:
    found = paths.field(part)
    if found.segment in HEADERS and found.place[0] <= 2:
        raise ValueError("the delimiters of a message do not change")
    return found


def _places(message: Message, part: paths.Field) -> Iterator[tuple[Segment, str]]:
    """Segments and paths within them that a part stands for, where there is anything."""
    one = bool(_EACH.search(part.path.partition("-")[0]))
    for segment in list(message.segments(part.segment)):
        if one and segment.number != part.occurrence:
            continue
        number, repetition, component, subcomponent = part.place
        inner = f".{component}.{subcomponent}" if subcomponent else f".{component}" if component else ""
        if not inner or repetition:
            if segment.raw(part.inner):
                yield segment, part.inner
            continue
        for each in range(1, len(segment.repetitions(str(number))) + 1):
            path = f"{number}[{each}]{inner}"
            if segment.raw(path):
                yield segment, path

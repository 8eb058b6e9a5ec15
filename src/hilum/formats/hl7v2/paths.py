"""Paths: how a flow names a part of a message, `SEG[occurrence]-field[repetition].component.subcomponent`.

All numbers count from 1 and go to 9999. Compiled once; the compiled form is kept.

    PID-3           field 3 of the first PID, with all its repetitions
    PID-3.1         component 1 of its first repetition
    PID-3[2].4.1    subcomponent 1 of component 4 of its second repetition
    OBX[3]-5        field 5 of the third OBX
    7.1, 3[2].4     within a segment: the same without its name
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hilum.formats.hl7v2.message import Message

_NUMBER = r"([1-9][0-9]{0,3})"
_PLACE = rf"{_NUMBER}(?:\[{_NUMBER}\])?(?:\.{_NUMBER}(?:\.{_NUMBER})?)?"
_IN_SEGMENT = re.compile(_PLACE)
_IN_MESSAGE = re.compile(rf"([A-Z][A-Z0-9]{{2}})(?:\[{_NUMBER}\])?-({_PLACE})")
_IN_REPETITION = re.compile(rf"{_NUMBER}(?:\.{_NUMBER})?")


# A part of a segment: field, repetition, component, subcomponent. 0 means that the path does not name it. A plain
# tuple, because Python takes a named one apart much more slowly.
Place = tuple[int, int, int, int]


class Field:
    """A compiled path. Call it with a message to read the value; made by `field`. It can be pickled and compared."""

    __slots__ = ("_first", "_head", "_number", "_segment", "inner", "occurrence", "path", "place", "segment")

    def __init__(self, path: str) -> None:
        match = _IN_MESSAGE.fullmatch(path)
        if match is None:
            raise ValueError(f"'{path}' is not a path such as PID-3.1 or OBX[2]-5")
        self.path = path
        self.segment = match[1]
        self.occurrence = int(match[2] or 1)
        self.inner = match[3]  # the path within the segment
        self.place = place(match[3])
        # What the call needs, in the form that is quickest there.
        self._head = self.segment + "|"
        self._segment = self.segment if self.occurrence == 1 else f"{self.segment}[{self.occurrence}]"
        self._number = self.place[0]
        self._first = max(self.place[1:]) <= 1  # an undivided field has this part

    def __call__(self, message: Message) -> str:
        """The decoded value in `message`; an empty text where absent. See `Message.__getitem__`."""
        # The hot path of every flow, so `Message.pick` and `Segment.value` are written out here.
        try:
            if self.occurrence == 1:
                position = message.heads.index(self._head)
            else:
                position = message.places(self._head)[self.occurrence - 1]
            fields = message.parts[position]
            if fields.__class__ is str:
                fields = message.opened(position, fields)
            encoded = fields[self._number]
        except (ValueError, IndexError):
            return ""
        if encoded.isalnum():
            return encoded if self._first else ""
        return message.context.value(encoded, self.place, self._segment) if encoded else ""

    def __repr__(self) -> str:
        return f"hl7.field({self.path!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Field) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return field, (self.path,)


@lru_cache(maxsize=4096)
def field(path: str) -> Field:
    """Compile a path such as `PID-3.1`. Raises `ValueError` where it is not one."""
    return Field(path)


@lru_cache(maxsize=4096)
def place(path: str) -> Place:
    """Compile a path within a segment, such as `3[2].4.1`. Raises `ValueError` where it is not one."""
    match = _IN_SEGMENT.fullmatch(path)
    if match is None:
        raise ValueError(f"'{path}' is not a path within a segment such as 7, 7.1 or 3[2].4.1")
    field_, repetition, component_, subcomponent = (int(number or 0) for number in match.groups())
    return field_, repetition, component_, subcomponent


@lru_cache(maxsize=4096)
def component(path: str) -> tuple[int, int]:
    """Compile a path within a repetition, such as `4` or `4.1`. Raises `ValueError` where it is not one."""
    match = _IN_REPETITION.fullmatch(path)
    if match is None:
        raise ValueError(f"'{path}' is not a path within a field such as 4 or 4.1")
    return int(match[1]), int(match[2] or 0)

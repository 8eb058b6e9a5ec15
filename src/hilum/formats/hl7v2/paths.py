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
from typing import TYPE_CHECKING, ClassVar

from hilum.formats.paths import FieldPath, numbers

if TYPE_CHECKING:
    from hilum.formats.hl7v2.message import Message

_NUMBER = r"([1-9][0-9]{0,3})"
_PLACE = rf"{_NUMBER}(?:\[{_NUMBER}\])?(?:\.{_NUMBER}(?:\.{_NUMBER})?)?"
_IN_SEGMENT = re.compile(_PLACE)
_IN_REPETITION = re.compile(rf"{_NUMBER}(?:\.{_NUMBER})?")


# A part of a segment: field, repetition, component, subcomponent. 0 means that the path does not name it. A plain
# tuple, because Python takes a named one apart much more slowly.
Place = tuple[int, int, int, int]


class Field(FieldPath):
    """A compiled path. Call it with a message to read the value; made by `field`. It can be pickled and compared."""

    __slots__ = ("_first", "_head", "_number", "_segment", "place")

    written: ClassVar[str] = "hl7.field"
    form: ClassVar[re.Pattern[str]] = re.compile(rf"([A-Z][A-Z0-9]{{2}})(?:\[{_NUMBER}\])?-({_PLACE})")
    examples: ClassVar[str] = "PID-3.1 or OBX[2]-5"

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.place = place(self.inner)
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


@lru_cache(maxsize=4096)
def field(path: str) -> Field:
    """Compile a path such as `PID-3.1`. Raises `ValueError` where it is not one."""
    return Field(path)


@lru_cache(maxsize=4096)
def place(path: str) -> Place:
    """Compile a path within a segment, such as `3[2].4.1`. Raises `ValueError` where it is not one."""
    field_, repetition, component_, subcomponent = numbers(_IN_SEGMENT, path, "7, 7.1 or 3[2].4.1", absent=0)
    return field_, repetition, component_, subcomponent


@lru_cache(maxsize=4096)
def component(path: str) -> tuple[int, int]:
    """Compile a path within a repetition, such as `4` or `4.1`. Raises `ValueError` where it is not one."""
    match = _IN_REPETITION.fullmatch(path)
    if match is None:
        raise ValueError(f"'{path}' is not a path within a field such as 4 or 4.1")
    return int(match[1]), int(match[2] or 0)

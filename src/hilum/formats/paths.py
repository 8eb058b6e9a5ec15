"""What the paths of all segmented formats have in common: `SEGMENT[n]-…`, compiled once, compared and pickled."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Any, ClassVar


class FieldPath(ABC):
    """A compiled path. Call it with a message to read the value. Comparable, picklable."""

    __slots__ = ("inner", "occurrence", "path", "segment")

    written: ClassVar[str]  # how flows write it, as `x12.field`
    form: ClassVar[re.Pattern[str]]  # its groups: segment, occurrence, path within the segment
    examples: ClassVar[str]  # as a person is told whose path is wrong

    def __init__(self, path: str) -> None:
        """Raises `ValueError` where it is no path."""
        match = self.form.fullmatch(path)
        if match is None:
            raise ValueError(f"'{path}' is not a path such as {self.examples}")
        self.path = path
        self.segment = match[1]
        self.occurrence = int(match[2] or 1)
        self.inner = match[3]  # the path within the segment

    @abstractmethod
    def __call__(self, message: Any) -> str:
        """The value in the message; an empty text where absent."""

    def __repr__(self) -> str:
        return f"{self.written}({self.path!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return type(self), (self.path,)


def numbers(form: re.Pattern[str], path: str, examples: str, *, absent: int) -> tuple[int, ...]:
    """The numbers of a path within a segment; `absent` for those that it does not name. Raises `ValueError`."""
    match = form.fullmatch(path)
    if match is None:
        raise ValueError(f"'{path}' is not a path within a segment such as {examples}")
    return tuple(int(number or absent) for number in match.groups())

"""A transaction set as its declared structure groups it: segments in loops, and what does not fit.

Reading is tolerant, so that one segment in a wrong place does not hide the rest: what stands out of its order stays in
the loop where it was met, and is told as a problem.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hilum.formats.x12.problems import Problem
from hilum.formats.x12.segment import Segment
from hilum.formats.x12.structures import Part, Structure
from hilum.formats.x12.transaction import TransactionSet

# Data element 720: why a segment is wrong.
MISSING, LOOP_TOO_OFTEN, TOO_OFTEN, NOT_IN_SET, OUT_OF_ORDER = "3", "4", "5", "6", "7"


@dataclass(slots=True)
class Loop:
    """One turn of a loop: its segments, the first of which began it, and the loops within."""

    name: str  # that of the segment which begins it; empty: the transaction set itself
    segments: list[Segment] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)

    @property
    def head(self) -> Segment:
        """The segment that began it."""
        return self.segments[0]

    def all(self, name: str) -> Sequence[Segment]:
        """Its own segments of this name, those of the loops within not counted."""
        return [segment for segment in self.segments if segment.name == name]

    def first(self, name: str) -> Segment | None:
        """Its first own segment of this name."""
        return next((segment for segment in self.segments if segment.name == name), None)

    def within(self, name: str) -> Sequence[Loop]:
        """The loops directly within it that begin with this segment."""
        return [loop for loop in self.loops if loop.name == name]

    def qualified(self, name: str, *qualifiers: str) -> Segment | None:
        """Its first own segment whose first element is one of these, in their order: `qualified("DTM", "002")`."""
        own = self.all(name)
        return next((segment for code in qualifiers for segment in own if segment["01"] == code), None)

    def every(self) -> Iterator[Segment]:
        """All segments, those of the loops within too, in the order of loops."""
        yield from self.segments
        for loop in self.loops:
            yield from loop.every()


@dataclass(slots=True)
class _Frame:
    loop: Loop
    parts: tuple[Part, ...]
    at: int = 0  # the part that the last segment belongs to
    count: int = 0  # how often it was there


@dataclass(slots=True)
class Placed:
    """What came of a transaction set: the tree, in which loop each segment stands, and what did not fit."""

    root: Loop
    problems: list[Problem] = field(default_factory=list)
    loop_of: dict[int, str] = field(default_factory=dict)  # position of the segment → name of its loop


def place(transaction: TransactionSet, structure: Structure) -> Placed:
    """Put the segments between ST and SE into the loops of the structure."""
    return _Placing(structure).run(transaction)


def loops(transaction: TransactionSet, structure: Structure) -> Loop:
    """The tree alone, for reading."""
    return place(transaction, structure).root


class _Placing:
    def __init__(self, structure: Structure) -> None:
        self._names = structure.names
        self._placed = Placed(Loop(""))
        self._stack = [_Frame(self._placed.root, structure.parts)]

    def run(self, transaction: TransactionSet) -> Placed:
        position = 1
        for segment in transaction:
            position = segment.position
            if segment.name not in ("ST", "SE"):
                self._put(segment)
        while self._stack:
            self._close(position)
        return self._placed

    def _put(self, segment: Segment) -> None:
        for depth in range(len(self._stack) - 1, -1, -1):
            at = _forward(self._stack[depth], segment.name)
            if at is not None:
                while len(self._stack) > depth + 1:
                    self._close(segment.position)
                self._take(self._stack[depth], at, segment)
                return
        self._keep(segment)

    def _take(self, frame: _Frame, at: int, segment: Segment) -> None:
        part = frame.parts[at]
        if at != frame.at:
            self._missing(frame, at, segment.position)
            frame.at, frame.count = at, 0
        frame.count += 1
        if frame.count > part.most:
            code = LOOP_TOO_OFTEN if part.loop else TOO_OFTEN
            what = "loop" if part.loop else "segment"
            self._tell(code, f"the {what} may be there {part.most} times at most", segment, frame.loop.name)
        if part.loop:
            loop = Loop(part.name)
            frame.loop.loops.append(loop)
            self._stack.append(_Frame(loop, part.parts))
        self._add(segment)

    def _keep(self, segment: Segment) -> None:
        """It fits nowhere from here on: it stays in the innermost loop that has such a segment, else where it is."""
        if segment.name in self._names:
            self._tell(OUT_OF_ORDER, "the segment is not in its order", segment, self._stack[-1].loop.name)
        else:
            self._tell(NOT_IN_SET, "this transaction set has no such segment", segment, self._stack[-1].loop.name)
        for frame in reversed(self._stack):
            if any(part.name == segment.name and not part.loop for part in frame.parts):
                frame.loop.segments.append(segment)
                self._placed.loop_of[segment.position] = frame.loop.name
                return
        self._add(segment)

    def _add(self, segment: Segment) -> None:
        loop = self._stack[-1].loop
        loop.segments.append(segment)
        self._placed.loop_of[segment.position] = loop.name

    def _close(self, position: int) -> None:
        frame = self._stack.pop()
        self._missing(frame, len(frame.parts), position)

    def _missing(self, frame: _Frame, to: int, position: int) -> None:
        """Mandatory parts that were passed over."""
        begin = frame.at if frame.count == 0 else frame.at + 1
        for part in frame.parts[begin:to]:
            if part.mandatory:
                self._placed.problems.append(
                    Problem(
                        level="segment",
                        code=MISSING,
                        words="the segment is missing",
                        position=position,
                        segment=part.name,
                        loop=frame.loop.name,
                    )
                )

    def _tell(self, code: str, words: str, segment: Segment, loop: str) -> None:
        self._placed.problems.append(
            Problem(level="segment", code=code, words=words, position=segment.position, segment=segment.name, loop=loop)
        )


def _forward(frame: _Frame, name: str) -> int | None:
    """The place of the part from here on that this segment may be; one that is full only where no other is."""
    full = None
    for at in range(frame.at, len(frame.parts)):
        if frame.parts[at].name == name:
            if at == frame.at and frame.count >= frame.parts[at].most:
                full = at
                continue
            return at
    return full

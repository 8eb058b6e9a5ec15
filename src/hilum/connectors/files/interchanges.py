"""Files of interchanges, X12 and EDIFACT, as units: their messages one by one, or each interchange whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from hilum.connectors.encoding import EDIFACT, X12
from hilum.connectors.files.units import Flaw, Unit
from hilum.errors import Invalid
from hilum.formats import edifact, x12
from hilum.formats.scanning import PieceScanner


class Piece(Protocol):
    """What a scanner gives."""

    @property
    def kind(self) -> str:
        """Which segment begins it."""

    @property
    def data(self) -> bytes:
        """The bytes that it was read from."""


class Message(Protocol):
    """A transaction set or message, with its envelope."""

    def encode(self) -> bytes:
        """It and its envelope, as an interchange of its own."""


P = TypeVar("P", bound=Piece)
P_contra = TypeVar("P_contra", contravariant=True)
M = TypeVar("M", bound=Message)
M_co = TypeVar("M_co", covariant=True)


class Collector(Protocol[P_contra, M_co]):
    """Makes messages of pieces."""

    @property
    def problems(self) -> Iterable[object]:
        """What trailers of groups and interchanges say wrongly."""

    def add(self, piece: P_contra) -> M_co | None:
        """The message that this piece is, if it is one."""

    def finish(self) -> None:
        """The data ends here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Syntax(Generic[P, M]):
    """How a standard divides its interchanges."""

    content_type: str
    begins: str  # the first segment of an interchange …
    ends: str  # … and the last
    blank: str  # what stands behind the last one
    scanner: Callable[[int], PieceScanner[P]]
    collector: Callable[[], Collector[P, M]]
    problems: Callable[[M], Iterable[object]]  # what a message's own envelope says wrongly


X12_SYNTAX: Final[Syntax[x12.Piece, x12.TransactionSet]] = Syntax(
    content_type=X12,
    begins=x12.Kind.ISA,
    ends=x12.Kind.IEA,
    blank=x12.Kind.BLANK,
    scanner=x12.Scanner,
    collector=x12.Collector,
    problems=x12.envelope_problems,
)
EDIFACT_SYNTAX: Final[Syntax[edifact.Piece, edifact.Message]] = Syntax(
    content_type=EDIFACT,
    begins=edifact.Kind.UNB,
    ends=edifact.Kind.UNZ,
    blank=edifact.Kind.BLANK,
    scanner=edifact.Scanner,
    collector=edifact.Collector,
    problems=edifact.message_problems,
)


class Messages(Generic[P, M]):
    """The messages (X12: transaction sets, and TA1), each in its envelope as an interchange of its own.

    What an envelope shows to be incomplete is a flaw: a message whose trailer is missing or says other numbers; and a
    group or interchange whose trailer does, for then something else of the file may be missing.
    """

    def __init__(self, syntax: Syntax[P, M], limit: int) -> None:
        self._syntax = syntax
        self._scanner = syntax.scanner(limit)
        self._collector = syntax.collector()
        self._number = 0

    def feed(self, chunk: bytes) -> Sequence[Unit | Flaw]:
        """The messages that are complete now."""
        return self._units(self._scanner.feed(chunk))

    def finish(self) -> Sequence[Unit | Flaw]:
        """What the last trailers say."""
        found = self._units(self._scanner.finish())
        self._collector.finish()
        return [*found, *(Flaw(0, str(problem)) for problem in self._collector.problems)]

    def _units(self, pieces: Sequence[P]) -> list[Unit | Flaw]:
        found: list[Unit | Flaw] = []
        for piece in pieces:
            message = self._collector.add(piece)
            if message is None:
                continue
            self._number += 1
            reason = "; ".join(map(str, self._syntax.problems(message)))
            if reason:
                found.append(Flaw(self._number, reason))
            else:
                found.append(Unit(self._number, message.encode(), self._syntax.content_type))
        return found


class Interchanges(Generic[P]):
    """Whole interchanges, for flows that answer them: what is wrong with them is for the flow to say."""

    def __init__(self, syntax: Syntax[P, Any], limit: int) -> None:
        self._syntax = syntax
        self._limit = limit
        self._scanner = syntax.scanner(limit)
        self._parts: list[bytes] = []  # of the interchange that has begun
        self._size = 0
        self._number = 0

    def feed(self, chunk: bytes) -> Sequence[Unit | Flaw]:
        """The interchanges that are complete now."""
        return self._units(self._scanner.feed(chunk))

    def finish(self) -> Sequence[Unit | Flaw]:
        """The last interchange, also where it has no end."""
        return [*self._units(self._scanner.finish()), *self._end()]

    def _units(self, pieces: Sequence[P]) -> list[Unit | Flaw]:
        found: list[Unit | Flaw] = []
        for piece in pieces:
            if piece.kind == self._syntax.blank:
                continue
            if piece.kind == self._syntax.begins:
                found += self._end()
            self._parts.append(piece.data)
            self._size += len(piece.data)
            if self._size > self._limit:
                where = f"interchange {self._number + 1}"
                raise Invalid(f"the interchange has more than {self._limit} bytes", where=where)
            if piece.kind == self._syntax.ends:
                found += self._end()
        return found

    def _end(self) -> Iterator[Unit]:
        if self._parts:
            body, self._parts, self._size = b"".join(self._parts), [], 0
            self._number += 1
            yield Unit(self._number, body, self._syntax.content_type)

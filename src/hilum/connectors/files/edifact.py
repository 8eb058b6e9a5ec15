"""The messages and interchanges of EDIFACT files as units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hilum.connectors.encoding import EDIFACT
from hilum.connectors.files.units import Flaw, Unit
from hilum.errors import Invalid
from hilum.formats import edifact


class EdifactMessages:
    """The messages of EDIFACT interchanges, each in its envelope as an interchange of its own.

    What an envelope shows to be incomplete is a flaw: a message whose UNT is missing or says other numbers; and a
    group or interchange whose trailer does, for then something else of the file may be missing.
    """

    def __init__(self, limit: int) -> None:
        self._scanner = edifact.Scanner(limit)
        self._collector = edifact.Collector()
        self._number = 0

    def feed(self, chunk: bytes) -> Sequence[Unit | Flaw]:
        """The messages that are complete now."""
        return self._units(self._scanner.feed(chunk))

    def finish(self) -> Sequence[Unit | Flaw]:
        """What the last trailers say."""
        found = self._units(self._scanner.finish())
        self._collector.finish()
        return [*found, *(Flaw(0, str(problem)) for problem in self._collector.problems)]

    def _units(self, pieces: Sequence[edifact.Piece]) -> list[Unit | Flaw]:
        found: list[Unit | Flaw] = []
        for piece in pieces:
            message = self._collector.add(piece)
            if message is None:
                continue
            self._number += 1
            reason = "; ".join(map(str, edifact.message_problems(message)))
            found.append(Flaw(self._number, reason) if reason else Unit(self._number, message.encode(), EDIFACT))
        return found


class EdifactInterchanges:
    """Whole EDIFACT interchanges, for flows that answer them: what is wrong with them is for the flow to say."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._scanner = edifact.Scanner(limit)
        self._parts: list[bytes] = []
        self._size = 0
        self._number = 0

    def feed(self, chunk: bytes) -> Sequence[Unit | Flaw]:
        """The interchanges that are complete now."""
        return self._units(self._scanner.feed(chunk))

    def finish(self) -> Sequence[Unit | Flaw]:
        """The last interchange, also where it has no end."""
        return [*self._units(self._scanner.finish()), *self._end()]

    def _units(self, pieces: Sequence[edifact.Piece]) -> list[Unit | Flaw]:
        found: list[Unit | Flaw] = []
        for piece in pieces:
            if piece.kind is edifact.Kind.BLANK:
                continue
            if piece.kind is edifact.Kind.UNB:
                found += self._end()
            self._parts += [piece.una, piece.raw]
            self._size += len(piece.una) + len(piece.raw)
            if self._size > self._limit:
                where = f"interchange {self._number + 1}"
                raise Invalid(f"the interchange has more than {self._limit} bytes", where=where)
            if piece.kind is edifact.Kind.UNZ:
                found += self._end()
        return found

    def _end(self) -> Iterator[Unit]:
        if self._parts:
            body, self._parts, self._size = b"".join(self._parts), [], 0
            self._number += 1
            yield Unit(self._number, body, EDIFACT)

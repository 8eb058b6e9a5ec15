"""Interchanges with their functional groups and messages, and the checks of what their trailers say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from hilum.errors import Invalid
from hilum.formats.edifact.message import Envelope, Message
from hilum.formats.edifact.problems import Code, Problem
from hilum.formats.edifact.scanning import Kind, Piece, Scanner
from hilum.formats.edifact.segment import Segment
from hilum.formats.scanning import LIMIT, pieces


@dataclass(slots=True)
class Group:
    """A functional group: messages between UNG and UNE."""

    envelope: Envelope
    messages: list[Message] = field(default_factory=list)
    raw_end: bytes = b""  # UNE; empty: there is none

    @property
    def reference(self) -> str:
        """The group reference number, UNG-05."""
        return self.envelope.group

    def problems(self) -> list[Problem]:
        """What is wrong with UNG and UNE."""
        own = self.envelope
        trailer = Segment(self.raw_end, own.delimiters, own.identifier) if self.raw_end else None
        return _trailer_problems("UNE", trailer, len(self.messages), "messages", own.group)


@dataclass(slots=True)
class Interchange:
    """One UNB … UNZ."""

    envelope: Envelope
    pieces: list[Group | Message] = field(default_factory=list)
    raw_end: bytes = b""  # UNZ; empty: there is none
    raw_tail: bytes = b""  # white space at the end of the data

    @property
    def groups(self) -> Sequence[Group]:
        """The functional groups."""
        return [piece for piece in self.pieces if isinstance(piece, Group)]

    @property
    def messages(self) -> Sequence[Message]:
        """All messages, those in groups too."""
        return [each for piece in self.pieces for each in (piece.messages if isinstance(piece, Group) else [piece])]

    @property
    def control_reference(self) -> str:
        """The interchange control reference, UNB-05."""
        return self.envelope.interchange

    @property
    def asks_answer(self) -> bool:
        """Does its sender want a CONTRL (UNB-09)?"""
        return self.envelope.unb["09"] == "1"

    @property
    def test(self) -> bool:
        """Is it a test (UNB-11)?"""
        return self.envelope.unb["11"] == "1"

    def problems(self) -> list[Problem]:
        """What is wrong with UNB and UNZ."""
        own, found = self.envelope, []
        if not own.interchange:
            found.append(
                Problem(Code.MISSING, "the interchange control reference is missing", segment="UNB", element=5)
            )
        trailer = Segment(self.raw_end, own.delimiters, own.identifier) if self.raw_end else None
        if self.groups and len(self.groups) < len(self.pieces):
            found.append(Problem(Code.MIXED, "messages stand in groups and outside of them", segment="UNG"))
        what = "groups" if self.groups else "messages"
        return [*found, *_trailer_problems("UNZ", trailer, len(self.pieces), what, own.interchange)]

    def encode(self) -> bytes:
        """The bytes it was read from; what was changed in messages is in them."""
        parts = [self.envelope.una, self.envelope.raw_unb]
        for piece in self.pieces:
            if isinstance(piece, Group):
                parts += [piece.envelope.raw_ung, *(each.body() for each in piece.messages), piece.raw_end]
            else:
                parts.append(piece.body())
        return b"".join([*parts, self.raw_end, self.raw_tail])


def message_problems(message: Message) -> list[Problem]:
    """What is wrong with its UNH and UNT."""
    found = []
    if not message.reference:
        found.append(Problem(Code.MISSING, "the message reference is missing", segment="UNH", element=1))
    if not message.type:
        found.append(Problem(Code.MISSING, "the message type is missing", segment="UNH", element=2))
    trailer = message.pick("UNT") if message.complete else None
    return [*found, *_trailer_problems("UNT", trailer, len(message), "segments", message.reference)]


def interchanges(data: bytes | Iterable[bytes], *, limit: int = LIMIT) -> Iterator[Interchange]:
    """The interchanges of a file, one after the other; `data` may come in chunks.

    Nothing at all gives none. Raises `Invalid` with the byte where the data is no EDIFACT. What trailers say wrongly
    does not raise: `problems` has it.
    """
    current: Interchange | None = None
    for piece in pieces(Scanner, data, limit):
        if piece.kind is Kind.UNB:
            if current is not None:
                yield current
            current = Interchange(_envelope(piece))
        elif current is not None:
            _add(current, piece)
    if current is not None:
        yield current


def messages(data: bytes | Iterable[bytes], *, limit: int = LIMIT) -> Iterator[Message]:
    """The messages of a file, each with its envelope, one in memory at a time. Raises `Invalid` as `interchanges`."""
    collector = Collector()
    for piece in pieces(Scanner, data, limit):
        found = collector.add(piece)
        if found is not None:
            yield found


class Collector:
    """Makes messages of pieces: remembers the envelope that they stand in, and compares what trailers say."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []  # of groups and interchanges
        self._envelope: Envelope | None = None
        self._in_group = 0
        self._pieces = 0  # groups, or messages outside of groups
        self._grouped = False

    def add(self, piece: Piece) -> Message | None:
        """The message that this piece is, if it is one."""
        kind, own = piece.kind, self._envelope
        if kind is Kind.UNB:
            self.finish()
            self._envelope, self._pieces, self._grouped = _envelope(piece), 0, False
        elif own is None:
            return None
        elif kind is Kind.MESSAGE:
            if own.raw_ung:
                self._in_group += 1
            else:
                self._pieces += 1
            return Message(piece.raw, own, complete=piece.complete)
        elif kind is Kind.UNG:
            self._end_group(None)
            self._envelope = replace(own, raw_ung=piece.raw)
            self._pieces, self._in_group, self._grouped = self._pieces + 1, 0, True
        elif kind is Kind.UNE:
            self._end_group(Segment(piece.raw, own.delimiters, own.identifier))
        elif kind is Kind.UNZ:
            self._end(Segment(piece.raw, own.delimiters, own.identifier))
        return None

    def finish(self) -> None:
        """The data ends here, or another interchange begins."""
        self._end(None)

    def _end_group(self, trailer: Segment | None) -> None:
        own = self._envelope
        if own is not None and own.raw_ung:
            self.problems += _trailer_problems("UNE", trailer, self._in_group, "messages", own.group)
            self._envelope = replace(own, raw_ung=b"")

    def _end(self, trailer: Segment | None) -> None:
        self._end_group(None)
        if self._envelope is not None:
            what = "groups" if self._grouped else "messages"
            self.problems += _trailer_problems("UNZ", trailer, self._pieces, what, self._envelope.interchange)
            self._envelope = None


def parse(data: bytes) -> Interchange:
    """The one interchange that the data is. Raises `Invalid` where it is none, or several."""
    found = list(interchanges(data))
    if not found:
        raise Invalid("there is no interchange", where="byte 1")
    if len(found) > 1:
        raise Invalid(f"there are {len(found)} interchanges; read them with edifact.interchanges", where="UNB[2]")
    return found[0]


def read(data: bytes) -> Message:
    """The one message of an interchange: what a flow of the format `edifact` receives. Raises `Invalid`."""
    found = list(messages(data))
    if not found:
        raise Invalid("there is no message", where="UNH")
    if len(found) > 1:
        words = f"there are {len(found)} messages; have the file split, or use the format edifact-interchange"
        raise Invalid(words, where="UNH[2]")
    return found[0]


def _envelope(piece: Piece) -> Envelope:
    return Envelope(piece.raw, piece.una, delimiters=piece.delimiters)


def _add(current: Interchange, piece: Piece) -> None:
    last = current.pieces[-1] if current.pieces else None
    group = last if isinstance(last, Group) and not last.raw_end else None
    if piece.kind is Kind.UNG:
        current.pieces.append(Group(replace(current.envelope, raw_ung=piece.raw)))
    elif piece.kind is Kind.MESSAGE:
        own = group.envelope if group is not None else current.envelope
        found = Message(piece.raw, own, complete=piece.complete)
        if group is not None:
            group.messages.append(found)
        else:
            current.pieces.append(found)
    elif piece.kind is Kind.UNE:
        if group is None:
            raise Invalid("UNE without a group before it", where="UNE")
        group.raw_end = piece.raw
    elif piece.kind is Kind.UNZ:
        current.raw_end = piece.raw
    else:
        current.raw_tail = piece.raw


def _trailer_problems(name: str, trailer: Segment | None, count: int, what: str, reference: str) -> list[Problem]:
    if trailer is None:
        return [Problem(Code.MISSING, f"the data ends before this: there is no {name}", segment=name)]
    found = []
    position = trailer.position
    if trailer["02"] != reference:
        words = "the reference is not that of the header"
        found.append(Problem(Code.REFERENCES, words, segment=name, element=2, position=position))
    said = trailer["01"]
    if not (said.isascii() and said.isdigit() and int(said[:12]) == count):
        words = f"it says another number of {what}; there are {count}"
        found.append(Problem(Code.COUNT, words, segment=name, element=1, position=position))
    return found

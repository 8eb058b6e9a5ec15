"""Interchanges with their functional groups and transaction sets, and the checks of what their trailers say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from hilum.errors import Invalid
from hilum.formats.scanning import LIMIT, pieces
from hilum.formats.x12.problems import Problem
from hilum.formats.x12.scanning import Kind, Piece, Scanner
from hilum.formats.x12.segment import Segment
from hilum.formats.x12.transaction import Envelope, TransactionSet, header_segment


@dataclass(slots=True)
class Group:
    """A functional group: transaction sets of one kind between GS and GE."""

    envelope: Envelope
    sets: list[TransactionSet] = field(default_factory=list)
    raw_end: bytes = b""  # GE, with what stands before it and its end; empty: there is none

    @property
    def header(self) -> Segment:
        """GS."""
        return header_segment(self.envelope.raw_gs, self.envelope.delimiters)

    @property
    def trailer(self) -> Segment | None:
        """GE."""
        return header_segment(self.raw_end, self.envelope.delimiters) if self.raw_end else None

    @property
    def functional_id(self) -> str:
        """The functional identifier, GS01: `PO` of purchase orders."""
        return self.header["01"]

    @property
    def control_number(self) -> str:
        """The group control number, GS06."""
        return self.header["06"]

    def problems(self) -> list[Problem]:
        """What is wrong with GS and GE; the codes are those of AK9-05."""
        return _group_problems(self.header, self.trailer, len(self.sets))


@dataclass(slots=True)
class Interchange:
    """One ISA … IEA."""

    envelope: Envelope
    pieces: list[Group | TransactionSet] = field(default_factory=list)  # groups, and segments of the interchange itself
    raw_end: bytes = b""  # IEA; empty: there is none
    raw_tail: bytes = b""  # white space at the end of the data

    @property
    def header(self) -> Segment:
        """ISA, its elements without their padding."""
        return self.envelope.isa

    @property
    def trailer(self) -> Segment | None:
        """IEA."""
        return header_segment(self.raw_end, self.envelope.delimiters) if self.raw_end else None

    @property
    def groups(self) -> Sequence[Group]:
        """The functional groups."""
        return [piece for piece in self.pieces if isinstance(piece, Group)]

    @property
    def services(self) -> Sequence[TransactionSet]:
        """Segments of the interchange itself: the answers to interchanges (TA1), and what networks add (ISB, ISE)."""
        return [piece for piece in self.pieces if isinstance(piece, TransactionSet)]

    @property
    def sets(self) -> Sequence[TransactionSet]:
        """The transaction sets of all groups."""
        return [each for group in self.groups for each in group.sets]

    @property
    def control_number(self) -> str:
        """The interchange control number, ISA13."""
        return self.envelope.interchange

    @property
    def asks_ta1(self) -> bool:
        """Does its sender want a TA1 (ISA14)?"""
        return self.header["14"] == "1"

    @property
    def warnings(self) -> Sequence[str]:
        """What was accepted although it bends the standard."""
        return self.envelope.warnings

    def problems(self) -> list[Problem]:
        """What is wrong with ISA and IEA; the codes are those of TA1-05."""
        return _interchange_problems(self.header, self.trailer, len(self.groups))

    def encode(self) -> bytes:
        """The bytes it was read from; what was changed in transaction sets is in them."""
        parts = [self.envelope.raw_isa]
        for piece in self.pieces:
            if isinstance(piece, Group):
                parts += [piece.envelope.raw_gs, *(each.body() for each in piece.sets), piece.raw_end]
            else:
                parts.append(piece.body())
        return b"".join([*parts, self.raw_end, self.raw_tail])


def envelope_problems(transaction: TransactionSet) -> list[Problem]:
    """What is wrong with its ST and SE; the codes are those of AK5-02."""
    if transaction.pick("ST") is None:
        return []  # TA1 and its like
    found = []
    if not _control_number(transaction.code, 3) or len(transaction.code) != 3:
        words = "a transaction set identifier has three digits"
        found.append(Problem(level="set", code="6", words=words, position=1, segment="ST", element=1))
    if not 4 <= len(transaction.control_number) <= 9:
        words = "a transaction set control number has 4 to 9 characters"
        found.append(Problem(level="set", code="7", words=words, position=1, segment="ST", element=2))
    if not transaction.complete:
        at = len(transaction) + 1
        found.append(Problem(level="set", code="2", words="the transaction set has no SE", position=at, segment="SE"))
        return found
    trailer = transaction.segment("SE")
    if trailer["02"] != transaction.control_number:
        words = "the control number is not that of ST-02"
        found.append(Problem(level="set", code="3", words=words, position=trailer.position, segment="SE", element=2))
    if not _counts(trailer["01"], len(transaction)):
        words = f"it says another number of segments; there are {len(transaction)}"
        found.append(Problem(level="set", code="4", words=words, position=trailer.position, segment="SE", element=1))
    return found


def interchanges(data: bytes | Iterable[bytes], *, limit: int = LIMIT) -> Iterator[Interchange]:
    """The interchanges of a file, one after the other; `data` may come in chunks.

    Nothing at all gives none. Raises `Invalid` with the byte where the data is no X12. What trailers say wrongly does
    not raise: `problems` has it.
    """
    current: Interchange | None = None
    for piece in pieces(Scanner, data, limit):
        if piece.kind is Kind.ISA:
            if current is not None:
                yield current
            current = Interchange(_envelope(piece))
        elif current is None:
            return  # white space only
        else:
            _add(current, piece)
    if current is not None:
        yield current


def transaction_sets(data: bytes | Iterable[bytes], *, limit: int = LIMIT) -> Iterator[TransactionSet]:
    """The transaction sets of a file, each with its envelope, one in memory at a time: for files of any size.

    A TA1 is one too, with `code` TA1. What groups and interchanges say of themselves is not checked here. Raises
    `Invalid` with the byte where the data is no X12.
    """
    collector = Collector()
    for piece in pieces(Scanner, data, limit):
        found = collector.add(piece)
        if found is not None:
            yield found


class Collector:
    """Makes transaction sets of pieces: remembers the envelope that they stand in, and compares what trailers say."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []  # of groups and interchanges
        self._envelope: Envelope | None = None
        self._sets = 0  # in this group
        self._groups = 0  # in this interchange

    def add(self, piece: Piece) -> TransactionSet | None:
        """The transaction set that this piece is, if it is one."""
        kind, envelope = piece.kind, self._envelope
        if kind is Kind.ISA:
            self.finish()
            self._envelope, self._groups = _envelope(piece), 0
        elif envelope is None:
            return None  # white space only
        elif kind is Kind.SET:
            _fits(piece, in_group=bool(envelope.raw_gs))
            self._sets += 1
            return TransactionSet(piece.raw, envelope, complete=piece.complete)
        elif kind is Kind.SERVICE:
            _fits(piece, in_group=bool(envelope.raw_gs))
            return TransactionSet(piece.raw, envelope) if piece.raw.lstrip().startswith(b"TA1") else None
        elif kind is Kind.GS:
            self._end_group(envelope, None)
            self._envelope, self._groups, self._sets = _in_group(envelope, piece), self._groups + 1, 0
        elif kind is Kind.GE:
            _fits(piece, in_group=bool(envelope.raw_gs))
            self._end_group(envelope, header_segment(piece.raw, envelope.delimiters))
            self._envelope = _in_group(envelope, None)
        elif kind is Kind.IEA:
            self._end_group(envelope, None)
            trailer = header_segment(piece.raw, envelope.delimiters)
            self.problems += _interchange_problems(envelope.isa, trailer, self._groups)
            self._envelope = None
        return None

    def finish(self) -> None:
        """The data ends here, or another interchange begins."""
        if self._envelope is not None:
            self._end_group(self._envelope, None)
            self.problems += _interchange_problems(self._envelope.isa, None, self._groups)
            self._envelope = None

    def _end_group(self, envelope: Envelope, trailer: Segment | None) -> None:
        if envelope.gs is not None:
            self.problems += _group_problems(envelope.gs, trailer, self._sets)


def parse(data: bytes) -> Interchange:
    """The one interchange that the data is. Raises `Invalid` where it is none, or several."""
    found = list(interchanges(data))
    if not found:
        raise Invalid("there is no interchange", where="byte 1")
    if len(found) > 1:
        raise Invalid(f"there are {len(found)} interchanges; read them with x12.interchanges", where="ISA[2]")
    return found[0]


def read(data: bytes) -> TransactionSet:
    """The one transaction set of an interchange: what a flow of the format `x12` receives.

    Raises `Invalid` where the data is no interchange, or has not exactly one transaction set (or TA1).
    """
    found = list(transaction_sets(data))
    if not found:
        raise Invalid("there is no transaction set", where="ST")
    if len(found) > 1:
        words = f"there are {len(found)} transaction sets; have the file split, or use the format x12-interchange"
        raise Invalid(words, where="ST[2]")
    return found[0]


def _envelope(piece: Piece) -> Envelope:
    if piece.header is None:
        raise Invalid("an interchange begins with ISA", where="ISA")
    return Envelope(piece.raw, b"", piece.header.delimiters, piece.header.warnings)


def _in_group(envelope: Envelope, piece: Piece | None) -> Envelope:
    return Envelope(envelope.raw_isa, piece.raw if piece else b"", envelope.delimiters, envelope.warnings)


# Segments of the interchange itself (X12.5 and X12.56): answers to interchanges, and what networks deliver with it.
_SERVICES = (b"TA1", b"TA3", b"ISB", b"ISE")


def _fits(piece: Piece, *, in_group: bool) -> None:
    """Raises `Invalid` where a piece cannot stand here: something is missing before it, and would be lost unseen."""
    where = f"byte {piece.at}"
    if piece.kind is Kind.SET and not in_group:
        raise Invalid("a transaction set stands outside of a functional group", where=where)
    if piece.kind is Kind.GE and not in_group:
        raise Invalid("a functional group ends that has not begun", where=where)
    if piece.kind is Kind.SERVICE and in_group:
        raise Invalid("a segment stands in a functional group and in no transaction set", where=where)
    if piece.kind is Kind.SERVICE and not piece.raw.lstrip().startswith(_SERVICES):
        raise Invalid("a segment stands in an interchange and in no functional group", where=where)


def _add(current: Interchange, piece: Piece) -> None:
    last = current.pieces[-1] if current.pieces else None
    group = last if isinstance(last, Group) and not last.raw_end else None
    _fits(piece, in_group=group is not None)
    match piece.kind:
        case Kind.GS:
            current.pieces.append(Group(_in_group(current.envelope, piece)))
        case Kind.IEA:
            current.raw_end = piece.raw
        case Kind.BLANK:
            current.raw_tail = piece.raw
        case Kind.SET if group is not None:
            group.sets.append(TransactionSet(piece.raw, group.envelope, complete=piece.complete))
        case Kind.GE if group is not None:
            group.raw_end = piece.raw
        case _:
            current.pieces.append(TransactionSet(piece.raw, current.envelope))


def _group_problems(header: Segment, trailer: Segment | None, sets: int) -> list[Problem]:
    if trailer is None:
        return [Problem(level="group", code="3", words="the functional group has no GE", segment="GE")]
    found = []
    if trailer["02"] != header["06"]:
        words = "the group control number is not that of GS-06"
        found.append(Problem(level="group", code="4", words=words, segment="GE", element=2))
    if not _counts(trailer["01"], sets):
        words = f"it says another number of transaction sets; there are {sets}"
        found.append(Problem(level="group", code="5", words=words, segment="GE", element=1))
    if not _control_number(header["06"], 9):
        words = "a group control number has 1 to 9 digits"
        found.append(Problem(level="group", code="6", words=words, segment="GS", element=6))
    return found


def _interchange_problems(header: Segment, trailer: Segment | None, groups: int) -> list[Problem]:
    if trailer is None:
        words = "the data ends before the interchange does: there is no IEA"
        return [Problem(level="interchange", code="023", words=words, segment="IEA")]
    found = []
    if trailer["02"].strip() != header["13"]:
        words = "the interchange control number is not that of ISA-13"
        found.append(Problem(level="interchange", code="001", words=words, segment="IEA", element=2))
    if not _counts(trailer["01"], groups):
        words = f"it says another number of functional groups; there are {groups}"
        found.append(Problem(level="interchange", code="021", words=words, segment="IEA", element=1))
    if not _control_number(header["13"], 9):
        words = "an interchange control number has 9 digits"
        found.append(Problem(level="interchange", code="018", words=words, segment="ISA", element=13))
    return found


def _counts(text: str, there: int) -> bool:
    return text.isascii() and text.isdigit() and int(text[:12]) == there


def _control_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= most

"""Making interchanges: drafts of transaction sets go in, control numbers and counts come out right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from zlib import crc32

from hilum.formats.x12.delimiters import ABSENT
from hilum.formats.x12.interchange import Group, Interchange
from hilum.formats.x12.partners import Partner
from hilum.formats.x12.segment import Value, written
from hilum.formats.x12.transaction import Envelope, TransactionSet

FUNCTIONAL_IDS: Mapping[str, str] = MappingProxyType(
    {
        "180": "AN", "270": "HS", "271": "HB", "275": "PI", "276": "HR", "277": "HN", "278": "HI", "810": "IN",
        "820": "RA", "824": "AG", "832": "SC", "834": "BE", "835": "HP", "837": "HC", "840": "RQ", "843": "RR",
        "844": "CF", "845": "PA", "846": "IB", "850": "PO", "852": "PD", "855": "PR", "856": "SH", "860": "PC",
        "861": "RC", "864": "TX", "865": "CA", "867": "PT", "997": "FA", "999": "FA",
    }
)  # fmt: skip
"""Transaction set → functional identifier code of its group, GS01 (data element 479)."""

ACKNOWLEDGEMENTS = "FA"
"""The functional identifier of groups that answer others; they are not answered themselves."""

Row = tuple[Value, ...]
"""A segment to be written: its name, then its elements."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A transaction set without its control number: `Draft("850", [("BEG", "00", "SA", "PO-17", None, day), …])`."""

    code: str
    rows: Sequence[Row] = field(repr=False)  # without ST and SE
    guide: str = ""  # the implementation convention, ST03: `005010X231A1`; empty: none


@dataclass(slots=True)
class Numbers:
    """The control numbers that one interchange takes. They count on over everything that is sent to a partner.

    A durable counter for each partner gives `interchange` and `group`, and is set to `group` + `groups_of(drafts)`
    afterwards: a number that is used twice makes the receiver refuse what it believes to have.
    """

    interchange: int
    group: int
    transaction: int = 1  # unique in its group; counts on within the interchange

    @classmethod
    def answering(cls, interchange: Interchange) -> Numbers:
        """Those of the interchange that is answered: the same for each attempt and replay, and no counter is needed.

        They are unique among answers, for the sender's are. They would be wrong where a receiver compares them with
        those of the documents that we send from the same identifiers; there a counter must give them.
        """
        group = interchange.groups[0].control_number if interchange.groups else "1"
        return cls(_number(interchange.control_number), max(_number(group), 1))


def build(
    partner: Partner, drafts: Iterable[Draft], *, numbers: Numbers, at: datetime, services: Sequence[Row] = ()
) -> Interchange:
    """An interchange to the partner with these transaction sets, in this order; each run of one kind is a group.

    `services` are segments of the interchange itself, before its groups: TA1. `at` is the moment of sending, in the
    time that the partner expects in ISA09, ISA10, GS04 and GS05. Raises `ValueError` where a text holds a delimiter,
    and for a kind whose functional group is not known.
    """
    own = partner.delimiters
    raw_isa = _isa(partner, numbers.interchange, at)
    made = Interchange(Envelope(raw_isa, b"", own))
    made.pieces += [TransactionSet(_line(partner, row), made.envelope) for row in services]
    transaction = numbers.transaction
    for place, ((code, guide), run) in enumerate(groupby(drafts, lambda each: (each.code, each.guide))):
        if code not in FUNCTIONAL_IDS:
            raise ValueError(f"the functional group of transaction set {code} is not known")
        control = str(numbers.group + place)
        row = ("GS", FUNCTIONAL_IDS[code], partner.ours.in_group, partner.theirs.in_group, at.date())
        version = guide or partner.version
        raw_gs = _line(partner, (*row, at.time(), control, "X", version))
        group = Group(Envelope(raw_isa, raw_gs, own))
        for draft in run:
            group.sets.append(_transaction(partner, draft, f"{transaction:04d}", group.envelope))
            transaction += 1
        group.raw_end = _line(partner, ("GE", len(group.sets), control))
        made.pieces.append(group)
    made.raw_end = _line(partner, ("IEA", len(made.groups), f"{numbers.interchange:09d}"))
    return made


def stamp(interchange: Interchange, partner: Partner, *, numbers: Numbers, at: datetime) -> Interchange:
    """The same interchange under other control numbers and another time: what is drawn only when it is sent.

    `numbers.transaction` does not count: transaction sets are numbered within their group, and stay as they are.
    """
    raw_isa = _isa(partner, numbers.interchange, at)
    made = Interchange(Envelope(raw_isa, b"", partner.delimiters))
    place = 0
    for piece in interchange.pieces:
        if isinstance(piece, TransactionSet):
            made.pieces.append(TransactionSet(_in_line(partner, piece), made.envelope))
            continue
        gs, control = piece.header, str(numbers.group + place)
        row = ("GS", gs["01"], gs["02"], gs["03"], at.date(), at.time(), control, gs["07"], gs["08"])
        group = Group(Envelope(raw_isa, _line(partner, row), partner.delimiters))
        group.sets += [TransactionSet(_in_line(partner, each), group.envelope) for each in piece.sets]
        group.raw_end = _line(partner, ("GE", len(group.sets), control))
        made.pieces.append(group)
        place += 1
    made.raw_end = _line(partner, ("IEA", place, f"{numbers.interchange:09d}"))
    return made


def _in_line(partner: Partner, transaction: TransactionSet) -> bytes:
    """Its bytes with line ends behind its segments, as they are written; what was read has them before."""
    body = transaction.body().lstrip(b" \t\r\n")
    return body if body.endswith((partner.segment + partner.line_end).encode()) else body + partner.line_end.encode()


def groups_of(drafts: Iterable[Draft]) -> int:
    """How many functional groups, and so group control numbers, these make."""
    return sum(1 for _ in groupby(drafts, lambda each: (each.code, each.guide)))


def _transaction(partner: Partner, draft: Draft, control: str, envelope: Envelope) -> TransactionSet:
    rows = (("ST", draft.code, control, draft.guide), *draft.rows, ("SE", len(draft.rows) + 2, control))
    return TransactionSet(b"".join(_line(partner, row) for row in rows), envelope)


def _isa(partner: Partner, number: int, at: datetime) -> bytes:
    """The header, each element of its fixed width (X12.5 §3)."""
    if not 0 <= number < 10**9:
        raise ValueError("an interchange control number has 9 digits")
    own = partner.delimiters
    elements = [
        "ISA", "00", " " * 10, "00", " " * 10,
        partner.ours.qualifier, partner.ours.id.ljust(15), partner.theirs.qualifier, partner.theirs.id.ljust(15),
        at.strftime("%y%m%d"), at.strftime("%H%M"), "U" if own.repetition == ABSENT else own.repetition,
        partner.isa_version or partner.version[:5], f"{number:09d}", "1" if partner.wants_ta1 else "0", partner.usage,
        own.component,
    ]  # fmt: skip
    return (own.element.join(elements) + own.segment + partner.line_end).encode()


def _number(text: str) -> int:
    """A control number as a number; of what is none, one that is made of it."""
    digits = text.isascii() and text.isdigit() and len(text) <= 9
    return int(text) if digits else crc32(text.encode()) % 10**9


def _line(partner: Partner, row: Row) -> bytes:
    own = partner.delimiters
    name, *values = row
    elements = written(str(name), values, own)
    return (own.element.join(elements) + own.segment + partner.line_end).encode()

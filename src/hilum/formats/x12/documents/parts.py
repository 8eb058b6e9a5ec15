"""What many documents have in common: parties, references, product identifiers, dates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

from hilum.errors import Invalid
from hilum.formats.x12.building import Row
from hilum.formats.x12.loops import Loop, loops
from hilum.formats.x12.segment import Free, Segment
from hilum.formats.x12.structures import structures
from hilum.formats.x12.transaction import TransactionSet

Found = TypeVar("Found")

Ids = tuple[tuple[str, str], ...]
"""Product identifiers: pairs of qualifier (data element 235) and identifier."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A number of something else: REF or N9."""

    qualifier: str  # data element 128
    id: str
    words: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedParty:
    """N1 with what follows it."""

    role: str  # data element 98, see `codes.Entity`
    name: str = ""
    qualifier: str = ""  # data element 66: 92 assigned by the buyer, 91 by the seller, 1 and 9 DUNS, UL GLN
    id: str = ""
    more: tuple[str, ...] = ()  # N2
    street: tuple[str, ...] = ()  # N3
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identified:
    """Something with product identifiers."""

    ids: Ids = field(default=())

    def id(self, *qualifiers: str) -> str:
        """The identifier of the first of these qualifiers that is there; empty: none."""
        known = dict(reversed(self.ids))
        return next((known[code] for code in qualifiers if code in known), "")


def tree(transaction: TransactionSet, *codes: str) -> Loop:
    """The loops of a transaction set of one of these codes. Raises `Invalid` where it is another."""
    if transaction.code not in codes:
        raise Invalid(f"this is no {' or '.join(codes)}", where="ST-01")
    return loops(transaction, structures()[transaction.code])


def first(loop: Loop, name: str) -> Segment:
    """The first own segment of this name. Raises `Invalid` where the loop has none."""
    found = loop.first(name)
    if found is None:
        where = f"{name} in loop {loop.head}" if loop.name else name
        raise Invalid(f"the segment {name} is missing", where=where)
    return found


def needed(segment: Segment, path: str, read: Callable[[str], Found | None]) -> Found:
    """A value that must be there: `needed(beg, "05", beg.date)`. Raises `Invalid`."""
    found = read(path)
    if found is None or found == "":
        raise Invalid("the element is missing", where=segment.where(path))
    return found


def text(segment: Segment, path: str) -> str:
    """A text that must be there. Raises `Invalid`."""
    return needed(segment, path, segment.__getitem__)


def amount(segment: Segment, path: str) -> Decimal:
    """A number that must be there. Raises `Invalid`."""
    return needed(segment, path, segment.decimal)


def ids_of(segment: Segment, start: int) -> Ids:
    """The product identifiers of a segment, whose first qualifier is this element."""
    places = range(start, len(segment.elements) - 1, 2)
    pairs = ((segment[f"{at:02d}"], segment[f"{at + 1:02d}"]) for at in places)
    return tuple((code, identifier) for code, identifier in pairs if code and identifier)


def ids_row(ids: Ids) -> list[str]:
    """The same as elements."""
    return [part for pair in ids for part in pair]


def references_of(loop: Loop, name: str = "REF") -> tuple[Reference, ...]:
    """REF (or N9) of a loop."""
    return tuple(
        Reference(qualifier=each["01"], id=each["02"], words=each["03"]) for each in loop.all(name) if each["01"]
    )


def reference_rows(references: Sequence[Reference]) -> list[Row]:
    """The same as segments."""
    return [("REF", each.qualifier, each.id, Free(each.words)) for each in references]


def reference(references: Sequence[Reference], *qualifiers: str) -> str:
    """The number of the first of these qualifiers that is there; empty: none."""
    return next((each.id for code in qualifiers for each in references if each.qualifier == code and each.id), "")


def day_of(loop: Loop, *qualifiers: str) -> date | None:
    """The date of the first DTM of one of these qualifiers. Raises `Invalid` where it is none."""
    found = loop.qualified("DTM", *qualifiers)
    return found.date("02") if found is not None else None


def day_rows(*days: tuple[str, date | None]) -> list[Row]:
    """Dates that are there, as segments."""
    return [("DTM", qualifier, day) for qualifier, day in days if day is not None]


def parties_of(loop: Loop) -> tuple[NamedParty, ...]:
    """The N1 loops of a loop."""
    return tuple(_party(each) for each in loop.within("N1"))


def party(parties: Sequence[NamedParty], *roles: str) -> NamedParty | None:
    """The first party that has one of these roles, in their order."""
    return next((each for role in roles for each in parties if each.role == role), None)


def party_rows(parties: Sequence[NamedParty]) -> list[Row]:
    """Parties as segments."""
    rows: list[Row] = []
    for each in parties:
        rows.append(("N1", each.role, Free(each.name), each.qualifier, each.id))
        rows += [("N2", *map(Free, each.more[at : at + 2])) for at in range(0, len(each.more), 2)]
        rows += [("N3", *map(Free, each.street[at : at + 2])) for at in range(0, len(each.street), 2)]
        place = (each.city, each.state, each.postal_code, each.country)
        if any(place):
            rows.append(("N4", *map(Free, place)))
    return rows


def _party(loop: Loop) -> NamedParty:
    head, place = loop.head, loop.first("N4")
    return NamedParty(
        role=head["01"],
        name=head["02"],
        qualifier=head["03"],
        id=head["04"],
        more=tuple(line for each in loop.all("N2") for line in (each["01"], each["02"]) if line),
        street=tuple(line for each in loop.all("N3") for line in (each["01"], each["02"]) if line),
        city=place["01"] if place else "",
        state=place["02"] if place else "",
        postal_code=place["03"] if place else "",
        country=place["04"] if place else "",
    )


def currency_of(loop: Loop) -> str:
    """CUR02; empty: the partner's profile says it."""
    found = loop.first("CUR")
    return found["02"] if found is not None else ""


def description_of(loop: Loop) -> str:
    """Free-form descriptions: PID05 of the PIDs of a line, as loops or segments of their own."""
    own = [*(each.head for each in loop.within("PID")), *loop.all("PID")]
    return " ".join(each["05"] for each in own if each["05"])


def description_rows(words: str) -> list[Row]:
    """A free-form description, in segments of 80 characters."""
    return [("PID", "F", None, None, None, Free(words[at : at + 80])) for at in range(0, len(words), 80)]


def count_row(lines: int) -> Row:
    """CTT01: how many lines there are."""
    return ("CTT", lines)

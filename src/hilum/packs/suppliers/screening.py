"""Is somebody of a registration on a list? Names, addresses and birth dates are weighed as evidence. Pure.

The engine is that of matching (`hilum.masterdata.matching`), with weights of its own: whoever has the name of somebody
on a list is asked about, also when nothing else is known; listed is only who agrees in more than the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from hilum.canonical import Address, ScreeningOutcome, SupplierRegistration
from hilum.masterdata.matching import Kind, Matcher, Pair, Record, Verdict, normal
from hilum.masterdata.matching.fields import Field, exact, number, spelling, wording
from hilum.packs.suppliers.layouts import Entry, Subject

_STREET: Final = Field(
    name="street", normal=normal.name, likeness=spelling, levels=((0.9, 5.0), (0.75, 2.0), (0.5, 0.0), (0.0, -0.5))
)
_PLACE: Final = (
    _STREET,
    number("postal_code", 4.0, 1.0, -0.5),
    Field(name="city", normal=normal.name, likeness=spelling, levels=((0.85, 1.0), (0.0, -0.5))),
    exact("country", 0.5, -2.0),
)
_NPI: Final = exact("npi", 16.0, -3.0)


def _company_blocks(record: Mapping[str, str]) -> Iterable[str]:
    words = [word for word in record.get("name", "").split() if len(word) > 2]
    for word in words:
        yield f"c{word[:5]}"
        yield f"d{word[-5:]}"
    if npi := record.get("npi"):
        yield f"n{npi}"


def _person_blocks(record: Mapping[str, str]) -> Iterable[str]:
    family, given = record.get("family_name", ""), record.get("given_name", "")
    if family:
        yield f"p{family[:4]}{given[:2]}"
        yield f"q{given[:4]}{family[:2]}"
        yield f"r{given[:4]}{family[-3:]}"
    if npi := record.get("npi"):
        yield f"n{npi}"


def _name(name: str, most: float) -> Field:
    return Field(
        name=name, normal=normal.name, likeness=spelling, levels=((0.99, most), (0.84, most - 2), (0.7, -2.0), (0, -12))
    )


COMPANY: Final = Kind(
    object="listed_company",
    fields=(
        _NPI,
        Field(
            name="name",
            normal=normal.name,
            likeness=wording,
            levels=((0.97, 11.0), (0.92, 9.0), (0.85, 5.0), (0.76, 1.0), (0.0, -12.0)),
        ),
        *_PLACE,
    ),
    blocks=_company_blocks,
    prior=-9.0,
    same=0.98,  # the same name, and an address or more
    ask=0.05,  # the same name, and nothing that agrees or contradicts
)
PERSON: Final = Kind(
    object="listed_person",
    fields=(
        _NPI,
        _name("family_name", 6.0),
        _name("given_name", 5.0),
        number("birth_date", 8.0, 3.0, -9.0),
        *_PLACE,
    ),
    blocks=_person_blocks,
    prior=-9.0,
    same=0.98,
    ask=0.05,
    against=("birth_date",),
)
MATCHERS: Final[Mapping[Subject, Matcher]] = MappingProxyType({"company": Matcher(COMPANY), "person": Matcher(PERSON)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Somebody of a registration may be, or is, somebody on a list."""

    outcome: ScreeningOutcome  # possible or listed
    score: float
    list: str
    key: str  # of the entry
    who: str = field(repr=False)  # of the registration, as it is said
    words: str = field(repr=False)  # both side by side
    why: str = field(repr=False)  # it is on the list, since when
    pair: Pair = field(repr=False)  # what was compared: of the registration, and of the entry


def subjects(registration: SupplierRegistration) -> list[tuple[Subject, Record]]:
    """Who is looked up: the company at each of its addresses, and its people."""
    found: list[tuple[Subject, Record]] = []
    for place, address in enumerate(registration.addresses or (Address(),)):
        said = {"name": registration.title, "npi": registration.npi, **_place(address)}
        found.append(("company", _record(f"company {place}", said)))
    for place, each in enumerate(registration.principals):
        said = {
            "family_name": each.person.family,
            "given_name": each.person.given,
            "birth_date": each.birth_date.isoformat() if each.birth_date else "",
            **_place(each.address or Address()),
        }
        found.append(("person", _record(f"person {place}", said)))
    return found


def _record(identifier: str, said: Mapping[str, str]) -> Record:
    return Record(system="registration", identifier=identifier, values={k: v for k, v in said.items() if v})


def _place(address: Address) -> dict[str, str]:
    code = address.postal_code[:5] if address.country in ("US", "USA") else address.postal_code
    country = address.country if len(address.country) == 2 else ""
    return {"street": address.street, "city": address.city, "postal_code": code, "country": country}


def blocks_of(kind: Subject, said: Mapping[str, str]) -> set[str]:
    """Only those who share one of these are compared."""
    matcher = MATCHERS[kind]
    return set(matcher.kind.blocks(matcher.normal(said)))


def hits(registration: SupplierRegistration, listed: Sequence[tuple[str, Entry]]) -> list[Hit]:
    """Whom of these entries, each with the name of its list, the registration may be; the likeliest first.

    Each entry counts once, by the address or person that is most like it.
    """
    best: dict[tuple[str, str], Hit] = {}
    for kind, record in subjects(registration):
        for list_, entry in listed:
            if entry.kind != kind:
                continue
            hit = _hit(list_, entry, record)
            if hit is not None and hit.score > (before.score if (before := best.get((list_, hit.key))) else -1):
                best[(list_, hit.key)] = hit
    return sorted(best.values(), key=lambda each: (-each.score, each.list, each.key))


def _hit(list_: str, entry: Entry, record: Record) -> Hit | None:
    matcher, other = MATCHERS[entry.kind], Record(system=list_, identifier=entry.key, values=entry.said)
    pair = matcher.compare(record, other)
    if pair.verdict is Verdict.DIFFERENT:
        return None
    same = pair.verdict is Verdict.SAME and not any(
        each.likeness is not None and each.likeness < 1 for each in pair.evidence if each.field in matcher.kind.against
    )
    return Hit(
        outcome=ScreeningOutcome.LISTED if same else ScreeningOutcome.POSSIBLE,
        score=pair.score,
        list=list_,
        key=entry.key,
        who=_told(record.values),
        words=f"{_told(record.values)} — {list_}: {_told(entry.said)}; {entry.words}",
        why=entry.words,
        pair=pair,
    )


def _told(said: Mapping[str, str]) -> str:
    """Name and address; that there is a birth date is said, and not which: the words are shown in the inbox."""
    name = said.get("name") or " ".join(said[part] for part in ("given_name", "family_name") if said.get(part))
    place = " ".join(said[part] for part in ("street", "postal_code", "city", "country") if said.get(part))
    born = f"born {said['birth_date'][:4]}" if said.get("birth_date") else ""
    return ", ".join(part for part in (name, place, born) if part)

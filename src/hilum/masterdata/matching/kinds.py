"""The kinds of records that are matched: which fields count how much, and which records are compared at all.

One engine, and one entry in `KINDS` for each kind. The bits were set on the training seeds of `bench/matching.py`
and are judged by its held-out ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from hilum.errors import SettingsError
from hilum.masterdata.matching import normal
from hilum.masterdata.matching.fields import Field, exact, mailbox, number, spelling, wording
from hilum.security import Permission

Blocks = Callable[[Mapping[str, str]], Iterable[str]]
"""Keys of a record in normal form; records that share one are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of record. `same` and `ask` are the thresholds where `hilum.toml` says nothing."""

    object: str
    fields: tuple[Field, ...]  # what says most first: comparing ends when the rest cannot change the verdict
    blocks: Blocks
    prior: float = -14.0  # bits: two records of two lists that were picked at random are hardly ever one thing
    same: float = 0.99
    ask: float = 0.50
    sure: tuple[str, ...] = ()  # fields that must agree wholly, on both sides, before the hub decides alone
    against: tuple[str, ...] = ()  # fields that must not contradict each other, where both sides have them
    shown_with: Permission | None = None  # what it takes to see the values of the records
    data_class: str = "internal"

    @property
    def of_persons(self) -> bool:
        """Do its records say something of a person? Then they are sealed where they are kept, and masked."""
        return self.shown_with is not None


_NAME = ((0.97, 11.0), (0.92, 9.0), (0.85, 6.0), (0.76, 2.0), (0.62, -3.0), (0.0, -8.0))
_STREET = ((0.92, 6.0), (0.78, 3.0), (0.6, 0.0), (0.0, -1.5))


def _title(name: str = "name") -> Field:
    return Field(name=name, normal=normal.name, likeness=wording, levels=_NAME)


def _person(name: str, most: float) -> Field:
    levels = ((0.99, most), (0.84, most - 4), (0.7, -2.0), (0.0, -10.0))
    return Field(name=name, normal=normal.name, likeness=spelling, levels=levels)


_EMAIL = Field(
    name="email", normal=normal.lower, likeness=mailbox, levels=((1.0, 9.0), (0.5, 5.0), (0.0, -1.0))
)  # fmt: skip
_PHONE = number("phone", 8.0, 4.0, -0.5, normal.digits)


def _words(text: str) -> list[str]:
    return text.split()


def _name_keys(text: str) -> Iterable[str]:
    found = _words(text)
    for word in found:
        if len(word) > 2:
            yield f"w{word[:6]}"
            yield f"e{word[-5:]}"
    for n, one in enumerate(found[:4]):
        for other in found[n + 1 : 4]:
            yield f"p{one[:3]}{other[:3]}"


def _values(record: Mapping[str, str], *names: str) -> Iterable[str]:
    for name in names:
        if value := record.get(name):
            yield f"{name}:{value}"


def _supplier_blocks(record: Mapping[str, str]) -> Iterable[str]:
    yield from _values(record, "tax_id", "iban", "email", "phone")
    yield from _name_keys(record.get("name", ""))
    if postal := record.get("postal_code"):
        for word in _words(record.get("name", ""))[:3]:
            yield f"z{postal}{word[:2]}"
        yield from (f"s{postal}{street[:4]}" for street in [record.get("street", "")] if street)
    if tax := record.get("tax_id"):
        yield f"t{tax[:6]}"


SUPPLIER = Kind(
    object="supplier",
    fields=(
        _title(),
        number("tax_id", 14.0, 8.0, -9.0),
        number("iban", 11.0, 6.0, -1.5),
        _EMAIL,
        _PHONE,
        Field(name="street", normal=normal.name, likeness=spelling, levels=_STREET),
        number("postal_code", 5.0, 2.0, -1.5),
        Field(name="city", normal=normal.name, likeness=spelling, levels=((0.85, 3.0), (0.0, -1.5))),
        exact("country", 0.5, -5.0),
    ),
    blocks=_supplier_blocks,
    against=("tax_id",),
)


def _item_blocks(record: Mapping[str, str]) -> Iterable[str]:
    yield from _values(record, "gtin", "part_number")
    yield from _name_keys(record.get("title", ""))


ITEM = Kind(
    object="item",
    fields=(
        number("gtin", 14.0, 8.0, -7.0),
        Field(
            name="title",
            normal=normal.name,
            likeness=wording,
            levels=((0.97, 9.0), (0.9, 7.0), (0.82, 4.0), (0.72, 0.0), (0.0, -8.0)),
        ),
        number("part_number", 11.0, 5.0, -6.0),
        Field(name="maker", normal=normal.name, likeness=wording, levels=((0.85, 4.0), (0.0, -4.0))),
        exact("unit", 1.0, -2.0),
        exact("pack", 1.5, -6.0),
    ),
    blocks=_item_blocks,
    ask=0.2,
)


def _person_blocks(record: Mapping[str, str]) -> Iterable[str]:
    yield from _values(record, "national_id", "email", "phone")
    family, given, born = (record.get(name, "") for name in ("family_name", "given_name", "birth_date"))
    yield f"n{family[:4]}{given[:2]}"
    yield f"r{given[:4]}{family[:2]}"
    if born:
        yield f"b{born}{family[:1]}"
        yield f"g{born}{given[:1]}"
        yield f"y{family[:4]}{born[:4]}"


_BORN = number("birth_date", 10.0, 3.0, -12.0)
_PERSON = ("family_name", "given_name", "birth_date")  # twins and namesakes differ in one of them

PATIENT_ACCOUNT = Kind(
    object="patient_account",
    fields=(
        number("national_id", 14.0, 8.0, -9.0),
        _BORN,
        _person("family_name", 8.0),
        _person("given_name", 6.0),
        exact("sex", 1.0, -5.0),
        _PHONE,
        number("postal_code", 5.0, 2.0, -1.0),
        Field(name="street", normal=normal.name, likeness=spelling, levels=_STREET),
    ),
    blocks=_person_blocks,
    same=0.9995,  # two patients taken for one is worse than a question too many
    sure=_PERSON,
    against=("national_id", "sex"),
    shown_with=Permission.VIEW_PAYLOAD,
    data_class="phi",
)

EMPLOYEE = Kind(
    object="employee",
    fields=(
        number("national_id", 14.0, 8.0, -9.0),
        _EMAIL,
        _person("family_name", 8.0),
        _person("given_name", 6.0),
        _BORN,
        _PHONE,
        Field(name="department", normal=normal.name, likeness=spelling, levels=((0.85, 2.0), (0.0, -0.5))),
        exact("hired_on", 4.0, -1.0),
    ),
    blocks=_person_blocks,
    same=0.999,
    sure=("family_name", "given_name"),
    against=("national_id", "birth_date"),
    shown_with=Permission.VIEW_PAYLOAD,
    data_class="confidential",
)

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {kind.object: kind for kind in (SUPPLIER, ITEM, PATIENT_ACCOUNT, EMPLOYEE)}
)
"""All of them."""


def kind_of(object_: str) -> Kind:
    """The kind of that name. Raises `SettingsError`."""
    if object_ not in KINDS:
        raise SettingsError(f"'{object_}' cannot be matched; these can: {', '.join(KINDS)}.")
    return KINDS[object_]

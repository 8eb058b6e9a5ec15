"""From a business object that arrives to the fields by which its kind is compared. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from hilum.canonical import Address, BusinessObject, Employee, Item, PatientAccount, Supplier
from hilum.errors import SettingsError
from hilum.masterdata.matching.kinds import EMPLOYEE, ITEM, PATIENT_ACCOUNT, SUPPLIER, Kind

_Fields = Mapping[str, Any]
"""Field of the kind → value; one that the object does not tell is missing, an empty one is told to be empty."""


def _address(told: frozenset[str], given: Address | None) -> _Fields:
    if "address" not in told:
        return {}
    parts = ("street", "postal_code", "city", "country")
    return {part: getattr(given, part) if given is not None else "" for part in parts}


def _supplier(thing: Supplier, told: frozenset[str]) -> _Fields:
    accounts = thing.bank_accounts or ()
    return {
        "name": thing.title,
        "tax_id": thing.tax_id,
        "email": thing.email,
        "phone": thing.phone,
        **({"iban": accounts[0].compact if accounts else ""} if "bank_accounts" in told else {}),
        **_address(told, thing.address),
    }


def _item(thing: Item, told: frozenset[str]) -> _Fields:
    packed = next((each.gtin for each in thing.packings or ()), "")
    barcode = {"gtin": thing.barcode or packed} if told & {"barcode", "packings"} else {}
    return {"title": thing.title, "unit": thing.unit, "maker": thing.manufacturer,
            "part_number": thing.manufacturer_item, **barcode}  # fmt: skip


def _account(thing: PatientAccount, told: frozenset[str]) -> _Fields:
    person = thing.person
    named = {"family_name": person.family, "given_name": person.given} if person is not None else {}
    return {**named, "phone": thing.phone, **_address(told, thing.address)}


def _employee(thing: Employee, told: frozenset[str]) -> _Fields:
    given, _, family = (thing.title or "").strip().rpartition(" ")
    named = {"family_name": family, "given_name": given} if "title" in told else {}
    return {**named, "email": thing.email, "phone": thing.phone, "department": thing.department}


_LOOKED_AT: Final = ("gtin", "family_name", "given_name", "iban", "street", "postal_code", "city", "country")

_SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {"name": "title", "maker": "manufacturer", "part_number": "manufacturer_item"} | dict.fromkeys(_LOOKED_AT, "")
)
"""Field of a kind → the member of the object, where the two are called differently; empty: it was looked at above."""

_READERS: Final[Mapping[type[BusinessObject], tuple[Kind, Callable[[Any, frozenset[str]], _Fields]]]] = (
    MappingProxyType(
        {
            Supplier: (SUPPLIER, _supplier),
            Item: (ITEM, _item),
            PatientAccount: (PATIENT_ACCOUNT, _account),
            Employee: (EMPLOYEE, _employee),
        }
    )
)


def kind_for(kind: type[BusinessObject]) -> Kind:
    """How objects of this class are compared. Raises `SettingsError`."""
    if kind not in _READERS:
        known = ", ".join(each.__name__ for each in _READERS)
        raise SettingsError(f"{kind.__name__} cannot be matched; these can: {known}.")
    return _READERS[kind][0]


def values_of(thing: BusinessObject, more: Mapping[str, Any]) -> dict[str, str]:
    """What counts of an object, and `more` that its message says beside it; what is not told is missing."""
    kind, read = _READERS[type(thing).whole()]
    told = frozenset(thing.model_fields_set)
    found = {name: value for name, value in read(thing, told).items() if _told(name, told)} | dict(more)
    known = {each.name for each in kind.fields}
    return {name: str(value or "").strip() for name, value in found.items() if name in known}


def _told(name: str, told: frozenset[str]) -> bool:
    member = _SOURCES.get(name, name)
    return not member or member in told

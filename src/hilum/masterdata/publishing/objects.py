"""What can be published: each kind with the model that its content is checked against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hilum.canonical import Item, Location, Supplier
from hilum.canonical.base import Code, Text, Value
from hilum.canonical.finance import CostCentre
from hilum.errors import SettingsError

KEY: Final = "code"
"""The field that names a record, in all of them."""


class AccountMapping(Value):
    """Which account of the group's chart an account of a facility is."""

    code: Code  # the account as the facility calls it, with the facility where numbers clash: `NORTH:4400`
    account: Code  # of the group's chart
    title: Text = ""
    facility: Text = ""


OBJECTS: Final[Mapping[str, type[BaseModel]]] = MappingProxyType(
    {
        "items": Item,
        "suppliers": Supplier,
        "cost_centres": CostCentre,
        "chart": AccountMapping,
        "locations": Location,
    }
)
"""All of them."""


def model_of(object_: str) -> type[BaseModel]:
    """The model of a kind. Raises `SettingsError`."""
    if object_ not in OBJECTS:
        raise SettingsError(f"'{object_}' cannot be published; these can: {', '.join(OBJECTS)}.")
    return OBJECTS[object_]


def content_of(object_: str, row: Mapping[str, str]) -> dict[str, Any]:
    """A row of a file as checked content; empty cells are left out.

    `cost.amount` is a part of `cost`, `packings.1.gtin` one of the first of several `packings`.

    Raises `SettingsError` that names each wrong field and never its value.
    """
    nested: dict[str, Any] = {}
    for name, cell in row.items():
        if not cell.strip():
            continue
        *parents, last = name.split(".")
        place = nested
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise SettingsError(f"{name}: {parent} is a value already, and cannot have parts too")
        place[last] = cell.strip()
    try:
        made = model_of(object_).model_validate(_listed(nested))
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        words = "; ".join(f"{_column(nested, each['loc'])}: {_why(object_, each)}" for each in problems)
        raise SettingsError(words) from None
    return made.model_dump(mode="json", exclude_defaults=True)


def _listed(nested: dict[str, Any]) -> dict[str, Any]:
    """Parts that are numbered, as a list in the order of their numbers."""
    found: dict[str, Any] = {}
    for name, value in nested.items():
        whole = isinstance(value, dict) and bool(value) and all(part.isdecimal() for part in value)
        found[name] = [value[part] for part in sorted(value, key=int)] if whole else value
    return found


def _column(nested: Any, place: Sequence[str | int]) -> str:
    """The field as the file names it: `packings.1.gtin` for the first of a list, or whatever its number is there."""
    names = []
    for part in place:
        numbers = sorted(nested, key=int) if isinstance(part, int) and isinstance(nested, dict) else []
        name = numbers[part] if isinstance(part, int) and part < len(numbers) else str(part)
        nested = nested.get(name) if isinstance(nested, dict) else None
        names.append(name)
    return ".".join(names)


def _why(object_: str, problem: ErrorDetails) -> str:
    if problem["type"] != "extra_forbidden":
        return problem["msg"].removeprefix("Value error, ")
    if len(problem["loc"]) > 1:
        return "there is no such field"
    return f"there is no such field; {object_} have {', '.join(model_of(object_).model_fields)}"

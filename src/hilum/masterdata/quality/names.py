"""Is there such an object, and such a field of it? A rule with a slip in a name would hold of nothing, or of all."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from types import MappingProxyType, UnionType
from typing import Any, Final

from pydantic import BaseModel

from hilum.canonical import BY_NAME
from hilum.masterdata.publishing import model_of

_PREFIX: Final = "hilum."

OBJECTS: Final[Mapping[str, type[BaseModel]]] = MappingProxyType(
    {name.removeprefix(_PREFIX): kind for name, kind in BY_NAME.items()} | {"chart": model_of("chart")}
)
"""What rules can be about: the business objects, and the chart mapping that stewards publish."""


def unknown_name(object_: str, field: str) -> str:
    """What is wrong with the names of a rule, in words; empty: nothing."""
    if object_ not in OBJECTS:
        hint = f"; write {object_.removeprefix(_PREFIX)}" if object_.removeprefix(_PREFIX) in OBJECTS else ""
        return f"there is no object '{object_}'{hint}."
    kinds: list[type[BaseModel]] = [OBJECTS[object_]]
    free = False  # inside a mapping any name may be
    for name in field.split("."):
        parts = [part for kind in kinds for part in _parts(kind, name)]
        if not parts and not free:
            fields = sorted({each for kind in kinds for each in kind.model_fields})
            there = f"there are {', '.join(fields)}" if fields else "it has no parts"
            return f"{object_} has no field '{field}': '{name}' is not there; {there}."
        free = free or any(_is_mapping(part) for part in parts)
        kinds = [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
    return ""


def _parts(kind: type[BaseModel], name: str) -> list[Any]:
    """The types that a field or a property can have; none: it is not there."""
    if name in kind.model_fields:
        return list(_types(kind.model_fields[name].annotation))
    found = getattr(kind, name, None)
    return [found] if isinstance(found, property) else []


def _types(annotation: Any) -> Iterator[Any]:
    """Those of `Address | None`: Address and None. What a list or a mapping has in it is not reached by a rule."""
    if typing.get_origin(annotation) is typing.Annotated:
        yield from _types(typing.get_args(annotation)[0])
    elif _is_union(annotation):
        for each in typing.get_args(annotation):
            yield from _types(each)
    else:
        yield annotation


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, UnionType)


def _is_mapping(part: Any) -> bool:
    origin = typing.get_origin(part) or part
    return isinstance(origin, type) and issubclass(origin, Mapping)

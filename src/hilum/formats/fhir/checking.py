"""Is a JSON document a FHIR R4 resource? What is wrong is told with its path: `Bundle.entry[3].resource.birthDate`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hilum.errors import Invalid
from hilum.formats.fhir.definitions import ANY_RESOURCE, CODES, DEFINITIONS, Definition, Element
from hilum.formats.fhir.primitives import PRIMITIVES

DEEPEST: Final = 60
"""Levels of elements within elements. Resources of R4 have about twenty."""


def check(value: Any) -> None:
    """Raises `Invalid` with the path of the first thing that is wrong; it never shows the value."""
    _resource(value, "", 0)


def _resource(value: Any, path: str, depth: int) -> None:
    if not isinstance(value, dict):
        raise Invalid("a resource is a JSON object", where=path or "line 1, column 1")
    kind = value.get("resourceType")
    if not (isinstance(kind, str) and kind.isascii() and kind.isalpha() and kind[:1].isupper()):
        raise Invalid("the type of the resource is missing", where=f"{path}.resourceType".lstrip("."))
    own = DEFINITIONS.get(kind)
    members = {name: each for name, each in value.items() if name != "resourceType"}
    _object(members, path or kind, kind, own, depth, may_be_empty=True)


def _object(
    value: Mapping[str, Any], path: str, kind: str, own: Definition | None, depth: int, *, may_be_empty: bool = False
) -> None:
    if depth > DEEPEST:
        raise Invalid(f"elements lie more than {DEEPEST} deep in each other", where=path[:200])
    if not value and not may_be_empty:
        raise Invalid("an element is not empty: it is left out", where=path)
    for name, each in value.items():
        place = f"{path}.{_shown(name)}"
        if name.startswith("_"):
            _beside(each, place, depth)
        elif own is None:
            _any(each, place, depth)
        elif (element := own.elements.get(name)) is None:
            raise Invalid(f"{kind} has no such element in FHIR R4", where=place)
        else:
            _element(each, element, place, f"{kind}.{name}", depth)
    for names in own.needed if own is not None else ():
        _needed(value, names, path)


def _needed(value: Mapping[str, Any], names: tuple[str, ...], path: str) -> None:
    """One of these elements must be there; an extension in its place may say why it is not."""
    found = sum(name in value or f"_{name}" in value for name in names)
    if not found:
        raise Invalid("it must be there, and is missing", where=f"{path}.{names[0]}")


def _element(value: Any, element: Element, path: str, member: str, depth: int) -> None:
    if not element.many:
        _one(value, element.type, path, member, depth)
        return
    for place, each in _each(value, path):
        if each is not None or element.type not in PRIMITIVES:  # a null stands for one that only has extensions
            _one(each, element.type, place, member, depth)


def _each(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, list):
        raise Invalid("a list is expected", where=path)
    if not value:
        raise Invalid("a list is not empty: it is left out", where=path)
    for number, each in enumerate(value):
        yield f"{path}[{number}]", each


def _one(value: Any, kind: str, path: str, member: str, depth: int) -> None:
    primitive = PRIMITIVES.get(kind)
    if primitive is not None:
        holds, words = primitive
        if not holds(value):
            raise Invalid(f"{words} is expected", where=path)
        if member in CODES and value not in CODES[member]:
            raise Invalid("the code is none of those that R4 has there", where=path)
    elif kind == ANY_RESOURCE:
        _resource(value, path, depth + 1)
    elif not isinstance(value, dict):
        raise Invalid("an object is expected", where=path)
    else:
        _object(value, path, kind, DEFINITIONS.get(kind), depth + 1)


def _beside(value: Any, path: str, depth: int) -> None:
    """`_birthDate`: id and extensions of a primitive; of a list of them, in its order."""
    for place, each in _each(value, path) if isinstance(value, list) else ((path, value),):
        if each is None and isinstance(value, list):
            continue
        if not isinstance(each, dict) or not each.keys() <= {"id", "extension"}:
            raise Invalid("beside a value stand its id and its extensions", where=place)
        _any(each, place, depth)


def _any(value: Any, path: str, depth: int) -> None:
    """By the general rules alone (https://hl7.org/fhir/R4/json.html): nothing is empty, and nothing null."""
    if depth > DEEPEST:
        raise Invalid(f"elements lie more than {DEEPEST} deep in each other", where=path[:200])
    if isinstance(value, dict):
        if "resourceType" in value:
            _resource(value, path, depth + 1)
        else:
            _object(value, path, "", None, depth + 1)
    elif isinstance(value, list):
        for place, each in _each(value, path):
            if each is not None:
                _any(each, place, depth + 1)
    elif value is None:
        raise Invalid("null stands only in lists of values with extensions", where=path)
    elif isinstance(value, str) and not PRIMITIVES["string"][0](value):
        raise Invalid("a text that is not empty is expected", where=path)


def _shown(name: str) -> str:
    """A member's name, where it can be one: another may hold what is not to be shown."""
    return name if name.isascii() and name.replace("_", "a", 1).isalnum() and len(name) <= 40 else "?"

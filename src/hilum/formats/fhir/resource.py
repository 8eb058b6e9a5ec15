"""A resource: read by paths, with its place in every error. Decimals keep all their digits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from hilum.errors import Invalid
from hilum.formats.fhir.checking import check
from hilum.formats.plain import read_text

T = TypeVar("T")

_STEP: Final = re.compile(r"([A-Za-z]\w*)(?:\[(\d+)\])?", re.ASCII)


class Node:
    """An element. `node["name.family"]` is a text; a step without a number is the first of a list; absent is "".

    A path that breaks the grammar is a `ValueError`.
    """

    __slots__ = ("path", "value")

    def __init__(self, value: Any, path: str) -> None:
        self.value = value
        self.path = path  # for errors: `Bundle.entry[3].resource`

    def __getitem__(self, path: str) -> str:
        found = self._at(path)
        return _text(found.value) if found is not None else ""

    def each(self, path: str) -> Iterator[Node]:
        """The elements at a path: all of a list, the one that is none, nothing where there is none."""
        head, _, last = path.rpartition(".")
        parent = self._at(head) if head else self
        name, number = _step(last)
        value = parent.value.get(name) if parent is not None and isinstance(parent.value, dict) else None
        if parent is None or value is None:
            return
        if not isinstance(value, list):
            yield Node(value, f"{parent.path}.{name}")
            return
        for place, each in enumerate(value):
            if number in (None, place):
                yield Node(each, f"{parent.path}.{name}[{place}]")

    def decimal(self, path: str) -> Decimal | None:
        """The number; none where there is none. Raises `Invalid`."""
        found = self._at(path)
        if found is None:
            return None
        if isinstance(found.value, bool) or not isinstance(found.value, int | Decimal):
            raise Invalid("this is not a number", where=found.path)
        return Decimal(found.value)

    def date(self, path: str) -> date | None:
        """The day of a date, dateTime or instant; none where there is none. Raises `Invalid` where only a year or month
        is told."""
        found = self._at(path)
        return _parsed(found, lambda text: date.fromisoformat(text[:10])) if found is not None else None

    def instant(self, path: str) -> datetime | None:
        """The moment of a dateTime or instant; none where there is none. Raises `Invalid` where it has no time."""
        found = self._at(path)
        return _parsed(found, _moment) if found is not None else None

    def identifier(self, system: str = "") -> str:
        """The value of the identifier of that system, of the first where none is named; empty where there is none."""
        return next((each["value"] for each in self.each("identifier") if system in ("", each["system"])), "")

    def _at(self, path: str) -> Node | None:
        node: Node = self
        for step in path.split("."):
            name, number = _step(step)
            value = node.value.get(name) if isinstance(node.value, dict) else None
            place = f"{node.path}.{name}"
            if isinstance(value, list):
                number = number or 0
                value = value[number] if number < len(value) else None
                place = f"{place}[{number}]"
            if value is None:
                return None
            node = Node(value, place)
        return node

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}>"


class Resource(Node):
    """A resource of FHIR R4. Its repr shows no content."""

    __slots__ = ()

    @property
    def type(self) -> str:
        """`Patient`, `Bundle`."""
        return str(self.value["resourceType"])

    @property
    def id(self) -> str:
        """Its logical id; empty where it has none yet."""
        return self["id"]

    def resources(self) -> Iterator[Resource]:
        """Those of a Bundle, with their places; of any other resource itself."""
        if self.type != "Bundle":
            yield self
            return
        for entry in self.each("entry"):
            for found in entry.each("resource"):
                yield Resource(found.value, found.path)

    def encode(self) -> bytes:
        """JSON in UTF-8; numbers with their digits as they were."""
        return _written(self.value).encode()


def read(body: bytes) -> Resource:
    """A resource in JSON. Raises `Invalid` with line and column, or with the path of what is wrong."""
    text = read_text(body)
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_constant, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Invalid("this is not well-formed JSON", where=where) from None
    except RecursionError:
        raise Invalid("elements lie too deep in each other", where="line 1") from None
    except ValueError:  # a whole number of thousands of digits
        raise Invalid("a number has too many digits", where="line 1") from None
    check(value)
    return Resource(value, value["resourceType"])


def field(path: str) -> Callable[[Resource], str]:
    """What reads a path of each resource, for `order_by`, `dedup_by`: `fhir.field("subject.reference")`."""
    for step in path.split("."):
        _step(step)
    return lambda resource: resource[path]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise Invalid("a member of an object is there twice", where="a JSON object")
    return made


def _constant(_: str) -> Any:
    raise Invalid("this is no number of JSON", where="a JSON number")


def _step(text: str) -> tuple[str, int | None]:
    found = _STEP.fullmatch(text)
    if found is None:
        raise ValueError("a path is names with a point between them, each with a number in brackets where it is a list")
    return found[1], int(found[2]) if found[2] else None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value}" if isinstance(value, str | int | Decimal) else ""


def _moment(text: str) -> datetime:
    if "T" not in text:
        raise ValueError
    return datetime.fromisoformat(text.replace(":60", ":59", 1) if ":60" in text[16:] else text)


def _parsed(found: Node, read_as: Callable[[str], T]) -> T:
    try:
        return read_as(_text(found.value))
    except ValueError:
        raise Invalid("the day, or the time and zone, is not told", where=found.path) from None


def _written(value: Any) -> str:
    """JSON whose decimals are as they were: the encoder of the library knows no `Decimal`."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_written(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)

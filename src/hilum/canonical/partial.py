"""Objects of which only some fields are told: what is left out is left alone by every receiver.

A partial supplier with a new phone number changes the phone number; its title is not told, and stays what it is. An
empty text that is told is a deletion. Only fields as a whole can be left out, and none that identify the object.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

from pydantic import create_model

from hilum.canonical.base import BusinessObject

B = TypeVar("B", bound=BusinessObject)


class _Reads:
    """Stands in for an object and notes which of its fields are read."""

    def __init__(self, thing: BusinessObject) -> None:
        self._thing = thing
        self.names: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.names.add(name)
        return getattr(self._thing, name)


def identity_of(thing: BusinessObject) -> frozenset[str]:
    """The fields that its business key is made of."""
    reads = _Reads(thing)
    found = type(thing).business_key.fget  # type: ignore[attr-defined]  # a property, read without an instance
    found(reads)
    return frozenset(reads.names & type(thing).model_fields.keys())


def told(thing: BusinessObject) -> Mapping[str, Any]:
    """The fields that its maker gave, besides those that identify it, as JSON has them. Others are not told."""
    names = thing.model_fields_set - identity_of(thing)
    return thing.model_dump(mode="json", include=set(names))


def partial(thing: B, keep: Collection[str]) -> B:
    """The same object with only these fields and those that identify it."""
    names = (identity_of(thing) | set(keep)) & thing.model_fields_set
    return _made(type(thing), {name: getattr(thing, name) for name in names})


def partial_of(thing: B, values: Mapping[str, Any]) -> B:
    """What `thing` is, with these values, as JSON has them, and no others. Raises pydantic's `ValidationError`."""
    kind = type(thing)
    identity = {name: getattr(thing, name) for name in identity_of(thing)}
    data = {**identity, **values}
    return partial_kind(kind, data).model_validate(data)


def partial_kind(kind: type[B], named: Iterable[str]) -> type[B]:
    """The kind of object of which only these fields are told."""
    made: Any = _kind(kind.whole(), frozenset(kind.model_fields.keys() - set(named)))
    found: type[B] = made
    return found


def _made(kind: type[B], values: Mapping[str, Any]) -> B:
    """Without looking at the values again: they are those of an object that was looked at."""
    some: Any = partial_kind(kind, values)
    made: B = some.model_construct(_fields_set=set(values), **values)
    return made


@lru_cache(maxsize=1024)
def _kind(kind: Any, left_out: frozenset[str]) -> Any:
    fields: dict[str, Any] = {name: (kind.model_fields[name].annotation | None, None) for name in left_out}
    made = create_model(kind.__name__, __base__=kind, __module__=kind.__module__, **fields)
    made.__doc__ = kind.__doc__
    cast("Any", made).left_out = left_out
    return made

"""How a flow has its master data matched when it arrives, and what comes of it: which known thing an object is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from hilum.canonical import BusinessObject, identity_of
from hilum.connector import Header, Target

Evidence = Callable[[Any, Any], Mapping[str, Any]]
"""(parsed message, object) → further fields that count for the kind, where the object does not have them."""

NOWHERE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Objects of one kind that are compared, when they arrive, with what the hub knows of things of that kind.

    The translation gives the sender's own identifier as the object's number. What the hub puts in its place depends on
    `goes_by`: empty: each thing goes, for ever, by the number with which it came first, or by the hub's own name of it
    where another thing has that number; a system: by the number that this system gave it, and until it has given one,
    by the hub's own name.
    """

    kind: type[BusinessObject]
    goes_by: str = ""
    told_as: Callable[[Any], str] | None = None  # reads the number, or the hub's name, by which the sender was told it
    evidence: Evidence | None = None

    def takes(self, thing: object) -> bool:
        """Is it about this object?"""
        return isinstance(thing, self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which known thing an object is, and how it is called."""

    name: str  # the hub's own name, which stays: supplier-17
    number: str  # by which it goes
    at: Mapping[str, str] = field(default_factory=lambda: NOWHERE)  # endpoint → what the system behind it calls it
    numbered: bool = False  # it goes by another number from this message on
    numbers: str = ""  # the system that numbers it; empty: it keeps the number with which it came
    given: str = ""  # the number which that system gave it; empty: none yet
    shown: str | None = None  # what the sender shows as its number; None: it says nothing about it

    def addressed(self, thing: BusinessObject, target: Target) -> tuple[BusinessObject, Mapping[str, str]]:
        """The object as this target is told of it, and headers for its receiver.

        A receiver whose identifiers are no numbers (`Target.adopts`) gets the number, and its identifier beside it. Of
        a thing that still waits for its number it is told so: the hub's own name must not stand where that will.
        """
        own = self.at.get(target.endpoint, "")
        if not target.adopts:
            return numbered(thing, own or self.number), NOWHERE
        headers = {
            Header.RECEIVER_ID: own,
            Header.FORMERLY: self.name if self.number != self.name else "",
            Header.UNNUMBERED: "yes" if own and self.numbers and not self.given else "",
        }
        return numbered(thing, self.number), {name: value for name, value in headers.items() if value}


def numbered(thing: BusinessObject, number: str) -> BusinessObject:
    """The same object under another number. Its number alone identifies it."""
    (name,) = identity_of(thing)
    return thing if getattr(thing, name) == number else thing.model_copy(update={name: number})

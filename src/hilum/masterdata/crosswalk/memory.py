"""The crosswalk in memory: two dictionaries for each object and system, so that a lookup is two hash look-ups.

Pure: it is told of changes and answers; `live` does the talking. What a merge joins stays apart here too, so that an
unmerge restores exactly what pointed where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hilum.errors import SettingsError, Unmapped

TOPIC: Final = "crosswalk"
"""Of the notice that there are changes; see `hilum.postgres.notices`."""

_NAME = re.compile(r"(?P<object>[a-z][a-z0-9_]*)-(?P<number>\d{1,18})")


def name_of(object_: str, number: int) -> str:
    """What people call a thing: `item-17`."""
    return f"{object_}-{number}"


def number_of(name: str) -> tuple[str, int]:
    """Object and number of a name. Raises `SettingsError` where it is none."""
    found = _NAME.fullmatch(name.strip())
    if found is None:
        raise SettingsError(f"'{name}' does not name a thing of the crosswalk: write for example item-17.")
    return found["object"], int(found["number"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the log. `golden` is the thing; `other` the one that it is merged into."""

    seq: int
    act: str  # link, unlink, merge, unmerge
    object: str
    system: str = ""
    identifier: str = ""
    golden: int = 0
    other: int | None = None
    alias: bool = False


class Crosswalk:
    """All identifiers by object and system. For one event loop."""

    def __init__(self) -> None:
        self.seq = 0  # of the last change that is in it
        self._things: dict[tuple[str, str], dict[str, int]] = {}
        self._names: dict[tuple[str, str], dict[int, tuple[str, ...] | str]] = {}  # best first; aliases last
        self._into: dict[int, int] = {}
        self._parts: dict[int, list[int]] = {}  # what was merged into it, in the order of the merges

    def __len__(self) -> int:
        return sum(map(len, self._things.values()))

    def golden(self, object_: str, system: str, identifier: str) -> str:
        """The hub's own name of a thing: `item-17`. Raises `Unmapped`."""
        return name_of(object_, self._number(object_, system, identifier))

    def id(self, object_: str, system: str, identifier: str, to: str) -> str:
        """What another system calls the same thing. Raises `Unmapped` where the one or the other is not linked."""
        number = self._number(object_, system, identifier)
        name = self._name(object_, to, number)
        if name is None:
            raise Unmapped(f"crosswalk of {object_}: {system} to {to}", identifier)
        return name

    def names(self, object_: str, system: str, number: int) -> tuple[str, ...]:
        """Every identifier that a system has for a thing and for what was merged into it, the best first."""
        names = self._names.get((object_, system), {})
        return tuple(name for part in self._whole(number) for name in _all(names.get(part, ())))

    def _number(self, object_: str, system: str, identifier: str) -> int:
        things = self._things.get((object_, system))
        number = things.get(identifier) if things is not None else None
        if number is None:
            raise Unmapped(f"crosswalk of {object_}: {system}", identifier)
        return self._root(number) if self._into else number

    def _root(self, number: int) -> int:
        while (into := self._into.get(number)) is not None:
            number = into
        return number

    def _name(self, object_: str, system: str, number: int) -> str | None:
        names = self._names.get((object_, system))
        if names is None:
            return None
        found = names.get(number)
        if found is not None:
            return found if isinstance(found, str) else found[0]
        return next((_all(names[part])[0] for part in self._whole(number) if part in names), None)

    def _whole(self, number: int) -> Iterator[int]:
        """The thing, and all that was merged into it."""
        yield number
        for part in self._parts.get(number, ()):
            yield from self._whole(part)

    # Changes

    def put(self, object_: str, system: str, identifier: str, number: int, *, alias: bool = False) -> None:
        """An identifier names a thing. Called in the order in which they were linked."""
        place = object_, system
        self._things.setdefault(place, {})[identifier] = number
        names = self._names.setdefault(place, {})
        known = names.get(number)
        if known is None:
            names[number] = identifier
        else:
            names[number] = (*_all(known), identifier) if alias else (identifier, *_all(known))

    def join(self, number: int, into: int) -> None:
        """One thing turned out to be another one."""
        self._into[number] = into
        self._parts.setdefault(into, []).append(number)

    def apply(self, change: Change) -> None:
        """Do what the log says. What is there already stays; what is gone already is gone."""
        match change.act:
            case "link":
                self._drop(change)
                self.put(change.object, change.system, change.identifier, change.golden, alias=change.alias)
            case "unlink":
                self._drop(change)
            case "merge" if change.other is not None:
                self._part(change.golden)
                self.join(change.golden, change.other)
            case "unmerge":
                self._part(change.golden)
        self.seq = max(self.seq, change.seq)

    def _drop(self, change: Change) -> None:
        place = change.object, change.system
        number = self._things.get(place, {}).pop(change.identifier, None)
        if number is None:
            return
        names = self._names[place]
        left = tuple(name for name in _all(names.pop(number)) if name != change.identifier)
        if left:
            names[number] = left if len(left) > 1 else left[0]

    def _part(self, number: int) -> None:
        into = self._into.pop(number, None)
        if into is not None:
            self._parts[into].remove(number)
            if not self._parts[into]:
                del self._parts[into]


def _all(names: tuple[str, ...] | str) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names

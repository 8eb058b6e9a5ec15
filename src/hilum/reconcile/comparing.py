"""Two sorted sides read side by side: what is missing, extra, different, doubled. Pure; memory does not grow.

What is about to change, or has just changed, on one of the sides is no difference: it is on its way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import Final

from hilum.canonical import Money
from hilum.reconcile.fields import Apart, Yardstick, shown
from hilum.reconcile.rows import Line, Measure, Value, key_in, read


class Kind(StrEnum):
    """What is wrong. For people and in the database by these words."""

    MISSING = "missing"  # this side has it, the other one has not
    EXTRA = "extra"  # the other side has it, this one has not
    DIFFERENT = "different"  # both have it, and say different things
    DOUBLED = "doubled"  # one side has it more than once
    UNREADABLE = "unreadable"  # a side cannot say what it has there


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing of which the two sides say different things."""

    key: str
    kind: Kind
    title: str
    apart: tuple[Apart, ...] = ()
    on: date | None = None
    here: str = ""  # where people find it on each side: a message, a record
    there: str = ""


@dataclass(slots=True)
class Tally:
    """What a comparison came to. Counts are of keys, within the period."""

    here: int = 0
    there: int = 0
    same: int = 0
    on_the_way: int = 0
    kinds: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    sums: dict[str, dict[str, list[Decimal]]] = field(default_factory=lambda: defaultdict(dict))
    """By field, and currency or unit: what it comes to here, and there."""

    def add(self, sides: Iterable[Mapping[str, Value]], fields: Iterable[str]) -> None:
        """Take in what the two sides say of one key."""
        for place, said in enumerate(sides):
            for name in fields:
                counted = _counted(said.get(name))
                if counted is not None:
                    amount, of = counted
                    self.sums[name].setdefault(of, [Decimal(0), Decimal(0)])[place] += amount

    @property
    def differences(self) -> int:
        """How many there are."""
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which keys count, and since when a change is too new to be judged."""

    since: date | None = None  # the first day; none: from the beginning
    until: date | None = None  # the first day that does not count any more; none: to the end
    settled: float = float("inf")  # seconds since 1970: what changed later is on its way

    def has(self, *sides: Line | None) -> bool:
        """Is it of this period? It is when either side says so."""
        return any(self._on(side.on) for side in sides if side is not None)

    def young(self, *sides: Line | None) -> bool:
        """Has a side changed it too lately?"""
        return any(side.on_the_way or side.at > self.settled for side in sides if side is not None)

    def _on(self, day: str) -> bool:
        if not day:
            return True
        after = self.since is None or self.since.isoformat() <= day
        return after and (self.until is None or day < self.until.isoformat())


def differences(
    here: Iterable[bytes], there: Iterable[bytes], yardstick: Yardstick, window: Window, tally: Tally
) -> Iterator[Difference]:
    """What the two sides, sorted lines of `rows.written`, do not agree on; `tally` is filled on the way."""
    summed = [each.name for each in yardstick.fields if each.summed]
    for mine, other in _pairs(_groups(here), _groups(there)):
        pair = (_latest(mine), _latest(other))
        if not window.has(*pair):
            continue
        tally.here += bool(mine)
        tally.there += bool(other)
        if summed:
            tally.add([_said(group) for group in pair], summed)
        found = _judged(mine, other, yardstick)
        if found is None:
            tally.same += 1
        elif window.young(*mine, *other):
            tally.on_the_way += 1
        else:
            tally.kinds[found.kind] += 1
            yield found


_Group = tuple[Line, ...]
_NONE: Final[_Group] = ()


def _groups(lines: Iterable[bytes]) -> Iterator[tuple[bytes, _Group]]:
    """By key: the rows of the highest version."""
    for key, same in groupby(lines, key=key_in):
        rows = [read(line) for line in same]
        if len(rows) > 1:
            version = max(row.version for row in rows)
            on_the_way = [row for row in rows if row.on_the_way and row.version < version]
            rows = [*(row for row in rows if row.version == version), *on_the_way]
        yield key, tuple(rows)


def _pairs(
    here: Iterator[tuple[bytes, _Group]], there: Iterator[tuple[bytes, _Group]]
) -> Iterator[tuple[_Group, _Group]]:
    mine, other = next(here, None), next(there, None)
    while mine is not None or other is not None:
        if other is None or (mine is not None and mine[0] < other[0]):
            yield (mine[1] if mine else _NONE), _NONE
            mine = next(here, None)
        elif mine is None or other[0] < mine[0]:
            yield _NONE, other[1]
            other = next(there, None)
        else:
            yield mine[1], other[1]
            mine, other = next(here, None), next(there, None)


def _latest(group: _Group) -> Line | None:
    return group[0] if group else None


def _said(line: Line | None) -> Mapping[str, Value]:
    return line.read() if line is not None else {}


def _judged(mine: _Group, other: _Group, yardstick: Yardstick) -> Difference | None:
    one, two = _latest(mine), _latest(other)
    if problem := next((row for row in (*mine, *other) if row.problem), None):
        words = Apart(field="", label="cannot be read", here="", there="", why=problem.problem)
        return _difference(Kind.UNREADABLE, one, two, [words])
    if _count(mine) > 1 or _count(other) > 1:
        times = Apart(field="", label="how often", here=_times(mine), there=_times(other))
        return _difference(Kind.DOUBLED, one, two, [times])
    if one is None or two is None:
        return _difference(Kind.EXTRA if one is None else Kind.MISSING, one, two, _lone(one, two, yardstick))
    if one.values == two.values:
        return None
    apart = yardstick.apart(one.read(), two.read(), _day(one.on or two.on))
    return _difference(Kind.DIFFERENT, one, two, apart) if apart else None


def _count(group: _Group) -> int:
    return sum(not row.on_the_way for row in group)


def _times(group: _Group) -> str:
    places = ", ".join(row.reference for row in group if row.reference and not row.on_the_way)
    return f"{_count(group)} times ({places})" if places and _count(group) > 1 else str(_count(group))


def _lone(one: Line | None, two: Line | None, yardstick: Yardstick) -> list[Apart]:
    """What the only side says of the fields that the document as a whole has."""
    said = _said(one or two)
    return [
        Apart(field=each.name, label=each.words, here=words if one else "—", there="—" if one else words)
        for each in yardstick.fields
        if (value := said.get(each.name)) is not None and (words := shown(value))
    ]


def _difference(kind: Kind, one: Line | None, two: Line | None, apart: Iterable[Apart]) -> Difference:
    lead = one or two
    assert lead is not None  # noqa: S101 — one of the two has it, else it is no pair
    return Difference(
        key=lead.name,
        kind=kind,
        title=(one.title if one else "") or (two.title if two else "") or lead.name,
        apart=tuple(apart),
        on=_day(lead.on),
        here=one.reference if one else "",
        there=two.reference if two else "",
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _counted(value: Value) -> tuple[Decimal, str] | None:
    match value:
        case Money():
            return value.amount, value.currency
        case Measure():
            return value.quantity, value.unit
        case Decimal():
            return value, ""
    return None

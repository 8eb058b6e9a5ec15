"""What follows from all scores together: which pairs the hub joins alone, and which are questions. Pure.

The pairs are links between records. Two rules, and the lists decide which one holds:

*one to one* (each thing is at most once in each list): a record is joined to the one that it resembles most by `MARGIN`
and that resembles it most by as much; what else resembles either of them is another thing, and nobody is asked.

*clusters* (a list may have a thing twice): records that are the same in a chain are a cluster. The hub joins it alone
only where each two of its records are the same by themselves, it has `MOST_IN_CLUSTER` at most, and whatever else
resembles one of them is behind by `MARGIN`. Else each pair of it is a question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

MARGIN: Final = 3.0
"""Bits by which a record must be ahead of the next one, for the hub to decide alone."""

MOST_IN_CLUSTER: Final = 6
"""Records of a cluster past which a person looks at it."""

NOTHING: Final = float("-inf")


@dataclass(frozen=True, slots=True)
class Link:
    """Two records by their places, the smaller one first, and how much they are alike."""

    bits: float
    one: int
    other: int
    same: bool  # the score, and the fields without which nothing is decided alone, say so


Alike = Callable[[int, int], bool]
"""Are these two the same by themselves? Asked only of records that no link joins."""


def joined_one_to_one(links: Iterable[Link]) -> tuple[set[Link], set[Link]]:
    """Those that are joined, and those that nobody needs to be asked about because of it."""
    joined: set[Link] = set()
    left = set(links)
    while True:
        best = _best_two(left)
        sure = {each for each in left if each.same and _ahead(each, best)}
        if not sure:
            return joined, set(links) - left - joined
        joined |= sure
        taken = {place for each in sure for place in (each.one, each.other)}
        left = {each for each in left if each.one not in taken and each.other not in taken}


def _best_two(links: Iterable[Link]) -> dict[int, tuple[float, float]]:
    """The bits of the best and the second link of each record."""
    found: dict[int, tuple[float, float]] = defaultdict(lambda: (NOTHING, NOTHING))
    for each in links:
        for place in (each.one, each.other):
            first, second = found[place]
            found[place] = (each.bits, first) if each.bits > first else (first, max(second, each.bits))
    return found


def _ahead(link: Link, best: dict[int, tuple[float, float]]) -> bool:
    return all(link.bits == best[at][0] and link.bits - best[at][1] >= MARGIN for at in (link.one, link.other))


def joined_clusters(links: Sequence[Link], alike: Alike) -> set[Link]:
    """Those that are joined; all others are questions."""
    of: dict[int, list[Link]] = defaultdict(list)
    for each in links:
        of[each.one].append(each)
        of[each.other].append(each)
    joined: set[Link] = set()
    for cluster in _clusters(links):
        inside = {each for place in cluster for each in of[place] if each.one in cluster and each.other in cluster}
        if _whole(cluster, inside, alike) and _apart(cluster, inside, of):
            joined |= inside
    return joined


def _clusters(links: Iterable[Link]) -> Iterator[set[int]]:
    """Records that are the same in a chain."""
    root: dict[int, int] = {}

    def top(place: int) -> int:
        while root.setdefault(place, place) != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    for each in links:
        if each.same:
            root[top(each.one)] = top(each.other)
    members: dict[int, set[int]] = defaultdict(set)
    for place in root:
        members[top(place)].add(place)
    yield from members.values()


def _whole(cluster: Collection[int], inside: Iterable[Link], alike: Alike) -> bool:
    """Is each two of them the same by themselves?"""
    if len(cluster) > MOST_IN_CLUSTER:
        return False
    said = {(each.one, each.other): each.same for each in inside}
    return all(said[two] if two in said else alike(*two) for two in combinations(sorted(cluster), 2))


def _apart(cluster: Collection[int], inside: Collection[Link], of: dict[int, list[Link]]) -> bool:
    """Is whatever else resembles one of them behind by the margin?"""
    for place in cluster:
        own = min((each.bits for each in of[place] if each in inside), default=NOTHING)
        others = max((each.bits for each in of[place] if each not in inside), default=NOTHING)
        if own - others < MARGIN:
            return False
    return True

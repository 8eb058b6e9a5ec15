"""Which known thing one record that arrives is: one of those, perhaps one of those, or a new one. Pure.

As with whole lists (`clusters`): the hub decides alone only where one thing is ahead of every other one by `MARGIN`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hilum.masterdata.matching.clusters import MARGIN, MOST_IN_CLUSTER
from hilum.masterdata.matching.engine import Matcher, Pair, Record, Verdict

MOST_ASKED: Final = 10
"""Things that a person is shown beside one that arrives, the likeliest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A known thing that is like the arrival, by that of its records which is most like it."""

    golden: int
    pair: Pair  # the arrival, and that record
    sure: bool  # the score says that it is the same, and no record of the thing says otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What comes of it: the same as the first candidate, a question about all of them, or different from everything."""

    verdict: Verdict
    candidates: tuple[Candidate, ...] = ()  # the likeliest first


def weigh(matcher: Matcher, arrival: Record, things: Mapping[int, Sequence[Record]], named: Collection[int]) -> Weighed:
    """Compare a record with what is known of each thing; `named`: things that its system has a name for already.

    Where each list has each thing once, those are other things. Else a system's second name for a thing is a question.
    """
    found = [
        candidate
        for golden, records in things.items()
        if not (matcher.one_to_one and golden in named)
        and (candidate := _candidate(matcher, arrival, golden, records)) is not None
    ]
    if not found:
        return Weighed(verdict=Verdict.DIFFERENT)
    found.sort(key=lambda each: (-each.pair.bits, each.golden))
    first = found[0]
    ahead = len(found) == 1 or first.pair.bits - found[1].pair.bits >= MARGIN
    alone = first.sure and ahead and first.golden not in named
    verdict = Verdict.SAME if alone else Verdict.ASK
    return Weighed(verdict=verdict, candidates=tuple(found[:MOST_ASKED]))


def _candidate(matcher: Matcher, arrival: Record, golden: int, records: Sequence[Record]) -> Candidate | None:
    pairs = [matcher.compare(arrival, each) for each in records]
    best = max(pairs, key=lambda each: each.bits)
    if best.verdict is Verdict.DIFFERENT:
        return None
    agreed = len(pairs) <= MOST_IN_CLUSTER and not any(_against(matcher, each) for each in pairs)
    return Candidate(golden=golden, pair=best, sure=best.verdict is Verdict.SAME and agreed)


def _against(matcher: Matcher, pair: Pair) -> bool:
    """Does this record of the thing say that the arrival is another one? One that says little does not."""
    contradicts = any(each.likeness == 0 for each in pair.evidence if each.field in matcher.kind.against)
    return contradicts or sum(each.bits for each in pair.evidence) < 0

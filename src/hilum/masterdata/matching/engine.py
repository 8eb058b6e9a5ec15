"""The engine: which records of two lists are compared, what each pair comes to, and what follows from it. Pure.

Records are compared only where they share a key of a block; blocks that have grown past `MOST_IN_BLOCK` (every second
supplier is called Medical) are left out, because rarer words find the same pairs. What the scores of all pairs together
come to is decided in `clusters`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp2, log2
from typing import Final

from hilum.errors import SettingsError
from hilum.masterdata.matching.clusters import Alike, Link, joined_clusters, joined_one_to_one
from hilum.masterdata.matching.kinds import Kind

MOST_IN_BLOCK: Final = 60
"""Records of the right list under one key, past which the key says too little to compare them all."""


class Verdict(StrEnum):
    """What a score comes to."""

    SAME = "same"
    ASK = "ask"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Scores from which two records are one thing, or a person is asked. Raises `SettingsError`."""

    same: float
    ask: float

    def __post_init__(self) -> None:
        if not 0 < self.ask <= self.same < 1:
            raise SettingsError("matching: ask must be above 0 and not above same, and same below 1.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one system knows of a thing. Its values never appear in a repr."""

    system: str
    identifier: str
    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one field says."""

    field: str
    likeness: float | None  # none: missing on one side
    bits: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two records, their score between 0 and 1, and what it comes to."""

    object: str
    left: Record
    right: Record
    score: float
    bits: float
    verdict: Verdict
    evidence: tuple[Evidence, ...] = ()


def probability(bits: float) -> float:
    """The score: how likely they are one thing, from evidence in bits."""
    return 1 / (1 + exp2(-max(-60.0, min(bits, 60.0))))


def _bits_of(score: float) -> float:
    return log2(score / (1 - score))


_Normal = Mapping[str, str]


class Matcher:
    """Matches records of one kind.

    `one_to_one`: each of two lists has each thing once, so that a record is one thing with one other at most.
    """

    def __init__(self, kind: Kind, thresholds: Thresholds | None = None, *, one_to_one: bool = False) -> None:
        self.kind = kind
        self.thresholds = thresholds or Thresholds(same=kind.same, ask=kind.ask)
        self.one_to_one = one_to_one
        self._ask = _bits_of(self.thresholds.ask)
        rest, ahead = 0.0, []
        for each in reversed(kind.fields):
            ahead.append(rest)
            rest += each.best
        self._steps = tuple(zip(kind.fields, reversed(ahead), strict=True))

    def compare(self, left: Record, right: Record) -> Pair:
        """These two, with what each field says."""
        one, other = self.normal(left.values), self.normal(right.values)
        evidence = []
        for each in self.kind.fields:
            a, b = one.get(each.name, ""), other.get(each.name, "")
            likeness = each.likeness(a, b) if a and b else None
            bits = 0.0 if likeness is None else each.bits(likeness)
            evidence.append(Evidence(field=each.name, likeness=likeness, bits=bits))
        total = self.kind.prior + sum(each.bits for each in evidence)
        score = probability(total)
        verdict = self._verdict(score)
        if verdict is Verdict.SAME and not self._sure(left, right):
            verdict = Verdict.ASK
        return Pair(
            object=self.kind.object,
            left=left,
            right=right,
            score=score,
            bits=total,
            verdict=verdict,
            evidence=tuple(evidence),
        )

    def between(self, left: Sequence[Record], right: Sequence[Record]) -> Iterator[Pair]:
        """Pairs of two lists that are the same or are asked about; all are compared before the first one comes."""
        index = _Index(self, right)
        records, first = [*left, *right], len(left)
        links = []
        for number, record in enumerate(left):
            normal = self.normal(record.values)
            for bits, at in self._scored(normal, index, index.candidates(self.kind.blocks(normal))):
                links.append(self._link(records, bits, number, first + at))
        if self.one_to_one:
            joined, needless = joined_one_to_one(links)
            yield from self._pairs(records, [each for each in links if each not in needless], joined)
            return
        # Which of a system's doubles stays in use is a person's decision: a record that is like two of them is asked.
        alike = self._alike(records, doubles=False)
        yield from self._pairs(records, links, joined_clusters(links, alike))

    def within(self, records: Sequence[Record]) -> Iterator[Pair]:
        """Pairs of one list, each once: doubles are what is looked for."""
        index = _Index(self, records)
        links = []
        for number, normal in enumerate(index.normals):
            candidates = {at for at in index.candidates(self.kind.blocks(normal)) if at > number}
            for bits, at in self._scored(normal, index, candidates):
                links.append(self._link(records, bits, number, at))
        yield from self._pairs(records, links, joined_clusters(links, self._alike(records, doubles=True)))

    def normal(self, values: Mapping[str, str]) -> dict[str, str]:
        """The fields that count, in their normal form; empty ones are missing."""
        return {each.name: form for each in self.kind.fields if (form := each.normal(str(values.get(each.name) or "")))}

    def _scored(self, normal: _Normal, index: _Index, candidates: Iterable[int]) -> list[tuple[float, int]]:
        """Candidates that are at least asked about, the best first."""
        found = [(bits, at) for at in candidates if (bits := self._total(normal, index.normals[at])) is not None]
        found.sort(reverse=True)
        return found

    def _total(self, one: _Normal, other: _Normal) -> float | None:
        """The evidence in bits; none as soon as it cannot come to a question any more."""
        total = self.kind.prior
        for each, rest in self._steps:
            a, b = one.get(each.name), other.get(each.name)
            if a and b:
                total += each.bits(each.likeness(a, b))
            if total + rest < self._ask:
                return None
        return total

    def _link(self, records: Sequence[Record], bits: float, one: int, other: int) -> Link:
        same = self._verdict(probability(bits)) is Verdict.SAME and self._sure(records[one], records[other])
        return Link(bits, one, other, same)

    def _alike(self, records: Sequence[Record], *, doubles: bool) -> Alike:
        def alike(one: int, other: int) -> bool:
            two = records[one], records[other]
            if not doubles and two[0].system == two[1].system:
                return False
            return self.compare(*two).verdict is Verdict.SAME

        return alike

    def _pairs(self, records: Sequence[Record], links: Iterable[Link], joined: Collection[Link]) -> Iterator[Pair]:
        for each in links:
            yield Pair(
                object=self.kind.object,
                left=records[each.one],
                right=records[each.other],
                score=probability(each.bits),
                bits=each.bits,
                verdict=Verdict.SAME if each in joined else Verdict.ASK,
            )

    def _sure(self, left: Record, right: Record) -> bool:
        """Do the fields agree without which the hub decides nothing alone, and does none contradict that must not?"""
        kind = self.kind
        if not kind.sure and not kind.against:
            return True
        one, other = self.normal(left.values), self.normal(right.values)
        if not all(one.get(name) and one.get(name) == other.get(name) for name in kind.sure):
            return False
        compared = (each for each in kind.fields if each.name in kind.against)
        return all(
            each.likeness(one[each.name], other[each.name]) > 0
            for each in compared
            if one.get(each.name) and other.get(each.name)
        )

    def _verdict(self, score: float) -> Verdict:
        if score >= self.thresholds.same:
            return Verdict.SAME
        return Verdict.ASK if score >= self.thresholds.ask else Verdict.DIFFERENT


class _Index:
    """The right list in normal form, by the keys of its blocks."""

    def __init__(self, matcher: Matcher, records: Sequence[Record]) -> None:
        self.normals = [matcher.normal(record.values) for record in records]
        blocks: dict[str, list[int]] = defaultdict(list)
        for number, normal in enumerate(self.normals):
            for key in set(matcher.kind.blocks(normal)):
                block = blocks[key]
                if len(block) <= MOST_IN_BLOCK:  # one more than is used: enough to know that it is too big
                    block.append(number)
        self._blocks = {key: block for key, block in blocks.items() if len(block) <= MOST_IN_BLOCK}

    def candidates(self, keys: Iterable[str]) -> set[int]:
        found: set[int] = set()
        for key in keys:
            block = self._blocks.get(key)
            if block is not None:
                found.update(block)
        return found

"""The engine: which records of two lists are compared, what each pair comes to, and what follows from it. Pure.

Records are compared only where they share a key of a block; blocks that have grown past `MOST_IN_BLOCK` (every second
supplier is called Medical) are left out, because rarer words find the same pairs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp2, log2
from typing import Final

from hilum.errors import SettingsError
from hilum.masterdata.matching.kinds import Kind

MOST_IN_BLOCK: Final = 60
"""Records of the right list under one key, past which the key says too little to compare them all."""

MARGIN: Final = 3.0
"""Bits by which the best candidate must be ahead of the next one, for the hub to decide alone."""


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
    """Matches records of one kind."""

    def __init__(self, kind: Kind, thresholds: Thresholds | None = None) -> None:
        self.kind = kind
        self.thresholds = thresholds or Thresholds(same=kind.same, ask=kind.ask)
        self._ask = _bits_of(self.thresholds.ask)
        rest, ahead = 0.0, []
        for each in reversed(kind.fields):
            ahead.append(rest)
            rest += each.best
        self._steps = tuple(zip(kind.fields, reversed(ahead), strict=True))

    def compare(self, left: Record, right: Record) -> Pair:
        """These two, with what each field says."""
        one, other = self._normal(left), self._normal(right)
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
        """Pairs of two lists that are the same or are asked about, the best first for each record of the left."""
        index = _Index(self, right)
        for record in left:
            normal = self._normal(record)
            found = self._scored(normal, index, index.candidates(self.kind.blocks(normal)))
            yield from self._decided(record, [(bits, right[at]) for bits, at in found])

    def within(self, records: Sequence[Record]) -> Iterator[Pair]:
        """Pairs of one list, each once."""
        index = _Index(self, records)
        for number, record in enumerate(records):
            normal = index.normals[number]
            candidates = {at for at in index.candidates(self.kind.blocks(normal)) if at > number}
            yield from self._decided(
                record, [(bits, records[at]) for bits, at in self._scored(normal, index, candidates)]
            )

    def _normal(self, record: Record) -> dict[str, str]:
        values = record.values
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

    def _decided(self, record: Record, found: Sequence[tuple[float, Record]]) -> Iterator[Pair]:
        """A record that is like two others is a question, however much it is like the first."""
        alone = len(found) < 2 or found[0][0] - found[1][0] >= MARGIN
        for place, (bits, other) in enumerate(found):
            score = probability(bits)
            verdict = self._verdict(score)
            if verdict is Verdict.SAME and not (alone and place == 0 and self._sure(record, other)):
                verdict = Verdict.ASK
            yield Pair(object=self.kind.object, left=record, right=other, score=score, bits=bits, verdict=verdict)

    def _sure(self, left: Record, right: Record) -> bool:
        """Do the fields agree without which the hub decides nothing alone?"""
        if not self.kind.sure:
            return True
        one, other = self._normal(left), self._normal(right)
        return all(one.get(name) and one.get(name) == other.get(name) for name in self.kind.sure)

    def _verdict(self, score: float) -> Verdict:
        if score >= self.thresholds.same:
            return Verdict.SAME
        return Verdict.ASK if score >= self.thresholds.ask else Verdict.DIFFERENT


class _Index:
    """The right list in normal form, by the keys of its blocks."""

    def __init__(self, matcher: Matcher, records: Sequence[Record]) -> None:
        self.normals = [matcher._normal(record) for record in records]
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

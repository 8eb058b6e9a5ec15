"""Counters and histograms of this process: adding to one costs a dictionary entry and a bisection, nothing more.

The SDK's own instruments cost some microseconds for each value; with several values for each message that would be a
few percent of the hub's throughput. Both expositions read what is gathered here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hilum.observe.catalogue import Metric

Labels = tuple[str, ...]

MOST_SERIES = 2_000
"""Label sets of one metric; what comes after is counted as `other`, so that no sender can fill the memory."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """The values of a histogram."""

    counts: Sequence[int]  # in each range; the last is past all bounds
    total: float  # sum of the values


@dataclass(frozen=True, slots=True)
class Point:
    """One value, or one histogram, under its labels."""

    labels: Labels
    value: float | Ranges


@dataclass(frozen=True, slots=True)
class Reading:
    """What one metric says now."""

    metric: Metric
    points: Sequence[Point]


class Counter:
    """Sums by labels."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self._sums: dict[Labels, float] = {}

    def add(self, labels: Labels, amount: float = 1) -> None:
        """Count."""
        sums = self._sums
        if labels not in sums and len(sums) >= MOST_SERIES:
            labels = ("other",) * len(labels)
        sums[labels] = sums.get(labels, 0) + amount

    def reading(self) -> Reading:
        """As it is now."""
        return Reading(self.metric, [Point(labels, value) for labels, value in self._sums.items()])


class _Row:
    __slots__ = ("counts", "total")

    def __init__(self, ranges: int) -> None:
        self.counts = [0] * ranges
        self.total = 0.0


class Histogram:
    """Counts by range and labels."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self._rows: dict[Labels, _Row] = {}

    def record(self, labels: Labels, value: float) -> None:
        """Add one value."""
        row = self._rows.get(labels) or self._new(labels)
        row.counts[bisect_left(self.metric.bounds, value)] += 1
        row.total += value

    def _new(self, labels: Labels) -> _Row:
        if len(self._rows) >= MOST_SERIES:
            labels = ("other",) * len(labels)
        return self._rows.setdefault(labels, _Row(len(self.metric.bounds) + 1))

    def reading(self) -> Reading:
        """As it is now."""
        return Reading(self.metric, [Point(k, Ranges(tuple(r.counts), r.total)) for k, r in self._rows.items()])


def gauge(metric: Metric, *values: tuple[Labels, float]) -> Reading:
    """A reading of values that are known already."""
    return Reading(metric, [Point(labels, value) for labels, value in values])


def cumulative(bounds: Sequence[float], counts: Sequence[int]) -> Iterator[tuple[str, float]]:
    """Upper bound (as Prometheus writes it) and how many are not above it."""
    sum_so_far = 0
    for bound, count in zip((*bounds, None), counts, strict=True):
        sum_so_far += count
        yield ("+Inf" if bound is None else repr(float(bound))), sum_so_far

"""Readings as Prometheus and OpenMetrics write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from hilum.observe.catalogue import Kind
from hilum.observe.instruments import Point, Ranges, Reading, cumulative


class _Readings(Collector):
    def __init__(self, readings: Sequence[Reading]) -> None:
        self._readings = readings

    def collect(self) -> Iterable[Family]:
        """One family for each metric."""
        return map(_family, self._readings)


def render(readings: Sequence[Reading], accept: str = "") -> tuple[bytes, str]:
    """The text, and its content type: OpenMetrics where the scraper asks for it, else the Prometheus text format."""
    encode, content_type = choose_encoder(accept)
    return encode(_Readings(readings)), content_type


def _family(reading: Reading) -> Family:
    metric = reading.metric
    name, words, labels = metric.prometheus_name, metric.meaning, metric.labels
    if metric.kind is Kind.HISTOGRAM:
        ranges = HistogramMetricFamily(name, words, labels=labels)
        for point, value in _ranges(reading.points):
            ranges.add_metric(point.labels, list(cumulative(metric.bounds, value.counts)), value.total)
        return ranges
    family: CounterMetricFamily | GaugeMetricFamily
    if metric.kind is Kind.COUNTER:
        family = CounterMetricFamily(name, words, labels=labels)
    else:
        family = GaugeMetricFamily(name, words, labels=labels)
    for point in reading.points:
        if not isinstance(point.value, Ranges):
            family.add_metric(point.labels, point.value)
    return family


def _ranges(points: Iterable[Point]) -> Iterator[tuple[Point, Ranges]]:
    for point in points:
        if isinstance(point.value, Ranges):
            yield point, point.value

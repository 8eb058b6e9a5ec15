"""Spans and metrics sent to an OTLP receiver over HTTP. Its libraries are loaded only where one is set."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import export as data
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

import hilum
from hilum.observe.catalogue import Kind
from hilum.observe.instruments import Point, Ranges, Reading
from hilum.settings import TelemetrySettings

_TIMEOUT = 10.0  # seconds that the receiver gets for one request
_QUEUE = 16_384  # spans in memory; while the receiver is away, those past it are dropped
_BATCH = 1_024
_DELAY_MS = 1_000
_CUMULATIVE = data.AggregationTemporality.CUMULATIVE


class Exporter:
    """Sends from threads of its own: neither a slow nor a dead receiver holds the hub up."""

    def __init__(self, settings: TelemetrySettings, hub: str) -> None:
        base = settings.otlp_endpoint.rstrip("/")
        headers = {name: value.get_secret_value() for name, value in settings.otlp_headers.items()}
        self.resource = Resource(
            {
                "service.name": "hilum",
                "service.namespace": hub,
                "service.version": hilum.__version__,
                "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
            }
        )
        self._spans = BatchSpanProcessor(
            OTLPSpanExporter(f"{base}/v1/traces", headers=headers, timeout=_TIMEOUT),
            max_queue_size=_QUEUE,
            max_export_batch_size=_BATCH,
            schedule_delay_millis=_DELAY_MS,
        )
        self._metrics = OTLPMetricExporter(f"{base}/v1/metrics", headers=headers, timeout=_TIMEOUT)
        self._began = time.time_ns()

    @property
    def export(self) -> Callable[[ReadableSpan], None]:
        """Takes a span and returns at once."""
        return self._spans.on_end

    def send(self, readings: Sequence[Reading]) -> bool:
        """Send all metrics. Blocks; says whether they arrived."""
        scope = data.ScopeMetrics(
            scope=InstrumentationScope("hilum", hilum.__version__),
            metrics=list(_metrics(readings, self._began, time.time_ns())),
            schema_url="",
        )
        whole = data.MetricsData([data.ResourceMetrics(resource=self.resource, scope_metrics=[scope], schema_url="")])
        return self._metrics.export(whole) is data.MetricExportResult.SUCCESS

    def close(self) -> None:
        """Send what is gathered, and end. Blocks."""
        self._spans.shutdown()  # type: ignore[no-untyped-call]
        self._metrics.shutdown()


def _metrics(readings: Sequence[Reading], began: int, now: int) -> Iterator[data.Metric]:
    for reading in readings:
        metric = reading.metric
        found: data.Sum | data.Gauge | data.Histogram
        if metric.kind is Kind.HISTOGRAM:
            found = data.Histogram([_ranges(reading, p, began, now) for p in reading.points], _CUMULATIVE)
        else:
            numbers = [
                data.NumberDataPoint(_attributes(reading, point), began, now, point.value)
                for point in reading.points
                if not isinstance(point.value, Ranges)
            ]
            counter = metric.kind is Kind.COUNTER
            found = data.Sum(numbers, _CUMULATIVE, is_monotonic=True) if counter else data.Gauge(numbers)
        yield data.Metric(metric.name, metric.meaning, metric.unit, found)


def _attributes(reading: Reading, point: Point) -> Mapping[str, str]:
    return dict(zip(reading.metric.labels, point.labels, strict=True))


def _ranges(reading: Reading, point: Point, began: int, now: int) -> data.HistogramDataPoint:
    value = point.value
    assert isinstance(value, Ranges)  # noqa: S101 - for the type checker: histograms have nothing else
    return data.HistogramDataPoint(
        attributes=_attributes(reading, point),
        start_time_unix_nano=began,
        time_unix_nano=now,
        count=sum(value.counts),
        sum=value.total,
        bucket_counts=value.counts,
        explicit_bounds=reading.metric.bounds,
        min=0.0,  # not kept
        max=0.0,
    )

"""Every metric of the hub, in one table: its name, unit, labels and meaning. Documentation and both expositions use it.

Names and units follow OpenTelemetry (units by UCUM); the Prometheus names are derived from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What its values are."""

    COUNTER = "counter"  # only grows, from the start of what it counts
    GAUGE = "gauge"  # as it is now
    HISTOGRAM = "histogram"  # how many fell into each range, their count and their sum


class Scope(StrEnum):
    """Of what a value tells, and so how the values of several processes are put together."""

    PROCESS = "process"  # of this process: add them up
    DATABASE = "database"  # of the whole hub, and the same from every process: take any one, for example the maximum


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric."""

    name: str  # as OpenTelemetry writes it
    kind: Kind
    unit: str  # UCUM: s, By, 1, or an annotation such as {message}
    labels: tuple[str, ...] = ()
    meaning: str
    scope: Scope = Scope.PROCESS
    bounds: tuple[float, ...] = ()  # upper bounds of the ranges of a histogram

    @property
    def prometheus_name(self) -> str:
        """As Prometheus writes it: underscores, the unit as a suffix; `_total` of counters is added by the format."""
        name = self.name.replace(".", "_")
        suffix = _SUFFIXES.get(self.unit, "")
        return name if not suffix or name.endswith(suffix) else f"{name}{suffix}"

    @property
    def prometheus_series(self) -> str:
        """What is asked for in Prometheus: with the suffix of its kind."""
        return self.prometheus_name + {Kind.COUNTER: "_total", Kind.HISTOGRAM: "_bucket"}.get(self.kind, "")


_SUFFIXES: Final = {"s": "_seconds", "By": "_bytes", "1": "_ratio"}

SECONDS: Final = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0),
)
SIZES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 400.0, 1000.0)


def _counter(name: str, unit: str, labels: str, meaning: str, scope: Scope = Scope.PROCESS) -> Metric:
    return Metric(name=name, kind=Kind.COUNTER, unit=unit, labels=tuple(labels.split()), meaning=meaning, scope=scope)


def _gauge(name: str, unit: str, labels: str, meaning: str, scope: Scope = Scope.PROCESS) -> Metric:
    return Metric(name=name, kind=Kind.GAUGE, unit=unit, labels=tuple(labels.split()), meaning=meaning, scope=scope)


def _histogram(name: str, unit: str, labels: str, meaning: str) -> Metric:
    bounds = SECONDS if unit == "s" else SIZES
    return Metric(
        name=name, kind=Kind.HISTOGRAM, unit=unit, labels=tuple(labels.split()), meaning=meaning, bounds=bounds
    )


# Receipt
RECEIPT_MESSAGES: Final = _counter(
    "hilum.receipt.messages", "{message}", "flow outcome",
    "Messages that are durable: accepted, duplicate (the same again), or reused (other content under a known key)",
)  # fmt: skip
RECEIPT_REFUSED: Final = _counter(
    "hilum.receipt.refused", "{message}", "source reason",
    "What was not taken in by the hub: busy, not_accepted, invalid, database_unavailable",
)  # fmt: skip
SOURCE_REFUSED: Final = _counter(
    "hilum.source.refused", "{refusal}", "source reason",
    "What a source refused in its protocol, by HTTP status or in words; holds what the hub refused through it",
)  # fmt: skip
RECEIPT_DURATION: Final = _histogram(
    "hilum.receipt.duration", "s", "flow", "From the source's handing over until it is durable"
)
COMMITTER_WAITING: Final = _gauge(
    "hilum.committer.waiting", "{message}", "", "Received units in memory that wait for their commit"
)

# Commits of the message path
COMMIT_SIZE: Final = _histogram(
    "hilum.commit.size", "{message}", "stage", "Messages or deliveries in one commit of receipt, translate or deliver"
)
COMMIT_DURATION: Final = _histogram("hilum.commit.duration", "s", "stage", "Time of such a commit")

# Translation
TRANSLATE_MESSAGES: Final = _counter(
    "hilum.translate.messages", "{message}", "flow outcome", "Translations that were run: translated or failed"
)
TRANSLATE_DURATION: Final = _histogram("hilum.translate.duration", "s", "flow", "Time of one translation")

# Delivery
DELIVERY_ATTEMPTS: Final = _counter(
    "hilum.delivery.attempts", "{attempt}", "flow destination outcome",
    "Attempts to deliver, by what came of them: delivered, try_again, unsure, rejected, down",
)  # fmt: skip
DELIVERY_RETRIES: Final = _counter(
    "hilum.delivery.retries", "{attempt}", "flow destination", "Attempts that were not the first of their delivery"
)
DELIVERY_DURATION: Final = _histogram(
    "hilum.delivery.duration", "s", "destination", "Time of one call of a destination, whatever came of it"
)
DELIVERY_BATCH: Final = _histogram(
    "hilum.delivery.batch.size", "{delivery}", "destination", "Deliveries handed to a destination in one call"
)
END_TO_END: Final = _histogram(
    "hilum.delivery.latency", "s", "flow destination",
    "From the receipt of a message until its delivery is committed, with all that it waited for",
)  # fmt: skip
HELD: Final = _counter(
    "hilum.held", "{case}", "flow destination category",
    "What began to wait for a person; destination is empty for a message",
)  # fmt: skip

# The process
LOOP_DELAY: Final = _histogram(
    "hilum.event_loop.delay", "s", "", "How much later than asked for the event loop came back to a sleeping task"
)
CACHE_SIZE: Final = _gauge("hilum.cache.size", "By", "", "Bodies kept at hand for the next stage")
LANES_HELD: Final = _gauge("hilum.lanes.held", "{lane}", "", "Lanes that this worker holds")
LEASE_VALID: Final = _gauge(
    "hilum.lease.valid", "{lease}", "", "1 while this worker may begin new work, 0 while its heartbeat is late"
)
INTAKE_OPEN: Final = _gauge(
    "hilum.intake.open", "{gate}", "priority", "1 while sources may take in this priority, 0 past its high-water mark"
)
POOL_SIZE: Final = _gauge("hilum.database.pool.size", "{connection}", "pool state", "Connections: used or idle")
POOL_WAITING: Final = _gauge(
    "hilum.database.pool.waiting", "{request}", "pool", "Requests that wait for a connection now"
)
POOL_WAITS: Final = _counter(
    "hilum.database.pool.waits", "{request}", "pool", "Requests that had to wait for a connection"
)
POOL_WAIT_TIME: Final = _counter(
    "hilum.database.pool.wait.time", "s", "pool", "Time that requests waited for a connection, added up"
)
LOOKUP_AGE: Final = _gauge("hilum.lookup.age", "s", "table", "Time since the file of a lookup table was changed")
AUTH_FAILURES: Final = _counter(
    "hilum.auth.failures", "{attempt}", "where",
    "Refused logins and credentials: at the console, the telemetry endpoints, or a source (by its address)",
)  # fmt: skip
MEMORY: Final = _gauge("process.memory.usage", "By", "", "Resident memory")
CPU: Final = _counter("process.cpu.time", "s", "", "Processor time, user and system")
UPTIME: Final = _gauge("process.uptime", "s", "", "Time since the hub of this process was started")

# The hub as a whole, from the database
_OF_ALL: Final = Scope.DATABASE
JOURNAL_MESSAGES: Final = _counter(
    "hilum.journal.messages", "{message}", "flow state",
    "Messages that ever entered a state; also duplicate, refused (no flow), and late (completed after the promise)",
    _OF_ALL,
)  # fmt: skip
JOURNAL_DELIVERIES: Final = _counter(
    "hilum.journal.deliveries", "{delivery}", "flow destination state", "Deliveries that ever entered a state", _OF_ALL
)
QUEUE_DEPTH: Final = _gauge(
    "hilum.queue.depth", "{message}", "flow destination state",
    "How many are in a state now, exactly; destination is empty for messages. The lag of a flow is what is received, "
    "pending and waiting",
    _OF_ALL,
)  # fmt: skip
QUEUE_SIZE: Final = _gauge(
    "hilum.queue.size", "By", "flow", "Size of the messages that are received or routed, each rounded up to a kilobyte",
    _OF_ALL,
)  # fmt: skip
QUEUE_OLDEST: Final = _gauge(
    "hilum.queue.oldest", "s", "flow destination state",
    "Time since the receipt of the oldest that is received, pending, waiting or held; see the notes below",
    _OF_ALL,
)  # fmt: skip
CASES_OPEN: Final = _gauge(
    "hilum.cases.open", "{case}", "flow kind", "Open cases by the kind of owner: business or technical", _OF_ALL
)
DESK_OPEN: Final = _gauge(
    "hilum.desk.open", "{entry}", "team what", "What waits for a team: cases, and tasks of processes", _OF_ALL
)
DESK_BREACHED: Final = _gauge(
    "hilum.desk.breached", "{entry}", "team what", "Of these, those that are past their due time", _OF_ALL
)
DESK_AGE: Final = _gauge(
    "hilum.desk.age.median", "s", "team what", "Of these, the age that half of them have passed", _OF_ALL
)
BREAKER_OPEN: Final = _gauge(
    "hilum.breaker.open", "{breaker}", "destination", "1 while a destination is left alone because it is down, else 0",
    _OF_ALL,
)  # fmt: skip
ENDPOINT_FINDINGS: Final = _gauge(
    "hilum.endpoint.findings", "{finding}", "destination",
    "What does not fit in the models and fields of a destination: messages will fail by it", _OF_ALL,
)  # fmt: skip
KEY_LEFT: Final = _gauge(
    "hilum.endpoint.key.left",
    "s",
    "destination",
    "Time until the key of a destination ends, where known",
    _OF_ALL,
)
CALLS_MADE: Final = _gauge(
    "hilum.destination.calls", "{call}", "destination", "Calls over the wire, of the last 24 hours", _OF_ALL
)
CALLS_SAVED: Final = _gauge(
    "hilum.destination.calls.saved", "{call}", "destination",
    "Calls that packing has saved against one record at a time, of the last 24 hours", _OF_ALL,
)  # fmt: skip
RECORDS_PER_CALL: Final = _gauge(
    "hilum.destination.records.per.call", "{record}", "destination", "Records a call, of the last 24 hours", _OF_ALL
)
EFFECTS_UNKNOWN: Final = _gauge(
    "hilum.effects.unknown", "{effect}", "destination",
    "Effects of which nobody knows whether they are there; normally 0", _OF_ALL,
)  # fmt: skip
WORKERS_LIVE: Final = _gauge("hilum.workers.live", "{worker}", "", "Workers that were seen lately", _OF_ALL)
LANES_FREE: Final = _gauge("hilum.lanes.free", "{lane}", "", "Lanes that no live worker holds", _OF_ALL)
SILENCE: Final = _gauge(
    "hilum.flow.silence", "s", "flow", "Time since a message of this flow came in, as far as it was watched", _OF_ALL
)
SLO_OBJECTIVE: Final = _gauge(
    "hilum.slo.objective", "1", "flow", "The promise: the share to be completed within the promised time", _OF_ALL
)
SLO_KEPT: Final = _gauge(
    "hilum.slo.kept",
    "1",
    "flow window",
    "The share that was, of what was completed in the window: 1h, 1d, 30d",
    _OF_ALL,
)
SLO_BUDGET: Final = _gauge(
    "hilum.slo.budget", "1", "flow window",
    "What is left of the error budget of the window: 1 all of it, 0 nothing, below 0 the promise is broken",
    _OF_ALL,
)  # fmt: skip
BUSINESS_SHARE: Final = _gauge(
    "hilum.business.share", "1", "indicator currency",
    "Indicators that are shares, of the last 30 days with today; the reference of indicators defines them", _OF_ALL,
)  # fmt: skip
BUSINESS_DURATION: Final = _gauge(
    "hilum.business.duration", "s", "indicator",
    "Indicators that are mean times, of the last 30 days with today", _OF_ALL,
)  # fmt: skip
BUSINESS_AMOUNT: Final = _gauge(
    "hilum.business.amount", "{amount}", "indicator currency",
    "Indicators that are amounts, in units of the currency, of the last 30 days with today", _OF_ALL,
)  # fmt: skip
INCIDENTS_OPEN: Final = _gauge("hilum.incidents.open", "{incident}", "kind", "Alerts that are open", _OF_ALL)
SAMPLE_AGE: Final = _gauge(
    "hilum.sample.age", "s", "", "Time since the values of the whole hub were read from the database", _OF_ALL
)

METRICS: Final[tuple[Metric, ...]] = tuple(
    value for name, value in globals().copy().items() if name.isupper() and isinstance(value, Metric)
)
"""All of them, in the order of this file."""

BY_NAME: Final = {metric.name: metric for metric in METRICS}

"""The values of the whole hub: read from the database by one process, at most every few seconds, and told by all.

Whoever is asked first after that time reads, holding a lock that nobody waits for; everybody else takes what is in the
table `telemetry`. So the cost does not grow with the number of processes or of scrapers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from psycopg import sql

from hilum.cases import count_open
from hilum.flow import Flow
from hilum.journal import efforts, intents, measuring
from hilum.journal.breakers import open_breakers
from hilum.journal.endpoint_states import states
from hilum.journal.measuring import ALL
from hilum.journal.tallies import OPEN_KB, Count, counts
from hilum.observe import catalogue
from hilum.observe.catalogue import Metric
from hilum.observe.instruments import Labels, Reading, gauge
from hilum.postgres import Connection, Database

_LOCK = 0x48494C54  # "HILT"; any number will do as long as all hubs use the same
_SECONDS = 5  # that the questions of one sample may take in the database
_LIVE_SECONDS = 15.0  # a worker that was not seen for so long does not count as live

_COUNT_EVERY: Final[Mapping[str, float]] = {"1h": 15.0, "1d": 120.0, "30d": 900.0}
"""Seconds after which a window of the promise is counted anew: the longer it is, the slower it changes."""

Values = dict[Labels, float]


@dataclass(slots=True)
class Sample:
    """The values of the whole hub at one moment, by the name of their metric."""

    at: float = 0.0  # epoch seconds
    values: dict[str, Values] = field(default_factory=dict)
    kept_at: dict[str, float] = field(default_factory=dict)  # by window: when it was counted
    came: dict[str, tuple[int, float]] = field(default_factory=dict)  # by flow: how many ever came, and since when
    acts_seen: int | None = None  # number of the last act in the audit that was looked at

    def set(self, metric: Metric, values: Values) -> None:
        """All values of a metric."""
        self.values[metric.name] = values

    def get(self, metric: Metric) -> Values:
        """All values of a metric."""
        return self.values.get(metric.name, {})

    def readings(self) -> list[Reading]:
        """As the expositions take them, with the age of the sample."""
        found = [
            gauge(catalogue.BY_NAME[name], *values.items())
            for name, values in self.values.items()
            if name in catalogue.BY_NAME  # another process may be of another version
        ]
        return [*found, gauge(catalogue.SAMPLE_AGE, ((), max(0.0, time.time() - self.at)))]

    def dump(self) -> str:
        """As the table keeps it."""
        values = {name: [[list(k), v] for k, v in found.items()] for name, found in self.values.items()}
        return orjson.dumps(
            {"values": values, "kept_at": self.kept_at, "came": self.came, "acts": self.acts_seen}
        ).decode()

    @classmethod
    def load(cls, at: datetime, stored: Mapping[str, Any]) -> Sample:
        """From the table."""
        values = {name: {tuple(k): v for k, v in found} for name, found in stored.get("values", {}).items()}
        came = {flow: (int(n), float(since)) for flow, (n, since) in stored.get("came", {}).items()}
        return cls(at.timestamp(), values, dict(stored.get("kept_at", {})), came, stored.get("acts"))


Fresh = Callable[[Connection, Sample], Awaitable[None]]
"""Called with a new sample, by the process that read it, within its transaction."""

Reader = Callable[[Connection, Sample], Awaitable[None]]
"""Adds values of a package above this one to a sample that is being read."""


class Sampler:
    """Gives the sample, fresh enough. For one event loop; one reading at a time."""

    def __init__(
        self,
        database: Database,
        flows: Mapping[str, Flow],
        refresh_seconds: float,
        fresh: Fresh | None = None,
        readers: Sequence[Reader] = (),
    ) -> None:
        self._database = database
        self._flows = flows
        self._refresh = refresh_seconds
        self._fresh = fresh
        self._readers = readers
        self._last = Sample()
        self._lock = asyncio.Lock()

    async def sample(self) -> Sample:
        """The values of the whole hub. Raises `DatabaseUnavailable`."""
        async with self._lock:
            if time.time() - self._last.at >= self._refresh:
                async with self._database.transaction() as connection:
                    self._last = await self._shared(connection)
            return self._last

    async def _shared(self, connection: Connection) -> Sample:
        found = await stored(connection)
        if found is not None and time.time() - found.at < self._refresh:
            return found
        cursor = await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        row = await cursor.fetchone()
        if not (row and row[0]):
            return found or self._last  # another process is reading just now
        found = await self._read(connection, await stored(connection) or Sample())
        if self._fresh is not None:
            await self._fresh(connection, found)
        await connection.execute(
            "INSERT INTO telemetry (at, sample) VALUES (to_timestamp(%s), %s::jsonb)"
            " ON CONFLICT (one) DO UPDATE SET at = excluded.at, sample = excluded.sample",
            [found.at, found.dump()],
        )
        return found

    async def _read(self, connection: Connection, before: Sample) -> Sample:
        # the queues are reached by their indices, whatever the statistics say of their size
        await connection.execute(
            sql.SQL(
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL statement_timeout = {}"
            ).format(_SECONDS * 1000),
            prepare=False,
        )
        found = Sample(time.time(), {}, dict(before.kept_at), dict(before.came), before.acts_seen)
        rows = await counts(connection)
        _counted(found, rows)
        _silence(found, rows)
        await _ages(connection, found, rows)
        await _cases(connection, found)
        await _machinery(connection, found, rows)
        await self._promises(connection, found, before)
        for read in self._readers:
            await read(connection, found)
        return found

    async def _promises(self, connection: Connection, found: Sample, before: Sample) -> None:
        shares, budgets = dict(before.get(catalogue.SLO_KEPT)), dict(before.get(catalogue.SLO_BUDGET))
        for window, seconds in measuring.WINDOWS.items():
            if found.at - found.kept_at.get(window, 0.0) < _COUNT_EVERY[window]:
                continue
            found.kept_at[window] = found.at
            for one in await measuring.kept(connection, seconds):
                if flow := self._flows.get(one.flow):
                    shares[one.flow, window] = one.share
                    budgets[one.flow, window] = one.budget(flow.slo.percent)
        found.set(catalogue.SLO_KEPT, shares)
        found.set(catalogue.SLO_BUDGET, budgets)
        found.set(catalogue.SLO_OBJECTIVE, {(name,): flow.slo.percent / 100 for name, flow in self._flows.items()})


async def stored(connection: Connection) -> Sample | None:
    """The sample that was read last, by whichever process; None before the first."""
    cursor = await connection.execute("SELECT at, sample FROM telemetry")
    row = await cursor.fetchone()
    return Sample.load(*row) if row else None


def _counted(found: Sample, rows: Sequence[Count]) -> None:
    """What the tallies say: exact, and cheap however long the queues are."""
    found.set(
        catalogue.JOURNAL_MESSAGES,
        {(c.flow, c.state): c.entered for c in rows if not c.destination and c.state != OPEN_KB},
    )
    found.set(catalogue.QUEUE_SIZE, {(c.flow,): c.now * 1024 for c in rows if c.state == OPEN_KB})
    found.set(
        catalogue.JOURNAL_DELIVERIES, {(c.flow, c.destination, c.state): c.entered for c in rows if c.destination}
    )
    found.set(
        catalogue.QUEUE_DEPTH,
        {(c.flow, c.destination, c.state): c.now for c in rows if c.state in _OPEN},
    )


_OPEN = frozenset({"received", "routed", "pending", "waiting", "held"})
"""Work that is not done: what is completed, discarded, delivered or cancelled is no queue."""


def _silence(found: Sample, rows: Sequence[Count]) -> None:
    """A flow whose number has not grown is silent since it last did."""
    ever: dict[str, int] = {}
    for count in rows:
        if not count.destination and count.state in ("received", "duplicate") and count.flow:
            ever[count.flow] = ever.get(count.flow, 0) + count.entered
    for flow, number in ever.items():
        seen = found.came.get(flow)
        if seen is None or seen[0] != number:
            found.came[flow] = (number, found.at)
    found.set(catalogue.SILENCE, {(flow,): found.at - since for flow, (_, since) in found.came.items()})


async def _ages(connection: Connection, found: Sample, rows: Sequence[Count]) -> None:
    """See `measuring.oldest` for what is exact."""
    destinations = sorted(
        {c.destination for c in rows if c.destination and c.state in ("pending", "waiting") and c.now}
    )
    depth = found.get(catalogue.QUEUE_DEPTH)
    ages: Values = {}
    at_most: Values = {}
    for one in await measuring.oldest(connection, destinations):
        age = max(0.0, found.at - one.received_at.timestamp())
        if one.flow == ALL:
            queue = (one.destination, one.state)
            at_most[queue] = max(age, at_most.get(queue, 0.0))
            continue
        labels = (one.flow, one.destination, one.state)
        ages[labels] = max(age, ages.get(labels, 0.0))
    for (flow, destination, state), number in depth.items():
        if number and state in ("received", "pending", "waiting") and (destination, state) in at_most:
            ages.setdefault((flow, destination, state), at_most[destination, state])
    found.set(catalogue.QUEUE_OLDEST, ages)


async def _cases(connection: Connection, found: Sample) -> None:
    """Open cases, and since when the oldest of each place waits for a person."""
    open_now: Values = {}
    ages = found.get(catalogue.QUEUE_OLDEST)
    for one in await count_open(connection):
        kind = (one.flow, one.kind)
        open_now[kind] = open_now.get(kind, 0) + one.count
        labels = (one.flow, one.destination, "held")
        ages[labels] = max(ages.get(labels, 0.0), found.at - one.oldest.timestamp())
    found.set(catalogue.CASES_OPEN, open_now)


async def _machinery(connection: Connection, found: Sample, rows: Sequence[Count]) -> None:
    """Workers, lanes, breakers."""
    workers, free = await measuring.live_workers(connection, _LIVE_SECONDS)
    found.set(catalogue.WORKERS_LIVE, {(): workers})
    found.set(catalogue.LANES_FREE, {(): free})
    shut = {each.destination for each in await open_breakers(connection)}
    places = {count.destination for count in rows if count.destination} | shut
    looked = await states(connection)
    found.set(catalogue.ENDPOINT_FINDINGS, {(place,): float(len(one.findings)) for place, one in looked.items()})
    ends: Values = {(place,): one.key_ends.timestamp() - found.at for place, one in looked.items() if one.key_ends}
    found.set(catalogue.KEY_LEFT, ends)
    spent = await efforts.last_day(connection)
    found.set(catalogue.CALLS_MADE, {(place,): float(one.calls) for place, one in spent.items()})
    found.set(catalogue.CALLS_SAVED, {(place,): float(one.saved) for place, one in spent.items()})
    found.set(catalogue.RECORDS_PER_CALL, {(place,): one.per_call for place, one in spent.items()})
    lost = await intents.unknown(connection)
    found.set(catalogue.EFFECTS_UNKNOWN, {(place,): float(lost.get(place, 0)) for place in places})
    found.set(catalogue.BREAKER_OPEN, {(place,): float(place in shut) for place in places})

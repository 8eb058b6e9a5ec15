"""What one process has to tell of itself besides what its observer counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import psutil

from hilum.message import Priority
from hilum.observe import catalogue
from hilum.observe.instruments import Counter, Histogram, Reading, gauge
from hilum.runtime import Hub

_LOOK_EVERY = 0.25  # seconds between two looks at the delay of the event loop

_UNAUTHORIZED = "401"
"""The status under which a source over HTTP counts senders that showed no good token or signature."""


async def watch_loop(delay: Histogram) -> None:
    """Sleep and see how much later it is than asked for, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _LOOK_EVERY
        await asyncio.sleep(_LOOK_EVERY)
        delay.record((), max(0.0, loop.time() - due))


class ProcessReadings:
    """Reads the state of a hub in this process. Asking costs some microseconds and no query."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._process = psutil.Process()

    def readings(self, auth_failures: Counter) -> Iterator[Reading]:
        """All of them now. Refused credentials are added from what the sources counted."""
        yield from self._worker()
        yield from self._intake(auth_failures)
        yield from self._pools()
        yield from self._system()

    def _worker(self) -> Iterator[Reading]:
        share = self._hub.share
        if share is not None:
            yield gauge(catalogue.CACHE_SIZE, ((), share.cache.size))
            yield gauge(catalogue.LANES_HELD, ((), len(share.leases.held)))
            yield gauge(catalogue.LEASE_VALID, ((), float(share.leases.valid)))

    def _intake(self, auth_failures: Counter) -> Iterator[Reading]:
        hub = self._hub
        if hub.committer is not None:
            yield gauge(catalogue.COMMITTER_WAITING, ((), hub.committer.waiting))
        if hub.gate is not None:
            opened = [((p.value,), float(not hub.gate.shut_for(p))) for p in Priority]
            yield gauge(catalogue.INTAKE_OPEN, *opened)
        refused = {
            (source.address, reason): number
            for source in hub.sources
            for reason, number in getattr(source, "refusals", {}).items()
        }
        yield gauge(catalogue.SOURCE_REFUSED, *refused.items())
        failed = Counter(catalogue.AUTH_FAILURES)
        for point in auth_failures.reading().points:
            if isinstance(point.value, int | float):
                failed.add(point.labels, point.value)
        for (address, reason), number in refused.items():
            if reason == _UNAUTHORIZED:
                failed.add((address,), number)
        yield failed.reading()

    def _pools(self) -> Iterator[Reading]:
        stats = self._hub.database.pool_stats()

        def each(name: str) -> list[tuple[tuple[str, ...], float]]:
            return [((pool,), found.get(name, 0)) for pool, found in stats.items()]

        size, idle = dict(each("pool_size")), dict(each("pool_available"))
        used = {pool: size[pool] - idle[pool] for pool in size}
        yield gauge(
            catalogue.POOL_SIZE,
            *(((*pool, "idle"), number) for pool, number in idle.items()),
            *(((*pool, "used"), number) for pool, number in used.items()),
        )
        yield gauge(catalogue.POOL_WAITING, *each("requests_waiting"))
        yield gauge(catalogue.POOL_WAITS, *each("requests_queued"))
        yield gauge(catalogue.POOL_WAIT_TIME, *((pool, ms / 1000) for pool, ms in each("requests_wait_ms")))

    def _system(self) -> Iterator[Reading]:
        tables = self._hub.project.lookup.tables
        now = time.time()
        yield gauge(catalogue.LOOKUP_AGE, *(((name,), now - table.changed_at) for name, table in tables.items()))
        with self._process.oneshot():
            times = self._process.cpu_times()
            yield gauge(catalogue.MEMORY, ((), self._process.memory_info().rss))
            yield gauge(catalogue.CPU, ((), times.user + times.system))
            yield gauge(catalogue.UPTIME, ((), now - self._process.create_time()))

"""What one process has to tell of itself besides what its observer counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping

import psutil

from hilum.connector import Source
from hilum.message import Priority
from hilum.observe import catalogue
from hilum.observe.instruments import Histogram, Reading, gauge
from hilum.runtime import Hub

_LOOK_EVERY = 0.25  # seconds between two looks at the delay of the event loop

UNAUTHORIZED = "401"
"""The status under which a source over HTTP counts senders that showed no good token or signature."""


def refusals(source: Source) -> Mapping[str, int]:
    """What a source refused by itself, by reason; nothing for a source that does not count it."""
    found: Mapping[str, int] = getattr(source, "refusals", {})
    return found


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

    def readings(self) -> Iterator[Reading]:
        """All of them now."""
        yield from self._worker()
        yield from self._intake()
        yield from self._pools()
        yield from self._system()

    def _worker(self) -> Iterator[Reading]:
        share = self._hub.share
        if share is not None:
            yield gauge(catalogue.CACHE_SIZE, ((), share.cache.size))
            yield gauge(catalogue.LANES_HELD, ((), len(share.leases.held)))
            yield gauge(catalogue.LEASE_VALID, ((), float(share.leases.valid)))

    def _intake(self) -> Iterator[Reading]:
        hub = self._hub
        if hub.committer is not None:
            yield gauge(catalogue.COMMITTER_WAITING, ((), hub.committer.waiting))
        if hub.gate is not None:
            opened = [((p.value,), float(not hub.gate.shut_for(p))) for p in Priority]
            yield gauge(catalogue.INTAKE_OPEN, *opened)
        refused = [((s.address, reason), n) for s in hub.sources for reason, n in refusals(s).items()]
        yield gauge(catalogue.SOURCE_REFUSED, *refused)

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

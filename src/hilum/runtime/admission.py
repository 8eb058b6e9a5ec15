"""May this destination be called now, and how much may one call take? The only place where that is decided.

Asked are its hours, its breaker and its rates. Another reason why a destination must wait is asked here too: in `shut`,
before what is for it is read, and in `room`, before a call begins.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

from hilum.flow import Windows
from hilum.journal.leases import Leases
from hilum.postgres import Database
from hilum.runtime.breaker import Breaker
from hilum.runtime.rates import Rate
from hilum.settings import DestinationSettings

_HOURS_EVERY: Final = 0.5  # seconds between two looks at the clock
_DOUBLES: Final = 1.0  # seconds in which the rate after a recovery doubles


def utc_now() -> datetime:
    """The clock that hours are compared with."""
    return datetime.now(UTC)


class Hours:
    """The hours in which one destination may be called; looked up now and then, for it is asked before each call."""

    def __init__(self, windows: Windows) -> None:
        self._windows = windows
        self._looked_at = float("-inf")
        self._closed = False

    def closed(self) -> bool:
        """May no call begin now?"""
        now = time.monotonic()
        if now - self._looked_at >= _HOURS_EVERY:
            self._looked_at, self._closed = now, not self._windows.open_at(utc_now())
        return self._closed


class Admission:
    """Lets calls to one destination begin, as its hours, its breaker and its rates allow."""

    def __init__(
        self,
        database: Database,
        leases: Leases,
        destination: str,
        settings: DestinationSettings,
        hours: Windows | None = None,
    ) -> None:
        self._hours = Hours(hours) if hours is not None else None
        self.breaker = Breaker(database, leases.id, destination, settings)
        self._settings = settings
        self._calls = Rate(database, leases, destination, "calls")
        self._records = Rate(database, leases, destination, "records")

    async def shut(self) -> bool:
        """Is nothing to be sent there now? Asked before each reading. Raises `DatabaseUnavailable`."""
        if self._hours is not None and self._hours.closed():
            return True
        await self.breaker.look()
        return self.breaker.shut()

    async def room(self, wanted: int, under_way: int) -> int:
        """How many deliveries the next call may take; 0: it may not begin now. Asked where there is work.

        What it says holds until the event loop goes on: begin at once, and tell `began`. Raises `DatabaseUnavailable`.
        """
        if self._hours is not None and self._hours.closed():
            return 0
        await self.breaker.ask(under_way)
        if self.breaker.limit is not None:
            return min(wanted, self.breaker.limit)
        calls, records = self._calls_per_second, self._settings.records_per_second
        if calls is None and records is None:
            return wanted
        if calls is not None and not self._calls.left:
            await self._calls.book(calls)
        if records is not None and not self._records.left:
            await self._records.book(records)
        if self.breaker.limit is not None or (calls is not None and not self._calls.left):
            return 0
        return wanted if records is None else min(wanted, self._records.left)

    @property
    def wait(self) -> float:
        """Seconds after which it is worth while to ask for room again, where there was none."""
        if self._hours is not None and self._hours.closed():
            return 0.5
        if self.breaker.limit == 0:
            return 0.2
        return min(max(self._calls.wait, self._records.wait, 0.001), 0.5)

    @property
    def _calls_per_second(self) -> float | None:
        """The rate of calls now: that of the settings, or less while it recovers."""
        steady = self._settings.calls_per_second
        recovering = self.breaker.drains(time.monotonic())
        if recovering is None:
            return steady
        grown: float = self._settings.drain_calls_per_second * 2.0 ** (recovering / _DOUBLES)
        return grown if steady is None else min(grown, steady)

    def began(self, count: int) -> None:
        """A call with so many deliveries begins."""
        self.breaker.began()
        self._calls.spend(1)
        self._records.spend(count)

"""May this destination be called now, and how much may one call take? The only place where that is decided.

Asked are its breaker and its rates. Another reason why a destination must wait (hours in which it is closed, for
example) is asked here too: in `shut`, before what is for it is read, and in `room`, before a call begins.
"""

from __future__ import annotations

import time
from typing import Final

from hilum.journal.leases import Leases
from hilum.postgres import Database
from hilum.runtime.breaker import Breaker
from hilum.runtime.rates import Rate
from hilum.settings import DestinationSettings

_DOUBLES: Final = 1.0  # seconds in which the rate after a recovery doubles


class Admission:
    """Lets calls to one destination begin, as its breaker and its rates allow."""

    def __init__(self, database: Database, leases: Leases, destination: str, settings: DestinationSettings) -> None:
        self.breaker = Breaker(database, leases.id, destination, settings)
        self._settings = settings
        self._calls = Rate(database, leases, destination, "calls")
        self._records = Rate(database, leases, destination, "records")

    async def shut(self) -> bool:
        """Is nothing to be sent there now? Asked before each reading. Raises `DatabaseUnavailable`."""
        await self.breaker.look()
        return self.breaker.shut()

    async def room(self, wanted: int, under_way: int) -> int:
        """How many deliveries the next call may take; 0: it may not begin now. Asked where there is work.

        What it says holds until the event loop goes on: begin at once, and tell `began`. Raises `DatabaseUnavailable`.
        """
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

"""How fast a destination may be called, by all workers together.

A worker books its share for a slice of time in the database, and spends it without asking again.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import Final

from hilum.journal.breakers import book
from hilum.journal.leases import Leases
from hilum.postgres import Database

_SLICE: Final = 0.25  # seconds for which a worker books at once, at least
_UNSPENT: Final = 2.0  # so many slices later what was booked and not spent is given up: its time has passed


class Rate:
    """The calls, or the records, of one destination that this worker may still make."""

    def __init__(self, database: Database, leases: Leases, destination: str, unit: str) -> None:
        self._database = database
        self._leases = leases
        self._destination = destination
        self._unit = unit
        self._left = 0
        self._until = 0.0  # when what is left is given up
        self._ask_at = 0.0  # nothing is due before
        self._booking = asyncio.Lock()

    @property
    def left(self) -> int:
        """How many may begin now."""
        return self._left if time.monotonic() < self._until else 0

    @property
    def wait(self) -> float:
        """Seconds until it is worth while to ask again."""
        return max(self._ask_at - time.monotonic(), 0.0)

    def spend(self, count: int) -> None:
        """So many begin."""
        self._left -= count

    async def book(self, per_second: float) -> None:
        """Book the share of this worker, where none is left and some may be due. Raises `DatabaseUnavailable`."""
        async with self._booking:
            if self.left > 0 or self.wait:
                return
            ahead = max(_SLICE, 1 / per_second)
            share = math.ceil(per_second * ahead / max(self._leases.live_workers, 1))
            async with self._database.hot() as connection:
                granted, wait = await book(
                    connection, self._destination, self._unit, per_second=per_second, ahead=ahead, wanted=share
                )
            now = time.monotonic()
            self._left, self._until = granted, now + _UNSPENT * ahead
            self._ask_at = now + wait

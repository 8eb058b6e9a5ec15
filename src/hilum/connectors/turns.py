"""Turns to call one server, within one process: so many at once, with so much time between two beginnings.

In a hub, `hilum.runtime.server_turns` gives turns that count over all processes and are built on these; by itself a
connector has turns of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from urllib.parse import urlsplit


def server_of(url: str) -> str:
    """Host and port: what turns are for, whatever the paths and databases behind it."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


class LocalTurns:
    """See `hilum.connector.Turns`. Who comes first goes first. All methods belong to one event loop."""

    def __init__(self) -> None:
        self._bears = inf  # how many calls at once it was found to bear; never less than one
        self._under_way = 0
        self._began = -inf  # by the clock of the event loop: when the last call began
        self._first = asyncio.Lock()  # of those that wait; a lock lets them go in the order in which they came
        self._more = asyncio.Event()

    def parallel(self, most: int) -> int:
        """See `Turns.parallel`."""
        return int(min(self._bears, most))

    def slower(self, most: int) -> None:
        """See `Turns.slower`."""
        self._bears = max(1.0, min(self._bears, most) / 2)

    def steady(self, most: int) -> None:
        """See `Turns.steady`."""
        bears = min(self._bears, most)
        self._bears = bears + 1 / max(1.0, bears) if bears < most else self._bears
        self._more.set()

    @asynccontextmanager
    async def turn(self, *, most: int, per_second: float | None, together: bool) -> AsyncIterator[None]:
        """See `Turns.turn`. Here nobody else is known: `together` makes no difference."""
        async with self._first:
            while self._under_way >= self.parallel(most):
                self._more.clear()
                await self._more.wait()
            clock = asyncio.get_running_loop().time
            if per_second is not None and (wait := self._began + 1 / per_second - clock()) > 0:
                await asyncio.sleep(wait)
            self._began = clock()
            self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._more.set()

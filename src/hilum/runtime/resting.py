"""Where callers of one destination rest while there is nothing for them: as many are woken as there is work."""

from __future__ import annotations

import asyncio


class Resting:
    """Those that have nothing to do. For one event loop.

    An event would wake them all each time, to find that one of them has taken what there was.
    """

    def __init__(self) -> None:
        self._resting: dict[asyncio.Future[None], None] = {}

    async def rest(self, seconds: float) -> None:
        """Wait until woken, or for so long. Look for work right before: nobody is woken for what was there already."""
        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        self._resting[woken] = None
        timer = loop.call_later(seconds, self._wake, woken)
        try:
            await woken
        finally:
            timer.cancel()
            self._resting.pop(woken, None)

    def wake(self, count: int) -> None:
        """Wake so many, those first who went to rest last: the others may rest on."""
        while count > 0 and self._resting:
            woken, _ = self._resting.popitem()
            self._wake(woken)
            count -= 1

    def wake_all(self) -> None:
        """Wake everybody."""
        self.wake(len(self._resting))

    @staticmethod
    def _wake(woken: asyncio.Future[None]) -> None:
        if not woken.done():
            woken.set_result(None)

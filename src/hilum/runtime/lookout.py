"""The lookout of a worker: one look for all destinations that have nothing to do, instead of one for each."""

from __future__ import annotations

import asyncio

from hilum.journal.work import with_work
from hilum.runtime.share import Share


class Lookout:
    """Rings for the destinations for which another process, or time, has brought work."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._silent = asyncio.Event()  # nobody rings for the lookout

    async def step(self) -> None:
        """One look, after the pause between two. Raises `DatabaseUnavailable`."""
        share = self._share
        await share.rest(self._silent)
        if not share.watched or not share.lanes:
            return
        async with share.database.hot() as connection:
            for name in await with_work(connection, sorted(share.watched), floor=share.floor):
                share.ring(name)

    def reset(self) -> None:
        """It has nothing in hand."""

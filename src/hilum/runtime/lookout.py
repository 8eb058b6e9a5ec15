"""The lookout of a worker: one look for all translators and destinations with nothing to do, not one for each."""

from __future__ import annotations

import asyncio

from hilum.journal.work import with_work
from hilum.runtime.share import Share


class Lookout:
    """Rings for those to whom another process, or time, has brought work."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._silent = asyncio.Event()  # nobody rings for the lookout

    async def step(self) -> None:
        """One look, after the pause between two. Raises `DatabaseUnavailable`."""
        share = self._share
        await share.rest(self._silent)
        if not (share.watched or share.resting) or not share.lanes:
            return
        async with share.database.hot() as connection:
            received, destinations = await with_work(
                connection, sorted(share.resting), sorted(share.watched), floor=share.floor
            )
        if received:
            share.ring_translators(*received)
        for name in destinations:
            share.ring(name)

    def reset(self) -> None:
        """It has nothing in hand."""

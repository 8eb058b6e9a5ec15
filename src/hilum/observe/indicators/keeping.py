"""The count in a running hub: again and again, in every worker process, one of them at a time."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Final

from hilum.observe.indicators.counting import Calendar, count, forget
from hilum.postgres import Database
from hilum.runtime.maintenance import every
from hilum.settings import Settings

_FORGET_EVERY: Final = 3600.0  # seconds
_REST: Final = 9.0
"""A count rests for so many times as long as it took: it never takes more than a tenth of a process."""


def calendar_of(settings: Settings) -> Calendar:
    """When the days of this hub are."""
    return Calendar(zone=settings.hub.zone, closes_after=timedelta(hours=settings.indicators.closes_after_hours))


class Keeper:
    """Keeps the figures up to date until it is stopped."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings.indicators
        self._calendar = calendar_of(settings)
        self._task: asyncio.Task[None] | None = None
        self._forgot = time.monotonic()
        self._rests_until = 0.0

    def start(self) -> None:
        """Begin to count."""
        self._task = asyncio.create_task(every(self._settings.count_seconds, self._count))

    async def stop(self) -> None:
        """No longer. May be called twice, and without `start`."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _count(self) -> None:
        began = time.monotonic()
        if began < self._rests_until:
            return
        await count(self._database, self._calendar)
        self._rests_until = time.monotonic() + _REST * (time.monotonic() - began)
        if time.monotonic() - self._forgot >= _FORGET_EVERY:
            self._forgot = time.monotonic()
            before = self._calendar.today() - timedelta(days=self._settings.keep_days)
            async with self._database.transaction() as connection:
                await forget(connection, before)

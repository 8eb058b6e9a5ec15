"""Comparisons in a running hub: each at the times of its calendar, or when somebody asks, in one worker process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from hilum.ending import cancel_all
from hilum.errors import Refused
from hilum.flow import Project
from hilum.postgres import Database
from hilum.reconcile import asking, store
from hilum.reconcile.declaration import Comparison
from hilum.reconcile.running import run
from hilum.runtime.maintenance import every

log = logging.getLogger("hilum.reconcile")

LOOK_EVERY: Final = 20.0
"""Seconds between two looks at the calendars."""

ASKED_EVERY: Final = 2.0
"""Seconds between two looks at what people ask for."""

AGAIN_AFTER: Final = timedelta(minutes=15)
"""A run that failed is made again after so long, until one is done."""

GRACE: Final = timedelta(hours=1)
"""A run that should have been made so long ago is late."""

KEPT: Final = timedelta(days=3 * 366)
"""So long runs are kept, and what they found."""

_FORGET_EVERY: Final = timedelta(hours=6)


class Reconciler:
    """Runs what is due until it is stopped."""

    def __init__(
        self, database: Database, project: Project, comparisons: Sequence[Comparison], *, look_every: float = LOOK_EVERY
    ) -> None:
        self._database = database
        self._project = project
        self._comparisons = {each.name: each for each in comparisons}
        self._every = look_every
        self._began = datetime.now(UTC)
        self._forgot = self._began - _FORGET_EVERY
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to look."""
        asking = every(min(self._every, ASKED_EVERY), self._asked)
        self._tasks = [asyncio.create_task(every(self._every, self._look)), asyncio.create_task(asking)]

    async def stop(self) -> None:
        """No longer; a run that is under way is cut short, and made again later. May be called twice."""
        tasks, self._tasks = self._tasks, []
        await cancel_all(tasks)

    async def _asked(self) -> None:
        """What people asked for; a run that was cut short, here or in another hub, is made again."""
        async with self._database.cold() as connection:
            requests = await asking.asked(connection)
        for name, request in requests.items():
            if name not in self._comparisons:
                continue
            with suppress(Refused):  # another hub is at it
                found = await run(self._database, self._project, self._comparisons[name], actor=request.actor)
                log.info("compared %s for %s: %s differences", name, request.actor, found.differences)
                async with self._database.transaction() as connection:
                    await asking.answered(connection, request)

    async def _look(self) -> None:
        for each in self._comparisons.values():
            if each.when is None:
                continue
            async with self._database.cold() as connection:
                done, failed = await store.done_last(connection, each.name)
            at = due(each, done or self._began, failed, datetime.now(UTC))
            if at is not None:
                with suppress(Refused):  # another hub has begun it
                    found = await run(self._database, self._project, each, scheduled_for=at)
                    log.info("compared %s: %s differences", each.name, found.differences)
        if datetime.now(UTC) - self._forgot >= _FORGET_EVERY:
            self._forgot = datetime.now(UTC)
            async with self._database.transaction() as connection:
                await store.forget(connection, self._forgot - KEPT)


def due(comparison: Comparison, done: datetime, failed: datetime | None, now: datetime) -> datetime | None:
    """The time of the calendar for which it is to run now; none: it is not due.

    `done`: the last such time that was done, or since when the hub runs. `failed`: when a run after that failed. Pure.
    """
    if comparison.when is None or (failed is not None and now - failed < AGAIN_AFTER):
        return None
    found = comparison.when.latest(done, now, 1)
    return found[-1] if found else None


def overdue(comparison: Comparison, done: datetime | None, now: datetime) -> datetime | None:
    """The time of the calendar for which it should have run by now; none: it is not late. Pure.

    `done`: the last such time that was done. What was due within the last `GRACE` may be under way, or tried again.
    """
    if comparison.when is None or done is None:
        return None
    found = comparison.when.latest(done, now - GRACE, 1)
    return found[-1] if found else None

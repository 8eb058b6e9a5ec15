"""Writes down now and then what the calls to a destination came to."""

from __future__ import annotations

import time
from typing import Final

from hilum.connector import Destination, Effort
from hilum.ending import Unbroken
from hilum.errors import DatabaseUnavailable
from hilum.journal import efforts
from hilum.postgres import Database

_EVERY: Final = 5.0  # seconds


class EffortLog:
    """Of one destination in one worker."""

    def __init__(self, database: Database, name: str, destination: Destination) -> None:
        self._database = database
        self._name = name
        self._destination = destination
        self._written = destination.effort() or Effort()
        self._next = 0.0
        self._unbroken = Unbroken()

    async def write(self, *, now: bool = False) -> None:
        """Write what came since the last time, every few seconds, once. What cannot be written now is written later."""
        if not now and time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY
        await self._unbroken.run(self._write())

    async def _write(self) -> None:
        total, before = self._destination.effort(), self._written
        if total is None or total.calls == before.calls:
            return
        more = Effort(
            calls=total.calls - before.calls,
            records=total.records - before.records,
            alone=total.alone - before.alone,
            seconds=total.seconds - before.seconds,
        )
        try:
            async with self._database.hot() as connection:
                await efforts.add(connection, self._name, more)
        except DatabaseUnavailable:
            return
        self._written = total

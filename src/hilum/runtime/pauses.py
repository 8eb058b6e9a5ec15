"""A destination that is down as a whole is left alone for a while, by all workers; then one call finds out."""

from __future__ import annotations

import time

from hilum.errors import Down
from hilum.journal.text import storable
from hilum.postgres import Database
from hilum.runtime import retry

_LOOK_EVERY = 1.0  # seconds between looks at what the other workers found


class Pauses:
    """The pause of one destination, shared through the database."""

    def __init__(self, database: Database, destination: str) -> None:
        self._database = database
        self._destination = destination
        self._looked_at = 0.0
        self._seconds_left = 0.0
        self._failures = 0

    async def closed(self) -> bool:
        """Must nothing be sent now? Raises `DatabaseUnavailable`."""
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_EVERY:
            async with self._database.hot() as connection:
                cursor = await connection.execute(
                    "SELECT extract(epoch FROM until - now())::float8, failures FROM endpoint_pause"
                    " WHERE destination = %s",
                    [self._destination],
                )
                row = await cursor.fetchone()
            self._looked_at = now
            self._seconds_left, self._failures = (float(row[0]), int(row[1])) if row else (0.0, 0)
        return self._seconds_left - (now - self._looked_at) > 0

    def limit(self, batch_limit: int, under_way: int) -> int:
        """How many may begin now: none while it is paused, one to find out after a pause, else a whole batch."""
        if self._seconds_left - (time.monotonic() - self._looked_at) > 0:
            return 0
        if self._failures:
            return 0 if under_way else 1
        return batch_limit

    async def down(self, failure: Down) -> None:
        """It is down: leave it alone, longer each time. Raises `DatabaseUnavailable`."""
        if self._seconds_left - (time.monotonic() - self._looked_at) > 0:
            return  # another call of the same moment found it too
        self._failures += 1
        self._seconds_left = retry.pause(self._failures, failure.after)
        self._looked_at = time.monotonic()
        async with self._database.hot() as connection:
            await connection.execute(
                "INSERT INTO endpoint_pause (destination, until, failures, words)"
                " VALUES (%s, now() + make_interval(secs => %s), %s, %s)"
                " ON CONFLICT (destination) DO UPDATE SET until = excluded.until, failures = excluded.failures,"
                " words = excluded.words",
                [self._destination, self._seconds_left, self._failures, storable(str(failure))],
            )

    async def worked(self) -> None:
        """It answers again. Raises `DatabaseUnavailable`."""
        if not self._failures:
            return
        self._failures, self._seconds_left = 0, 0.0
        async with self._database.hot() as connection:
            await connection.execute("DELETE FROM endpoint_pause WHERE destination = %s", [self._destination])

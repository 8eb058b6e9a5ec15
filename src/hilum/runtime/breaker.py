"""A destination that does not work is left alone, by all workers; then one call of one worker finds out.

The state is in the database (`hilum.journal.breakers`); here is what one worker knows of it, and when it opens. It is
looked at once a second, so no call costs a statement.
"""

from __future__ import annotations

import math
import time
from collections import deque
from typing import Final
from uuid import UUID

from hilum.journal.breakers import BreakerState, Pauses, Seen, look, recover, take_probe, trip
from hilum.postgres import Database
from hilum.settings import DestinationSettings

_LOOK_EVERY: Final = 1.0  # seconds between looks at what the other workers, or people, did
_PROBE_SECONDS: Final = 10.0  # a worker that died with the one call blocks the others for so long
_ASK_AGAIN: Final = 0.2  # seconds before the one call is asked for again
_LONGEST_ASKED: Final = 3600.0  # seconds; a receiver that asks for more (or for ever) is asked again after so long


class Failures:
    """What this worker's attempts came to lately, and whether that is too bad. No I/O."""

    def __init__(self, settings: DestinationSettings) -> None:
        self._settings = settings
        self._in_a_row: set[object] = set()  # different deliveries: one that always fails says nothing of the others
        self._seconds: deque[list[int]] = deque()  # second, attempts, failures

    def worked(self, count: int, now: float) -> None:
        """So many attempts came through, or were refused for good: it works."""
        self._in_a_row.clear()
        self._count(count, 0, now)

    def failed(self, ref: object, now: float) -> str:
        """An attempt failed; says in words why that is one too many, or nothing."""
        settings = self._settings
        self._in_a_row.add(ref)
        self._count(1, 1, now)
        if settings.open_after_failures and len(self._in_a_row) >= settings.open_after_failures:
            return f"{len(self._in_a_row)} deliveries in a row failed"
        attempts = sum(each[1] for each in self._seconds)
        failures = sum(each[2] for each in self._seconds)
        if settings.open_at_least and attempts >= settings.open_at_least:
            percent = 100 * failures / attempts
            if percent >= settings.open_at_percent:
                return f"{percent:.0f} % of {attempts} attempts failed within {settings.open_within_seconds} s"
        return ""

    def forget(self) -> None:
        """It is open now: what was before says nothing any more."""
        self._in_a_row.clear()
        self._seconds.clear()

    def _count(self, attempts: int, failures: int, now: float) -> None:
        second = int(now)
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0, 0])
        self._seconds[-1][1] += attempts
        self._seconds[-1][2] += failures
        while self._seconds[0][0] <= second - self._settings.open_within_seconds:
            self._seconds.popleft()


class Breaker:
    """The breaker of one destination, as one worker sees and moves it."""

    def __init__(self, database: Database, worker: UUID, destination: str, settings: DestinationSettings) -> None:
        self._database = database
        self._worker = worker
        self._destination = destination
        self._settings = settings
        self._pauses = Pauses(
            first=settings.first_pause_seconds,
            longest=settings.longest_pause_seconds,
            settled=max(settings.drain_seconds, settings.longest_pause_seconds),
        )
        self._seen = Seen()
        self._looked_at = -math.inf
        self._asked_at = -math.inf
        self._probing = False  # the one call is ours
        self._called = False  # and it is under way
        self._failures = Failures(settings)

    @property
    def closed(self) -> bool:
        """Is it in order, as far as this worker knows?"""
        return self._seen.state is BreakerState.CLOSED

    @property
    def limit(self) -> int | None:
        """How many deliveries may begin now: none (0), one to find out, or any number (None)."""
        if self.closed:
            return None
        return 1 if self._probing and not self._called else 0

    def drains(self, now: float) -> float | None:
        """Seconds since it works again; none: it was never open, or long ago."""
        if not self.closed or self._seen.drains is None:
            return None
        since = self._seen.drains + now - self._looked_at
        return since if since < self._settings.drain_seconds else None

    async def look(self) -> None:
        """Look at the database when it is time. Raises `DatabaseUnavailable`."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_EVERY:
            return
        async with self._database.hot() as connection:
            if self._probing and self._called:
                await take_probe(connection, self._destination, self._worker, _PROBE_SECONDS)
            self._note(await look(connection, self._destination, self._worker))

    def shut(self) -> bool:
        """Is there nothing to be sent now, not even one to find out?"""
        return not self.closed and not self._probing and not self._may_ask(time.monotonic())

    async def ask(self, under_way: int) -> None:
        """There is work: where it is time to find out, take the one call. Raises `DatabaseUnavailable`.

        `under_way`: calls of this worker; none: if the one call was ours, it ended without telling anything.
        """
        now = time.monotonic()
        if not under_way:
            self._called = False
        if self.closed or self._probing or not self._may_ask(now) or now - self._asked_at < _ASK_AGAIN:
            return
        self._asked_at = now
        async with self._database.hot() as connection:
            self._probing = await take_probe(connection, self._destination, self._worker, _PROBE_SECONDS)
            self._called = False
            if not self._probing:
                self._note(await look(connection, self._destination, self._worker))

    def _may_ask(self, now: float) -> bool:
        passed = now - self._looked_at
        if self._seen.state is BreakerState.OPEN:
            return self._seen.until is not None and self._seen.until <= passed
        return self._seen.probe_until <= passed

    def began(self) -> None:
        """A call begins."""
        self._called = True

    async def worked(self, count: int = 1) -> None:
        """It took, or refused for good, so many. Raises `DatabaseUnavailable`."""
        self._failures.worked(count, time.monotonic())
        if self._probing:
            async with self._database.hot() as connection:
                self._note(await recover(connection, self._destination, self._worker))

    async def failed(self, ref: object, words: str) -> bool:
        """An attempt failed; says whether it is open then. Raises `DatabaseUnavailable`."""
        why = self._failures.failed(ref, time.monotonic())
        if self._probing:
            await self._trip(words, 0.0)
        elif why and self.closed:
            await self._trip(f"{why}; the last one: {words}", 0.0)
        return not self.closed

    async def down(self, words: str, asked: float | None) -> None:
        """It said that nothing works there now. Raises `DatabaseUnavailable`."""
        if self.closed or self._probing:
            await self._trip(words, min(asked or 0.0, _LONGEST_ASKED))

    async def _trip(self, words: str, asked: float) -> None:
        async with self._database.hot() as connection:
            seen = await trip(connection, self._destination, self._worker, self._pauses, words=words, asked=asked)
        self._failures.forget()
        self._note(seen)

    def _note(self, seen: Seen) -> None:
        self._seen = seen
        self._looked_at = time.monotonic()
        if not (seen.state is BreakerState.HALF_OPEN and seen.mine):
            self._probing = False

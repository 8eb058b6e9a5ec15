"""What a dispatcher reads: each priority is a stream of its own, with its own place and its own room in the window."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from hilum.journal.moves import park_deliveries
from hilum.journal.work import Stream, ToDeliver, take_deliveries, take_due
from hilum.message import Priority
from hilum.runtime.cursor import START, Cursor, before
from hilum.runtime.precedence import RANK, Standing
from hilum.runtime.share import Share
from hilum.runtime.window import Window

_WINDOW_BATCHES = 4  # the window holds so many batches of reading of each priority
_DUE_EVERY = 0.25  # seconds between looks at what waits for its retry time
_RESCAN_EVERY = 1.0  # seconds between looks from the beginning, for what was committed late by another process


class _Reading:
    """How far one priority is read."""

    def __init__(self, share: Share, priority: Priority) -> None:
        self.priority = priority
        self.share = share
        self.limit = self.batch = share.batch_of(priority)  # of the reading under way, and at most
        self.cursor = Cursor(share.horizon, priority)
        self.standing = Standing(share.precedence, RANK[priority])
        self.rewinds = 0  # of the last reading
        self.turns = 0  # of the cursor, when the reading under way began

    def stream(self) -> Stream:
        self.cursor.begin()
        self.turns, self.limit = self.cursor.turns, self.share.batch_of(self.priority)
        return Stream(priority=self.priority, after=self.cursor.place, limit=self.limit)

    def advance(self, batch: Sequence[ToDeliver], rewinds: int) -> bool:
        """Everything up to the last one is read. False: what was read may leave out something before it."""
        cursor = self.cursor
        if batch and cursor.place > START and rewinds != self.rewinds:
            cursor.back()
        if cursor.turns != self.turns:
            return False
        if batch:
            self.rewinds = rewinds
            cursor.advance((batch[-1].seq, batch[-1].ordinal))
        return True


class Feed:
    """Fills the window of one destination from the journal, in order."""

    def __init__(self, share: Share, name: str, batch_limit: int) -> None:
        self._share = share
        self._name = name
        self._least_room = 2 * batch_limit  # so that a call can be filled while the one before is under way
        self.stood_back = False  # was something less urgent left out of the last reading?
        self._readings = {priority: _Reading(share, priority) for priority in Priority}
        self.window = Window(lambda taken: self._readings[taken.priority].cursor.back(before(taken.seq)))
        self._lanes: set[int] = set()  # of the last reading
        self._due_at = 0.0
        self._rescan_at = 0.0

    def back(self) -> None:
        """Read everything again from the beginning."""
        for reading in self._readings.values():
            reading.cursor.back()

    def reset(self) -> None:
        """Drop what is not under way, and read it again."""
        self.window.clear()
        self.back()

    def lost(self, lanes: Collection[int]) -> None:
        """Another worker had these lanes since they were read: what is known of them may be out of date."""
        self.window.forget_lanes(lanes)
        self.back()

    async def read(self) -> tuple[int, bool]:
        """Read what is due and what is next; returns how many were new, and whether there may be more.

        Raises `DatabaseUnavailable`.
        """
        share, now = self._share, time.monotonic()
        lanes = share.lanes
        roomy = [reading for reading in self._readings.values() if self._room(reading)]
        readings = [reading for reading in roomy if reading.standing.may()]
        self.stood_back = len(readings) < len(roomy)
        if not lanes or not readings:
            return 0, False
        if now >= self._rescan_at or set(lanes) != self._lanes:
            self.back()
            self._lanes, self._rescan_at = set(lanes), now + _RESCAN_EVERY
        streams = [reading.stream() for reading in readings]
        due: list[ToDeliver] = []
        self.window.reading()
        async with share.database.hot() as connection:
            if now >= self._due_at:
                due = await take_due(connection, self._name, streams, lanes=lanes, floor=share.floor)
                self._due_at = now + _DUE_EVERY
            rows, rewinds = await take_deliveries(connection, self._name, streams, lanes=lanes, floor=share.floor)
        fresh, full = self.window.add(due), False
        for reading in readings:
            batch = [taken for taken in rows if taken.priority is reading.priority]
            if not reading.advance(batch, rewinds):
                full = True
                continue
            fresh += self.window.add(taken for taken in batch if not taken.behind)
            await self._park([taken for taken in batch if taken.behind])
            full = full or len(batch) == reading.limit
        return fresh, full

    def _room(self, reading: _Reading) -> bool:
        size = max(reading.batch * _WINDOW_BATCHES, self._least_room)
        return size - self.window.count(reading.priority) >= reading.batch

    async def _park(self, behind: Sequence[ToDeliver]) -> None:
        if behind:
            async with self._share.database.transaction() as connection:
                await park_deliveries(connection, self._name, behind)

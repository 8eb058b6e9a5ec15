"""What comes for a run: it takes the next thing that it waits for, or waits until something rings, or time is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hilum.errors import HilumError
from hilum.postgres import Connection
from hilum.processes import progress, store
from hilum.processes.bells import Bell
from hilum.processes.clock import Clock
from hilum.processes.periods import Period, duration
from hilum.processes.steps import Done, Steps
from hilum.processes.store import RunRow

_FOREVER = timedelta(days=3650)


class Cancelled(HilumError):
    """A person cancelled the run: what it did is undone."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Something that a run took."""

    id: UUID
    topic: str
    content: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a run waits for."""

    kinds: Sequence[str]
    topics: Sequence[str]
    words: str
    span: timedelta
    limited: bool


class Arrivals:
    """Of one run.

    The steps of a wait are `look`; where nothing is there `wait`; then `rung`, a number that is free, and `look`, until
    something is there; `go on` where time is over. What can be known at once is recorded at once.
    """

    def __init__(self, steps: Steps, clock: Clock, row: RunRow, bell: Bell) -> None:
        self._steps = steps
        self._clock = clock
        self._row = row
        self._bell = bell
        self._content: Any = progress.NOT_READ  # of what was taken last
        self.cause: UUID | None = None  # the message that brought the last one

    async def next(
        self, kinds: Sequence[str], topics: Sequence[str], words: str, within: Period | None
    ) -> Arrived | None:
        """The next item of these kinds and topics. Raises `Cancelled`."""
        span = duration(within) if within is not None else _FOREVER
        wanted = _Wanted(kinds, topics, words, span, within is not None)
        self._content = progress.NOT_READ
        found = await self._find(wanted)
        if found is None:
            return None
        id, topic, message, cancelled = found
        if cancelled:
            raise Cancelled(cancelled)
        self.cause = UUID(message) if message else self.cause
        return Arrived(UUID(id), topic, self._content)

    async def _find(self, wanted: _Wanted) -> list[str] | None:
        found = await self._first_look(wanted)
        if found is not None:
            return found
        deadline = datetime.fromisoformat(await self._begin_to_wait(wanted))
        rung: Any = True
        while found is None and rung:
            if self._steps.known(self._steps.next + 2) is None:
                await self._wait(wanted, deadline)
            said = self._steps.replay("rung")
            rung = said is not None and said != deadline.isoformat()  # earlier hubs noted for what it rang
            self._steps.skip()
            found = self._steps.replay("look")
        if found is None:
            await self._steps.do("go on", self._go_on)
        return found

    async def _first_look(self, wanted: _Wanted) -> list[str] | None:
        number = self._steps.next

        async def look(connection: Connection) -> Sequence[Done]:
            found = await self._take(connection, number, wanted)
            if found is not None:
                return [Done(number, "look", found)]
            return [Done(number, "look", None), Done(number + 1, "wait", await self._say(connection, wanted))]

        if self._steps.known(number) is None:
            self._bell.hush()
            await self._steps.together(look)
        taken: list[str] | None = self._steps.replay("look")
        return taken

    async def _begin_to_wait(self, wanted: _Wanted) -> str:
        """Until when, in ISO form."""

        async def say(connection: Connection, number: int) -> str:
            return await self._say(connection, wanted)

        return str(await self._steps.do("wait", say))

    async def _say(self, connection: Connection, wanted: _Wanted) -> str:
        deadline = self._clock.now() + wanted.span
        await progress.say_waiting(connection, self._row.id, wanted.words, deadline if wanted.limited else None)
        return deadline.isoformat()

    async def _wait(self, wanted: _Wanted, deadline: datetime) -> None:
        """Until something is there or time is over; a bell that rang for something else is not worth a record."""
        number = self._steps.next
        rung = self._steps.known(number)  # by an earlier hub, which did not come to look

        async def look(connection: Connection) -> Sequence[Done]:
            found = await self._take(connection, number + 2, wanted)
            if found is not None:
                return [*first(True), Done(number + 2, "look", found)]
            if rung is not None:
                return [Done(number + 2, "look", None)]
            if not over:
                return []
            await self._go_on(connection, number + 3)
            return [*first(None), Done(number + 2, "look", None), Done(number + 3, "go on", None)]

        def first(said: bool | None) -> Sequence[Done]:
            return [Done(number, "rung", said)] if rung is None else []

        while self._steps.known(number + 2) is None:
            over = rung is not None or await self._bell.wait(deadline)
            self._bell.hush()
            await self._steps.together(look)

    async def _go_on(self, connection: Connection, number: int) -> None:
        await progress.say_waiting(connection, self._row.id, "", None)

    async def _take(self, connection: Connection, number: int, wanted: _Wanted) -> list[str] | None:
        taken = await progress.take(connection, self._row.id, number, wanted.kinds, wanted.topics)
        if taken is None:
            return None
        item, self._content = taken
        said = self._content if self._content is not progress.NOT_READ else ""
        cancelled = str(said or "no reason was given") if item.kind == store.CANCEL else ""
        return [str(item.id), item.topic, str(item.message_id or ""), cancelled]

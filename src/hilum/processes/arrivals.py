"""What comes for a run: it takes the next thing that it waits for, or waits until something rings, or time is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hilum.errors import HilumError
from hilum.postgres import Database
from hilum.processes import store
from hilum.processes.clock import Clock
from hilum.processes.patience import surely
from hilum.processes.periods import Period, duration
from hilum.processes.recording import Steps
from hilum.processes.store import DECISION, Item, RunRow

_FOREVER = timedelta(days=3650)


class Cancelled(HilumError):
    """A person cancelled the run: what it did is undone."""


class Arrivals:
    """Of one run."""

    def __init__(self, steps: Steps, database: Database, clock: Clock, row: RunRow) -> None:
        self._steps = steps
        self._database = database
        self._clock = clock
        self._row = row
        self.cause: UUID | None = None  # the message that brought the last one

    async def next(
        self, kinds: list[str], topics: list[str], words: str, within: Period | None
    ) -> tuple[UUID, str] | None:
        """The next item of these kinds and topics. Raises `Cancelled`."""
        span = duration(within) if within is not None else _FOREVER

        async def begin() -> str:
            deadline = self._clock.now() + span
            async with self._database.transaction() as connection:
                await store.say_waiting(connection, self._row.id, words, deadline if within is not None else None)
            return deadline.isoformat()

        async def look() -> list[str] | None:
            return await self._look(kinds, topics)

        found = await self._stepped("look", look)
        if found is None:
            deadline = datetime.fromisoformat(await self._stepped("wait", begin))
            while found is None:
                # what it waits is a step of its own and recorded: only whether it was rung decides what comes next
                rung = await self._steps.rung(deadline)
                found = await self._stepped("look", look)
                if not rung:
                    break
        if found is None:
            await self._stepped("go on", self._go_on)
            return None
        id, topic, message, cancelled = found
        if cancelled:
            raise Cancelled(cancelled)
        self.cause = UUID(message) if message else self.cause
        return UUID(id), topic

    async def _go_on(self) -> None:
        async with self._database.transaction() as connection:
            await store.say_waiting(connection, self._row.id, "", None)

    async def _look(self, kinds: list[str], topics: list[str]) -> list[str] | None:
        number = self._row.step_base + self._steps.number
        async with self._database.transaction() as connection:
            found = await store.take(connection, self._row.id, number, kinds, topics)
            if found is None:
                return None
            item, cancels = found
            cancelled = ""
            if cancels:
                cancelled = str(await store.content(connection, item.id) or "no reason was given")
            await store.tell(
                connection, self._row.id, number, *_line(item, cancelled), actor=item.actor, message_id=item.message_id
            )
            await store.say_waiting(connection, self._row.id, "", None)  # from here on it is at work
        return [str(item.id), item.topic, str(item.message_id or ""), cancelled]

    async def _stepped(self, name: str, act: Callable[[], Awaitable[Any]]) -> Any:
        return await self._steps.do(name, lambda: surely(act))


def _line(item: Item, cancelled: str) -> tuple[str, str]:
    """Kind and words of what came, for the history."""
    if cancelled:
        return "cancelling", cancelled
    return ("decided", "the task") if item.kind == DECISION else ("heard", item.topic)

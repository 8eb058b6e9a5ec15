"""A hub with an engine, over the database of a test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from hilum.postgres import Database
from hilum.processes import Process
from hilum.processes.engine import Engine
from support.doubles import Feed, Receiver
from support.orders_process import flows_of
from support.waits import Start


class Working:
    """A hub whose flows lead to a process and away from it."""

    def __init__(self, start: Start, database: Database) -> None:
        self.feed, self.receiver = Feed(), Receiver()
        self.database = database
        self._start = start
        self._engine: Engine | None = None

    async def begin(self, *versions: Process) -> None:
        """Start hub and engine."""
        current = next(each for each in versions if not each.retired)
        hub = await self._start(*flows_of(current, self.feed, self.receiver))
        assert hub.share is not None
        self._project, self._worker = hub.project, hub.share.leases.id
        await self.again(*versions)

    async def again(self, *versions: Process) -> None:
        """The engine ends where it stands, and another one begins, as after an upgrade."""
        await self.end()
        self._engine = Engine(self._project, self.database, versions, self._worker)
        await self._engine.start()

    @property
    def engine(self) -> Engine:
        """That of the hub."""
        assert self._engine is not None
        return self._engine

    async def end(self) -> None:
        """Stop the engine."""
        if self._engine is not None:
            await self._engine.stop()
            self._engine = None


Begin = Callable[..., Awaitable[Working]]

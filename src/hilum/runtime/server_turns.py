"""Turns to call a server that bears only so many calls: one line for all connectors of a process, one row for all
processes.

Odoo Online takes about one call a second, and none beside it, from the hub as a whole: its destination, its feeds, and
each of its processes. Where no such limit is set, calls are counted in the process only, and cost no statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from uuid import UUID

from hilum.connectors.turns import LocalTurns
from hilum.ending import cancel_all
from hilum.errors import DatabaseUnavailable
from hilum.journal.server_turns import SECONDS, give_back, keep, take
from hilum.message import new_id
from hilum.postgres import Database

_SHORTEST_WAIT: Final = 0.02  # seconds until a turn is asked for again, where nobody knows when one comes free
_LONGEST_WAIT: Final = 0.25
_GROWTH: Final = 1.5
_AWAY: Final = 0.5  # seconds until the database is asked again that did not answer


class ServerTurns(LocalTurns):
    """Turns for one server. See `hilum.connector.Turns`."""

    def __init__(self, database: Database, server: str) -> None:
        super().__init__()
        self._database = database
        self._server = server

    @asynccontextmanager
    async def turn(self, *, most: int, per_second: float | None, together: bool) -> AsyncIterator[None]:
        """See `Turns.turn`. While the database does not answer, no turn comes: nothing could be journalled either."""
        async with super().turn(most=most, per_second=per_second, together=together):
            if not together:
                yield
                return
            call = new_id()
            await self._take(call, most, 1 / per_second if per_second else 0.0)
            keeping = asyncio.create_task(self._keep(call))
            try:
                yield
            finally:
                await asyncio.shield(self._leave(keeping, call))

    async def _take(self, call: UUID, most: int, spacing: float) -> None:
        pause = _SHORTEST_WAIT
        while True:
            try:
                async with self._database.cold() as connection:
                    due = await take(connection, self._server, call, at_once=most, spacing=spacing)
            except DatabaseUnavailable:
                await asyncio.sleep(_AWAY)
                continue
            if due is None:
                return
            await asyncio.sleep(due or pause)
            pause = min(pause * _GROWTH, _LONGEST_WAIT)

    async def _keep(self, call: UUID) -> None:
        """A call may take minutes."""
        while True:
            await asyncio.sleep(SECONDS / 3)
            with suppress(DatabaseUnavailable):
                async with self._database.cold() as connection:
                    await keep(connection, self._server, call)

    async def _leave(self, keeping: asyncio.Task[None], call: UUID) -> None:
        await cancel_all([keeping])
        with suppress(DatabaseUnavailable):  # then it counts for some seconds more
            async with self._database.cold() as connection:
                await give_back(connection, self._server, call)


class Servers:
    """The turns of one process, by server."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns: dict[str, ServerTurns] = {}

    def turns(self, server: str) -> ServerTurns:
        """Those for this server, the same for all that ask."""
        if server not in self._turns:
            self._turns[server] = ServerTurns(self._database, server)
        return self._turns[server]

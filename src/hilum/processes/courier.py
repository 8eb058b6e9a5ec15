"""The courier: takes what came to the runs that it is for; begins runs, and says what nobody waits for.

One courier at a time works, whatever number of hubs there is. Each step may be repeated after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from psycopg.rows import class_row

from hilum.message import new_id
from hilum.postgres import Connection, Database
from hilum.processes import store
from hilum.processes.declaration import Process
from hilum.processes.store import AGAIN, EVENT, MIGRATE, Item, RunRow

LOCK: Final = 0x48494C5550  # of the one courier; any number will do as long as all hubs use the same
_BATCH: Final = 200
_APART: Final = 1_000_000  # numbers of steps between a run and the same one in another version


class Courier:
    """Decides; the engine begins the workflows and wakes them, once the decision is durable."""

    def __init__(self, database: Database, current: Mapping[str, Process]) -> None:
        self._database = database
        self._current = current  # by name, the version in which runs begin

    async def match(self, connection: Connection) -> int:
        """Within a transaction: find the run of each new item; returns how many were looked at."""
        async with connection.cursor(row_factory=class_row(Item)) as cursor:
            await cursor.execute(
                "SELECT id, seq, at, process, key, run_id, kind, topic, message_id, correlation, actor, state, step"
                " FROM process_item WHERE state = 'new' ORDER BY seq LIMIT %s",
                [_BATCH],
            )
            found = await cursor.fetchall()
        for item in found:
            await self._match(connection, item)
        return len(found)

    async def _match(self, connection: Connection, item: Item) -> None:
        run = await (
            store.run_by_id(connection, item.run_id)
            if item.run_id is not None
            else store.run_of(connection, item.process, item.key)
        )
        if item.kind in (AGAIN, MIGRATE):
            await self._begin_anew(connection, item, run)
            return
        if run is not None and run.open:
            await self._set(connection, item, "matched", run.id)
            return
        process = self._current.get(item.process)
        heard = process.heard.get(item.topic) if process is not None else None
        if item.kind == EVENT and process is not None and heard is not None and heard.starts:
            await self._start(connection, item, process, (run.number if run is not None else 0) + 1)
        else:
            await self._set(connection, item, "late" if run is not None else "unheard", run.id if run else None)

    async def _start(self, connection: Connection, item: Item, process: Process, number: int) -> None:
        id = new_id()
        await connection.execute(
            "INSERT INTO process_run (id, process, version, key, number, workflow, state, correlation)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [id, process.name, process.version, item.key, number, str(id), process.states.first, item.correlation],
        )
        # step -1: before the first one. The item that began it is not waited for.
        await connection.execute(
            "UPDATE process_item SET state = 'rung', run_id = %s, step = -1 WHERE id = %s", [id, item.id]
        )
        await store.tell(connection, id, -1, "started", item.topic, message_id=item.message_id)
        if number == 1:  # what came too early for it is its own
            await connection.execute(
                "UPDATE process_item SET state = 'new' WHERE process = %s AND key = %s AND state = 'unheard'",
                [process.name, item.key],
            )

    async def _begin_anew(self, connection: Connection, item: Item, run: RunRow | None) -> None:
        """A held run is repeated from where it stopped; one of an older version is moved to the current one."""
        if run is None or not run.open or (item.kind == AGAIN and run.status != store.HELD):
            await self._set(connection, item, "late", run.id if run else None)
            return
        await self._set(connection, item, "rung", run.id)
        moved = item.kind == MIGRATE
        process = self._current.get(run.process)
        version = process.version if moved and process is not None else run.version
        await connection.execute(
            "UPDATE process_run SET status = 'running', launched = false, before = workflow, workflow = %s,"
            " version = %s, came_from = %s, step_base = step_base + %s, waits_for = '', outcome = '' WHERE id = %s",
            [f"{run.id}/{item.seq}", version, run.version if moved else run.came_from, _APART if moved else 0, run.id],
        )
        words = f"{run.version} → {version}" if moved else "by hand"
        kind = "migrated" if moved else "repeated"
        await store.tell(connection, run.id, -1 - item.seq, kind, words, actor=item.actor)
        await connection.execute(  # what was not taken yet has to ring at the new workflow
            "UPDATE process_item SET state = 'matched' WHERE run_id = %s AND step IS NULL AND state = 'rung'"
            " AND kind NOT IN ('again', 'migrate')",
            [run.id],
        )

    async def _set(self, connection: Connection, item: Item, state: str, run: UUID | None) -> None:
        await connection.execute("UPDATE process_item SET state = %s, run_id = %s WHERE id = %s", [state, run, item.id])

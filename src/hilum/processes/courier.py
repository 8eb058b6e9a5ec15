"""The courier: takes what came to the runs that it is for; begins runs, and says what nobody waits for.

One courier at a time works, whatever number of hubs there is. Each step may be repeated after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from psycopg.rows import class_row

from hilum.message import new_id
from hilum.postgres import Connection, Database
from hilum.processes import progress, store
from hilum.processes.declaration import Process
from hilum.processes.store import AGAIN, EVENT, MIGRATE, RunRow

LOCK: Final = 0x48494C5550  # of the one courier; any number will do as long as all hubs use the same
ITEM: Final = "item"  # topic of the notice that something came
RUN: Final = "run"  # topic of the notice that there is something for a run
_BATCH: Final = 200
_APART: Final = 1_000_000  # numbers of steps between a run and the same one in another version

_NEW: Final = (
    b"SELECT i.id, i.seq, i.process, i.key, i.run_id IS NOT NULL AS meant, i.kind, i.topic, i.message_id,"
    b" i.correlation, i.actor, coalesce(a.id, b.id) AS run, coalesce(a.number, b.number, 0) AS number,"
    b" coalesce(a.open, b.open, false) AS open FROM process_item i"
    b" LEFT JOIN LATERAL (SELECT id, number, ended_at IS NULL AS open FROM process_run WHERE id = i.run_id) a ON true"
    b" LEFT JOIN LATERAL (SELECT id, number, ended_at IS NULL AS open FROM process_run"
    b"  WHERE i.run_id IS NULL AND process = i.process AND key = i.key ORDER BY number DESC LIMIT 1) b ON true"
    b" WHERE i.state = 'new' ORDER BY i.seq LIMIT %s"
)
"""What came, each with the run that it is meant for, or the last one of its key."""

_SET: Final = (
    b"WITH said AS (SELECT * FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::int[]) AS s (id, state, run, step)),"
    b" done AS (UPDATE process_item i SET state = CASE WHEN i.step IS NULL THEN s.state ELSE 'rung' END,"
    b"  run_id = s.run, step = coalesce(i.step, s.step) FROM said s WHERE i.id = s.id"
    b"  RETURNING i.run_id, i.state, i.step)"
    b" SELECT pg_notify('hilum', 'run ' || run_id) FROM (SELECT DISTINCT run_id FROM done"
    b" WHERE state = 'rung' AND step IS NULL AND run_id IS NOT NULL) AS rung"
)
"""What is meant for one run may have been taken by it already; who waits is told."""

_START: Final = (
    b"WITH said AS (SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::int[], %s::text[],"
    b"  %s::text[], %s::text[], %s::uuid[])"
    b"  AS s (id, process, version, key, number, state, correlation, topic, message)),"
    b" begun AS (INSERT INTO process_run (id, process, version, key, number, workflow, state, correlation)"
    b"  SELECT id, process, version, key, number, id::text, state, correlation FROM said RETURNING id)"
    b" INSERT INTO process_history (run_id, step, kind, words, message_id)"
    b" SELECT s.id, -1, 'started', s.topic, s.message FROM said s JOIN begun USING (id)"
)
_TOO_EARLY: Final = (
    b"UPDATE process_item i SET state = 'new' FROM unnest(%s::text[], %s::text[]) AS s (process, key)"
    b" WHERE i.process = s.process AND i.key = s.key AND i.state = 'unheard'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _New:
    """What came, and its run as it was then."""

    id: UUID
    seq: int
    process: str
    key: str
    meant: bool  # for one run, not for whichever has its key
    kind: str
    topic: str
    message_id: UUID | None
    correlation: str
    actor: str
    run: UUID | None
    number: int  # of that run; 0: there is none
    open: bool


@dataclass(slots=True)
class _Decided:
    """What becomes of things, until it is written."""

    said: list[tuple[UUID, str, UUID | None, int | None]] = field(default_factory=list)  # item, state, run, step
    begun: list[tuple[_New, Process, UUID, int]] = field(default_factory=list)  # by what, run and its number
    runs: dict[tuple[str, str], tuple[UUID, int]] = field(default_factory=dict)  # that began just now, by key

    def say(self, item: _New, state: str, run: UUID | None, step: int | None = None) -> None:
        """This becomes of it."""
        self.said.append((item.id, state, run, step))

    async def write(self, connection: Connection) -> None:
        """All of it. Forgets it, but which runs began."""
        begun, said = self.begun, self.said
        self.begun, self.said = [], []
        if begun:
            columns: list[list[Any]] = [
                [run for *_, run, _ in begun], [process.name for _, process, *_ in begun],
                [process.version for _, process, *_ in begun], [item.key for item, *_ in begun],
                [number for *_, number in begun], [process.states.first for _, process, *_ in begun],
                [item.correlation for item, *_ in begun], [item.topic for item, *_ in begun],
                [item.message_id for item, *_ in begun],
            ]  # fmt: skip
            await connection.execute(_START, columns)
        if said:
            await connection.execute(_SET, [list(column) for column in zip(*said, strict=True)])
        if first := [item for item, _, _, number in begun if number == 1]:  # what came too early for it is its own
            keys = [item.process for item in first], [item.key for item in first]
            await connection.execute(_TOO_EARLY, keys)


class Courier:
    """Decides; the engine begins the workflows, once the decision is durable."""

    def __init__(self, database: Database, current: Mapping[str, Process]) -> None:
        self._database = database
        self._current = current  # by name, the version in which runs begin

    async def match(self, connection: Connection) -> int:
        """Within a transaction: find the run of each new item; returns how many were looked at."""
        async with connection.cursor(row_factory=class_row(_New)) as cursor:
            await cursor.execute(_NEW, [_BATCH])
            found = await cursor.fetchall()
        decided = _Decided()
        for item in found:
            if item.kind in (AGAIN, MIGRATE):
                await decided.write(connection)
                await self._begin_anew(connection, item)
            else:
                self._match(item, decided)
        await decided.write(connection)
        return len(found)

    def _match(self, item: _New, decided: _Decided) -> None:
        run, number, open_ = item.run, item.number, item.open
        if not item.meant and (item.process, item.key) in decided.runs:
            (run, number), open_ = decided.runs[item.process, item.key], True
        if open_:
            decided.say(item, "rung", run)
            return
        process = self._current.get(item.process)
        heard = process.heard.get(item.topic) if process is not None else None
        if item.kind == EVENT and process is not None and heard is not None and heard.starts:
            id = new_id()
            decided.begun.append((item, process, id, number + 1))
            decided.runs[item.process, item.key] = id, number + 1
            # step -1: before the first one. The item that began it is not waited for.
            decided.say(item, "rung", id, -1)
        else:
            decided.say(item, "late" if run is not None else "unheard", run)

    async def _begin_anew(self, connection: Connection, item: _New) -> None:
        """A held run is repeated from where it stopped; one of an older version is moved to the current one."""
        run = await store.run_by_id(connection, item.run) if item.run is not None else None
        kept = _Decided()
        if run is None or not run.open or (item.kind == AGAIN and run.status != store.HELD):
            kept.say(item, "late", run.id if run else None)
            await kept.write(connection)
            return
        kept.say(item, "rung", run.id, -1 - item.seq)  # taken: by nobody who waits for it
        await kept.write(connection)
        moved = item.kind == MIGRATE
        process = self._current.get(run.process)
        version = process.version if moved and process is not None else run.version
        await connection.execute(
            "UPDATE process_run SET status = 'running', launched = false, before = workflow, workflow = %s,"
            " version = %s, came_from = %s, step_base = step_base + %s, waits_for = '', outcome = '' WHERE id = %s",
            [f"{run.id}/{item.seq}", version, run.version if moved else run.came_from, _APART if moved else 0, run.id],
        )
        if not moved:
            await _forget(connection, run)
        words = f"{run.version} → {version}" if moved else "by hand"
        kind = "migrated" if moved else "repeated"
        await progress.tell(connection, run.id, -1 - item.seq, kind, words, actor=item.actor)


async def _forget(connection: Connection, run: RunRow) -> None:
    """A held run does again what failed, and what came after: what came before it is not done again."""
    held = run.step_base + (run.held_step or 1)
    await connection.execute(
        "DELETE FROM process_step WHERE run_id = %s AND (step >= %s OR step = %s AND failed <> '')",
        [run.id, held, held - 1],
    )

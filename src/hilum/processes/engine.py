"""The engine: runs processes on DBOS, in the hub's own event loop and database.

Each worker's hub has one. Of all engines one at a time is the courier and looks for runs of hubs that died; any may
execute. The engine's tables are in a schema of their own and hold ids, names and times only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from typing import Any, Final
from uuid import UUID

import structlog
from dbos import DBOS, DBOSConfig, SetWorkflowID

from hilum.ending import cancel_all
from hilum.errors import DatabaseUnavailable, SettingsError, trail
from hilum.flow import Project
from hilum.journal.keyring import Keyring, Policy
from hilum.postgres import Connection, Database
from hilum.processes import store
from hilum.processes.arrivals import Cancelled
from hilum.processes.clock import Clock, clock_of
from hilum.processes.courier import LOCK, Courier
from hilum.processes.declaration import Process, Snapshot, topic_of
from hilum.processes.run import Failed, Run
from hilum.processes.serializing import Json
from hilum.processes.steps import BELL, EngineSteps
from hilum.processes.store import RunRow
from hilum.processes.tasks import remind_and_escalate, retime, sealed_as
from hilum.processes.troubles import settle

log = structlog.get_logger(__name__)

SCHEMA: Final = "processes"
_APPLICATION: Final = "hilum"
_EVERY = 0.1  # seconds between two looks for what came
_SWEEP = 1.0  # seconds between two looks for hubs that died, and for tasks that are due
_TELL = 10.0  # seconds between two looks for what waits for a person although nobody was asked
_TELLING: Final = LOCK + 1  # one hub at a time tells; it does not keep the courier waiting
_RUNG_AT_ONCE = 8  # bells; fewer than the connections of the engine beneath
_STOPPING = 10.0  # seconds for runs to leave off; a step that does not is repeated by whoever takes its run over

_LOST: Final = f"""
SELECT w.workflow_uuid, w.executor_id = %(mine)s FROM {SCHEMA}.workflow_status w
WHERE w.status = 'PENDING' AND w.name = ANY(%(names)s)
  AND CASE w.executor_id WHEN %(mine)s THEN NOT w.workflow_uuid = ANY(%(active)s)
  ELSE NOT EXISTS (SELECT 1 FROM worker k
    WHERE k.id::text = w.executor_id AND k.seen_at > now() - make_interval(secs => %(seconds)s)) END
LIMIT 500""".encode()
"""Runs that nobody executes: those of hubs that died, and those that this hub has taken and does not execute."""


class Engine:
    """Life: construct → `start` → (runs) → `stop`. One to a process, as the engine beneath allows no second."""

    def __init__(
        self,
        project: Project,
        database: Database,
        processes: Sequence[Process],
        worker: UUID,
        *,
        clock: Clock | None = None,  # none: as the settings say
    ) -> None:
        self._database = database
        self._project = project
        self._clock = clock or clock_of(project.settings.hub, project.folder)
        self._worker = worker
        self._versions = {process.workflow: process for process in processes}
        self._current = _current(processes)
        self._courier = Courier(database, self._current)
        self._active: dict[asyncio.Task[Any], str] = {}  # runs that this hub executes, by what does
        self._lost_after = 3 * project.settings.worker.lease_seconds  # seconds without a sign of life
        self._idle: dict[str, float] = {}  # runs of this hub that it does not execute, and since when
        self._tasks: list[asyncio.Task[None]] = []
        self._functions: dict[str, Callable[..., Any]] = {}
        self._launched = False
        self._steps = EngineSteps(self._clock)

    async def start(self) -> None:
        """Migrate, register and begin. Raises `SettingsError` where runs of a version are open that is not here."""
        await self._seal()
        await self._know_all_versions()
        async with self._database.transaction() as connection:
            await retime(connection)
        await migrate(self._database)
        DBOS(config=self._config())
        for process in self._versions.values():
            self._functions[process.workflow] = self._registered(process)
        DBOS.launch()
        self._launched = True
        self._tasks = [
            asyncio.create_task(self._go_round(_EVERY, self._deliver)),
            asyncio.create_task(self._go_round(_SWEEP, self._sweep)),
            asyncio.create_task(self._go_round(_TELL, self._tell)),
        ]

    async def stop(self) -> None:
        """Leave everything as it is: another hub, or this one when it starts again, goes on with it."""
        ending = [*self._tasks, *self._active]
        if left := await cancel_all(ending, within=_STOPPING):
            log.warning("processes_do_not_end", runs=len(left))
        self._tasks = []
        if self._launched:
            self._launched = False
            # The engine beneath made its own threads those of this loop, and takes them with it.
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="hilum"))
            await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=0, destroy_registry=True)

    async def failed(self) -> None:
        """Wait for ever, or until a part ends by a defect; raises that defect."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            await task

    # Start

    def _config(self) -> DBOSConfig:
        return {
            "name": _APPLICATION,
            "system_database_url": _url(self._database),
            "dbos_system_schema": SCHEMA,
            "executor_id": str(self._worker),
            "application_version": _APPLICATION,  # versions are those of each process, not of the program
            "serializer": Json(),
            "log_level": "ERROR",
            "enable_otlp": False,
            "sys_db_pool_size": 10,
        }

    def _registered(self, process: Process) -> Callable[..., Any]:
        async def workflow(run_id: str) -> str:
            task = asyncio.current_task()
            if task is not None:
                self._active[task] = DBOS.workflow_id or ""
                task.add_done_callback(self._active.pop)
            return await self._execute(process, UUID(run_id))

        workflow.__qualname__ = process.workflow
        return DBOS.workflow(name=process.workflow, max_recovery_attempts=None)(workflow)

    async def _seal(self) -> None:
        """What the processes want of their payloads is noted, as flows do it."""
        keyring = self._database.keyring
        if not isinstance(keyring, Keyring):
            return
        classes = self._project.settings.encryption.classes
        for process in self._current.values():
            policy = Policy(
                flow=sealed_as(process.name),
                sealed=process.data_class in classes,
                retention=process.retention,
                data_class=process.data_class.value,
            )
            await keyring.declare(policy)

    async def _know_all_versions(self) -> None:
        async with self._database.cold() as connection:
            cursor = await connection.execute(
                "SELECT process, version, count(*) FROM process_run WHERE ended_at IS NULL GROUP BY 1, 2 ORDER BY 1, 2"
            )
            rows = await cursor.fetchall()
        lost = [
            f"{count} of {name} {version}" for name, version, count in rows if f"{name}@{version}" not in self._versions
        ]
        if lost:
            raise SettingsError(
                f"Runs are open of processes that are not here: {', '.join(lost)}. Keep the old version beside the new "
                "one (retired=True) until they have ended, or move them: hilum processes migrate"
            )

    # Rounds

    async def _go_round(self, seconds: float, act: Callable[[], Any]) -> None:
        while True:
            try:
                busy = await act()
            except DatabaseUnavailable as error:
                log.warning("processes_wait", reason=str(error))
                busy = False
            if not busy:
                await asyncio.sleep(seconds)

    async def _deliver(self) -> bool:
        """What came goes to its runs. False: nothing, or another hub is at it."""
        async with self._database.transaction() as connection:
            if not await _alone(connection):
                return False
            matched = await self._courier.match(connection)
        async with self._database.transaction() as connection:
            if not await _alone(connection):
                return False
            begun = await self._launch(connection)
            rung = await self._ring(connection)
            if not self._clock.runs:
                await self._ring_for_time(connection)
        return bool(matched or begun or rung)

    async def _launch(self, connection: Connection) -> int:
        cursor = await connection.execute(
            "SELECT id FROM process_run WHERE NOT launched AND ended_at IS NULL ORDER BY id LIMIT 50"
        )
        ids = [row[0] for row in await cursor.fetchall()]
        for id in ids:
            run = await store.run_by_id(connection, id)
            if run is not None:
                await self._begin(run)
            await connection.execute("UPDATE process_run SET launched = true WHERE id = %s", [id])
        return len(ids)

    async def _begin(self, run: RunRow) -> None:
        """Begin its workflow; one that has begun already goes on undisturbed."""
        moved = run.step_base and run.before
        if run.before and not moved:
            await self._repeat(run)
            return
        if moved:
            await DBOS.cancel_workflow_async(run.before)
        with SetWorkflowID(run.workflow):
            await DBOS.start_workflow_async(self._functions[f"{run.process}@{run.version}"], str(run.id))

    async def _repeat(self, run: RunRow) -> None:
        """From the step that failed: what came before it is not done again."""
        if await DBOS.get_workflow_status_async(run.workflow) is not None:
            return  # begun before this hub or another one died
        steps = await DBOS.list_workflow_steps_async(run.before)
        held = run.held_step or 1
        failed = [step["function_id"] for step in steps if step["error"] is not None]
        first = min([held, *(number for number in failed if number == held - 1)])
        with SetWorkflowID(run.workflow):
            await DBOS.fork_workflow_async(run.before, first)

    async def _ring(self, connection: Connection) -> int:
        cursor = await connection.execute(
            "SELECT i.id, i.seq, r.workflow, r.status FROM process_item i JOIN process_run r ON r.id = i.run_id"
            " WHERE i.state = 'matched' AND r.launched ORDER BY i.seq LIMIT 200"
        )
        rows = await cursor.fetchall()
        await _ring_all([(workflow, seq) for _, seq, workflow, status in rows if status == store.RUNNING])
        await connection.execute(
            "UPDATE process_item SET state = 'rung' WHERE id = ANY(%s)", [[row[0] for row in rows]]
        )
        return len(rows)

    async def _ring_for_time(self, connection: Connection) -> None:
        """Where the clock is set by somebody, runs are told that their time is over; again changes nothing."""
        late = await store.overdue(connection, self._clock.now())
        await _ring_all([(workflow, deadline.astimezone(UTC).isoformat()) for workflow, deadline in late])

    async def _sweep(self) -> bool:
        """Runs of hubs that died go on elsewhere, and those that this one should execute but does not; people are
        reminded.

        A hub whose sign of life is late never takes its own runs over: of two executions in one hub, each would wait
        for the other.
        """
        async with self._database.transaction() as connection:
            if not await _alone(connection):
                return False
            await remind_and_escalate(connection)
            cursor = await connection.execute(
                _LOST, {"names": list(self._versions), "seconds": self._lost_after, "mine": str(self._worker),
                        "active": list(self._active.values())}
            )  # fmt: skip
            found = await cursor.fetchall()
            lost = [id for id, mine in found if not mine] + self._left([id for id, mine in found if mine])
            if lost:
                log.warning("processes_taken_over", runs=len(lost))
                await DBOS.resume_workflows_async(lost)
        return False

    def _left(self, idle: Sequence[str]) -> list[str]:
        """Those of this hub that nobody has executed for so long. One that was just taken begins in a moment."""
        now = asyncio.get_running_loop().time()
        self._idle = {id: self._idle.get(id, now) for id in idle}
        return [id for id, since in self._idle.items() if now - since > self._lost_after]

    async def _tell(self) -> bool:
        """What waits for a person becomes a case, and its case ends when it went on."""
        named = {process.name: process for process in self._versions.values()} | dict(self._current)
        async with self._database.transaction() as connection:
            if await _alone(connection, _TELLING):
                for process in named.values():
                    await settle(connection, process)
        return False

    # A run

    async def _execute(self, process: Process, id: UUID) -> str:
        """What a workflow does: the function of the process, its end, and what becomes of its failures."""
        row, first = await self._read(process, id)
        run = Run(self._steps, self._database, process, row, self._clock)
        try:
            thing = await self._first(process, first)
            if row.came_from:
                outcome = await process.migrations[row.came_from](run, thing, await self._snapshot(row))
            else:
                outcome = await process.function(run, thing)
        except (Failed, Cancelled) as error:
            return await self._undo(run, error)
        except Exception as error:  # noqa: BLE001 - whatever a process raises, its run is held and not lost
            return await self._hold(run, error)
        return await run.finish(store.COMPLETED, outcome or "done")

    async def _read(self, process: Process, id: UUID) -> tuple[RunRow, UUID]:
        async def read() -> tuple[RunRow, UUID]:
            async with self._database.cold() as connection:
                row = await store.run_by_id(connection, id)
                cursor = await connection.execute("SELECT id FROM process_item WHERE run_id = %s AND step = -1", [id])
                item = await cursor.fetchone()
            if row is None or item is None:
                raise Failed(f"{process.name}: the run is not there any more.")
            return row, item[0]

        return await self._steps.read(read)

    async def _first(self, process: Process, item: UUID) -> Any:
        async def read() -> Any:
            async with self._database.cold() as connection:
                cursor = await connection.execute("SELECT topic FROM process_item WHERE id = %s", [item])
                topic = await cursor.fetchone()
                content = await store.content(connection, item)
            types = {topic_of(heard.type): heard.type for heard in process.heard.values()}
            return types[str(topic[0]) if topic else ""].model_validate(content)

        return await self._steps.read(read)

    async def _snapshot(self, row: RunRow) -> Snapshot:
        async def read() -> Snapshot:
            async with self._database.cold() as connection:
                found = await store.results(connection, row.id, before=row.step_base)
            return Snapshot(row.came_from, row.state, found)

        return await self._steps.read(read)

    async def _undo(self, run: Run, error: Failed | Cancelled) -> str:
        try:
            await run.undo_all()
        except Exception as defect:  # noqa: BLE001 - half undone is not the end: a person looks at it
            return await self._hold(run, defect)
        status = store.CANCELLED if isinstance(error, Cancelled) else store.FAILED
        return await run.finish(status, str(error))

    async def _hold(self, run: Run, error: Exception) -> str:
        log.error("process_held", run=str(run.id), where=trail(error))
        return await run.hold(error)


async def migrate(database: Database) -> None:
    """Bring the engine's tables up to date; quick where they are."""
    # In a thread: it waits for transactions of this very hub, which cannot end while their loop stands still.
    await asyncio.to_thread(DBOS.migrate, _url(database), schema=SCHEMA)


def _url(database: Database) -> str:
    url = database.url.replace("postgres://", "postgresql://", 1)
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


async def _alone(connection: Connection, lock: int = LOCK) -> bool:
    cursor = await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
    row = await cursor.fetchone()
    return bool(row and row[0])


def _current(processes: Sequence[Process]) -> Mapping[str, Process]:
    """The version of each process in which runs begin. Raises `SettingsError` where that is not clear."""
    found: dict[str, Process] = {}
    for process in processes:
        if problems := process.problems():
            raise SettingsError(f"The process {process.name} {process.version} cannot start: {'; '.join(problems)}.")
        if process.retired:
            continue
        if process.name in found:
            raise SettingsError(f"The process {process.name} is there twice: the older version needs retired=True.")
        found[process.name] = process
    return found


async def _ring_all(bells: Sequence[tuple[str, int | str]]) -> None:
    """Ring for these workflows, each with what it is told; in any order, and again changes nothing."""
    for start in range(0, len(bells), _RUNG_AT_ONCE):
        await asyncio.gather(*(
            DBOS.send_async(workflow, said, BELL, idempotency_key=f"{said}/{workflow}")
            for workflow, said in bells[start : start + _RUNG_AT_ONCE]
        ))  # fmt: skip

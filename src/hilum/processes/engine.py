"""The engine: runs processes on DBOS, in the hub's own event loop and database.

Each worker's hub has one. Of all engines one at a time is the courier and looks for runs of hubs that died; any may
execute. The engine's tables are in a schema of their own and hold ids, names and times only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import UUID

import structlog
from dbos import DBOS, DBOSConfig, SetWorkflowID

from hilum.ending import cancel_all
from hilum.errors import DatabaseUnavailable, SettingsError, trail
from hilum.flow import Project
from hilum.journal.keyring import Keyring, Policy
from hilum.postgres import Connection, Database
from hilum.processes import progress, store
from hilum.processes.arrivals import Cancelled
from hilum.processes.bells import Bell, Bells
from hilum.processes.clock import Clock, clock_of
from hilum.processes.courier import ITEM, LOCK, RUN, Courier
from hilum.processes.declaration import Process, Snapshot, topic_of
from hilum.processes.lost_runs import SCHEMA, LostRuns
from hilum.processes.patience import surely
from hilum.processes.progress import Begun
from hilum.processes.run import Failed, Run
from hilum.processes.serializing import Json
from hilum.processes.steps import AT_ONCE, Elsewhere, Steps
from hilum.processes.store import RunRow
from hilum.processes.tasks import remind_and_escalate, retime, sealed_as
from hilum.processes.troubles import settle
from hilum.waiting import listen

log = structlog.get_logger(__name__)

_APPLICATION: Final = "hilum"
_EVERY = 0.1  # seconds between two looks where no notices come, after one that was kept out, and at a set clock
_LOOK = 5.0  # seconds between two looks where notices come
_ENGINES_OWN = 0.25  # seconds between two looks of the engine beneath for notices of its own, which nobody uses
_SWEEP = 1.0  # seconds between two looks for hubs that died, and for tasks that are due
_TELL = 10.0  # seconds between two looks for what waits for a person although nobody was asked
_TELLING: Final = LOCK + 1  # one hub at a time tells; it does not keep the courier waiting
_STOPPING = 10.0  # seconds for runs to leave off; a step that does not is repeated by whoever takes its run over

_WORK: Final = (
    b"SELECT EXISTS (SELECT 1 FROM process_item WHERE state = 'new'),"
    b" EXISTS (SELECT 1 FROM process_run WHERE NOT launched AND ended_at IS NULL)"
)
"""Is there anything for the courier?"""


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
        self._lost = LostRuns(worker, seconds=3 * project.settings.worker.lease_seconds)
        self._tasks: list[asyncio.Task[None]] = []
        self._functions: dict[str, Callable[..., Any]] = {}
        self._launched = False
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._bells = Bells(self._clock)
        self._came, self._missed = asyncio.Event(), asyncio.Event()  # things; perhaps notices of things
        self._kept_out = False  # was something there at the last look, and somebody else had the lock?

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
        self._database.notices.tell(ITEM, self._hear_of_items)
        self._database.notices.tell(RUN, self._hear_of_run)
        self._tasks = [
            asyncio.create_task(self._go_round(self._until_told, self._deliver)),
            asyncio.create_task(self._go_round(self._until_missed, self._look_for_runs)),
            asyncio.create_task(self._go_round(self._every(_SWEEP), self._sweep)),
            asyncio.create_task(self._go_round(self._every(_TELL), self._tell)),
        ]
        if not self._clock.runs:
            self._tasks.append(asyncio.create_task(self._go_round(self._every(_EVERY), self._strike)))

    async def stop(self) -> None:
        """Leave everything as it is: another hub, or this one when it starts again, goes on with it."""
        self._database.notices.forget(ITEM, self._hear_of_items)
        self._database.notices.forget(RUN, self._hear_of_run)
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
            "sys_db_pool_size": 4,
            "notification_coalesce_sec": _ENGINES_OWN,
        }

    def _registered(self, process: Process) -> Callable[..., Any]:
        async def workflow(run_id: str) -> str:
            task = asyncio.current_task()
            if task is not None:
                self._active[task] = DBOS.workflow_id or ""
                task.add_done_callback(self._active.pop)
            return await self._execute(process, UUID(run_id), DBOS.workflow_id or "")

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

    async def _go_round(self, pause: Callable[[], Awaitable[None]], act: Callable[[], Awaitable[bool]]) -> None:
        while True:
            try:
                busy = await act()
            except DatabaseUnavailable as error:
                log.warning("processes_wait", reason=str(error))
                busy = False
            if not busy:
                await pause()

    def _every(self, seconds: float) -> Callable[[], Awaitable[None]]:
        async def pause() -> None:
            await asyncio.sleep(seconds)

        return pause

    async def _until_told(self) -> None:
        """Until somebody says that something came; where notices do not come, for a moment.

        Who was kept out has heard already: whoever had the lock may not have been at what came (a sweep is not).
        """
        await listen(self._came, _LOOK if self._database.notices.heard and not self._kept_out else _EVERY)

    def _hear_of_items(self, about: str) -> None:
        self._came.set()

    def _hear_of_run(self, about: str) -> None:
        if about:
            self._bells.ring(UUID(about))
        else:
            self._missed.set()

    async def _deliver(self) -> bool:
        """What came goes to its runs. False: nothing, or another hub is at it."""
        async with self._database.cold() as connection:
            cursor = await connection.execute(_WORK)
            row = await cursor.fetchone()
        if row is None or not any(row):
            self._kept_out = False
            return False
        self._kept_out = True
        async with self._database.transaction() as connection:
            if not await _alone(connection):
                return False
            matched = await self._courier.match(connection)
        async with self._database.transaction() as connection:
            if not await _alone(connection):
                return False
            begun = await self._launch(connection)
        self._kept_out = False
        return bool(matched or begun)

    async def _launch(self, connection: Connection) -> int:
        cursor = await connection.execute(
            "SELECT id FROM process_run WHERE NOT launched AND ended_at IS NULL ORDER BY id LIMIT 50"
        )
        ids = [row[0] for row in await cursor.fetchall()]
        for id in ids:
            run = await store.run_by_id(connection, id)
            if run is not None:
                await self._begin(run)
        if ids:
            await connection.execute("UPDATE process_run SET launched = true WHERE id = ANY(%s)", [ids])
        return len(ids)

    async def _begin(self, run: RunRow) -> None:
        """Begin its workflow; one that has begun already goes on undisturbed."""
        if run.step_base and run.before:
            await DBOS.cancel_workflow_async(run.before)
        with SetWorkflowID(run.workflow):
            await DBOS.start_workflow_async(self._functions[f"{run.process}@{run.version}"], str(run.id))

    async def _look_for_runs(self) -> bool:
        """Ring for what runs of this hub did not take: a notice may be lost, and behind some poolers all are."""
        if runs := self._bells.runs:
            async with self._database.cold() as connection:
                cursor = await connection.execute(
                    "SELECT seq, run_id FROM process_item WHERE run_id = ANY(%s) AND step IS NULL AND state = 'rung'",
                    [runs],
                )
                self._bells.ring_new([(seq, run) for seq, run in await cursor.fetchall()])
        return False

    async def _until_missed(self) -> None:
        await listen(self._missed, _LOOK if self._database.notices.heard else _EVERY)

    async def _strike(self) -> bool:
        """Where the clock is set by somebody, runs are told that their time is over."""
        self._bells.strike()
        return False

    async def _sweep(self) -> bool:
        """Runs of hubs that died go on elsewhere, and those that this one should execute but does not; people are
        reminded.
        """
        async with self._database.transaction() as connection:
            if not await _alone(connection):
                return False
            await remind_and_escalate(connection)
            lost = await self._lost.find(connection, self._versions, self._active.values())
            if lost:
                log.warning("processes_taken_over", runs=len(lost))
                await DBOS.resume_workflows_async(lost)
        return False

    async def _tell(self) -> bool:
        """What waits for a person becomes a case, and its case ends when it went on."""
        named = {process.name: process for process in self._versions.values()} | dict(self._current)
        async with self._database.transaction() as connection:
            if await _alone(connection, _TELLING):
                for process in named.values():
                    await settle(connection, process)
        return False

    # A run

    async def _execute(self, process: Process, id: UUID, workflow: str) -> str:
        """What a workflow does; from its beginning where another hub did a step of it, and found what it did."""
        with self._bells.of(id) as bell:
            while True:
                begun = await self._read(id, workflow)
                if begun is None:  # it goes on in another version, or in another way
                    raise asyncio.CancelledError
                try:
                    return await self._follow(process, begun, bell)
                except Elsewhere:
                    log.info("process_executed_elsewhere", run=str(id))
                    bell.ring()

    async def _follow(self, process: Process, begun: Begun, bell: Bell) -> str:
        """The function of the process, its end, and what becomes of its failures."""
        row, steps = begun.row, Steps(self._database, begun.row, begun.steps, self._turns)
        run = Run(steps, self._database, process, row, self._clock, bell)
        try:
            thing = _first(process, begun)
            if row.came_from:
                outcome = await process.migrations[row.came_from](run, thing, await self._snapshot(steps, row))
            else:
                outcome = await process.function(run, thing)
        except (Failed, Cancelled) as error:
            return await self._undo(run, error)
        except Exception as error:  # noqa: BLE001 - whatever a process raises, its run is held and not lost
            return await self._hold(run, error)
        return await run.finish(store.COMPLETED, outcome or "done")

    async def _read(self, id: UUID, workflow: str) -> Begun | None:
        async def read() -> Begun | None:
            async with self._database.cold() as connection:
                return await progress.begun(connection, id, workflow)

        async with self._turns:
            return await surely(read)

    async def _snapshot(self, steps: Steps, row: RunRow) -> Snapshot:
        async def read() -> Snapshot:
            async with self._database.cold() as connection:
                found = await progress.results(connection, row.id, before=row.step_base)
            return Snapshot(row.came_from, row.state, found)

        return await steps.read(read)

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


def _first(process: Process, begun: Begun) -> Any:
    """The object that began the run. Raises `Damaged` where it cannot be read."""
    if isinstance(begun.content, Exception):
        raise begun.content
    types = {topic_of(heard.type): heard.type for heard in process.heard.values()}
    return types[begun.topic].model_validate(begun.content)

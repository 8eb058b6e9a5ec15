"""The hub: one process with everything in it, or a part of it by `roles`, over one journal."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Collection
from typing import Any
from uuid import UUID

from hilum.cases import clocks
from hilum.cases.working_hours import WorkingHours
from hilum.connector import Destination, Source
from hilum.ending import cancel_all
from hilum.errors import SettingsError, Unmapped
from hilum.flow import Flow, Project
from hilum.journal import Draft
from hilum.journal.keyring import Keyring, Policy, keyring_for
from hilum.journal.leases import Leases
from hilum.journal.partitions import oldest_open
from hilum.journal.work import MESSAGE_BODY
from hilum.masterdata import quality
from hilum.masterdata.crosswalk import LiveCrosswalk
from hilum.masterdata.lookups import LiveLookups
from hilum.masterdata.ownership import load_matrix
from hilum.masterdata.quality import Meter, load_rules
from hilum.masterdata.sync import secret_key
from hilum.masterdata.terms import LiveTerms
from hilum.postgres import Connection, Database
from hilum.runtime.arrivals import Arrivals
from hilum.runtime.committer import Committer
from hilum.runtime.endpoints import build_endpoints, furnish, lend, read_only_endpoints
from hilum.runtime.errands import Errands
from hilum.runtime.gate import Gate
from hilum.runtime.inspecting import EVERY as LOOK_EVERY
from hilum.runtime.inspecting import Inspecting
from hilum.runtime.intake import Intake, Refusals, shared_sources
from hilum.runtime.maintenance import Maintenance, every
from hilum.runtime.observer import Observer
from hilum.runtime.partnering import EVERY as PARTNERS_EVERY
from hilum.runtime.partnering import Partnering
from hilum.runtime.precedence import Precedence
from hilum.runtime.reports import Reporter, status_flow
from hilum.runtime.schedules import watch
from hilum.runtime.schema import prepare
from hilum.runtime.sealing import EVERY, Sealing
from hilum.runtime.server_turns import Servers
from hilum.runtime.share import Share
from hilum.runtime.stewardship import Stewardship
from hilum.runtime.switches import Switches
from hilum.runtime.watchdog import Watchdog
from hilum.runtime.worker import Worker

log = logging.getLogger("hilum.hub")

LISTENER, WORKER = "listener", "worker"
CONSOLE = "console"
_QUALITY_EVERY = 5.0  # seconds between two writes of what was counted
_TERMS_EVERY = 0.5  # a price that was agreed counts within a second
ROLES = (LISTENER, WORKER, CONSOLE)


class Hub:
    """Life: construct → `start` → (runs) → `stop`. `start` raises `SettingsError`, `DatabaseUnavailable` or `Down`."""

    def __init__(
        self, project: Project, database: Database, *, roles: Collection[str] = ROLES, observer: Observer | None = None
    ) -> None:
        self.project = project
        self.database = database
        self.roles = set(roles)
        self.observer = observer or Observer()
        self.flows: dict[str, Flow] = dict(project.flows)
        for flow in project.flows.values():
            if flow.report_targets:
                self.flows[flow.status_flow] = status_flow(flow)
        self.matrix = load_matrix(project)
        self.reporter = Reporter(self.flows, project.settings.hub.lanes, self.observer)
        self._precedence = Precedence()
        self.switches = Switches()
        self.share: Share | None = None
        self._rules = load_rules(project.folder / quality.FILE)
        self.quality = Meter(self._rules, project.lookup)
        self.crosswalk: LiveCrosswalk | None = None
        self.lookups = LiveLookups(database, project.lookup)
        self.terms = LiveTerms(database)
        self._servers = Servers(database)
        self.sources: list[Source] = []
        self.destinations: dict[str, Destination] = {}
        self.worker: Worker | None = None
        self.committer: Committer | None = None
        self.gate: Gate | None = None
        self.stopping = False
        self._working_hours = WorkingHours(self.project.working_hours)
        self._maintenance: Maintenance | None = None
        self._sealing: Sealing | None = None
        self._watchdog: Watchdog | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        self._intakes: list[asyncio.Task[None]] = []
        self._working: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Make the database ready, open everything, and begin. On an error everything is closed again."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        settings = self.project.settings
        await prepare(self.database, lanes=settings.hub.lanes)
        keyring = await self._govern_payloads()
        embedded = self.database.embedded.folder if self.database.embedded is not None else None
        gate, refusals = Gate(self.database, settings.intake, embedded), Refusals()
        self.gate = gate
        await self.switches.look(self.database)
        await self.lookups.load()
        await self._load_terms()
        quality.need_tables(self._rules, self.project.lookup)
        if self.roles & {WORKER, CONSOLE}:
            await self._load_identifiers()
        if WORKER in self.roles:
            await self._set_clocks()
            await self._start_worker()
        chores = Maintenance(self.database, gate, refusals, self.project.lookup, self.lookups, keyring, settings.hub)
        self._maintenance = chores
        if LISTENER in self.roles:
            await gate.look()
            await self._start_sources(gate, refusals)
        self._tasks += chores.tasks(self.share)
        self._sealing = await asyncio.to_thread(Sealing, self.database, settings)
        self._tasks.append(asyncio.create_task(every(EVERY, self._sealing.step)))
        errands = Errands(self.database, self.switches, self.settled, self._working_hours)
        self._tasks += errands.tasks(working=WORKER in self.roles)

    async def _govern_payloads(self) -> Keyring:
        """What the flows want of their payloads is noted, and their keys are at hand."""
        settings = self.project.settings
        keyring = self.database.keyring
        if not isinstance(keyring, Keyring):
            keyring = self.database.keyring = keyring_for(self.database, settings)
        classes = settings.encryption.classes
        await keyring.govern(
            [
                Policy(
                    flow=flow.name,
                    sealed=flow.sealed(classes),
                    retention=flow.retention,
                    data_class=flow.data_class.value,
                )
                for flow in self.flows.values()
            ]
        )
        return keyring

    async def _set_clocks(self) -> None:
        """Until when cases and tasks are due is as the settings say."""
        async with self.database.transaction() as connection:
            await clocks.declare(connection, self.project.settings.desk.clocks)
            await self._working_hours.keep(connection)

    async def _load_terms(self) -> None:
        """The agreed prices in memory, and a task that keeps them up to date."""
        await self.terms.load()
        self.project.lookup.prices = self.terms
        self._tasks.append(asyncio.create_task(every(_TERMS_EVERY, self._agreed)))

    async def _agreed(self) -> None:
        await self.terms.catch_up()

    async def _load_identifiers(self) -> None:
        """The crosswalk in memory, and a task that keeps it up to date."""
        self.crosswalk = LiveCrosswalk(self.database)
        await self.crosswalk.load()
        self.project.lookup.identifiers = self.crosswalk
        self._tasks.append(asyncio.create_task(self.crosswalk.run()))

    async def _newer(self, error: Exception) -> bool:
        """Before a miss is told, crosswalk and lookups are looked at again: somebody may have added it this second.

        Told by their numbers: another task may bring them up to date while this one waits.
        """
        if not isinstance(error, Unmapped):
            return False
        known = self._known()
        if self._maintenance is not None:
            await self._maintenance.read_lookups()
        if self.crosswalk is not None:
            await self.crosswalk.catch_up()
        return self._known() != known

    def _known(self) -> tuple[int, int]:
        tables = sum(table.version for table in self.project.lookup.tables.values())
        return tables, self.crosswalk.seq if self.crosswalk is not None else 0

    async def _start_worker(self) -> None:
        settings = self.project.settings
        name = f"{socket.gethostname()}:{os.getpid()}"
        share = Share(
            database=self.database,
            leases=Leases(self.database, name, ",".join(sorted(self.roles)), settings.worker.lease_seconds),
            flows=self.flows,
            lookup=self.project.lookup,
            reporter=self.reporter,
            settings=settings.worker,
            retries=settings.retry,
            limits=settings.destinations,
            hours=self.project.hours,
            observer=self.observer,
            precedence=self._precedence,
            switches=self.switches,
            open_flows=frozenset(
                flow.name
                for flow in self.flows.values()
                if flow.data_class.open and not flow.sealed(settings.encryption.classes)
            ),
        )
        async with self.database.cold() as connection:
            secret = await secret_key(connection)
            share.stewardship = Stewardship(self.matrix, self.flows, secret)
            share.arrivals = Arrivals(self.flows, self.matrix, settings.matching, secret, open_flows=share.open_flows)
            await share.arrivals.prepare(connection, encrypted=bool(settings.encryption.classes))
        self._watchdog = Watchdog(
            self.database.url,
            name,
            warn_after=settings.worker.translation_warn_seconds,
            end_after=settings.worker.translation_limit_seconds,
        )
        share.watching = self._watchdog.watching
        share.newer = self._newer
        share.quality = self.quality
        self._tasks.append(asyncio.create_task(every(_QUALITY_EVERY, lambda: self.quality.flush(self.database))))
        self._watchdog.start()
        async with self.database.cold() as connection:
            share.floor = await oldest_open(connection)
        self.share = share
        self.destinations = build_endpoints(settings, self.project.flows.values(), self._servers)
        for endpoint, destination in self.destinations.items():
            lend(destination, endpoint, self.database)
            await destination.open()
        self.worker = Worker(share, self.destinations)
        self._working = asyncio.create_task(self.worker.run())
        flows = self.project.flows.values()
        others = read_only_endpoints(settings, flows, self._servers)
        inspecting = Inspecting(self.database, self.destinations, flows, others)
        self._tasks.append(asyncio.create_task(every(LOOK_EVERY, inspecting.step)))
        partnering = Partnering(self.database, self.project.partners, self.flows)
        self._tasks.append(asyncio.create_task(every(PARTNERS_EVERY, partnering.step)))

    async def _start_sources(self, gate: Gate, refusals: Refusals) -> None:
        settings = self.project.settings
        self.committer = Committer(
            self.database,
            lanes=settings.hub.lanes,
            batch=settings.intake.batch,
            max_waiting=settings.intake.max_waiting,
            max_waiting_bytes=settings.intake.max_waiting_bytes,
            stored=self._stored,
            observer=self.observer,
            precedence=self._precedence,
        )
        self._tasks.append(asyncio.create_task(self.committer.run()))
        for source, flows in shared_sources(list(self.project.flows.values())):
            intake = Intake(source, flows, self.committer, gate, refusals, self.observer, self.switches)
            furnish(source, settings, self.database, self._servers)
            self._tasks += watch(source, flows, self.database)
            try:
                await source.open()
            except OSError as error:
                raise SettingsError(f"{source.address} cannot be opened: {error.strerror or error}.") from error
            self.sources.append(source)
            self._intakes.append(asyncio.create_task(intake.run()))

    async def settled(self, connection: Connection, message_id: UUID, state: str) -> None:
        """Within the transaction in which a person ends a message: tell its sender, if the flow does so."""
        await self.reporter.note(connection, message_id, state)

    def facts(self) -> dict[str, Any]:
        """Live facts of this process, in words."""
        found: dict[str, Any] = {"roles": ", ".join(sorted(self.roles))}
        if self.committer is not None:
            found |= {"commits of receipt": self.committer.commits, "messages received": self.committer.messages}
        if self.share is not None:
            found["lanes held"] = len(self.share.leases.held)
        return found

    def intakes(self) -> list[tuple[Source, bool]]:
        """The sources, and whether each is still taken from."""
        return [(source, not task.done()) for source, task in zip(self.sources, self._intakes, strict=False)]

    def _stored(self, draft: Draft, parsed: Any) -> None:
        """A message is durable: keep it at hand for the translator, and wake it."""
        if self.share is not None:
            self.share.floor = min(self.share.floor, draft.id)  # the clock of this host may be far behind
            self.share.cache.put((draft.id, MESSAGE_BODY), draft.body, parsed)
            self._precedence.note(draft.priority)
            self.share.ring_translators(draft.priority)

    async def failed(self) -> None:
        """Wait for ever, or until a part of the hub ends by a defect; raises that defect."""
        parts = [task for task in (self._working, *self._intakes, *self._tasks) if task is not None]
        done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            await task

    async def stop(self) -> None:
        """Stop taking in, answer what was taken, finish what is under way, give the lanes back, close everything."""
        self.stopping = True
        await cancel_all(self._intakes)
        if self.committer is not None:
            await _quiet(asyncio.wait_for(self.committer.drained(), self.project.settings.worker.stop_seconds))
        for source in self.sources:
            await _quiet(source.close())
        if self.share is not None:
            self.share.stop()
        if self._working is not None:
            await _quiet(self._working)
        await cancel_all(self._tasks)  # before the last writing: what they were at they give back
        if self._maintenance is not None:
            await _quiet(self._maintenance.write_refusals())
        await _quiet(self.quality.flush(self.database))
        if self._watchdog is not None:
            self._watchdog.stop()
        if self._sealing is not None:
            await _quiet(self._sealing.finish())
        for destination in self.destinations.values():
            await _quiet(destination.close())
        self._tasks, self._intakes, self._working = [], [], None


async def _quiet(act: Any) -> None:
    """Stopping goes on whatever one part says; what it says is logged."""
    try:
        await act
    except Exception as error:  # noqa: BLE001 - one part that fails to stop must not keep the others from stopping
        log.warning("while stopping: %s: %s", type(error).__name__, error)

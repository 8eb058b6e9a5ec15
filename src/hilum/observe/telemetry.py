"""All telemetry of one process: made before its hub, whose observer it is, and started after it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter as TallyOf
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hilum.ending import cancel_all
from hilum.errors import DatabaseUnavailable
from hilum.logs import flush_logs
from hilum.observe import catalogue
from hilum.observe.alerts import Alerts
from hilum.observe.instruments import Counter, Reading
from hilum.observe.log_lines import LogLines
from hilum.observe.probe import Probe
from hilum.observe.process import UNAUTHORIZED, ProcessReadings, refusals, watch_loop
from hilum.observe.recorder import Recorder
from hilum.observe.serving import ProbeServer
from hilum.observe.snapshot import Reader, Sample, Sampler
from hilum.postgres import Connection
from hilum.runtime import Hub, Observer, Observers
from hilum.runtime.maintenance import every
from hilum.runtime.readiness import Part, readiness
from hilum.settings import AlertSettings, TelemetrySettings

if TYPE_CHECKING:
    from hilum.observe.otlp import Exporter
    from hilum.observe.spans import Spans

log = logging.getLogger("hilum.telemetry")

CONSOLE, TELEMETRY = "console", "telemetry"
"""Where credentials may be refused, besides the sources."""


class Telemetry:
    """Life: construct → give `observer` to the hub → `start` → (runs) → `stop`."""

    def __init__(
        self,
        settings: TelemetrySettings,
        alerts: AlertSettings | None = None,
        *,
        hub: str = "",
        readers: Sequence[Reader] = (),
    ) -> None:
        self.settings = settings
        self._alert_settings = alerts or AlertSettings()
        self._name = hub
        self._readers = readers  # of values that packages above this one know
        self.recorder = Recorder()
        self.spans: Spans | None = None
        observers: list[Observer] = [self.recorder, LogLines()] if settings.metrics else [LogLines()]
        self._exporter: Exporter | None = None
        if settings.otlp_endpoint:
            observers.append(self._trace())
        self.observer: Observer = Observers(*observers)
        self.probe = Probe(settings.token.get_secret_value(), self.readings, self._readiness, self._refused)
        self._refused_credentials: TallyOf[str] = TallyOf()
        self._hub: Hub | None = None
        self._process: ProcessReadings | None = None
        self._sampler: Sampler | None = None
        self._alerts: Alerts | None = None
        self._server: ProbeServer | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, hub: Hub, *, port: int | None = None) -> str | None:
        """Begin to measure a hub that runs; returns the address of the endpoint where there is one.

        `port`: instead of that of the settings. Raises `SettingsError` where the address is taken.
        """
        self._hub, self._process = hub, ProcessReadings(hub)
        alerts = Alerts(self._alert_settings, hub.flows, self._name, hub.project.settings.hub.lanes)
        alerts.check()
        self._alerts = alerts
        self._sampler = Sampler(hub.database, hub.flows, self.settings.refresh_seconds, self._fresh, self._readers)
        self._tasks.append(asyncio.create_task(self._look(hub, self._sampler, alerts)))
        self._tasks.append(asyncio.create_task(watch_loop(self.recorder.loop_delay)))
        if self._exporter is not None:
            self._tasks.append(asyncio.create_task(self._send(self._exporter)))
        wanted = self.settings.port if port is None else port
        if wanted is None:
            return None
        self._server = ProbeServer(self.probe, self.settings.host, wanted)
        return await self._server.start()

    async def stop(self) -> None:
        """No longer. May be called twice, and without `start`."""
        tasks, self._tasks = self._tasks, []
        await cancel_all(tasks)
        exporter, self._exporter = self._exporter, None
        if exporter is not None:
            await asyncio.to_thread(exporter.send, await self.readings())
            await asyncio.to_thread(exporter.close)
        if self._server is not None:
            await self._server.stop()

    def _trace(self) -> Spans:
        from hilum.observe.otlp import Exporter  # a quarter of a second, for those who send somewhere
        from hilum.observe.spans import Spans

        self._exporter = Exporter(self.settings, self._name)
        self.spans = Spans(self.settings.trace_ratio, self._exporter.resource, self._exporter.export)
        return self.spans

    async def _look(self, hub: Hub, sampler: Sampler, alerts: Alerts) -> None:
        """Keep the values of the whole hub fresh, whether anybody asks or not; tell of what is wrong."""

        async def once() -> None:
            await sampler.sample()
            await alerts.tell(hub.database)
            flush_logs()

        await every(self.settings.refresh_seconds, once)

    async def _fresh(self, connection: Connection, sample: Sample) -> None:
        """This process has read a new sample, in this transaction."""
        if self._alerts is not None:
            await self._alerts.look(connection, sample)
        if self.spans is not None:
            from hilum.observe.acts import trace_acts  # as in _trace

            await trace_acts(connection, sample, self.spans)

    async def _send(self, exporter: Exporter) -> None:
        """All metrics, again and again; where they do not arrive the next ones tell the same."""
        while True:
            await asyncio.sleep(self.settings.otlp_seconds)
            if not await asyncio.to_thread(exporter.send, await self.readings()):
                log.warning("the OTLP receiver did not take the metrics")

    async def readings(self) -> Sequence[Reading]:
        """Everything that is measured, now. Without the values of the whole hub while the database is away."""
        found = list(self.recorder.readings())
        if self._process is not None:
            found += self._process.readings()
        found.append(self._auth_failures())
        if self._sampler is not None:
            try:
                found += (await self._sampler.sample()).readings()
            except DatabaseUnavailable as error:
                log.info("the values of the whole hub are left out: %s", error)
        return found

    def login_refused(self) -> None:
        """Somebody could not log in at the console."""
        self._refused_credentials[CONSOLE] += 1

    def _auth_failures(self) -> Reading:
        """Those that were told here, and those that the sources counted."""
        found = Counter(catalogue.AUTH_FAILURES)
        for where, number in self._refused_credentials.items():
            found.add((where,), number)
        for source in self._hub.sources if self._hub is not None else ():
            if (by_source := refusals(source).get(UNAUTHORIZED, 0)) > 0:
                found.add((source.address,), by_source)
        return found.reading()

    def _refused(self) -> None:
        self._refused_credentials[TELEMETRY] += 1

    async def _readiness(self) -> Sequence[Part]:
        if self._hub is None:
            return [Part(name="hub", ready=False, words="The hub is starting.")]
        return await readiness(self._hub)

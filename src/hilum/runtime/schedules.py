"""Schedules: which runs are due, and what people asked for by hand; decided once by any number of hubs.

Everything is in the journal's tables `schedule` and `run` and is changed under a lock of the flow's row, so nothing is
lost or doubled when a hub dies at any point: a run that was begun is offered again with the same span and the same
dedup key, and the journal knows whether it is a message already.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from hilum.connector import OnDemand, Receipt, Source
from hilum.connectors.calendar import Run, Runs
from hilum.connectors.masterdata import Published
from hilum.errors import DatabaseUnavailable, Failure, SettingsError, trail
from hilum.flow import Calendar, Flow
from hilum.flow.schedule import SUPERSEDED, Overlap, decide
from hilum.journal import audit, runs
from hilum.journal.runs import RunRow, ScheduleRow
from hilum.masterdata.publishing import Feed
from hilum.postgres import Connection, Database

log = logging.getLogger("hilum.schedules")

Clock = Callable[[], datetime]

_SEEN_EVERY: Final = 5.0  # seconds between two notes that a hub has the source
_ASKED_EVERY: Final = 1.0  # seconds between two looks at what people asked for
_OFFERED_SECONDS: Final = 30.0  # after which another hub begins with what a hub has begun and not ended
_ERRAND_SECONDS: Final = 900.0  # the same for a look into a folder, which may take long

ACTOR: Final = "schedule"
"""Who acts, in the audit, where it is no person."""


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


def watch(source: Source, flows: Sequence[Flow], database: Database) -> list[asyncio.Task[None]]:
    """Before a source is opened: let its calendar ask the journal, or begin to act on what people ask of it."""
    if isinstance(source, Runs):
        source.use(CalendarLedger(database, flows[0].name, source.schedule, source.settings.overlap))
    if isinstance(source, Published):
        source.use(Feed(database, flows[0].name, source.settings.object))
    if isinstance(source, OnDemand):
        return [asyncio.create_task(Errands(database, source, [flow.name for flow in flows]).run())]
    return []


class CalendarLedger:
    """The runs of one flow: see `hilum.connectors.calendar.Ledger`."""

    def __init__(
        self, database: Database, flow: str, calendar: Calendar, overlap: Overlap, clock: Clock = utc_now
    ) -> None:
        self._database = database
        self._flow = flow
        self._calendar = calendar
        self._overlap: Overlap = overlap
        self._clock = clock
        self._seen_at = float("-inf")

    async def due(self) -> Sequence[Run]:
        """At most one: the next begins when it is over. Raises `DatabaseUnavailable`."""
        now = self._clock()
        await self._seen(now)
        if not await self._anything(now):
            return []
        async with self._database.transaction() as connection:
            schedule = await runs.locked(connection, self._flow)
            if schedule is None:
                return []
            waiting = await runs.open_runs(connection, self._flow)
            former = next(iter(await runs.ended(connection, self._flow, made=True)), None)
            if await self._decide(connection, schedule, now, waiting, former):
                waiting = await runs.open_runs(connection, self._flow)
            return await self._offer(connection, schedule, now, waiting, former)

    async def made(self, run: Run, receipt: Receipt) -> None:
        """Its message is in the journal. Raises `DatabaseUnavailable`."""
        async with self._database.transaction() as connection:
            await runs.made(connection, run.id, receipt.message_id)

    async def refused(self, run: Run, words: str) -> None:
        """It was refused for good. Raises `DatabaseUnavailable`."""
        async with self._database.transaction() as connection:
            await runs.leave_out(connection, [run.id], f"refused: {words}")

    async def _seen(self, now: datetime) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() - self._seen_at >= _SEEN_EVERY:
            async with self._database.cold() as connection:
                await runs.looked(connection, self._flow, now)
            self._seen_at = loop.time()

    async def _anything(self, now: datetime) -> bool:
        """Has a time come, or does a run wait? Asked without a lock, because the answer is nearly always no."""
        async with self._database.cold() as connection:
            schedule = (await runs.schedules(connection)).get(self._flow)
            if schedule is None or await runs.open_runs(connection, self._flow):
                return True
        following = self._calendar.after(schedule.decided)
        return following is not None and following <= now

    async def _decide(
        self,
        connection: Connection,
        schedule: ScheduleRow,
        now: datetime,
        waiting: Sequence[RunRow],
        former: RunRow | None,
    ) -> bool:
        """Note what becomes of the times that have come; says whether there were any."""
        if now <= schedule.decided:
            return False  # the clock of another hub is ahead of this one's
        busy = bool(waiting) or (former is not None and former.under_way)
        decision = decide(
            self._calendar, self._overlap, decided=schedule.decided, now=now, busy=busy, waiting=len(waiting)
        )
        if decision.supersedes:
            before = [row.id for row in waiting if row.state == "waiting" and row.why == "due"]
            await runs.leave_out(connection, before, SUPERSEDED)
        for at, why in decision.made:
            await runs.schedule_run(connection, self._flow, at, why)
        for at, words in decision.left_out:
            await runs.schedule_run(connection, self._flow, at, "due", left_out=words)
        if decision.remark:
            log.warning("%s: %s", self._flow, decision.remark)
            await audit.record(connection, actor=ACTOR, action="runs_left_out", flow=self._flow, words=decision.remark)
        if not (decision.made or decision.left_out or decision.remark):
            return False
        await runs.decided(connection, self._flow, now)
        return True

    async def _offer(
        self,
        connection: Connection,
        schedule: ScheduleRow,
        now: datetime,
        waiting: Sequence[RunRow],
        former: RunRow | None,
    ) -> list[Run]:
        begun = next((row for row in waiting if row.state == "offered"), None)
        if begun is not None:
            if begun.offered_at is None or (utc_now() - begun.offered_at).total_seconds() < _OFFERED_SECONDS:
                return []
            await runs.offer_again(connection, begun.id)
            return [_run(begun, begun.since or now, begun.until or now)]
        if former is not None and former.under_way:
            words = f"waits: {self.still(former)}"
            for row in waiting:
                await runs.say(connection, row.id, words)
            return []
        if not waiting:
            return []
        row = waiting[0]
        since, until = self._span(row, schedule, now)
        await runs.offer(connection, row.id, since, until)
        return [_run(row, since, until)]

    def _span(self, row: RunRow, schedule: ScheduleRow, now: datetime) -> tuple[datetime, datetime]:
        """What the run is for: from the end of the last one, or from the time before it in the calendar."""
        until = row.until or row.scheduled_for or now
        since = row.since or schedule.covered or self._calendar.before(until) or until
        return min(since, until), until

    def still(self, former: RunRow) -> str:
        """The former run is not over: `the run of Monday 2 November 2026, 06:00 is still under way since …`."""
        name = f"the run of {self._calendar.at(former.scheduled_for)}" if former.scheduled_for else "the run by hand"
        since = self._calendar.at(former.message_at or former.asked_at)
        if former.message_state == "held":
            return f"{name} is held for a person since {since}"
        return f"{name} is still under way since {since}"


def _run(row: RunRow, since: datetime, until: datetime) -> Run:
    return Run(id=row.id, flow=row.flow, scheduled_for=row.scheduled_for, since=since, until=until)


class Errands:
    """What people ask of a source that can look at once: this hub has the source, so it does it."""

    def __init__(self, database: Database, source: OnDemand, flows: Sequence[str]) -> None:
        self._database = database
        self._source = source
        self._flows = flows
        self._seen_at = float("-inf")

    async def run(self) -> None:
        """Act until cancelled. What cannot be done now is said where the person looks."""
        while True:
            await asyncio.sleep(_ASKED_EVERY)
            try:
                await self._seen()
                for flow in self._flows:
                    await self._act(flow)
            except DatabaseUnavailable as error:
                log.info("later: %s", error)
            except Exception as error:  # noqa: BLE001 - a defect of one source must not end what people may ask of it
                log.error("a defect in a run by hand; going on: %s", trail(error))

    async def _seen(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() - self._seen_at < _SEEN_EVERY:
            return
        async with self._database.cold() as connection:
            for flow in self._flows:
                await runs.looked(connection, flow, utc_now())
        self._seen_at = loop.time()

    async def _act(self, flow: str) -> None:
        async with self._database.cold() as connection:  # one statement: nothing to be held together
            row = await runs.claim(connection, flow, _ERRAND_SECONDS)
        if row is None:
            return
        try:
            words = await self._source.take_now(row.since)
        except (Failure, SettingsError) as error:
            async with self._database.transaction() as connection:
                await runs.leave_out(connection, [row.id], str(error))
            return
        async with self._database.transaction() as connection:
            await runs.made(connection, row.id, None, words)

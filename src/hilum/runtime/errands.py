"""What people asked for and the hub carries out: jobs, switches; and what becomes of that on which nobody acted."""

from __future__ import annotations

import asyncio

from hilum.cases import approvals, clocks, is_due, run_batch
from hilum.cases.resolution import Settled
from hilum.cases.working_hours import WorkingHours
from hilum.postgres import Database
from hilum.runtime.maintenance import every
from hilum.runtime.switches import Switches

_SWITCHES_EVERY = 1.0  # seconds: a switch holds everywhere within this time
_JOBS_EVERY = 0.5
_BATCHES = 20  # of jobs, before this process rests: others may take the next ones
_EXPIRY_EVERY = 10.0
_ESCALATION_EVERY = 5.0
_HOURS_EVERY = 30.0  # a holiday that somebody adds counts after this time


class Errands:
    """The errands of one process. Any number of processes share them; what one begins another may end."""

    def __init__(self, database: Database, switches: Switches, settled: Settled, working_hours: WorkingHours) -> None:
        self._working_hours = working_hours
        self._database = database
        self._switches = switches
        self._settled = settled

    def tasks(self, *, working: bool) -> list[asyncio.Task[None]]:
        """Start them. `working`: this process is a worker, and carries out jobs too."""
        errands = [(_SWITCHES_EVERY, self._look)]
        if working:
            errands += [(_JOBS_EVERY, self._jobs), (_EXPIRY_EVERY, self._expire),
                        (_ESCALATION_EVERY, self._escalate), (_HOURS_EVERY, self._keep_hours)]  # fmt: skip
        return [asyncio.create_task(every(seconds, errand)) for seconds, errand in errands]

    async def _look(self) -> None:
        await self._switches.look(self._database)

    async def _jobs(self) -> None:
        """Some of the batches that are due. Nearly always none is, and one question tells so."""
        if not await is_due(self._database):
            return
        for _ in range(_BATCHES):
            if await run_batch(self._database, settled=self._settled) is None:
                return

    async def _expire(self) -> None:
        async with self._database.transaction() as connection:
            await approvals.expire(connection)

    async def _escalate(self) -> None:
        async with self._database.transaction() as connection:
            await clocks.escalate(connection)

    async def _keep_hours(self) -> None:
        if not self._working_hours.changed():
            return
        async with self._database.transaction() as connection:
            await self._working_hours.keep(connection)

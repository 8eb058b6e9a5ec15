"""Verification of the audit in the background: one at a time for the whole console, with its last result."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from hilum.console.context import Context
from hilum.errors import HilumError
from hilum.journal.audit import record
from hilum.journal.audit.reading import verify
from hilum.journal.audit.verification import MonthReport
from hilum.security.signing import trusted_keys
from hilum.settings import Settings


class Verifier:
    """The last verification, and the one under way."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._task: asyncio.Task[None] | None = None
        self.reports: list[MonthReport] | None = None
        self.problem = ""  # why the last one could not be done
        self.actor = ""
        self.ended_at: datetime | None = None

    @property
    def running(self) -> bool:
        """Is one under way?"""
        return self._task is not None and not self._task.done()

    def start(self, actor: str) -> None:
        """Begin, unless one is under way."""
        if not self.running:
            self.actor = actor
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        settings = self._context.project.settings if self._context.project else Settings()
        database = self._context.database
        self.problem = ""
        try:
            trusted = await asyncio.to_thread(trusted_keys, settings)
            late = settings.audit.late_seconds
            self.reports = await verify(database, trusted, file=settings.checkpoint_file, late=late)
            wrong = sum(report.wrong for report in self.reports)
            said = f"{wrong} things are wrong" if wrong else "it is whole"
            async with database.transaction() as connection:
                await record(connection, actor=self.actor, action="audit_verified", words=said)
        except (HilumError, ValueError, OSError) as error:
            known = str(error) if isinstance(error, HilumError) else f"the file of checkpoints: {type(error).__name__}"
            self.problem = f"The audit could not be verified: {known}"
        self.ended_at = datetime.now(UTC)

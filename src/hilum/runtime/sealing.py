"""The chore that keeps the audit's chain: links each second, signed checkpoints each minute, both at the stop."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, date, datetime
from uuid import uuid4

from hilum.errors import DatabaseUnavailable
from hilum.journal.audit import record
from hilum.journal.audit.checkpoints import append_to_file, make_checkpoints
from hilum.journal.audit.sealing import Sealer
from hilum.journal.partitions import drop_audit
from hilum.postgres import Database
from hilum.security import ended_bursts
from hilum.security.signing import load_signing_key
from hilum.settings import Settings

log = logging.getLogger("hilum.audit")

EVERY = 1.0
"""Seconds between two passes."""


class Sealing:
    """Seals the audit of this database, as long as no other hub does."""

    def __init__(self, database: Database, settings: Settings) -> None:
        """Raises `SettingsError` where the signing key is none."""
        self._database = database
        self._sealer = Sealer(database, uuid4().hex)
        self._key = load_signing_key(settings)
        self._file = settings.checkpoint_file
        self._every = settings.audit.checkpoint_seconds
        self._keep_months = settings.audit.keep_months
        self._checked = -float("inf")  # when there was a checkpoint last, by the monotonic clock

    async def step(self) -> None:
        """Link what is new; sign when it is time. Raises `DatabaseUnavailable`."""
        await self._sealer.step()
        if self._sealer.active and time.monotonic() - self._checked >= self._every:
            await self.checkpoint()
            await self._note_bursts()
            await self._drop_old()
            self._checked = time.monotonic()

    async def checkpoint(self) -> None:
        """Sign how far the chains are, where they have grown. Raises `DatabaseUnavailable`."""
        async with self._database.transaction() as connection:
            made = await make_checkpoints(connection, self._key)
        if not made:
            return
        try:
            await asyncio.to_thread(append_to_file, self._file, made)
        except OSError as error:
            log.error("checkpoints of the audit cannot be written to %s: %s; they are in the database only",
                      self._file, error.strerror)  # fmt: skip

    async def _note_bursts(self) -> None:
        """Logins that came too early are one act for all of them, once no more come."""
        async with self._database.transaction() as connection:
            for burst in await ended_bursts(connection):
                times = f"{burst.since:%H:%M:%S} to {burst.until:%H:%M:%S %Z}"
                await record(connection, actor=burst.name, action="login_delayed",
                             words=f"{burst.count} attempts from {burst.peer}, {times}")  # fmt: skip

    async def _drop_old(self) -> None:
        if self._keep_months:
            async with self._database.cold() as connection:
                months = await drop_audit(connection, _months_ago(datetime.now(UTC).date(), self._keep_months))
            if months:
                log.info("months of the audit were removed, their retention has ended: %s", ", ".join(months))

    async def finish(self) -> None:
        """The hub stops: seal and sign what there is, and leave the chain to others."""
        try:
            if self._sealer.active:
                for _ in range(2):  # to sign with another key than before is an act itself
                    await self._sealer.step()
                    await self.checkpoint()
                await self._sealer.leave()
        except DatabaseUnavailable as error:
            log.info("the audit is sealed when a hub starts again: %s", error)


def _months_ago(day: date, count: int) -> date:
    """The first day of the month so many months before."""
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)

"""What must be done now and then: heartbeats aside, by every process, harmless where several do it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from hilum.cases import jobs
from hilum.ending import Unbroken
from hilum.errors import DatabaseUnavailable, SettingsError, trail
from hilum.flow import Lookup
from hilum.journal import document_notes, efforts, erasing, runs
from hilum.journal.keyring import Keyring
from hilum.journal.partitions import ensure_partitions, oldest_open, oldest_reopened
from hilum.journal.retention import Bounds
from hilum.journal.tallies import note, roll_up
from hilum.masterdata import matching, onboarding, quality, sync
from hilum.masterdata.lookups import LiveLookups
from hilum.masterdata.matching import known
from hilum.partners import register as partner_register
from hilum.postgres import Database
from hilum.runtime.gate import Gate
from hilum.runtime.intake import Refusals
from hilum.runtime.share import Share
from hilum.settings import HubSettings

log = logging.getLogger("hilum.maintenance")

_GATE_EVERY = 1.0  # seconds
_ROLL_UP_EVERY = 10.0
_LOOKUPS_EVERY = 0.5  # a change made by another process counts within a second
_REFUSALS_EVERY = 0.5
_FLOOR_EVERY = 30.0  # so long a message of a host whose clock is far behind may wait for another host
_REOPENED_EVERY = 0.5
_PARTITIONS_EVERY = 3600.0
_KEYS_EVERY = 60.0
_RETENTION_EVERY = 3600.0
_TIDY_AFTER = 5.0  # what is done once an hour need not delay a start: messages come first
_DEDUP_DAYS = 90  # a sender that repeats later than this is not recognised any more
_DUPLICATE_DAYS = 400  # how often a message came again is told for so long after the last time
_REFUSAL_DAYS = 30


async def every(seconds: float, act: Callable[[], Awaitable[None]], *, after: float = 0.0) -> None:
    """Act at once, or after some seconds, and then again and again; a database that is away is waited for."""
    if after:
        await asyncio.sleep(after)
    while True:
        try:
            await act()
        except DatabaseUnavailable as error:
            log.info("later: %s", error)
        except Exception as error:  # noqa: BLE001 - a defect in one chore must not end it
            log.error("a defect in maintenance; going on: %s", trail(error))
        await asyncio.sleep(seconds)


class Maintenance:
    """The chores of one process."""

    def __init__(
        self,
        database: Database,
        gate: Gate,
        refusals: Refusals,
        lookup: Lookup,
        lookups: LiveLookups,
        keyring: Keyring,
        settings: HubSettings,
    ) -> None:
        self._database = database
        self._gate = gate
        self._refusals = refusals
        self._lookup = lookup
        self._live = lookups
        self._keyring = keyring
        self._settings = settings
        self._unbroken = Unbroken()
        self._lookup_words = ""  # what was wrong with the tables at the last look

    def tasks(self, share: Share | None) -> list[asyncio.Task[None]]:
        """Start all chores."""
        chores: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            (_GATE_EVERY, self._gate.look),
            (_ROLL_UP_EVERY, self._roll_up),
            (_LOOKUPS_EVERY, self.read_lookups),
            (_REFUSALS_EVERY, self.write_refusals),
            (_KEYS_EVERY, self._keyring.refresh),
        ]
        tidying = [(_PARTITIONS_EVERY, self._partitions), (_RETENTION_EVERY, self._retention)]
        if share is not None:
            chores.append((_FLOOR_EVERY, lambda: self._floor(share)))
            chores.append((_REOPENED_EVERY, lambda: self._reopened(share)))
        return [
            *(asyncio.create_task(every(seconds, act)) for seconds, act in chores),
            *(asyncio.create_task(every(seconds, act, after=_TIDY_AFTER)) for seconds, act in tidying),
        ]

    async def write_refusals(self) -> None:
        """Write what was refused since the last time, each once. Raises `DatabaseUnavailable`, and keeps it then."""
        await self._unbroken.run(self._write_refusals())

    async def _write_refusals(self) -> None:
        notes, self._refusals.notes = self._refusals.notes, []
        dropped, self._refusals.dropped = self._refusals.dropped, 0
        if not notes:
            return
        try:
            async with self._database.transaction() as connection:
                await connection.cursor().executemany(
                    "INSERT INTO refusal (source, peer, reason, size) VALUES (%s, %s, %s, %s)",
                    [(n.source, n.peer, n.reason, n.size) for n in notes],
                )
                await note(connection, "", "refused", entered=len(notes) + dropped)
        except DatabaseUnavailable:
            self._refusals.give_back(notes, dropped)
            raise

    async def _roll_up(self) -> None:
        async with self._database.cold() as connection:
            await roll_up(connection)

    async def read_lookups(self) -> None:
        """What lookup tables say now, in the database and in files, counts from here. Raises `DatabaseUnavailable`."""
        await self._live.catch_up()
        try:
            changed = self._lookup.refresh()
        except SettingsError as error:
            if str(error) != self._lookup_words:  # once, not every second
                log.warning("a lookup table cannot be read, the former one stays in force: %s", error)
            self._lookup_words = str(error)
            return
        self._lookup_words = ""
        if changed:
            log.info("lookup tables read: %s", ", ".join(changed))

    async def _partitions(self) -> None:
        async with self._database.cold() as connection:
            await ensure_partitions(connection)
            await connection.execute(
                "DELETE FROM dedup WHERE seen_at < now() - make_interval(days => %s)", [_DEDUP_DAYS]
            )
            await runs.forget(connection)
            await jobs.clear_up(connection)
            await efforts.prune(connection)
            await document_notes.forget(connection)
            await sync.forget(connection)
            await known.forget(connection)
            await matching.forget(connection)
            await onboarding.forget(connection)
            await quality.forget(connection)
            await partner_register.forget(connection)
            await connection.execute(
                "DELETE FROM duplicate WHERE last_at < now() - make_interval(days => %s)", [_DUPLICATE_DAYS]
            )
            await connection.execute("DELETE FROM reopened WHERE at < now() - interval '1 day'")
            await connection.execute(
                "DELETE FROM refusal WHERE at < now() - make_interval(days => %s)", [_REFUSAL_DAYS]
            )

    async def _retention(self) -> None:
        """Erase what is due. What must not be erased without a person's word is said in the log."""
        bounds = Bounds(retention_days=self._settings.retention_days, evidence_days=self._settings.evidence_days)
        await erasing.run(self._database, bounds)

    async def _reopened(self, share: Share) -> None:
        """A replayed message may lie below the floor: lower it."""
        async with self._database.cold() as connection:
            found = await oldest_reopened(connection)
        if found is not None and found < share.floor:
            share.floor = found

    async def _floor(self, share: Share) -> None:
        async with self._database.cold() as connection:
            share.floor = await oldest_open(connection)

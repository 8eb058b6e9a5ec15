"""The crosswalk of one process, up to date: a snapshot, and then every change by its number.

A change is told by a notice of the database, and found by a look each second where that fails or is lost; so another
process knows of it within a second at the latest, and this one before `catch_up` returns.
"""

from __future__ import annotations

import asyncio
import logging

from hilum.errors import DatabaseUnavailable, trail
from hilum.masterdata.crosswalk.memory import TOPIC, Change, Crosswalk
from hilum.postgres import Connection, Database
from hilum.waiting import listen

log = logging.getLogger("hilum.crosswalk")

_LOOK = 1.0  # seconds between two looks, whether notices come or not: so late may a change count
_AT_ONCE = 5_000  # changes read, or rows loaded, before others get a turn
_RELOAD = 200_000  # changes behind: from here on the snapshot is quicker


class LiveCrosswalk:
    """Answers from memory. Life: `load` → `run` until cancelled; `catch_up` at any time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._memory = Crosswalk()
        self._lock = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._memory)

    @property
    def seq(self) -> int:
        """The number of the last change that it knows."""
        return self._memory.seq

    def golden(self, object_: str, system: str, identifier: str) -> str:
        """See `Crosswalk.golden`."""
        return self._memory.golden(object_, system, identifier)

    def id(self, object_: str, system: str, identifier: str, to: str) -> str:
        """See `Crosswalk.id`."""
        return self._memory.id(object_, system, identifier, to)

    async def load(self) -> None:
        """Read all of it. Raises `DatabaseUnavailable`."""
        async with self._lock:
            await self._load()

    async def catch_up(self) -> bool:
        """Read what has changed since; says whether anything had. Raises `DatabaseUnavailable`."""
        async with self._lock:
            return await self._catch_up()

    async def run(self) -> None:
        """Keep it up to date until cancelled; a database that is away is waited for."""
        changed = asyncio.Event()

        def heard(about: str) -> None:
            changed.set()

        self._database.notices.tell(TOPIC, heard)
        try:
            while True:
                try:
                    await self.catch_up()
                except DatabaseUnavailable as error:
                    log.info("the crosswalk stays as it was: %s", error)
                except Exception as error:  # noqa: BLE001 - it must not stay out of date for ever
                    log.error("a defect in following the crosswalk; going on: %s", trail(error))
                await listen(changed, _LOOK)
        finally:
            self._database.notices.forget(TOPIC, heard)

    async def _load(self) -> None:
        fresh = Crosswalk()
        async with self._database.transaction() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            await connection.execute("SET LOCAL statement_timeout = 0")
            fresh.seq = await _latest(connection)
            await _read_identifiers(connection, fresh)
            cursor = await connection.execute("SELECT id, merged_into FROM golden WHERE merged_into IS NOT NULL")
            merged = await cursor.fetchall()
        for number, into in merged:
            fresh.join(number, into)
        self._memory = fresh

    async def _catch_up(self) -> bool:
        async with self._database.cold() as connection:
            latest = await _latest(connection)
            if latest == self.seq:
                return False
            # fewer than known: the database was restored, or a standby that lacked some took over
            if latest < self.seq or latest - self.seq > _RELOAD:
                await self._load()
                return True
            while changes := await _changes(connection, self.seq):
                for change in changes:
                    self._memory.apply(change)
                await asyncio.sleep(0)
        return True


async def _latest(connection: Connection) -> int:
    row = await (await connection.execute("SELECT max(seq) FROM crosswalk_change")).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


async def _changes(connection: Connection, after: int) -> list[Change]:
    cursor = await connection.execute(
        "SELECT seq, act, object, system, identifier, golden, other, alias FROM crosswalk_change WHERE seq > %s"
        " ORDER BY seq LIMIT %s",
        [after, _AT_ONCE],
    )
    return [
        Change(
            seq=row[0], act=row[1], object=row[2], system=row[3], identifier=row[4], golden=row[5], other=row[6],
            alias=row[7],
        )
        for row in await cursor.fetchall()
    ]  # fmt: skip


async def _read_identifiers(connection: Connection, fresh: Crosswalk) -> None:
    """A row a time by COPY: the whole table is never in memory twice."""
    names: dict[str, str] = {}  # objects and systems come a million times; each text is kept once
    select = "SELECT object, system, identifier, golden, alias FROM crosswalk ORDER BY linked"
    statement = f"COPY ({select}) TO STDOUT (FORMAT binary)"
    async with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        copy.set_types(["text", "text", "text", "int8", "bool"])
        count = 0
        async for object_, system, identifier, golden, alias in copy.rows():
            fresh.put(
                names.setdefault(object_, object_), names.setdefault(system, system), identifier, golden, alias=alias
            )
            count += 1
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)

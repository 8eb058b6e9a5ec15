"""The lookup tables of the database in the memory of one process, up to date: all of them, and then every change.

The hub looks twice a second, and before it says that a code is missing; so a change counts within a second everywhere,
and nothing is held for a code that is there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from hilum.flow import Lookup, LookupTable
from hilum.masterdata.lookups.reading import Kept, changed_codes, content, kept, latest
from hilum.postgres import Connection, Database


class LiveLookups:
    """Puts the tables into a `Lookup` and keeps them right. Life: `load`, then `catch_up` again and again."""

    def __init__(self, database: Database, lookup: Lookup) -> None:
        self._database = database
        self._lookup = lookup
        self._tables: dict[str, LookupTable] = {}
        self._lock = asyncio.Lock()
        self._seq = 0

    @property
    def seq(self) -> int:
        """The number of the last change that it knows."""
        return self._seq

    async def load(self) -> None:
        """Read all tables. Raises `DatabaseUnavailable`."""
        async with self._lock, self._database.transaction() as connection:
            await _snapshot(connection)
            self._seq = await latest(connection)
            await self._load(connection, {table.name: table for table in await kept(connection)})

    async def catch_up(self) -> bool:
        """Read what has changed since; says whether anything had. Raises `DatabaseUnavailable`."""
        async with self._lock:
            async with self._database.cold() as connection:
                newest = await latest(connection)
            if newest == self._seq:
                return False
            async with self._database.transaction() as connection:
                await _snapshot(connection)
                await self._follow(connection)
            return True

    async def _follow(self, connection: Connection) -> None:
        newest = await latest(connection)
        there = {table.name: table for table in await kept(connection)}
        if newest < self._seq:  # the database was restored, or a standby that lacked some took over
            await self._load(connection, there)
            self._seq = newest
            return
        changed = await changed_codes(connection, self._seq)
        new = {name for name in changed if name in there and self._is_new(there[name])}
        for name in changed.keys() - new:
            if name in there:
                found = await content(connection, name, codes=sorted(changed[name]))
                self._tables[name].change(changed[name], found.rows, time.time(), _state(there[name]))
        await self._load(connection, {name: there[name] for name in new}, gone=self._tables.keys() - there.keys())
        self._seq = newest

    def _is_new(self, kept: Kept) -> bool:
        return kept.name not in self._tables or self._tables[kept.name].columns != kept.columns

    async def _load(self, connection: Connection, tables: Mapping[str, Kept], gone: set[str] | None = None) -> None:
        for name in sorted(tables):
            table = LookupTable(name, "the database", self._lookup.today)
            table.fill(await content(connection, name), time.time(), _state(tables[name]))
            await asyncio.sleep(0)
            self._tables[name] = table
            self._lookup.keep(table)
        for name in sorted(self._tables.keys() - tables.keys() if gone is None else gone):
            self._tables.pop(name, None)
            self._lookup.give_back(name)


def _state(kept: Kept) -> str:
    return f"change {kept.change}"


async def _snapshot(connection: Connection) -> None:
    await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    await connection.execute("SET LOCAL statement_timeout = 0")

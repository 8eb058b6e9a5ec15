"""The agreed prices in the memory of one process, up to date: all of them, and then every change.

The hub looks twice a second, as for the lookup tables; so a price counts within a second everywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hilum.flow.prices import Ask, Expected
from hilum.masterdata.terms import store
from hilum.masterdata.terms.book import Book, PriceFact
from hilum.postgres import Connection, Database


class LiveTerms:
    """Answers from memory. Life: `load`, then `catch_up` again and again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._book = Book()
        self._lock = asyncio.Lock()
        self._seq = 0

    def __len__(self) -> int:
        return len(self._book)

    def price(self, ask: Ask) -> Expected:
        """See `Book.price`."""
        return self._book.price(ask)

    def sources(self, ask: Ask) -> Sequence[Expected]:
        """See `Book.sources`."""
        return self._book.sources(ask)

    async def load(self) -> None:
        """Read all of them. Raises `DatabaseUnavailable`."""
        async with self._lock, self._database.transaction() as connection:
            await _snapshot(connection)
            await self._load(connection)

    async def catch_up(self) -> bool:
        """Read what has changed since; says whether anything had. Raises `DatabaseUnavailable`."""
        async with self._lock:
            async with self._database.cold() as connection:
                newest = await store.latest(connection)
            if newest == self._seq:
                return False
            async with self._database.transaction() as connection:
                await _snapshot(connection)
                await self._follow(connection)
            return True

    async def _load(self, connection: Connection) -> None:
        self._seq = await store.latest(connection)
        self._book = await store.book(connection)

    async def _follow(self, connection: Connection) -> None:
        newest = await store.latest(connection)
        if newest < self._seq:  # the database was restored, or a standby that lacked some took over
            await self._load(connection)
            return
        contracts, pairs = await store.changed(connection, self._seq)
        heads = {head.number: head for head in await store.heads(connection, contracts)}
        facts = await store.facts(connection, pairs)
        for number in contracts:
            self._book.know(number, heads.get(number))
        said: dict[tuple[str, str], list[PriceFact]] = {pair: [] for pair in pairs}
        for fact in facts:
            said[fact.supplier, fact.item].append(fact)
        for (supplier, item), own in said.items():
            self._book.put(supplier, item, own)
        self._seq = newest


async def _snapshot(connection: Connection) -> None:
    await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    await connection.execute("SET LOCAL statement_timeout = 0")

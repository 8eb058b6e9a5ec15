"""Two pools over one database, and the connections that come from them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from hilum.embedded import EmbeddedServer
from hilum.ending import cancel_all
from hilum.errors import DatabaseUnavailable, SettingsError
from hilum.postgres.connecting import COLD, HOT, MINIMUM_VERSION, SCHEMA, connecting
from hilum.postgres.faults import translated
from hilum.postgres.notices import Notices
from hilum.settings import Settings

_GIVE_UP: Final = 1.0
"""Seconds after which a pool stops trying to connect for one slot, and begins anew. The waits in between double: with
more it would find a database that is there again, or the new primary, late."""

_PATIENCE: Final = 5.0
"""Seconds to wait for a connection. Senders are told within this time that nothing can be taken now."""


class Connection(AsyncConnection[TupleRow]):
    """A connection of one of the pools of a `Database`, which it knows."""

    database: Database | None = None
    unconfirmed = False  # its last commit is not on the standby


class _Pool(AsyncConnectionPool[Connection]):
    """A pool whose checks find connections to a server that is no primary any more."""

    @staticmethod
    async def check_connection(conn: Connection) -> None:
        """Raises where nothing can be written on this connection; it is closed then, and another one is made."""
        row = await (await conn.execute("SHOW transaction_read_only")).fetchone()
        if row != ("off",):
            await conn.close()
            raise psycopg.OperationalError("the server is read only")


def _notice(connection: Connection, notice: errors.Diagnostic) -> None:
    """PostgreSQL gave up waiting for its synchronous standby: it says that it committed, and only warns."""
    if notice.source_function == "SyncRepWaitForLSN":
        connection.unconfirmed = True


async def _again(pool: AsyncConnectionPool[Any]) -> None:
    """A pool gave up on a slot: whoever waits for a connection would wait until somebody else asks for one.

    Raises `CancelledError` where its event loop ends: the pool takes that for a failure to connect, and would go on.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    if not pool.closed:
        await pool.check()


class Database:
    """Two small pools over one database: `hot` for the message path, `cold` for people's questions.

    The URL may name several servers, with commas; the one that can be written to is used, and found again after a
    failover.
    """

    def __init__(self, url: str, *, hot: int = 8, cold: int = 8, embedded: EmbeddedServer | None = None) -> None:
        self.url = url
        self.embedded = embedded
        self.keyring: object | None = None  # see `hilum.journal.keyring`; None: bodies are stored as they are
        self._sizes = {"hot": hot, "cold": cold}
        self._weeding: asyncio.Task[None] | None = None
        self.notices = Notices(self.aside, self.cold)
        self._make_pools()

    def _make_pools(self) -> None:
        self._hot = self._pool(HOT, self._sizes["hot"], prepare=0)
        self._cold = self._pool(COLD, self._sizes["cold"], prepare=5)

    def _pool(self, settings: str, size: int, *, prepare: int) -> _Pool:
        async def configure(connection: Connection) -> None:
            connection.database = self
            await connection.execute(settings, prepare=False)
            connection.prepare_threshold = prepare
            connection.add_notice_handler(lambda notice: _notice(connection, notice))

        return _Pool(
            self.url,
            connection_class=Connection,
            min_size=1,
            max_size=size,
            open=False,
            kwargs=connecting(self.url),
            configure=configure,
            reconnect_timeout=_GIVE_UP,
            reconnect_failed=_again,
            max_idle=120,
        )

    async def open(self) -> None:
        """Connect. Raises `DatabaseUnavailable`, or `SettingsError` for a wrong URL or a server that is too old.

        May be called again after an error.
        """
        try:
            with translated():
                connection = await Connection.connect(self.url, **connecting(self.url))
        except psycopg.ProgrammingError:  # its text quotes the URL, and with it the password
            raise SettingsError("The database URL cannot be read. Write postgresql://user:password@host/name") from None
        async with connection:
            await _look(connection)
        try:
            with translated():
                await self._hot.open(wait=True, timeout=15)
                await self._cold.open(wait=True, timeout=15)
        except DatabaseUnavailable:
            await self.close()
            self._make_pools()  # a pool that was closed cannot be opened again
            raise

    async def close(self) -> None:
        """Close both pools. The embedded server is stopped by who started it."""
        await self.notices.close()
        if self._weeding is not None:
            await cancel_all([self._weeding])
        await self._hot.close(timeout=5)
        await self._cold.close(timeout=5)

    def pool_stats(self) -> dict[str, dict[str, int]]:
        """What each pool has to tell of itself, by its name: the numbers of psycopg_pool."""
        return {"hot": self._hot.get_stats(), "cold": self._cold.get_stats()}

    async def revive(self) -> None:
        """The database did not answer: if it is our own and it has died, start it again.

        Connections that are dead, or lead to a server that is no primary any more, are weeded out meanwhile. Raises
        `DatabaseUnavailable`.
        """
        if self._weeding is None or self._weeding.done():
            self._weeding = asyncio.create_task(self._weed())
        if self.embedded is not None:
            await asyncio.to_thread(self.embedded.start)

    async def _weed(self) -> None:
        await asyncio.gather(self._hot.check(), self._cold.check(), return_exceptions=True)

    @asynccontextmanager
    async def _connection(self, pool: _Pool) -> AsyncIterator[Connection]:
        with translated():
            async with pool.connection(timeout=_PATIENCE) as connection:
                try:
                    yield connection
                except errors.ReadOnlySqlTransaction:
                    await connection.close()  # the pool makes another one, which finds the primary
                    raise
            if connection.unconfirmed:
                connection.unconfirmed = False
                raise DatabaseUnavailable("The database did not wait until its standby had confirmed what it wrote.")

    @asynccontextmanager
    async def hot(self) -> AsyncIterator[Connection]:
        """A connection for the message path, in autocommit. Raises `DatabaseUnavailable`."""
        async with self._connection(self._hot) as connection:
            yield connection

    @asynccontextmanager
    async def cold(self) -> AsyncIterator[Connection]:
        """A connection for reading and for what people do, in autocommit. Raises `DatabaseUnavailable`."""
        async with self._connection(self._cold) as connection:
            yield connection

    @asynccontextmanager
    async def aside(self) -> AsyncIterator[Connection]:
        """A connection of its own, in autocommit: for what must be durable before another transaction is.

        It comes from no pool, so that who holds a connection already cannot wait for itself. Raises
        `DatabaseUnavailable`.
        """
        with translated():
            connection = await Connection.connect(self.url, **connecting(self.url))
            async with connection:
                connection.database = self
                await connection.execute(COLD, prepare=False)
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A transaction for what people do and for the rare paths of the runtime. Raises `DatabaseUnavailable`."""
        async with self._connection(self._cold) as connection, connection.transaction():
            yield connection


async def _look(connection: Connection) -> None:
    """Is it a database that a hub can use? Raises `DatabaseUnavailable`, `SettingsError`."""
    version = connection.info.server_version
    if version < MINIMUM_VERSION:
        raise SettingsError(f"PostgreSQL {version // 10000} is too old: Hilum needs version 15 or newer.")
    try:
        with translated(), suppress(errors.UniqueViolation):  # another hub made it at the same moment
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    except errors.InsufficientPrivilege:
        raise SettingsError(
            f"The database's user may not make the schema {SCHEMA}: let it own the database, or make the schema for it."
        ) from None


def database_for(settings: Settings) -> Database:
    """The database that the settings name; starts the embedded server where they name none. Blocks.

    Raises `DatabaseUnavailable`.
    """
    url = settings.hub.database_url.get_secret_value()
    if url:
        return Database(url)
    embedded = EmbeddedServer(settings.data_dir)
    return Database(embedded.start(), embedded=embedded)

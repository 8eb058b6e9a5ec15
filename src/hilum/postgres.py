"""The one way to PostgreSQL: the pools, transactions, error translation, and migrations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from hilum.embedded import EmbeddedServer as EmbeddedServer
from hilum.errors import DatabaseUnavailable, SettingsError
from hilum.settings import Settings


class Connection(AsyncConnection[TupleRow]):
    """A connection of one of the pools of a `Database`, which it knows."""

    database: Database | None = None
    unconfirmed = False  # its last commit is not on the standby


SCHEMA = "hilum"
"""Everything that Hilum owns is in this schema, so that it can share a database."""

MINIMUM_VERSION = 150000
"""PostgreSQL 15, as `server_version_num` says it."""

_MIGRATION_LOCK = 0x48494C554D  # "HILUM"; any number will do as long as all hubs use the same

# The hot statements touch a few hundred rows of tables whose statistics are always behind: a plan that scans them whole
# because they looked small this morning would be a disaster, so such plans are excluded: every table is reached by an
# index, in the order of that index. Hash joins stay, for the few hundred rows that a statement brings with it.
_HOT_SETTINGS = (
    "SET search_path = hilum; SET jit = off; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; "
    "SET enable_bitmapscan = off; SET enable_mergejoin = off; SET synchronous_commit = on; "
    "SET statement_timeout = '60s'"
)
_COLD_SETTINGS = "SET search_path = hilum; SET jit = off; SET statement_timeout = '60s'"

_GIVE_UP = 1.0
"""Seconds after which a pool stops trying to connect for one slot, and begins anew. The waits in between double: with
more it would find a database that is there again, or the new primary, late."""

_PATIENCE = 5.0
"""Seconds to wait for a connection. Senders are told within this time that nothing can be taken now."""

_KEEPALIVE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A connection that died without a word is noticed within half a minute (seconds; the last in ms). TCP only."""

log = logging.getLogger("hilum.postgres")


@contextmanager
def translated() -> Iterator[None]:
    """Turn what psycopg raises when the database is away, full or read only into `DatabaseUnavailable`.

    Errors of our own making (syntax, constraints) stay what they are: they are defects and must be seen.
    """
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed) as error:
        raise DatabaseUnavailable(_words(error)) from error
    except (errors.ReadOnlySqlTransaction, errors.IoError, errors.InternalError_) as error:
        raise DatabaseUnavailable(_words(error)) from error


_READ_ONLY = (
    "The database is read only: it is a standby, or was made read only. Name the primary, or all servers with "
    "target_session_attrs=read-write."
)


def _words(error: Exception) -> str:
    """One line that says what the database said, without the statement or its values."""
    if isinstance(error, errors.DiskFull):
        return "The database's disk is full."
    if isinstance(error, errors.ReadOnlySqlTransaction) or "session is read-only" in str(error):
        return _READ_ONLY
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return f"The database is not available: {primary or first_line}"


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

    def __init__(self, url: str, *, hot: int = 8, cold: int = 4, embedded: EmbeddedServer | None = None) -> None:
        self.url = url
        self.embedded = embedded
        self.keyring: object | None = None  # see `hilum.journal.keyring`; None: bodies are stored as they are
        self._sizes = {"hot": hot, "cold": cold}
        self._weeding: asyncio.Task[None] | None = None
        self._make_pools()

    def _make_pools(self) -> None:
        self._hot = self._pool(_HOT_SETTINGS, self._sizes["hot"], prepare=0)
        self._cold = self._pool(_COLD_SETTINGS, self._sizes["cold"], prepare=5)

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
            kwargs=_connecting(self.url),
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
                connection = await Connection.connect(self.url, **_connecting(self.url))
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
        if self._weeding is not None:
            self._weeding.cancel()
            await asyncio.gather(self._weeding, return_exceptions=True)
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
            connection = await Connection.connect(self.url, **_connecting(self.url))
            async with connection:
                connection.database = self
                await connection.execute(_COLD_SETTINGS, prepare=False)
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


def _connecting(url: str) -> dict[str, Any]:
    """How connections are made; what the URL says itself stays. An URL that cannot be read is told when it is used."""
    wanted: dict[str, Any] = {"connect_timeout": 5, **_KEEPALIVE}
    try:
        said = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        said = {}
    if "," in str(said.get("host") or said.get("hostaddr") or ""):
        wanted["target_session_attrs"] = "read-write"
    return {"autocommit": True, **{name: value for name, value in wanted.items() if name not in said}}


def database_for(settings: Settings) -> Database:
    """The database that the settings name; starts the embedded server where they name none. Blocks.

    Raises `DatabaseUnavailable`.
    """
    url = settings.hub.database_url.get_secret_value()
    if url:
        return Database(url)
    embedded = EmbeddedServer(settings.data_dir)
    return Database(embedded.start(), embedded=embedded)


async def migrate(database: Database, components: list[tuple[str, Path]]) -> list[str]:
    """Apply the numbered SQL files of each component that are not applied yet; names those that were.

    One hub migrates at a time (advisory lock); each file is one transaction. Raises `DatabaseUnavailable`.
    """
    applied: list[str] = []
    async with database.cold() as connection:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        try:
            await connection.execute(
                "CREATE TABLE IF NOT EXISTS migration ("
                " component text, number int, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),"
                " PRIMARY KEY (component, number))"
            )
            for component, folder in components:
                applied += await _migrate_component(connection, component, folder)
        finally:
            await connection.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
            await connection.execute(_COLD_SETTINGS, prepare=False)
    return applied


async def _migrate_component(connection: Connection, component: str, folder: Path) -> list[str]:
    rows = await (await connection.execute("SELECT number FROM migration WHERE component = %s", [component])).fetchall()
    there = {row[0] for row in rows}
    applied = []
    for number, name, sql in _migration_files(folder):
        if number in there:
            continue
        async with connection.transaction():
            await connection.execute(sql.encode(), prepare=False)
            await connection.execute(
                "INSERT INTO migration (component, number, name) VALUES (%s, %s, %s)", [component, number, name]
            )
        applied.append(f"{component}/{name}")
    return applied


def _migration_files(folder: Path) -> list[tuple[int, str, str]]:
    """Number, name and text of each migration, in order."""
    return [
        (int(path.name.split("_")[0]), path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("[0-9]*.sql"))
    ]

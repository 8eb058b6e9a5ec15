"""PostgreSQL for tests: one server for each session and xdist worker, and a fresh, migrated database for each test."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg

from hilum.postgres import Database, EmbeddedServer
from hilum.processes.engine import migrate
from hilum.runtime import prepare

LANES = 64
"""The number of lanes of the databases that `postgres_url` gives: the default of `[hub] lanes`."""

SERVER = "HILUM_TEST_DATABASE_URL"
"""Environment variable that names a server to use instead of an embedded one; its user may create databases."""


_MEMORY = Path("/dev/shm")
_MEMORY_WANTED = 4 * 1024**3
"""Bytes that must be free there: a container often has 64 MB."""


def _where() -> Path | None:
    """A folder in memory, where a database is made ten times as fast as on a disk; None: where temporary files go."""
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _MEMORY_WANTED:
        return _MEMORY
    return None


def with_database(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


@contextmanager
def embedded_url() -> Iterator[str]:
    """An embedded server in a folder of its own, in memory where there is enough of it.

    Without fsync: these tests end processes, never the machine, and what a process has written survives its end.
    """
    folder = Path(tempfile.mkdtemp(prefix="hilum-test-", dir=_where()))
    server = EmbeddedServer(folder)
    try:
        url = server.start()
        with psycopg.connect(url, autocommit=True) as admin:
            for setting in ("fsync = off", "full_page_writes = off", "max_connections = 200", "log_checkpoints = off"):
                admin.execute(f"ALTER SYSTEM SET {setting}".encode())
            admin.execute("SELECT pg_reload_conf()")
        yield url
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Databases:
    """Makes databases on one server: a template is migrated once, and each database is a copy of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._template = f"hilum_template_{uuid4().hex[:12]}"
        self._prepared = False

    @contextmanager
    def empty(self) -> Iterator[str]:
        """A database with nothing in it."""
        with self._created("") as url:
            yield url

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """A database with all tables, partitions and lanes, those of processes too."""
        if not self._prepared:
            self._prepare()
        with self._created(f"TEMPLATE {self._template} STRATEGY FILE_COPY") as url:
            yield url

    def close(self) -> None:
        """Remove the template."""
        if self._prepared:
            self._admin(f"DROP DATABASE {self._template} WITH (FORCE)")

    def _prepare(self) -> None:
        self._admin(f"DROP DATABASE IF EXISTS {self._template} WITH (FORCE)")
        self._admin(f"CREATE DATABASE {self._template}")
        # in a thread, because the loop of a test may be set up already
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(_prepared(with_database(self.url, self._template)))).result()
        self._prepared = True

    @contextmanager
    def _created(self, how: str) -> Iterator[str]:
        name = f"hilum_{uuid4().hex[:12]}"
        self._admin(f"CREATE DATABASE {name} {how}")
        try:
            yield with_database(self.url, name)
        finally:
            self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _admin(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())


async def _prepared(url: str) -> None:
    database = Database(url, hot=1, cold=1)
    await database.open()
    try:
        await prepare(database, lanes=LANES)
        await migrate(database)
    finally:
        await database.close()


@contextmanager
def databases() -> Iterator[Databases]:
    """The databases of this session, on the server that the environment names, or on an embedded one."""
    given = os.environ.get(SERVER, "")
    if given:
        made = Databases(given)
        yield made
        made.close()
        return
    with embedded_url() as url:
        yield Databases(url)

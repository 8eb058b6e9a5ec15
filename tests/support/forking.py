"""Programs of `hilum` in processes of their own, forked from one that has loaded it (`fork_server`).

How a fresh process starts is proven where nothing else is: `test_cli_processes`, `test_scaffold_cli`, `test_demo`.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

SERVER = Path(__file__).with_name("fork_server.py")
HUB = (
    "uvloop",
    "hilum.cli.serve",
    "hilum.connectors.files",
    "hilum.connectors.http",
    "hilum.connectors.mllp",
    "hilum.connectors.nats",
    "hilum.connectors.odoo",
    "hilum.packs.clinical",
    "hilum.packs.finance",
    "hilum.packs.procurement",
    "hilum.processes.engine",
)
"""What the hubs of tests use."""
CONSOLE = ("hilum.console", "hilum.flow", "hilum.connectors.files", "hilum.connectors.http", "hilum.connectors.mllp")
"""What the consoles of tests use."""


class Forked:
    """A process; as far as it goes, what `asyncio.create_subprocess_exec` gives."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader, ending: asyncio.Task[int]) -> None:
        self.pid = pid
        self.stdout = stdout
        self._ending = ending

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; none: it has not ended."""
        return self._ending.result() if self._ending.done() else None

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: signal.Signals) -> None:
        """To the process, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    async def wait(self) -> int:
        """Until it has ended; returns the exit code."""
        return await asyncio.shield(self._ending)


@cache
def _address(loaded: tuple[str, ...]) -> str:
    """Where the server with these modules listens; it loads them while its first caller waits."""
    folder = tempfile.mkdtemp(prefix="hilum-forks-")
    path = f"{folder}/socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        around = {name: value for name, value in os.environ.items() if not name.startswith(("HILUM_", "PG"))}
        server = subprocess.Popen(
            [sys.executable, str(SERVER), str(listener.fileno()), *loaded],
            stdin=subprocess.PIPE, pass_fds=[listener.fileno()], env=around,
        )  # fmt: skip

    def end() -> None:
        assert server.stdin is not None
        server.stdin.close()
        server.wait()
        Path(path).unlink()
        Path(folder).rmdir()

    atexit.register(end)
    return path


async def forked(
    program: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    loaded: tuple[str, ...] = HUB,
    complains: bool = True,
    warnings: Sequence[str] = (),
) -> Forked:
    """A module or a Python file with these arguments.

    `complains`: its standard error is in `stdout` too, else it is that of the tests. `warnings`: as for `python -W`.
    """
    loop = asyncio.get_running_loop()
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(_address(loaded))
    reading, writing = os.pipe()
    asked = {"program": program, "arguments": [*arguments], "environment": {**environment}, "warnings": [*warnings]}
    body = json.dumps(asked | {"outputs": [1, 2] if complains else [1]}).encode()
    socket.send_fds(connection, [struct.pack("!I", len(body))], [writing])
    os.close(writing)
    connection.sendall(body)
    answers, writer = await asyncio.open_unix_connection(sock=connection)
    pid = int(await answers.readline())
    stdout = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(reading, "rb", 0))

    async def ending() -> int:
        code = int(await answers.readline())
        writer.close()
        await writer.wait_closed()
        return code

    return Forked(pid, stdout, asyncio.create_task(ending()))

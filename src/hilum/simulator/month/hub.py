"""The hub of a month, in a process of its own, as `hilum serve` runs it: started, killed, started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from hilum.errors import Down

_PATIENCE = 120.0  # seconds for a start
_STOPS = 60.0  # seconds that it has to stop in good order


class HubProcess:
    """One hub; what it says is in `hub.log` of its project."""

    def __init__(self, project: Path, environment: Mapping[str, str]) -> None:
        self.project = project
        self.kills = 0
        self._environment = {**os.environ, **environment}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it, and wait until it says that it is up. Raises `Down` where it ends instead."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hilum", "serve", "--project", str(self.project), "--roles", "listener,worker",
            "--log-text", "--log-level", "WARNING", env=self._environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        up = asyncio.Event()
        self._reading = asyncio.create_task(self._read(self._process, up))
        waiting = asyncio.create_task(up.wait())
        async with asyncio.timeout(_PATIENCE):
            await asyncio.wait([waiting, self._reading], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not up.is_set():
            raise Down(f"The hub of the month did not start: see {self.project / 'hub.log'}.")

    async def kill(self) -> None:
        """`kill -9`: nothing is finished, nothing is said."""
        self.kills += 1
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """As an operator stops it; one that does not stop, or for which nobody waits any more, is killed."""
        try:
            async with asyncio.timeout(_STOPS):
                await self._end(signal.SIGTERM)
        except TimeoutError:
            await self._end(signal.SIGKILL)
        except asyncio.CancelledError:
            await self._end(signal.SIGKILL)
            raise

    @property
    def ended(self) -> bool:
        """Has it ended, by itself or not?"""
        return self._process is None or self._process.returncode is not None

    async def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)
            await self._process.wait()
        if self._reading is not None:
            await self._reading

    async def _read(self, process: asyncio.subprocess.Process, up: asyncio.Event) -> None:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        with (self.project / "hub.log").open("ab", buffering=0) as log:
            async for line in process.stdout:
                log.write(line)
                if b"hub is up" in line:
                    up.set()
        await process.wait()

"""A hub in a process of its own, as `hilum serve` runs it: started, killed, started again."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from pathlib import Path

from hilum.testing.waiting import PATIENCE
from support.forking import Forked, forked
from support.projects import MASTER_KEY

START_PATIENCE = PATIENCE
"""Seconds after which a hub that is not up will not come up any more. Only a failing test waits so long."""


class HubProcess:
    """One hub. `port` is the port of its MLLP listener, which changes with each start."""

    def __init__(
        self, project: Path, database_url: str = "", *, roles: str = "listener,worker", **environment: str
    ) -> None:
        self.project = project
        self.roles = roles
        self.port = 0
        self.starts = 0
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("HILUM_")}
        if database_url:
            self._environment["HILUM_DATABASE_URL"] = database_url
            self._environment["HILUM_MASTER_KEY"] = MASTER_KEY
        self.environment = environment  # what its project asks for; may be changed between two starts
        self._process: Forked | None = None
        self._reading: asyncio.Task[None] | None = None
        self.output: list[str] = []

    async def start(self) -> None:
        """Start it and wait until it says that it is up."""
        arguments = ("serve", "--project", str(self.project), "--roles", self.roles, "--log-text")
        self._process = await forked("hilum", arguments, {**self._environment, **self.environment})
        self.starts += 1
        up = asyncio.Event()
        self._reading = asyncio.create_task(self._read(self._process, up))
        waiting = asyncio.create_task(up.wait())
        try:
            async with asyncio.timeout(START_PATIENCE):
                await asyncio.wait([waiting, self._reading], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        assert up.is_set(), "the hub did not start:\n" + "\n".join(self.output[-40:])

    async def kill(self) -> None:
        """`kill -9`: nothing is finished, nothing is said."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return await self._end(signal.SIGTERM)

    def pause(self) -> None:
        """SIGSTOP: it stands still in the middle of whatever it does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: it goes on where it stood."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    @property
    def everything(self) -> dict[str, str]:
        """Its whole environment, for commands beside it."""
        return {**self._environment, **self.environment}

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None
        return self._process.pid

    async def ended(self) -> int:
        """Wait until it ends by itself; returns the exit code."""
        assert self._process is not None
        assert self._reading is not None
        async with asyncio.timeout(START_PATIENCE):
            await self._process.wait()
            await self._reading
        self.port = 0
        return int(self._process.returncode or 0)

    @property
    def running(self) -> bool:
        """Has it been started and not ended?"""
        return self._process is not None and self._process.returncode is None

    async def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        assert self._reading is not None
        self.port = 0
        if self._process.returncode is None:
            self._process.send_signal(number)
        async with asyncio.timeout(START_PATIENCE):
            code = await self._process.wait()
            await self._reading
        return code

    async def _read(self, process: asyncio.subprocess.Process, up: asyncio.Event) -> None:
        while line := (await process.stdout.readline()).decode(errors="replace").rstrip():
            self.output.append(line)
            if found := re.search(r"mllp://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
            if line.endswith("hub is up"):
                up.set()


FLOW = """
from hilum.connectors import http, mllp
from hilum.flow import Criticality, DataClass, Flow, Owners, Slo
from hilum.formats import hl7v2 as hl7

updates = Flow(
    "test.updates", version="1.0", summary="A test sends updates of invented patients",
    owners=Owners(business="Admissions", technical="Integration"), data_class=DataClass.PHI,
    criticality=Criticality.VITAL, slo=Slo(percent=99, within="30s"), retention="P1Y",
    source=mllp.Listener(host="127.0.0.1", port=0, accepts=["ADT^A08"]),
    order_by=hl7.field("PID-3.1"), dedup_by=lambda msg: msg.control_id,
)


@updates.translate
def update(msg, hub):
    key, _, number = msg.control_id.rpartition("-")
    return {"id": msg.control_id, "key": msg["PID-3.1"], "n": int(number)}


updates.deliver_to(http.post("http.receiver"))
"""


def write_project(folder: Path, receiver_url: str, more: str = "") -> Path:
    """A project that takes ADT^A08 over MLLP and posts each to the receiver."""
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "updates.py").write_text(FLOW, encoding="utf-8")
    (folder / "hilum.toml").write_text(
        "[worker]\nlease_seconds = 2.0\n"
        f'[endpoints.http.receiver]\nurl = "{receiver_url}"\ndeduplicates = true\nanswer_timeout = 5\n{more}',
        encoding="utf-8",
    )
    return folder

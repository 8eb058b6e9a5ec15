"""What the benchmarks of the message path share: a hub in a process of its own, a load over MLLP, an HTTP receiver."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import psutil

from hilum.embedded import EmbeddedServer
from hilum.postgres import Database
from hilum.runtime import prepare

EXAMPLE = Path(__file__).parent.parent / "examples" / "mllp-to-http"
HILUM = [sys.executable, "-m", "hilum"]
_TAIL = "".join(f"OBX|{n}|NM|CODE-{n}^Observation number {n}^L||{n}.5|mg/dL|0-10|N|||F\r" for n in range(1, 14))


def message(control_id: str, patient: str) -> bytes:
    """An HL7 v2 message of about 1 KB."""
    return (
        f"MSH|^~\\&|REG|HILLSIDE|HUB|HILUM|20260304101112||ADT^A01|{control_id}|P|2.5.1\r"
        f"EVN|A01|20260304101112\r"
        f"PID|1||{patient}^^^HILLSIDE^MR||Okafor^Lena||19840229|F|||12 Quarry Lane^^Northfield||||||||ACC-{patient}\r"
        f"PV1|1|I|OR2^T1^1|||||||SUR|||||||||V-{patient}\r{_TAIL}"
    ).encode()


def free_port() -> int:
    """A port that nobody has, and that no outgoing connection will get meanwhile (those are above 32768 on Linux)."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


@dataclass
class RunningHub:
    process: subprocess.Popen[str]
    mllp_port: int
    folder: Path
    environment: dict[str, str]

    def status(self) -> dict[str, Any]:
        done = subprocess.run(
            [*HILUM, "status", "--json", "-p", str(self.folder)],
            capture_output=True,
            text=True,
            check=True,
            env=self.environment,
        )
        return json.loads(done.stdout)

    def resident_mb(self) -> float:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def server(self) -> EmbeddedServer:
        """The embedded PostgreSQL that it has started; joining it gives the URL."""
        return EmbeddedServer(self.folder / ".hilum")

    def postgres(self) -> psutil.Process:
        """The first process of that server."""
        return psutil.Process(int((self.folder / ".hilum" / "postgres" / "postmaster.pid").read_text().split()[0]))

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """`kill -9`."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()


def start_hub(
    folder: Path, environment: dict[str, str], *arguments: str, program: Sequence[str] = HILUM
) -> subprocess.Popen[str]:
    log = folder.with_suffix(".log")  # beside it; goes with it
    with log.open("a") as errors:
        process = subprocess.Popen(
            [*program, "serve", "-p", str(folder), "--log-level", "WARNING", *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
    assert process.stdout is not None
    for line in process.stdout:
        if "hub is up" in line:
            return process
    raise RuntimeError(f"the hub did not start: {log.read_text()[-500:]}")


@contextmanager
def hub(
    *arguments: str,
    http_url: str = "http://127.0.0.1:1/",
    project: Path = EXAMPLE,
    program: Sequence[str] = HILUM,
    more: str = "",
    **environment: str,
) -> Iterator[RunningHub]:
    """`hilum serve` of the comparison example or another project, with a PostgreSQL of its own, fsync as by default.

    `program`: what is run in place of `hilum`; `more`: lines added to hilum.toml.
    """
    with tempfile.TemporaryDirectory(prefix="hilum-bench-") as name:
        folder = Path(name) / "hub"
        shutil.copytree(project, folder)
        with (folder / "hilum.toml").open("a") as settings:
            settings.write(more)
        port = free_port()
        around = {**os.environ, "MLLP_PORT": str(port), "HTTP_URL": http_url, **environment}
        process = start_hub(folder, around, *(arguments or ("--roles", "listener,worker")), program=program)
        running = RunningHub(process, port, folder, around)
        try:
            yield running
        finally:
            running.stop()


@dataclass
class Load:
    """What a load came to."""

    messages: int
    seconds: float
    latencies: list[float]  # seconds from sending to the acknowledgement

    @property
    def rate(self) -> float:
        return self.messages / self.seconds

    def percentile(self, percent: float) -> float:
        """Milliseconds."""
        return statistics.quantiles(self.latencies, n=1000)[int(percent * 10) - 1] * 1000


async def send(
    port: int,
    *,
    messages: int,
    connections: int,
    patients: int = 2000,
    prefix: str = "",
    make: Callable[[str, str], bytes] = message,
) -> Load:
    """Each connection sends one message, waits for its AA, sends the next."""
    latencies: list[float] = []
    share = messages // connections
    run = prefix or f"{time.time_ns():x}"

    async def line(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for n in range(share):
            body = make(f"{run}-{number}-{n}", f"P{(number * share + n) % patients}")
            started = time.perf_counter()
            writer.write(b"\x0b" + body + b"\x1c\r")
            answer = await reader.readuntil(b"\x1c\r")
            latencies.append(time.perf_counter() - started)
            if b"MSA|AA" not in answer and b"MSA|CA" not in answer:
                raise RuntimeError(f"not accepted: {answer!r}")
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(line(number) for number in range(connections)))
    return Load(share * connections, time.perf_counter() - began, latencies)


class Receiver(asyncio.Protocol):
    """The least that an HTTP/1.1 receiver can be: reads a request, counts it, answers 200."""

    count = 0
    keys: ClassVar[set[bytes]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            Receiver.count += 1
            key = head.find(b"idempotency-key:")
            if key >= 0:
                Receiver.keys.add(head[key + 16 :].split(b"\r\n", 1)[0].strip())
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")  # type: ignore[attr-defined]


def run_async(work: Any) -> Any:
    import uvloop

    return uvloop.run(work)


@asynccontextmanager
async def database_in(folder: Path) -> AsyncIterator[Database]:
    """An open database of a server of its own, with the tables of a hub."""
    server = EmbeddedServer(folder)
    database = Database(await asyncio.to_thread(server.start))
    try:
        await database.open()
        await prepare(database, lanes=8)
        yield database
    finally:
        await database.close()
        await asyncio.to_thread(server.stop)

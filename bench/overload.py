"""Ten times what the destination can take: what the hub does with it, and what it holds in memory meanwhile.

The receiver answers so many requests a second; the senders offer ten times as many and repeat what is answered busy.
The mark of pending messages is set low, so that it is reached within the run. Then the receiver takes everything at
once: when are senders welcome again, and has everything that was acknowledged arrived once, in order?

    HILUM_BENCH_OVERLOAD  minutes of overload, 5
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bench.far_side import Receiver, SteadySenders
from bench.rig import RunningHub, hub, run_async
from bench.soak import QUIET, SETTINGS, arrive

MINUTES = float(os.environ.get("HILUM_BENCH_OVERLOAD", "5"))
TAKES = 150.0  # requests a second that the receiver answers
OFFERED = 10 * TAKES
PENDING = 20_000  # the mark past which intake is shut
CALM = 2.0  # seconds without a busy answer: senders are welcome again


@dataclass
class Overloaded:
    """What a run came to."""

    idle_mb: float = 0.0
    memory: list[tuple[float, float]] = field(default_factory=list)  # seconds, resident MB
    acknowledged: int = 0  # during the overload
    busy: int = 0  # answers that asked to come again
    recovered: float = 0.0  # seconds from the receiver's recovery until senders are welcome again
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0

    @property
    def most_mb(self) -> float:
        """The most resident memory of the hub."""
        return max((mb for _, mb in self.memory), default=0.0)


async def overload(minutes: float = MINUTES, *, takes: float = TAKES, pending: int = PENDING) -> Overloaded:
    """Run for so long, then let the receiver recover."""
    result, receiver = Overloaded(), Receiver()
    await receiver.start()
    settings = f"{SETTINGS}\n[intake]\nmax_pending_messages = {pending}\n"
    context = hub(*QUIET, http_url=receiver.url, more=settings)
    running = await asyncio.to_thread(context.__enter__)
    senders = SteadySenders(lambda: running.mllp_port, 10 * takes, connections=100)
    following = asyncio.create_task(_follow(running, result))
    try:
        result.idle_mb = running.resident_mb()
        receiver.rate = takes
        senders.start()
        await asyncio.sleep(minutes * 60)
        result.acknowledged, result.busy = senders.total, senders.refused
        receiver.rate = 0.0
        result.recovered = await _welcome(senders)
        await senders.stop()
        await arrive(senders, receiver)
    finally:
        following.cancel()
        await senders.cancel()
        await asyncio.to_thread(context.__exit__, None, None, None)
        await receiver.stop()
    result.lost = receiver.checks.lost(dict(senders.acknowledged))
    result.doubled, result.out_of_order = receiver.checks.doubled, receiver.checks.out_of_order
    return result


async def _follow(running: RunningHub, result: Overloaded) -> None:
    began = time.monotonic()
    while True:
        with suppress(FileNotFoundError, ProcessLookupError, IndexError):
            result.memory.append((time.monotonic() - began, running.resident_mb()))
        await asyncio.sleep(0.5)


async def _welcome(senders: SteadySenders, patience: float = 300.0) -> float:
    """Seconds until nobody is asked to come again; less what must pass without it to be sure."""
    began = quiet_since = time.monotonic()
    busy = senders.refused
    while time.monotonic() - quiet_since < CALM and time.monotonic() - began < patience:
        await asyncio.sleep(0.05)
        if senders.refused != busy:
            busy, quiet_since = senders.refused, time.monotonic()
    return quiet_since - began


def run() -> list[dict[str, Any]]:
    found = run_async(overload())
    about = f"overload, {OFFERED:.0f} offered and {TAKES:.0f} taken a second, {MINUTES:g} min"
    return [
        {
            "name": f"{about}: most resident memory",
            "median": found.most_mb,
            "unit": "MB",
            "peer": found.idle_mb,
            "peer_name": "idle",
            "ratio": found.most_mb / found.idle_mb,
            "target": "bounded",
            "samples": found.memory[:: max(len(found.memory) // 120, 1)],
        },
        {"name": "overload: acknowledged", "median": found.acknowledged, "unit": "messages", "target": ""},
        {"name": "overload: answered busy", "median": found.busy, "unit": "answers", "target": "more than 0"},
        {"name": "overload: welcome again after", "median": found.recovered, "unit": "s", "target": ""},
        {
            "name": "overload: lost + doubled + out of order",
            "median": found.lost + found.doubled + found.out_of_order,
            "unit": "messages",
            "target": "0",
        },
    ]


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

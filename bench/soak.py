"""A long run at half the peak rate, with faults from time to time: what is lost, doubled or out of order; memory.

Faults come in random order, over and over: `kill -9` of the hub, of the database, the receiver is down, the receiver is
slow, garbage on the listener. In the last third the hub is not killed any more, so that its memory can be followed.

    HILUM_SOAK_MINUTES  how long, 5
    HILUM_SOAK_RATE     messages a second, 600
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psutil

from bench.far_side import Receiver, SteadySenders
from bench.rig import RunningHub, hub, run_async, start_hub

MINUTES = float(os.environ.get("HILUM_SOAK_MINUTES", "5"))
RATE = float(os.environ.get("HILUM_SOAK_RATE", "600"))
MOST_BETWEEN = 30.0  # seconds between two faults
DRAIN_SECONDS = 300.0  # the longest that the rest may take to arrive
WARM_SECONDS = 20.0  # of a hub's life, which do not count for the growth of its memory
QUIET = ("--roles", "listener,worker", "--log-level", "ERROR")
SETTINGS = "deduplicates = true\nanswer_timeout = 5\n"  # of the receiver, the last section of hilum.toml


@dataclass
class Soaked:
    """What a run came to."""

    acknowledged: int = 0
    arrived: int = 0
    repeated: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    held: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[float, int, float]] = field(default_factory=list)  # seconds, life of the hub, resident MB

    @property
    def most_mb(self) -> float:
        """The most resident memory of the hub."""
        return max((mb for _, _, mb in self.memory), default=0.0)

    @property
    def growth_mb(self) -> float:
        """How much more the hub's last life had at its end than after its first seconds; medians of a quarter each."""
        last = [(at, mb) for at, life, mb in self.memory if life == self.memory[-1][1]]
        found = [mb for at, mb in last if at - last[0][0] >= WARM_SECONDS]
        quarter = len(found) // 4
        if not quarter:
            return 0.0
        return statistics.median(found[-quarter:]) - statistics.median(found[:quarter])


class Soak:
    """One run: the hub, its far sides, and what is done to them."""

    def __init__(self, running: RunningHub, receiver: Receiver, rate: float, result: Soaked) -> None:
        self.running = running
        self.receiver = receiver
        self.result = result
        self.lives = 1
        self.senders = SteadySenders(lambda: running.mllp_port, rate)

    async def kill_hub(self) -> None:
        await asyncio.to_thread(self.running.kill)
        await asyncio.sleep(random.uniform(0, 2))
        folder, around = self.running.folder, self.running.environment
        self.running.process = await asyncio.to_thread(start_hub, folder, around, *QUIET)
        self.lives += 1

    async def kill_database(self) -> None:
        with suppress(psutil.NoSuchProcess, FileNotFoundError):  # it may be just starting
            self.running.postgres().send_signal(signal.SIGKILL)

    async def receiver_down(self) -> None:
        await self.receiver.stop()
        await asyncio.sleep(random.uniform(1, 5))
        await self.receiver.start()

    async def receiver_slow(self) -> None:
        self.receiver.delay = 0.2
        await asyncio.sleep(random.uniform(1, 5))
        self.receiver.delay = 0.0

    async def garbage(self) -> None:
        for rubbish in (os.urandom(2000), b"\x0bMSH|half of a message", b"GET / HTTP/1.1\r\n\r\n", b"\x0b\x1c\r"):
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.running.mllp_port)
                writer.write(rubbish)
                await asyncio.sleep(0.2)
                writer.close()

    async def trouble(self, seconds: float) -> None:
        """Faults until the time is over."""
        every = min(MOST_BETWEEN, seconds / 10)
        kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "hub killed": self.kill_hub,
            "database killed": self.kill_database,
            "receiver down": self.receiver_down,
            "receiver slow": self.receiver_slow,
            "garbage": self.garbage,
        }
        began, bag = time.monotonic(), list[str]()
        while (passed := time.monotonic() - began) < seconds:
            await asyncio.sleep(random.uniform(0.5, 1.5) * every)
            bag = bag or random.sample(sorted(kinds), len(kinds))
            kind = bag.pop()
            if kind == "hub killed" and passed > seconds * 2 / 3:
                continue
            await kinds[kind]()
            self.result.faults[kind] += 1

    async def follow_memory(self) -> None:
        """Note the hub's resident memory each second, until cancelled."""
        began = time.monotonic()
        while True:
            with suppress(FileNotFoundError, ProcessLookupError, IndexError):  # it was just killed
                self.result.memory.append((time.monotonic() - began, self.lives, self.running.resident_mb()))
            await asyncio.sleep(1)


async def soak(minutes: float = MINUTES, rate: float = RATE) -> Soaked:
    """Run for so long; everything that was acknowledged is waited for at the end."""
    result, receiver = Soaked(), Receiver()
    await receiver.start()
    context = hub(*QUIET, http_url=receiver.url, more=SETTINGS)
    running = await asyncio.to_thread(context.__enter__)
    it = Soak(running, receiver, rate, result)
    following = asyncio.create_task(it.follow_memory())
    try:
        began = time.monotonic()
        it.senders.start()
        await it.trouble(minutes * 60)
        await it.senders.stop()
        result.seconds = time.monotonic() - began
        await arrive(it.senders, receiver)
        states = await asyncio.to_thread(held_at_the_end, running)
        result.held = states
    finally:
        following.cancel()
        await it.senders.cancel()
        await asyncio.to_thread(context.__exit__, None, None, None)
        await receiver.stop()
    checks = receiver.checks
    result.acknowledged, result.arrived, result.repeated = it.senders.total, checks.arrived, checks.repeated
    result.lost = checks.lost(dict(it.senders.acknowledged))
    result.doubled, result.out_of_order = checks.doubled, checks.out_of_order
    return result


async def arrive(senders: SteadySenders, receiver: Receiver) -> None:
    """Wait until all that was acknowledged has arrived, or for as long as that may take."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while receiver.checks.lost(dict(senders.acknowledged)) and time.monotonic() < deadline:
        await asyncio.sleep(0.2)


def held_at_the_end(running: RunningHub) -> int:
    """Messages and deliveries that wait for a person, as the hub tells."""
    for _ in range(20):
        with suppress(subprocess.CalledProcessError):  # the database may be just coming back
            found = running.status()
            return sum(states.get("held", 0) for kind in ("messages", "deliveries") for states in found[kind].values())
        time.sleep(1)
    raise RuntimeError("the hub does not tell its status")


def run() -> list[dict[str, Any]]:
    found = run_async(soak())
    about = f"soak, {found.seconds / 60:.1f} min, {found.faults.total()} faults"
    return [
        {
            "name": f"{about}: lost + doubled",
            "median": found.lost + found.doubled,
            "unit": "messages",
            "target": "0",
            "acknowledged": found.acknowledged,
            "repeated": found.repeated,
            "held": found.held,
            "faults": dict(found.faults),
        },
        {"name": f"{about}: out of order", "median": found.out_of_order, "unit": "messages", "target": "0"},
        {"name": "soak: acknowledged a second", "median": found.acknowledged / found.seconds, "unit": "msg/s",
         "target": f"{RATE:.0f} less what the faults took"},
        {"name": "soak: most resident memory of the hub", "median": found.most_mb, "unit": "MB", "target": "bounded",
         "samples": found.memory[:: max(len(found.memory) // 120, 1)]},
        {"name": "soak: growth in the hub's last life", "median": found.growth_mb, "unit": "MB", "target": "flat"},
    ]  # fmt: skip


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

"""Ten times more than the hub can work off: it answers busy, its memory stays within the bound, nothing is lost.

`HILUM_TEST_OVERLOAD_SECONDS` prolongs it: 300 is the five minutes of `bench/overload.py`.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import psutil
import pytest

from hilum.testing import eventually
from support.rig import rig

SECONDS = float(os.environ.get("HILUM_TEST_OVERLOAD_SECONDS", "20"))
MB = 2**20
PAD = "".join(f"OBX|{n}|TX|NOTE^Note^L||{'lorem ipsum ' * 16}||||||F\r" for n in range(250)).encode()  # about 50 KB

SETTINGS = """
[intake]
max_pending_messages = 2000
max_waiting_bytes = 4194304
"""

BOUND = 64 * MB + 25 * 4 * MB + 6 * (2 * 64 * MB + 4 * MB) + (4 + 25) * 8 * MB + 32 * len(PAD)
"""docs/guarantees.md: cache, parsed forms, listener and commit queue, batches in hand, calls under way."""


class Flood:
    """Senders that never wait between two messages."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.accepted: set[str] = set()
        self.busy = 0

    async def send(self, number: int, until: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        count = 0
        while time.monotonic() < until:
            key = f"F{number}"
            writer.write(
                f"\x0bMSH|^~\\&|A|B|C|D|20260102||ADT^A08^ADT_A01|{key}-{count}|P|2.5\r"
                f"PID|1||{key}^^^NORTH^MR||EXAMPLE^PERSON\r".encode()
                + PAD
                + b"\x1c\r"
            )
            answer = await reader.readuntil(b"\x1c\r")
            if b"MSA|AA|" in answer:
                self.accepted.add(f"{key}-{count}")
                count += 1
            else:
                assert b"MSA|AE|" in answer
                self.busy += 1
                await asyncio.sleep(0.01)
        writer.close()
        await writer.wait_closed()


@pytest.mark.long
@pytest.mark.req("MSG-11")
@pytest.mark.timeout(900)
async def test_memory_stays_within_its_bound_under_ten_times_too_much(tmp_path: Path, postgres_url: str) -> None:
    async with rig(tmp_path, postgres_url, SETTINGS) as it:
        await it.all_arrived()  # it works; from now on only the flood
        hub = psutil.Process(it.hub.pid)
        idle = hub.memory_info().rss
        it.far.delay = 0.5  # 32 calls at once: 64 messages a second
        flood = Flood(it.hub.port)
        until = time.monotonic() + SECONDS
        sending = asyncio.gather(*(flood.send(number, until) for number in range(64)))
        seen: list[int] = []
        while time.monotonic() < until:
            seen.append(hub.memory_info().rss)
            await asyncio.sleep(0.2)
        await sending
        assert flood.busy > 10 * SECONDS, "it was never too much"
        assert max(seen) - idle <= BOUND, f"{(max(seen) - idle) // MB} MB above idle, {BOUND // MB} are promised"
        half = len(seen) // 2
        assert max(seen[half:]) <= max(seen[:half]) * 1.15 + 20 * MB, "it grows"
        it.far.delay = 0
        wanted = flood.accepted
        for _ in range(6):
            try:
                await eventually(lambda: wanted <= {thing["id"] for thing in it.far.taken})
                break
            except AssertionError:
                continue
        assert wanted <= {thing["id"] for thing in it.far.taken}, "something that was acknowledged did not arrive"

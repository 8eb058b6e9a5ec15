"""Garbage on the port of a listener is refused, noted and forgotten; the senders beside it notice nothing."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import pytest

from support.rig import assert_all_completed, rig

GARBAGE = (
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS on a plain port
    b"\x0b\x1c\r" * 50,
    b"\x0bMSH|^~\\&|\x1c\r",
    b"\x0bMSH|^~\\&|A|B|C|D|2026||ADT^A08|\xff\xfe\x00|P|2.5\rPID|1||\x00\xed\xa0\x80\r\x1c\r",
    b"\x0b" + b"MSH" * 200_000,  # a frame that never ends
    b"\x00" * 100_000,
)


async def throw(port: int, data: bytes) -> None:
    """Write it, read what comes, go away."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with suppress(OSError, TimeoutError):
        writer.write(data)
        async with asyncio.timeout(0.3):
            await writer.drain()
            await reader.read(65536)
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


@pytest.mark.req("RES-1")
@pytest.mark.timeout(120)
async def test_garbage_harms_nobody(tmp_path: Path, postgres_url: str) -> None:
    dice = random.Random(11)
    async with rig(tmp_path, postgres_url) as it:
        for _ in range(3):
            await asyncio.gather(*(throw(it.hub.port, data) for data in GARBAGE))
            await asyncio.gather(*(throw(it.hub.port, dice.randbytes(dice.randint(1, 5000))) for _ in range(20)))
            await it.acknowledged_more(20)
        unanswered = it.load.unanswered
        await it.all_arrived()
        assert unanswered == 0, "a healthy connection was cut"
        kept = {thing["key"] for thing in it.far.taken}
        assert kept == set(it.load.acknowledged)
        # one kind of garbage is an HL7 message as far as receipt can see: it may be held, with its case
        await assert_all_completed(postgres_url, it.load.total, held_at_most=3)

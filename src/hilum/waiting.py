"""Waiting for a bell that somebody rings, at most for a while."""

from __future__ import annotations

import asyncio


async def listen(bell: asyncio.Event, seconds: float) -> None:
    """Wait until the bell rings, or for so long; it is silent afterwards. One that has rung before ends it at once."""
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return
    finally:
        bell.clear()

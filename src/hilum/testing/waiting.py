"""Waiting for a condition, never for a duration: what keeps tests quick on a fast machine and right on a slow one."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Awaitable, Callable
from typing import Any, Final

from hilum.connector import Received, Source

# Seconds after which a condition will not come any more. Only a failing test ever waits so long. A busy
# machine needs more: HILUM_TEST_PATIENCE.
PATIENCE: Final = float(os.environ.get("HILUM_TEST_PATIENCE", "60"))
_LOOK_EVERY: Final = 0.005  # seconds between two looks, at first: each may be a question to a database
_LATER: Final = 0.1  # of the time that was waited, later: whoever waits long need not know at once
_LOOK_AT_LEAST_EVERY: Final = 0.025


async def eventually(
    condition: Callable[[], bool | Awaitable[bool]], what: Callable[[], Any] = lambda: "the condition"
) -> None:
    """Wait until `condition` holds; an `AssertionError` with `what()` when it does not come about."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        met = condition()
        if inspect.isawaitable(met):
            met = await met
        if met:
            return
        waited = loop.time() - began
        if waited > PATIENCE:
            raise AssertionError(f"not within {PATIENCE:g} s: {what()}")
        await asyncio.sleep(min(max(waited * _LATER, _LOOK_EVERY), _LOOK_AT_LEAST_EVERY))


async def take(source: Source, count: int) -> list[Received]:
    """Receive until there are `count`; an `AssertionError` when fewer come."""
    taken: list[Received] = []
    try:
        async with asyncio.timeout(PATIENCE):
            while len(taken) < count:
                got = await source.receive()
                if not got:
                    raise AssertionError("the source ended while messages were expected")
                taken += got
    except TimeoutError:
        raise AssertionError(f"{len(taken)} of {count} messages came within {PATIENCE:g} s") from None
    return taken

"""Ending tasks for sure, and what must not be broken off.

One cancellation may be lost, and who waits for a task that lost it waits for ever.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Coroutine
from typing import Any, Final

_AGAIN: Final = 1.0  # seconds after which a task that was cancelled and goes on is cancelled again


async def cancel_all(tasks: Collection[asyncio.Future[Any]], *, within: float = math.inf) -> set[asyncio.Future[Any]]:
    """Cancel these until they have ended; what they raised is not raised here. Returns those that have not.

    `within`: seconds, after which those that still go on are left alone. Once is not enough: a library that waits with
    `asyncio.wait_for` (a pool of connections, for one) loses a cancellation that comes at the moment in which what it
    waits for is there (Python 3.11), and a loop then goes round as if nothing had been said.
    """
    pending = set(tasks)
    deadline = asyncio.get_running_loop().time() + within
    while pending and (left := deadline - asyncio.get_running_loop().time()) > 0:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=min(_AGAIN, left))
    await asyncio.gather(*(task for task in tasks if task.done()), return_exceptions=True)
    return pending


class Unbroken:
    """Work that goes on to its end where who waits for it is cancelled, one after the other.

    For what is written and must not be written twice: of a commit that was broken off nobody knows whether it counts.
    """

    def __init__(self) -> None:
        self._last: asyncio.Task[None] | None = None

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for what was begun before, do this, and raise what it raises."""
        self._last = asyncio.create_task(self._after(self._last, work))
        await asyncio.shield(self._last)

    async def _after(self, before: asyncio.Task[None] | None, work: Coroutine[Any, Any, None]) -> None:
        if before is not None and not before.done():
            await asyncio.wait([before])
        await work

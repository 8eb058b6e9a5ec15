"""The bounded queue between a listener's sockets and `receive`: what makes memory flat when the journal is slow."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from hilum.connector import Received

# The most that one `receive` hands over: about what the journal writes in one transaction.
HANDOVER_LIMIT: Final = 500
# Bytes after which one `receive` hands over no further message: what it handed over is not counted here any more.
HANDOVER_BYTES: Final = 4 * 2**20


class Intake:
    """Messages that were read and not yet handed over. All methods belong to one event loop.

    `messages` and `size` (bytes) bound it: when either is reached it is `full`, and whoever feeds it must stop and
    ask by `when_room` to be called again.
    """

    def __init__(self, messages: int, size: int) -> None:
        self._messages = messages
        self._size = size
        self._queue: deque[Received] = deque()
        self._held = 0
        self._closed = False
        self._arrived = asyncio.Event()
        # a dict for its order and because one who asks twice is called once
        self._waiting: dict[Callable[[], None], None] = {}

    @property
    def full(self) -> bool:
        """Is it at its bound? Then nothing more may be put until there is room."""
        return len(self._queue) >= self._messages or self._held >= self._size

    def put(self, received: Received) -> None:
        """Append one."""
        self._queue.append(received)
        self._held += len(received.body)
        self._arrived.set()

    def put_first(self, again: Sequence[Received]) -> None:
        """Put these, in their order, before all others: they were handed over before and are to come again."""
        self._queue.extendleft(reversed(again))
        self._held += sum(len(each.body) for each in again)
        if again:
            self._arrived.set()

    def when_room(self, proceed: Callable[[], None]) -> None:
        """Call `proceed` once, when there is room again."""
        self._waiting[proceed] = None

    async def take(self) -> Sequence[Received]:
        """Wait for the first, then give what is there, up to the two limits above; nothing once it is closed."""
        await self._arrived.wait()
        # no await from here on: a cancelled `receive` either has not begun to take, or has returned what it took
        if self._closed:
            return ()
        queue = self._queue
        taken: list[Received] = []
        size = 0
        while queue and len(taken) < HANDOVER_LIMIT and size < HANDOVER_BYTES:
            taken.append(queue.popleft())
            size += len(taken[-1].body)
        self._held -= size
        if not queue:
            self._arrived.clear()
        if self._waiting and not self.full:
            waiting, self._waiting = self._waiting, {}
            for proceed in waiting:
                proceed()
        return taken

    def close(self) -> None:
        """End a waiting `take`; forget what was not handed over (its sender has no answer and sends again)."""
        self._closed = True
        self._queue.clear()
        self._held = 0
        self._waiting.clear()
        self._arrived.set()

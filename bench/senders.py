"""Senders as hospitals have them: one message at a time, wait for its AA, and send it again until it comes."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from contextlib import suppress


class Senders(ABC):
    """Several connections, each with ordering keys of its own; each key counts up from 0."""

    def __init__(
        self,
        port: Callable[[], int],
        frame: Callable[[str, int], bytes],
        *,
        connections: int,
        patience: float,
        rest: float,
    ) -> None:
        self._port = port  # asked at each connection: a hub that was started again listens elsewhere
        self._frame = frame  # the n-th message of a key, whose control id is `<key>-<n>`
        self._connections = connections
        self._patience = patience  # seconds that a sender waits for an answer before it sends again
        self._rest = rest  # seconds before it sends again, give or take half of them
        self._tasks: list[asyncio.Task[None]] = []
        self._links: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}
        self.stopping = False
        self.acknowledged: Counter[str] = Counter()  # messages that were acknowledged, by key: 0 … n−1
        self.refused = 0  # answers that were not AA: the message was sent again
        self.final = 0  # of those, answers that say that it will never be taken
        self.unanswered = 0  # connections that ended or were silent: the message was sent again

    @property
    def total(self) -> int:
        """Messages that were acknowledged."""
        return self.acknowledged.total()

    def start(self) -> None:
        """Begin to send."""
        self._tasks = [asyncio.create_task(self._run(number)) for number in range(self._connections)]

    async def stop(self) -> None:
        """Finish: each connection sends its last message until it is acknowledged, then ends."""
        self.stopping = True
        await asyncio.gather(*self._tasks)

    async def cancel(self) -> None:
        """End at once, whatever is outstanding."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in list(self._links):
            await self._drop(connection)

    @abstractmethod
    async def send(self, connection: int) -> None:
        """Send by `until_accepted`, one message after the other, until `stopping`."""

    async def until_accepted(self, connection: int, key: str, number: int) -> None:
        """Send the n-th message of a key until it is acknowledged."""
        while True:
            try:
                answer = await self._ask(connection, self._frame(key, number))
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                self.unanswered += 1
                await self._drop(connection)
            else:
                if f"MSA|AA|{key}-{number}".encode() in answer:
                    self.acknowledged[key] += 1
                    return
                self.refused += 1
                self.final += b"MSA|AR|" in answer
            await asyncio.sleep(self._rest * random.uniform(0.5, 1.5))

    async def _ask(self, connection: int, frame: bytes) -> bytes:
        link = self._links.get(connection)
        if link is None:
            link = self._links[connection] = await asyncio.open_connection("127.0.0.1", self._port())
        async with asyncio.timeout(self._patience):
            link[1].write(frame)
            await link[1].drain()
            return await link[0].readuntil(b"\x1c\r")

    async def _run(self, connection: int) -> None:
        await self.send(connection)
        await self._drop(connection)

    async def _drop(self, connection: int) -> None:
        link = self._links.pop(connection, None)
        if link is not None:
            link[1].close()
            with suppress(OSError):
                await link[1].wait_closed()

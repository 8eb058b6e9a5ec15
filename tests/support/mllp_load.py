"""Senders as hospitals have them: one message at a time, wait for its AA, and send it again until it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

ANSWER_PATIENCE = 5.0
"""Seconds that a sender waits for an answer before it sends again."""


def adt(key: str, number: int) -> bytes:
    """The n-th update of an invented patient, as a frame."""
    message = (
        f"MSH|^~\\&|ADT|NORTH|HILUM|HUB|20260102030405||ADT^A08^ADT_A01|{key}-{number}|P|2.5\r"
        f"EVN|A08|20260102030405\rPID|1||{key}^^^NORTH^MR||EXAMPLE^PERSON\rPV1|1|I|WARD^1^{number}\r"
    )
    return b"\x0b" + message.encode() + b"\x1c\r"


class Load:
    """Several connections, each with ordering keys of its own; each key counts up from 0."""

    def __init__(
        self, port: Callable[[], int], *, connections: int = 6, keys: int = 3, prefix: str = "P", pause: float = 0.0
    ) -> None:
        self._port = port  # asked at each connection: a hub that was started again listens elsewhere
        self._connections = connections
        self._keys = keys
        self._prefix = prefix
        self.pause = pause  # seconds between two messages of a connection
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._links: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}
        self.acknowledged: dict[str, int] = {}  # messages that were acknowledged, by key: 0 … n−1
        self.refused = 0  # answers that were not AA: the message was sent again
        self.final = 0  # of those, answers that say that it will never be taken
        self.unanswered = 0  # connections that ended before the answer: the message was sent again

    @property
    def total(self) -> int:
        """Messages that were acknowledged."""
        return sum(self.acknowledged.values())

    def start(self) -> None:
        """Begin to send."""
        self._tasks = [asyncio.create_task(self._send(number)) for number in range(self._connections)]

    async def stop(self) -> None:
        """Finish: each connection sends its last message until it is acknowledged, then ends."""
        self._stopping = True
        await asyncio.gather(*self._tasks)

    async def cancel(self) -> None:
        """End at once, whatever is outstanding."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in list(self._links):
            await self._drop(connection)

    async def _send(self, number: int) -> None:
        keys = [f"{self._prefix}{number}{letter}" for letter in "abcdefgh"[: self._keys]]
        numbers = dict.fromkeys(keys, 0)
        while not self._stopping:
            for key in keys:
                await self._until_accepted(key, numbers[key], number)
                numbers[key] += 1
                self.acknowledged[key] = numbers[key]
                await asyncio.sleep(self.pause)
        await self._drop(number)

    async def _until_accepted(self, key: str, number: int, connection: int) -> None:
        while True:
            link = self._links.get(connection)
            try:
                if link is None:
                    link = self._links[connection] = await asyncio.open_connection("127.0.0.1", self._port())
                async with asyncio.timeout(ANSWER_PATIENCE):
                    link[1].write(adt(key, number))
                    await link[1].drain()
                    answer = await link[0].readuntil(b"\x1c\r")
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                self.unanswered += 1
                await self._drop(connection)
                await asyncio.sleep(0.02)
                continue
            if f"MSA|AA|{key}-{number}".encode() in answer:
                return
            self.refused += 1
            self.final += b"MSA|AR|" in answer
            await asyncio.sleep(0.02)

    async def _drop(self, connection: int) -> None:
        link = self._links.pop(connection, None)
        if link is not None:
            link[1].close()
            with suppress(OSError):
                await link[1].wait_closed()

"""Both far sides of a long run: senders at a set rate that repeat until acknowledged, and a receiver that counts.

Messages of a key are numbered. The receiver knows at each moment which number of a key comes next, so that what is
lost, doubled or out of order is seen at once and an hour of traffic needs no memory.
"""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import cast

import orjson

from bench.rig import message
from bench.senders import Senders

REMEMBERED = 256  # effects of a key whose idempotency keys are remembered
MOST_BEHIND = 5.0  # seconds of its rate that a sender catches up on; more is let go


class Checks:
    """What has arrived, and whether it was once and in order."""

    def __init__(self) -> None:
        self.arrived = 0  # effects
        self.repeated = 0  # the same idempotency key again: no effect at a receiver that knows it
        self.doubled = 0
        self.out_of_order = 0
        self._next: dict[str, int] = defaultdict(int)
        self._missing: dict[str, set[int]] = defaultdict(set)
        self._known: dict[str, OrderedDict[int, str]] = defaultdict(OrderedDict)

    def effect(self, key: str, number: int, idempotency: str) -> None:
        """The n-th message of a key has come."""
        following, missing = self._next[key], self._missing[key]
        if number < following and number not in missing:
            if self._known[key].get(number, idempotency) == idempotency:
                self.repeated += 1
            else:
                self.doubled += 1
            return
        self.arrived += 1
        if number != following:
            self.out_of_order += 1
        missing.discard(number)
        missing.update(range(following, number))
        self._next[key] = max(following, number + 1)
        known = self._known[key]
        known[number] = idempotency
        if len(known) > REMEMBERED:
            known.popitem(last=False)

    def lost(self, acknowledged: dict[str, int]) -> int:
        """How many of those that were acknowledged, so many of each key, have not come."""
        missing = sum(len(numbers) for numbers in self._missing.values())
        return missing + sum(max(count - self._next[key], 0) for key, count in acknowledged.items())


class Receiver:
    """An HTTP receiver that checks. It can be down, slow, or take only so many a second."""

    def __init__(self) -> None:
        self.checks = Checks()
        self.rate = 0.0  # answers a second; 0: at once
        self.delay = 0.0  # seconds before each answer
        self._slot = 0.0
        self._server: asyncio.Server | None = None
        self._lines: set[_Line] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def start(self) -> None:
        """Listen; after `stop` on the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Line(self), "127.0.0.1", self.port, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Gone: connections are cut and refused."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for line in list(self._lines):
            line.transport.abort()

    def answer_in(self) -> float:
        """Seconds until the next one may be answered."""
        if not self.rate:
            return self.delay
        now = asyncio.get_running_loop().time()
        self._slot = max(self._slot, now) + 1 / self.rate
        return self._slot - now

    def opened(self, line: _Line) -> None:
        self._lines.add(line)

    def closed(self, line: _Line) -> None:
        self._lines.discard(line)


class _Line(asyncio.Protocol):
    """One connection: requests one after the other."""

    transport: asyncio.Transport

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass
        self._receiver.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._receiver.closed(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].decode("latin-1").lower()
            fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
            whole = end + 4 + int(fields.get("content-length", "0"))
            if len(self._buffer) < whole:
                return
            body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
            asyncio.get_running_loop().call_later(
                self._receiver.answer_in(), self._take, body, fields.get("idempotency-key", "")
            )

    def _take(self, body: bytes, idempotency: str) -> None:
        if self.transport.is_closing():
            return  # cut before it was done: it will come again
        found = orjson.loads(body)
        self._receiver.checks.effect(found["patientId"], int(found["controlId"].rpartition("-")[2]), idempotency)
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


class SteadySenders(Senders):
    """Connections that together send so many messages a second, each with keys of its own."""

    def __init__(self, port: Callable[[], int], rate: float, *, connections: int = 48, keys: int = 4) -> None:
        super().__init__(port, _frame, connections=connections, patience=10.0, rest=0.25)
        self._every = connections / rate  # seconds between two messages of a connection
        self._keys = keys

    async def send(self, connection: int) -> None:
        """See `Senders.send`."""
        loop = asyncio.get_running_loop()
        at = loop.time() + random.uniform(0, self._every)
        sent = 0
        while not self.stopping:
            await asyncio.sleep(max(at - loop.time(), 0))
            await self.until_accepted(connection, f"K{connection}x{sent % self._keys}", sent // self._keys)
            sent += 1
            at = max(at + self._every, loop.time() - MOST_BEHIND)


def _frame(key: str, number: int) -> bytes:
    return b"\x0b" + message(f"{key}-{number}", key) + b"\x1c\r"

"""Senders of tests: some connections that send as fast as they are answered, or with a pause."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bench.senders import Senders


def adt(key: str, number: int) -> bytes:
    """The n-th update of an invented patient, as a frame."""
    message = (
        f"MSH|^~\\&|ADT|NORTH|HILUM|HUB|20260102030405||ADT^A08^ADT_A01|{key}-{number}|P|2.5\r"
        f"EVN|A08|20260102030405\rPID|1||{key}^^^NORTH^MR||EXAMPLE^PERSON\rPV1|1|I|WARD^1^{number}\r"
    )
    return b"\x0b" + message.encode() + b"\x1c\r"


class Load(Senders):
    """Each connection goes round its keys."""

    def __init__(
        self, port: Callable[[], int], *, connections: int = 6, keys: int = 3, prefix: str = "P", pause: float = 0.0
    ) -> None:
        super().__init__(port, adt, connections=connections, patience=5.0, rest=0.02)
        self._keys = keys
        self._prefix = prefix
        self.pause = pause  # seconds between two messages of a connection

    async def send(self, connection: int) -> None:
        """See `Senders.send`."""
        keys = [f"{self._prefix}{connection}{letter}" for letter in "abcdefgh"[: self._keys]]
        while not self.stopping:
            for key in keys:
                await self.until_accepted(connection, key, self.acknowledged[key])
                await asyncio.sleep(self.pause)

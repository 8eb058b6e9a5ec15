"""One connection of the simulated hospital to the hub: send one message, wait for the answer."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from enum import StrEnum
from types import TracebackType
from typing import Final, Self

import aiohttp

from hilum.errors import Invalid
from hilum.formats import hl7v2 as hl7

START, END = b"\x0b", b"\x1c\r"  # MLLP Release 1
ANSWER_LIMIT: Final = 1 << 20  # bytes of one acknowledgement, at most

ACCEPTED_CODES = frozenset({"AA", "CA"})
REFUSED_CODES = frozenset({"AR", "CR"})


class Answer(StrEnum):
    """What the hub said."""

    ACCEPTED = "AA"
    COME_AGAIN = "AE"
    REFUSED = "AR"
    NONE = "no answer"  # connection lost or time over: it may have been taken


class Line(ABC):
    """A connection that is made when it is first used, and again after it broke. To be closed at the end."""

    reconnects = 0  # connections that were made again

    @abstractmethod
    async def send(self, body: bytes, control_id: str) -> Answer:
        """Send one message and wait for its answer. Raises nothing for trouble on the way: that is `Answer.NONE`."""

    @abstractmethod
    async def close(self) -> None:
        """Let go."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class MllpLine(Line):
    """HL7 v2 over MLLP, one message at a time, as most systems do it."""

    def __init__(self, host: str, port: int, *, timeout: float) -> None:
        self._host = host
        self._port = port
        self._timeout = timeout  # seconds to wait for connection and answer
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._connected_before = False

    async def send(self, body: bytes, control_id: str) -> Answer:
        """See `Line.send`. An answer to another message breaks the connection: nobody knows what it answers."""
        try:
            async with asyncio.timeout(self._timeout):
                reader, writer = await self._connection()
                writer.write(START + body + END)
                await writer.drain()
                frame = await reader.readuntil(END)
            return self._read(frame, control_id)
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError, Invalid):
            await self.close()
            return Answer.NONE

    async def close(self) -> None:
        """See `Line.close`."""
        if self._streams is None:
            return
        _, writer = self._streams
        self._streams = None
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            return  # it broke before; it is closed all the same

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=ANSWER_LIMIT)
            self.reconnects += self._connected_before
            self._connected_before = True
        return self._streams

    def _read(self, frame: bytes, control_id: str) -> Answer:
        answer = hl7.read_acknowledgement(frame.strip(START + END))
        if answer.code in ACCEPTED_CODES and answer.control_id != control_id:
            raise Invalid("the acknowledgement is for another message", where="MSA-2")
        if answer.code in ACCEPTED_CODES:
            return Answer.ACCEPTED
        return Answer.REFUSED if answer.code in REFUSED_CODES else Answer.COME_AGAIN


class HttpLine(Line):
    """HL7 v2 as the body of a POST; 2xx is accepted, 4xx refused, all else asks to come again."""

    COME_AGAIN = frozenset({408, 425, 429})

    def __init__(self, url: str, *, timeout: float) -> None:
        self._url = url
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, body: bytes, control_id: str) -> Answer:
        """See `Line.send`. The control id is the idempotency key."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        headers = {"Content-Type": "application/hl7-v2", "Idempotency-Key": control_id}
        try:
            async with self._session.post(self._url, data=body, headers=headers) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return Answer.NONE
        if response.ok:
            return Answer.ACCEPTED
        again = response.status >= 500 or response.status in self.COME_AGAIN
        return Answer.COME_AGAIN if again else Answer.REFUSED

    async def close(self) -> None:
        """See `Line.close`."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

"""One outgoing MLLP connection: a frame out, the answer's frame in, and the knowledge whether anything was sent."""

from __future__ import annotations

import asyncio
import ssl
from typing import Final, Self, cast

from hilum.connectors.declaring import os_words
from hilum.connectors.mllp.framing import FrameError, Frames, framed
from hilum.errors import Down, HilumError

# Seconds unused after which a connection is looked at before the next use: the receiver may have closed it, and the
# event loop has had no turn yet to notice. In a busy one a close shows at once.
IDLE_LOOK: Final = 0.05


class LineLost(HilumError):
    """The exchange failed. `sent` tells whether any byte may have reached the receiver."""

    def __init__(self, words: str, *, sent: bool) -> None:
        super().__init__(words)
        self.sent = sent


class Line(asyncio.Protocol):
    """An open connection to a receiver. One exchange at a time."""

    def __init__(self, answer_limit: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._frames = Frames(answer_limit)
        self._answer: asyncio.Future[bytes] | None = None
        self._gone = self._loop.create_future()
        self._used_at = self._loop.time()
        self._broken = False

    @classmethod
    async def connect(
        cls, host: str, port: int, context: ssl.SSLContext | None, *, timeout: float, answer_limit: int
    ) -> Self:
        """A new connection. Raises `Down` with the reason when there is none within `timeout` seconds."""
        where = f"{host}:{port}"
        try:
            async with asyncio.timeout(timeout):
                _, protocol = await asyncio.get_running_loop().create_connection(
                    lambda: cls(answer_limit), host, port, ssl=context
                )
        except TimeoutError:
            raise Down(f"no connection to {where} within {timeout:g} s") from None
        except ssl.SSLCertVerificationError as error:
            raise Down(f"the certificate of {where} is not trusted: {error.verify_message}") from None
        except OSError as error:
            raise Down(f"no connection to {where}: {os_words(error)}") from None
        return protocol

    # ---- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """A part of the answer; without a question the two sides no longer agree on what answers what."""
        if self._answer is None or self._answer.done():
            self._break("the receiver sent something that nobody asked for")
            return
        self._frames.feed(data)
        try:
            frame = self._frames.next()
        except FrameError as error:
            self._break(f"the answer is no MLLP frame: {error}")
            return
        if frame is not None:
            self._answer.set_result(frame)

    def eof_received(self) -> bool:
        """The receiver closed its side: it will never answer again on this connection."""
        self._break("the receiver closed the connection before it answered")
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        self._break("the connection was lost before the answer came")
        if not self._gone.done():
            self._gone.set_result(None)

    def _break(self, words: str) -> None:
        self._broken = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(LineLost(words, sent=True))

    # ---- called by the sender

    async def usable(self) -> bool:
        """Is it still open on both sides?"""
        if self._loop.time() - self._used_at > IDLE_LOOK:
            # two turns of the event loop: the first polls the socket, the second runs what the poll found
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return not self._broken and not self._transport.is_closing()

    async def exchange(self, message: bytes, timeout: float) -> bytes:
        """Send one message and give back the answer's content.

        Raises `LineLost`, with `sent` false only when surely not a byte has left, true from the first byte on: also a
        frame whose end was not sent may have been, as far as this side can know.
        """
        if self._broken or self._transport.is_closing():
            raise LineLost("the connection was closed before anything was sent", sent=False)
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._answer = answer
        self._transport.write(framed(message))
        try:
            async with asyncio.timeout(timeout):
                return await answer
        except TimeoutError:
            raise LineLost(f"no answer within {timeout:g} s", sent=True) from None
        finally:
            self._answer = None
            self._used_at = self._loop.time()

    async def close(self) -> None:
        """Close and wait until the socket is gone."""
        self._transport.abort() if self._broken else self._transport.close()
        self._break("the connection was closed before the answer came")
        try:
            async with asyncio.timeout(1.0):
                await asyncio.shield(self._gone)
        except TimeoutError:
            # a receiver that never ends the TLS farewell, or never reads
            self._transport.abort()

"""MLLP spoken by hand, and a hub's side that accepts or refuses what comes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from hilum.connector import Receipt, Received
from hilum.connectors import mllp
from hilum.message import new_id

LOCAL = "127.0.0.1"


def message(number: int, *, kind: str = "DFT^P03", accept: str = "", application: str = "", text: str = "") -> bytes:
    """An invented message with control ID C<number>; `accept` and `application` are MSH-15 and MSH-16."""
    header = f"MSH|^~\\&|LAB|NORTH|HILUM|NORTH|20260102030405||{kind}|C{number}|P|2.5.1|||{accept}|{application}"
    return f"{header.rstrip('|')}\rPID|1||{number}^^^NORTH^MR||Example^Person\rNTE|1||{text}\r".encode()


def framed(*messages: bytes) -> bytes:
    return b"".join(b"\x0b" + each + b"\x1c\r" for each in messages)


@asynccontextmanager
async def listening(**settings: Any) -> AsyncIterator[mllp.Listener]:
    """An open listener that nobody receives from."""
    listener = mllp.Listener(host=LOCAL, port=0, **settings)
    await listener.open()
    try:
        yield listener
    finally:
        await listener.close()


@asynccontextmanager
async def hub(refusal: Callable[[Received], Exception | None] = lambda _: None, **settings: Any) -> AsyncIterator[Any]:
    """A listener whose messages are all accepted, or refused with what `refusal` gives; `.taken` has the bodies."""
    async with listening(**settings) as listener:
        taken: list[Received] = []

        async def serve() -> None:
            while received := await listener.receive():
                for each in received:
                    taken.append(each)
                    error = refusal(each)
                    await (each.refuse(error) if error else each.accept(Receipt(message_id=new_id())))

        task = asyncio.create_task(serve())
        try:
            yield Hub(listener, taken)
        finally:
            await listener.close()
            await task


class Hub:
    """What `hub` gives."""

    def __init__(self, listener: mllp.Listener, taken: list[Received]) -> None:
        self.listener = listener
        self.taken = taken


class Wire:
    """A sender's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> list[str]:
        """The fields of the MSA segment of the next acknowledgement."""
        async with asyncio.timeout(30):
            frame = await self.reader.readuntil(b"\x1c\r")
        assert frame[:1] == b"\x0b"
        (msa,) = [line for line in frame[1:-2].decode().split("\r") if line.startswith("MSA")]
        return msa.split("|")

    async def closed(self) -> bool:
        """Wait for the listener to close; was there nothing more to read?"""
        async with asyncio.timeout(30):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True


@asynccontextmanager
async def wire(
    listener: mllp.Listener, context: ssl.SSLContext | None = None, *, source: str = LOCAL
) -> AsyncIterator[Wire]:
    """A connection to the listener, from this address."""
    reader, writer = await asyncio.open_connection(
        LOCAL, listener.port, ssl=context, server_hostname="localhost" if context else None, local_addr=(source, 0)
    )
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def accept(received: Received) -> None:
    """It is in the journal."""
    await received.accept(Receipt(message_id=new_id()))

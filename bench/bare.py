"""The limit of receipt on this machine: an MLLP server that does nothing but commit what gathers, then says AA.

No parsing, no deduplication, no keys, no lanes, no compression: one table, one statement a batch. In a process of its
own, like the hub.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import psycopg

from hilum.postgres import EmbeddedServer

ACK = b"\x0bMSH|^~\\&|HUB|H|REG|H|20260101||ACK|1|P|2.5.1\rMSA|AA|1\r\x1c\r"


class Line(asyncio.Protocol):
    def __init__(self, waiting: list[tuple[bytes, Line]], bell: asyncio.Event) -> None:
        self.waiting, self.bell, self.buffer = waiting, bell, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\x1c\r")) >= 0:
            self.waiting.append((self.buffer[1:end], self))
            self.buffer = self.buffer[end + 2 :]
            self.bell.set()


async def serve() -> None:
    with tempfile.TemporaryDirectory(prefix="hilum-bare-") as folder:
        server = EmbeddedServer(Path(folder))
        connection = await psycopg.AsyncConnection.connect(server.start(), autocommit=True)
        await connection.execute("CREATE TABLE m (id bigserial PRIMARY KEY, body bytea)")
        waiting: list[tuple[bytes, Line]] = []
        bell = asyncio.Event()
        listening = await asyncio.get_running_loop().create_server(lambda: Line(waiting, bell), "127.0.0.1", 0)
        print(listening.sockets[0].getsockname()[1], flush=True)
        try:
            while True:
                await bell.wait()
                bell.clear()
                batch, waiting[:] = waiting[:], []
                await connection.execute("INSERT INTO m (body) SELECT unnest(%s::bytea[])", [[b for b, _ in batch]])
                for _, line in batch:
                    line.transport.write(ACK)  # type: ignore[attr-defined]
        finally:
            await connection.close()
            server.stop()


if __name__ == "__main__":
    import signal

    import uvloop

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvloop.run(serve())

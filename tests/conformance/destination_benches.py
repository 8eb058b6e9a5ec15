"""The far sides of destinations: receivers that are asked without going through Hilum."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from bench_messages import ANSWER_TIMEOUT, LOCAL, control_id_of, hl7_message, some_delivery
from sftp_server import SftpServer

from hilum.connector import Destination
from hilum.connectors import files, http, mllp
from hilum.message import Delivery
from hilum.testing import Answers, CutProxy, eventually
from hilum.testing.memory import Inbox, MemoryDestination


class MemoryDestinationBench:
    """An inbox."""

    def __init__(self, kind: type[MemoryDestination] = MemoryDestination) -> None:
        self.inbox = Inbox()
        self.kind = kind

    def destination(self) -> Destination:
        return self.kind(self.inbox)

    def delivery(self, number: int) -> Delivery:
        return some_delivery(number, f"secret-{number}\x00\xff".encode("latin-1"), "application/octet-stream")

    async def arrived(self) -> list[bytes]:
        return list(self.inbox.bodies)

    async def refuse(self, delivery: Delivery) -> None:
        self.inbox.refused.add(delivery.idempotency_key)

    async def vanish(self) -> None:
        self.inbox.there = False

    async def come_back(self) -> None:
        self.inbox.there = True

    async def lose_answers(self) -> None:
        self.inbox.answers = False

    cut_answers = lose_answers

    async def hold_answers(self) -> None:
        self.inbox.held = asyncio.Event()

    async def restore(self) -> None:
        self.inbox.answers = True
        if self.inbox.held is not None:
            self.inbox.held.set()
        self.inbox.held = None


class ProxyFaults:
    """The faults of a wire, made by a `CutProxy`."""

    proxy: CutProxy

    async def vanish(self) -> None:
        await self.proxy.stop()

    async def come_back(self) -> None:
        await self.proxy.start()

    async def lose_answers(self) -> None:
        self.proxy.answers = Answers.LOSE

    async def cut_answers(self) -> None:
        self.proxy.answers = Answers.CUT

    async def hold_answers(self) -> None:
        self.proxy.answers = Answers.HOLD

    async def restore(self) -> None:
        self.proxy.answers = Answers.PASS


class MllpDestinationBench(ProxyFaults):
    """A receiver that acknowledges, behind a proxy."""

    def __init__(self, kind: type[mllp.Sender] = mllp.Sender, **settings: Any) -> None:
        self.kind = kind
        self.settings = settings
        self.bodies: list[bytes] = []
        self.refused: set[str] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._serve, LOCAL, 0)
        self.proxy = CutProxy(self.server.sockets[0].getsockname()[1])
        await self.proxy.start()

    async def close(self) -> None:
        await self.restore()
        await self.proxy.stop()
        self.server.close()
        await eventually(lambda: not self._writers)

    def destination(self) -> Destination:
        return self.kind(host=LOCAL, port=self.proxy.port, answer_timeout=ANSWER_TIMEOUT, **self.settings)

    def delivery(self, number: int) -> Delivery:
        return some_delivery(number, hl7_message(number), "application/hl7-v2")

    async def arrived(self) -> list[bytes]:
        return list(self.bodies)

    async def refuse(self, delivery: Delivery) -> None:
        self.refused.add(control_id_of(delivery.body))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while frame := (await reader.readuntil(b"\x1c\r"))[1:-2]:
                name = control_id_of(frame)
                answer = f"AR|{name}|cannot take secret-{name[1:]}" if name in self.refused else f"AA|{name}"
                if name not in self.refused:
                    self.bodies.append(frame)
                writer.write(f"\x0bMSH|^~\\&|B|B|A|A|20260102||ACK|1|P|2.5.1\rMSA|{answer}\r\x1c\r".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the sender closed
        finally:
            writer.close()
            self._writers.discard(writer)


class WebBehindProxy(ProxyFaults):
    """A web server that answers by `_handle`, behind a proxy."""

    async def start(self) -> None:
        self.web = web.Server(self._handle)
        self.server = await asyncio.get_running_loop().create_server(self.web, LOCAL, 0)
        self.proxy = CutProxy(self.server.sockets[0].getsockname()[1])
        await self.proxy.start()

    async def close(self) -> None:
        await self.restore()
        await self.proxy.stop()
        self.server.close()
        self.web.pre_shutdown()
        await self.web.shutdown(1)
        await self.server.wait_closed()

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        raise NotImplementedError


class HttpDestinationBench(WebBehindProxy):
    """A server that takes what is posted, behind a proxy. Honours Idempotency-Key where that is promised."""

    def __init__(self, *, deduplicates: bool) -> None:
        self.deduplicates = deduplicates
        self.bodies: list[bytes] = []
        self.keys: set[str] = set()
        self.refused: set[str] = set()
        self.seen: list[web.BaseRequest] = []

    def destination(self) -> Destination:
        return http.Endpoint(
            url=f"http://{LOCAL}:{self.proxy.port}/orders",
            answer_timeout=ANSWER_TIMEOUT,
            deduplicates=self.deduplicates,
        )

    def delivery(self, number: int) -> Delivery:
        return some_delivery(number, orjson.dumps({"note": f"secret-{number}"}), "application/json")

    async def arrived(self) -> list[bytes]:
        return list(self.bodies)

    async def refuse(self, delivery: Delivery) -> None:
        self.refused.add(delivery.idempotency_key)

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        if request.method == "HEAD":
            return web.Response(status=405)
        self.seen.append(request)
        body = await request.read()
        key = request.headers["Idempotency-Key"]
        if key in self.refused:
            problem = orjson.dumps({"title": "Not valid", "detail": f"cannot take {orjson.loads(body)['note']}"})
            return web.Response(status=422, body=problem, content_type="application/problem+json")
        if not self.deduplicates or key not in self.keys:
            self.keys.add(key)
            self.bodies.append(body)
        return web.Response(status=201, headers={"Location": f"/orders/{key}"})


class WriterBench:
    """A directory that is read without the hub."""

    def __init__(self, directory: Path, kind: type[files.Writer] = files.Writer) -> None:
        self.directory = directory / "out"
        self.directory.mkdir()
        self.kind = kind

    def destination(self) -> Destination:
        return self.kind(url=str(self.directory), name="{idempotency_key}.json")

    def delivery(self, number: int) -> Delivery:
        return some_delivery(number, f"secret-{number}\x00\xff".encode("latin-1"), "application/octet-stream")

    async def arrived(self) -> list[bytes]:
        written = sorted(self.directory.glob("[!.]*"), key=lambda path: int(path.stem.split("-")[1]))
        return [body for path in written if (body := path.read_bytes()) != b"another system's file"]

    async def refuse(self, delivery: Delivery) -> None:
        (self.directory / f"{delivery.idempotency_key}.json").write_bytes(b"another system's file")

    async def vanish(self) -> None:
        self.directory.rename(self.directory.with_name("away"))

    async def come_back(self) -> None:
        self.directory.with_name("away").rename(self.directory)


class SftpWriterBench(WriterBench):
    """The directory behind SFTP: written through the server, read without it."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.server = SftpServer(directory)

    async def start(self) -> None:
        await self.server.start()

    async def close(self) -> None:
        await self.server.stop()

    def destination(self) -> Destination:
        settings = self.server.settings | {"timeout": ANSWER_TIMEOUT * 4}
        return files.Writer(url=self.server.url("/out"), name="{idempotency_key}.json", **settings)

    async def vanish(self) -> None:
        await self.server.stop()

    async def come_back(self) -> None:
        await self.server.start()

    async def lose_answers(self) -> None:
        self.server.fault = Answers.LOSE
        self.server.released.clear()

    hold_answers = lose_answers

    async def cut_answers(self) -> None:
        self.server.fault = Answers.CUT

    async def restore(self) -> None:
        self.server.fault = Answers.PASS
        self.server.released.set()

"""The proxy by which tests do harm to calls of any Odoo: what it passes is the same to the byte, also over TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from odoo_far_side import FarSide, World, deliveries, delivery

from hilum.errors import Down, TryAgain, Unsure
from hilum.message import Delivered
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.certificates import Authority
from support.odoo_door import Call, Fate, OdooDoor

pytestmark = pytest.mark.req("NEW-1")
BODY = bytes(range(256)) * 300


class Echo:
    """Answers with what it was sent, in the ways of HTTP in which an answer may end."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.port = 0

    async def start(self, tls: ssl.SSLContext | None = None) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
        self.hosts.append(fields["Host"])
        body = await reader.readexactly(int(fields["Content-Length"]))
        match head.split(b" ")[1]:
            case b"/closed":
                writer.write(b"HTTP/1.0 200 OK\r\nServer: Old\r\n\r\n" + body)
            case b"/chunked":
                chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:]))
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nX: y\r\n\r\n")
            case _:
                writer.write(b"HTTP/1.1 200 OK\r\nX-Own:  two spaces\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


async def asked(streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], path: str) -> bytes:
    """All bytes of the answer."""
    reader, writer = streams
    head = f"POST {path} HTTP/1.1\r\nHost: me\r\nContent-Length: {len(BODY)}\r\n\r\n"
    writer.write(head.encode() + BODY)
    if writer.can_write_eof():
        writer.write_eof()  # the door keeps a connection where the answer allows it
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize("path", ["/closed", "/chunked", "/sized"])
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
async def test_every_byte_passes(path: str, secure: bool, tmp_path: Path) -> None:
    authority, far, own, trusting = Authority(tmp_path, "authority"), Echo(), None, None
    if secure:
        own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        own.load_cert_chain(authority.issue("server"))
        trusting = ssl.create_default_context(cafile=str(authority.path))
    server = await far.start(own)
    async with server, OdooDoor(f"http{'s' * secure}://localhost:{far.port}/", tls=trusting) as door:
        host, port = door.url.removeprefix("http://").split(":")
        passed = await asked(await asyncio.open_connection(host, int(port)), path)
        straight = await asked(await asyncio.open_connection("localhost", far.port, ssl=trusting), path)
        assert passed == straight
        assert far.hosts == [f"localhost:{far.port}", "me"]


async def test_a_connection_is_kept_and_a_chunked_request_passes() -> None:
    async def lengths(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    async def chunks() -> AsyncIterator[bytes]:
        yield BODY
        yield BODY

    app = web.Application(client_max_size=2**24)
    app.router.add_post("/{path:.*}", lengths)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with OdooDoor(f"http://127.0.0.1:{runner.addresses[0][1]}") as door, aiohttp.ClientSession() as client:
        for body, length in ((BODY, len(BODY)), (chunks(), 2 * len(BODY))):
            async with client.post(f"{door.url}/anything", data=body) as reply:
                assert await reply.text() == str(length)
    assert door.calls == [Call("", "/anything")] * 2
    await runner.cleanup()


@pytest.fixture(params=["json2", "jsonrpc", "xmlrpc"])
async def behind(request: pytest.FixtureRequest) -> AsyncIterator[FarSide]:
    async with SandboxOdoo("19.0") as box, OdooDoor(box.url) as door:
        far = FarSide(box, request.param, None, door=door)
        yield far
        await far.close()


@pytest.mark.parametrize(
    ("fate", "outcome", "there"),
    [
        (Fate.LOST, Unsure, 1),
        (Fate.CUT, Unsure, 0),  # the client cannot know that nothing was sent on
        (Fate.BAD_GATEWAY, Unsure | Down | TryAgain, 0),
    ],
)
async def test_what_harm_is_done_to_a_call(behind: FarSide, fate: Fate, outcome: type, there: int) -> None:
    hub, world, _ = await behind.stage()
    assert behind.door is not None
    thing = world.supplier.model_copy(update={"code": world.number("S")})
    writes = behind.door.harm(fate)
    (told,) = await hub.deliver([delivery(thing)])
    assert isinstance(told, outcome), told
    assert writes == [Call("res.partner", "load")]
    assert len(await behind.known_as("res.partner", "supplier", thing.code)) == there
    assert writes[0] in behind.door.harmed
    (told,) = await hub.deliver([delivery(thing, attempt=2)])  # the harm is done once
    assert isinstance(told, Delivered), told
    assert len(await behind.known_as("res.partner", "supplier", thing.code)) == 1


async def test_an_answer_waits(behind: FarSide) -> None:
    hub, world, _ = await behind.stage()
    door = behind.door
    assert door is not None
    door.harm(Fate.LATE)
    thing = World(behind).supplier.model_copy(update={"code": world.number("S")})
    work = asyncio.create_task(hub.deliver(deliveries([thing])))
    await eventually(lambda: door.waiting == 1)
    assert await behind.known_as("res.partner", "supplier", thing.code), "it is carried out already"
    assert not work.done()
    door.release()
    (told,) = await work
    assert isinstance(told, Delivered)

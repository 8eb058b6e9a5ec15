"""Two hubs that exchange documents over AS2, and the far side that plays either: keys, station, sender."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from hilum.connector import Receipt, Received
from hilum.connectors import as2
from hilum.message import Delivery, Outcome, new_id
from hilum.postgres import Database
from support.as2_far_side import FarSide, fields_of
from support.certificates import pair

LOCAL = "127.0.0.1"
BODY = b"ISA*secret-1~\nIEA*1~"


class World:
    """Two hubs' settings, and the far side that plays either."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.a, self.b = pair(folder, "a"), pair(folder, "b")
        self.far = FarSide("A", self.a, "B", self.b[1])  # plays A
        self.other = FarSide("B", self.b, "A", self.a[1])  # plays B
        self.at_a = self.settings("A", self.a, "B", self.b)
        self.at_b = self.settings("B", self.b, "A", self.a)

    @staticmethod
    def settings(ours: str, own: tuple[Path, Path], theirs: str, other: tuple[Path, Path]) -> dict[str, Any]:
        return {
            "our_id": ours,
            "partner_id": theirs,
            "our_key": str(own[0]),
            "our_certificate": str(own[1]),
            "partner_certificates": [str(other[1])],
        }

    def document(self, body: bytes = BODY) -> bytes:
        return self.far.encrypted(*self.far.signed(self.far.document(body)))


_ONE = new_id()


def delivery(body: bytes = BODY) -> Delivery:
    """An attempt at always the same delivery."""
    return Delivery(
        message_id=_ONE, ordinal=0, flow="f", destination="d", operation="", body=body,
        content_type="application/edi-x12", idempotency_key="key-1",
    )  # fmt: skip


Answer = Callable[[Received], Awaitable[None]]


class Hub:
    """A station whose messages are answered as the runtime would."""

    def __init__(self, station: as2.Station, answer: Answer | None) -> None:
        self.station = station
        self.received: list[Received] = []
        self.refusals: list[str] = []
        self._answer = answer
        self._ids: dict[str, Any] = {}

    async def run(self) -> None:
        while got := await self.station.receive():
            for each in got:
                self.received.append(each)
                if self._answer is not None:
                    await self._answer(each)
                    continue
                key = each.headers["idempotency-key"]
                again = key in self._ids
                await each.accept(Receipt(message_id=self._ids.setdefault(key, new_id()), duplicate=again))

    @property
    def url(self) -> str:
        return f"http://{LOCAL}:{self.station.port}/as2"


@asynccontextmanager
async def hub(settings: dict[str, Any], answer: Answer | None = None, **more: Any) -> AsyncIterator[Hub]:
    made = Hub(as2.Station(host=LOCAL, port=0, **settings, **more), answer)
    made.station.turned_away = lambda _, reason: made.refusals.append(reason)
    await made.station.open()
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        await made.station.close()
        await task


@asynccontextmanager
async def sender(database: Database | None = None, **settings: Any) -> AsyncIterator[as2.Sender]:
    made = as2.Sender(**settings)
    if database is not None:
        made.over(database)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def serving(handle: Callable[[web.BaseRequest], Awaitable[web.Response]]) -> AsyncIterator[str]:
    made = web.Server(handle)
    server = await asyncio.get_running_loop().create_server(made, LOCAL, 0)
    try:
        yield f"http://{LOCAL}:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        made.pre_shutdown()
        await made.shutdown(1)
        await server.wait_closed()


class LatePartner:
    """A partner that takes what is posted, and posts its receipts when it is told to: the far side B of a world."""

    def __init__(self, world: World, receipts: str) -> None:
        self.world = world
        self.receipts = receipts
        self.names: list[str] = []  # Message-IDs, each time that one came
        self.mics: dict[str, str] = {}

    async def take(self, request: web.BaseRequest) -> web.Response:
        name = request.headers["Message-ID"]
        _, self.mics[name] = self.world.other.opened(await request.read())
        self.names.append(name)
        return web.Response()

    async def confirm(self, name: str = "", **how: Any) -> int:
        """Post the receipt of this message (or the first one); the status of the answer, 0: nobody was there."""
        name = name or self.names[0]
        kind, content = self.world.other.receipt(name, self.mics[name], **how)
        try:
            headers = {"Content-Type": kind, "Message-ID": f"<receipt-{name[1:]}"}
            return (await post(self.receipts, content, headers))[0]
        except aiohttp.ClientConnectorError:
            return 0


async def send(made: as2.Sender, body: bytes = BODY) -> Outcome:
    (outcome,) = await made.deliver([delivery(body)])
    return outcome


async def post(url: str, content: bytes, headers: dict[str, str]) -> tuple[int, str, dict[str, str], bytes]:
    async with aiohttp.ClientSession() as session, session.post(url, data=content, headers=headers) as answer:
        told = await answer.read()
        kind = answer.headers["Content-Type"] if told else ""
        return answer.status, answer.headers.get("Message-ID", ""), fields_of(kind, told) if told else {}, told

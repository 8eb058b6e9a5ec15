"""The far sides of AS2: a partner that sends and receives, written without the hub's own code."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from bench_messages import ANSWER_TIMEOUT, LOCAL, some_delivery
from destination_benches import WebBehindProxy

from hilum.connector import Destination, Source
from hilum.connectors import as2
from hilum.message import Delivery
from support.as2_far_side import FarSide, fields_of
from support.certificates import pair

RECEIPT_TIMEOUT = 5 * ANSWER_TIMEOUT
"""Seconds: what the far side of thirty messages at once decrypts and signs takes its time."""


class Agreed:
    """The keys of both, and the settings of ours."""

    def __init__(self, directory: Path) -> None:
        ours, theirs = pair(directory, "hub"), pair(directory, "far")
        self.far = FarSide("FAR", theirs, "HUB", ours[1])
        self.settings: dict[str, Any] = {
            "our_id": "HUB",
            "partner_id": "FAR",
            "our_key": str(ours[0]),
            "our_certificate": str(ours[1]),
            "partner_certificates": [str(theirs[1])],
        }


class As2SourceBench:
    """A partner that posts each document and reads its receipt."""

    def __init__(self, agreed: Agreed) -> None:
        self.agreed = agreed
        self.sent: set[bytes] = set()
        self.done: set[bytes] = set()
        self.words: dict[bytes, str] = {}
        self._sources: list[as2.Station] = []
        self._posts: list[asyncio.Task[None]] = []

    def source(self) -> Source:
        self._sources.append(as2.Station(host=LOCAL, port=0, **self.agreed.settings))
        return self._sources[-1]

    def unit(self, number: int) -> bytes:
        return f"secret-{number}\x00\xff\n".encode("latin-1")

    async def put(self, *bodies: bytes) -> None:
        (port,) = {each.port for each in self._sources if each.port}
        self.sent.update(bodies)
        self._posts.append(asyncio.create_task(self._post(f"http://{LOCAL}:{port}/as2", bodies)))

    async def _post(self, url: str, bodies: tuple[bytes, ...]) -> None:
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(self._one(session, url, body) for body in bodies))

    async def _one(self, session: aiohttp.ClientSession, url: str, body: bytes) -> None:
        far = self.agreed.far
        content = far.encrypted(*far.signed(far.document(body)))
        async with session.post(url, data=content, headers=far.headers(f"<{hash(body)}@far>")) as answer:
            told = await answer.read()
            if answer.status != 200:
                self.words[body] = told.decode()
                return
            fields = fields_of(answer.headers["Content-Type"], told)
            if fields["disposition"].endswith("; processed"):
                self.done.add(body)
            else:
                self.words[body] = fields["text"]

    async def left(self) -> set[bytes]:
        return self.sent - self.done

    async def told(self, body: bytes) -> str:
        return self.words.get(body, "")

    async def close(self) -> None:
        for task in self._posts:
            task.cancel()
        await asyncio.gather(*self._posts, return_exceptions=True)


class As2DestinationBench(WebBehindProxy):
    """A partner that knows a Message-ID again, behind a proxy."""

    def __init__(self, agreed: Agreed) -> None:
        self.agreed = agreed
        self.bodies: list[bytes] = []
        self.known: dict[str, str] = {}
        self.refused: set[bytes] = set()

    def destination(self) -> Destination:
        url = f"http://{LOCAL}:{self.proxy.port}/as2"
        return as2.Sender(url=url, answer_timeout=RECEIPT_TIMEOUT, **self.agreed.settings)

    def delivery(self, number: int) -> Delivery:
        return some_delivery(number, orjson.dumps({"note": f"secret-{number}"}), "application/edi-consent")

    async def arrived(self) -> list[bytes]:
        return list(self.bodies)

    async def refuse(self, delivery: Delivery) -> None:
        self.refused.add(delivery.body)

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        if request.method == "HEAD":
            return web.Response(status=405)
        name = request.headers["Message-ID"]
        body, mic = self.agreed.far.opened(await request.read())
        if body in self.refused:
            words = f"cannot take {orjson.loads(body)['note']}"
            disposition = "processed/error: unexpected-processing-error"
            kind, content = self.agreed.far.receipt(name, mic, disposition=disposition, words=words)
        else:
            if name not in self.known:
                self.known[name] = mic
                self.bodies.append(body)
            kind, content = self.agreed.far.receipt(name, self.known[name])
        return web.Response(body=content, headers={"Content-Type": kind, "Message-ID": f"<receipt-{name[1:]}"})

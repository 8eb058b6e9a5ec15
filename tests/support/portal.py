"""A supplier portal with a REST interface: its people edit suppliers, and it tells the hub of changes."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson
from aiohttp import web

FIELDS = ("name", "phone", "email")


@dataclass
class Record:
    """One supplier of the portal."""

    values: dict[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, ""))
    changed_at: float = 0.0


class Portal:
    """`async with Portal(seed) as portal:`; `portal.url` is where the hub writes, `portal.tell` where it is told.

    Like many such systems it tells of every change, also of those that the hub made, with the whole record, a moment
    later than it happened, and in the order in which they happened, until the hub says that it has it. `lost`: the
    share of the answers to the hub's writes that it does not give, although it did them. `numbers`: it gives a number
    of its own to what the hub tells it under a name that it does not know, and keeps that name beside it.
    """

    def __init__(self, seed: int, *, numbers: bool = False) -> None:
        self.lost = 0.0
        self.shut = False  # it takes nothing from the hub for now
        self.known_as: dict[str, str] = {}  # its numbers, by the names that the hub used for them first
        self._numbers = numbers
        self.records: dict[str, Record] = {}
        self.writes = 0  # of the hub
        self.tell = ""  # the hub's listener
        self.url = ""
        self._random = random.Random(seed)
        self._keys: set[str] = set()
        self._news: asyncio.Queue[bytes] = asyncio.Queue()
        self._untold = 0
        self._changes = 0
        self._runner: web.AppRunner | None = None
        self._telling: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/suppliers", self._write)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/suppliers"
        self._telling = asyncio.create_task(self._tell())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def idle(self) -> bool:
        """Has everything been told? Raises what ended the telling."""
        if self._telling is not None and self._telling.done():
            self._telling.result()
        return not self._untold

    def edit(self, number: str, **values: str) -> None:
        """What its people do."""
        self._change(number, values)

    def _change(self, number: str, values: dict[str, str]) -> None:
        record = self.records.setdefault(number, Record())
        record.values.update(values)
        record.changed_at = time.time()
        self._untold += 1
        self._changes += 1
        told = next((name for name, mine in self.known_as.items() if mine == number), "")
        news = {
            "id": f"{self._changes}",
            "number": number,
            "changed_at": record.changed_at,
            "hub": told,
            **record.values,
        }
        self._news.put_nowait(orjson.dumps(news))

    def _number(self, code: str) -> str:
        """What it calls what the hub calls so."""
        if not self._numbers or code in self.records:
            return code
        return self.known_as.setdefault(code, f"S-{len(self.records) + 1}")

    async def _write(self, request: web.Request) -> web.Response:
        if self.shut:
            return web.Response(status=503)
        body: dict[str, Any] = orjson.loads(await request.read())
        key = request.headers.get("Idempotency-Key", "")
        if key not in self._keys:
            self._keys.add(key)
            self.writes += 1
            self._change(self._number(body["code"]), dict(_own_names(body)))
        if self._random.random() < self.lost:
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"id": body["code"]})

    async def _tell(self) -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                body = await self._news.get()
                await asyncio.sleep(self._random.uniform(0, 0.02))
                while not await self._told(session, body):
                    await asyncio.sleep(0.02)
                self._untold -= 1

    async def _told(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        """Has the hub taken it? Not while it is down."""
        try:
            async with session.post(self.tell, data=body, headers={"Content-Type": "application/json"}) as answer:
                assert answer.status in (200, 202, 503), answer.status
                return answer.status != 503
        except aiohttp.ClientError:
            return False


def _own_names(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What the hub calls title, the portal calls name."""
    for theirs, ours in (("title", "name"), ("phone", "phone"), ("email", "email")):
        if theirs in body:
            yield ours, body[theirs]

"""The far side: an HTTP receiver that honours Idempotency-Key, notes everything, and misbehaves when asked to."""

from __future__ import annotations

import asyncio
from collections import Counter
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web


class Mood(StrEnum):
    """How the receiver behaves."""

    WELL = "well"
    BUSY = "busy"  # 503, nothing is done
    HANGS = "hangs"  # does it, and never answers
    CUTS = "cuts"  # does it, and closes the connection instead of an answer


class HttpReceiver:
    """`async with HttpReceiver() as far:`; `far.url` is where to post to."""

    def __init__(self) -> None:
        self.mood = Mood.WELL
        self.delay = 0.0  # seconds that each request takes
        self.taken: list[dict[str, Any]] = []  # effects: once for each idempotency key, in the order of first arrival
        self.requests = 0
        self.repeated = 0  # requests whose key had been there before
        self._keys: set[str] = set()
        self._runner: web.AppRunner | None = None
        self.url = ""
        self._port = 0
        self._let_go = asyncio.Event()

    async def start(self) -> None:
        """Listen; after `stop` on the same port as before."""
        app = web.Application()
        app.router.add_post("/in", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}/in"

    async def stop(self) -> None:
        """Gone: connections are refused."""
        self._let_go.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._let_go.clear()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests += 1
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.mood is Mood.BUSY:
            return web.Response(status=503)
        key = request.headers["Idempotency-Key"]
        if key in self._keys:
            self.repeated += 1
        else:
            self._keys.add(key)
            self.taken.append(orjson.loads(body))
        if self.mood is Mood.HANGS:
            await self._let_go.wait()
        if self.mood in (Mood.HANGS, Mood.CUTS):
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=201)

    def let_go(self) -> None:
        """Those that hang are cut off now."""
        self._let_go.set()
        self._let_go = asyncio.Event()

    def assert_exactly(self, sent: dict[str, int]) -> None:
        """Every message of every key has come once, and those of one key in their order."""
        found: dict[str, list[int]] = {}
        for thing in self.taken:
            found.setdefault(thing["key"], []).append(thing["n"])
        twice = [name for name, count in Counter(thing["id"] for thing in self.taken).items() if count > 1]
        assert not twice, f"came twice: {twice[:5]}"
        for key, count in sent.items():
            numbers = found.get(key, [])
            assert sorted(numbers) == list(range(count)), f"{key}: lost {set(range(count)) - set(numbers)}"
            assert numbers == sorted(numbers), f"{key}: out of order {numbers}"
        assert set(found) <= set(sent)

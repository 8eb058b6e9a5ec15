"""A proxy before a server that counts what arrives there: when each request began, and how many were inside at once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

_PASSED_ON = ("Authorization", "Content-Type", "X-Odoo-Database")


class CountingDoor:
    """`async with CountingDoor(box.url) as door:`; `door.url` is where to call. `seconds`: each takes longer."""

    def __init__(self, behind: str, *, seconds: float = 0.0) -> None:
        self.url = ""
        self.began: list[float] = []
        self.paths: Counter[str] = Counter()
        self.most_inside = 0
        self._behind = behind
        self._seconds = seconds
        self._inside = 0
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        assert self._session is not None
        await self._runner.cleanup()
        await self._session.close()

    async def _pass(self, request: web.Request) -> web.Response:
        assert self._session is not None
        self.began.append(time.monotonic())
        self.paths[request.path] += 1
        self._inside += 1
        self.most_inside = max(self.most_inside, self._inside)
        try:
            await asyncio.sleep(self._seconds)
            headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
            async with self._session.request(
                request.method, f"{self._behind}{request.path}", data=await request.read(), headers=headers
            ) as answer:
                passed = {"Date": answer.headers["Date"], "Content-Type": answer.headers["Content-Type"]}
                return web.Response(status=answer.status, body=await answer.read(), headers=passed)
        finally:
            self._inside -= 1

"""What simulated systems with a REST interface share: they answer on the loopback, and post webhooks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self

import aiohttp
from aiohttp import web


class WebService(ABC):
    """`async with`: answers at `url` until it ends. A port of 0 is any free one; `port` says which."""

    listen: int
    port = 0
    _session: aiohttp.ClientSession | None = None
    _runner: web.AppRunner | None = None

    @abstractmethod
    def _routes(self) -> Sequence[web.RouteDef]:
        """What is answered."""

    async def _end(self) -> None:  # noqa: B027 - most have nothing under way
        """What is still under way when it ends."""

    async def __aenter__(self) -> Self:
        """Serve on the loopback."""
        application = web.Application()
        application.add_routes(self._routes())
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.listen).start()
        self.port = int(self._runner.addresses[0][1])
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self._end()
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

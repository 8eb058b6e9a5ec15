"""Serving the console inside the hub's own event loop, until the hub stops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import uvicorn

from hilum.console.context import Context
from hilum.errors import SettingsError

CLOSE_SECONDS = 2
"""Requests and live pages that are open when the hub stops get so long to end."""


class _Server(uvicorn.Server):
    """Signals belong to the hub: it sets `stop`, and the console ends with the rest."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        if self.started:
            self._listening()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise SettingsError(
            f"The console cannot listen on {host}:{port}: {error.strerror}. Set [console] port."
        ) from None


async def serve_console(
    context: Context, host: str, port: int, stop: asyncio.Event, *, ready: Callable[[str], None] | None = None
) -> None:
    """Serve until `stop` is set. `ready` is called once with the address, whose port is the real one where 0 was asked.

    Raises `SettingsError` where the address is taken.
    """
    # Here, because the libraries of the pages take a second to import, and every command imports this module.
    from hilum.console.app import create_app

    listener = _listen(host, port)
    with closing(listener):
        config = uvicorn.Config(
            create_app(context),
            log_config=None,
            access_log=False,
            lifespan="on",
            server_header=False,
            timeout_graceful_shutdown=CLOSE_SECONDS,
            ws_ping_interval=None,  # the live pages ping by themselves
        )

        def listening() -> None:
            if ready is not None:
                ready(f"http://{_shown(host)}:{listener.getsockname()[1]}")

        server = _Server(config, listening)
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="console")
        try:
            await _until(stop, serving)
        finally:
            server.should_exit = True
            await serving


async def _until(stop: asyncio.Event, serving: asyncio.Task[None]) -> None:
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopping, serving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()


def _shown(host: str) -> str:
    """An address that a browser on this machine can open."""
    if host in ("", "0.0.0.0", "::"):  # noqa: S104  # compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host

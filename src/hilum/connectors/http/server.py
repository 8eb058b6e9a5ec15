"""One HTTP server for each host and port, shared by all listeners there: paths tell them apart.

aiohttp's low-level server, not its application: routing by a dict, no middleware, no resolver, is what keeps a small
request cheap.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Final, cast
from weakref import WeakKeyDictionary

from aiohttp import web

from hilum.connectors.declaring import os_words
from hilum.connectors.http.answering import json_answer, problem
from hilum.connectors.turning_away import TOO_MANY, TOO_MANY_OF_ONE, TurnedAway
from hilum.errors import Busy, Down, SettingsError


class _Unquoted(logging.Filter):
    """aiohttp's errors quote what was sent: headers with tokens, pieces of bodies. Only their kind is told."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the error away and name its kind."""
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        record.msg, record.args = (
            "a request could not be answered (%s)",
            (type(error).__name__ if error else "unknown",),
        )
        record.exc_info = record.exc_text = None
        return True


_quiet = logging.getLogger("hilum.http.protocol")
_quiet.addFilter(_Unquoted())

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

# Seconds that the last answers have to leave when a server stops.
STOP_TIMEOUT: Final = 2.0
# Seconds that a connection has to send a whole request head, from its beginning and after each answer.
HEAD_TIMEOUT: Final = 60.0
# The most connections of one server. A sender that opens more than the operating system gives this process would also
# keep the journal and the other listeners from having any; each of those past the limit is closed at once.
CONNECTIONS: Final = 1_000
# Of those, the most of one address: a half, so that one sender that opens as many as it can leaves room for the others.
CONNECTIONS_PER_PEER: Final = 500
HEALTH: Final = "/healthz"
BACKLOG: Final = 512


class _Door(asyncio.Protocol):
    """What a connection meets first: it is handed on to aiohttp, or closed at once where there are too many."""

    def __init__(self, server: web.Server, turned_away: Callable[[str, str], None]) -> None:
        self._server = server
        self._turned_away = turned_away

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in or close it."""
        host = _host(transport)
        if reason := self._why_not(host):
            cast(asyncio.Transport, transport).abort()
            self._turned_away(host, reason)
            return
        handler = self._server()
        transport.set_protocol(handler)
        handler.connection_made(transport)

    def _why_not(self, host: str) -> str:
        """Why this connection is not let in; empty: it is."""
        there = self._server.connections
        if len(there) >= CONNECTIONS:
            return TOO_MANY
        if sum(_host(one.transport) == host for one in there) >= CONNECTIONS_PER_PEER:
            return TOO_MANY_OF_ONE
        return ""


def _host(transport: asyncio.BaseTransport | None) -> str:
    address = transport.get_extra_info("peername") if transport is not None else None
    return str(address[0]) if address else ""


class Server:
    """The server of one host and port. Lives from the first listener that joins to the last that leaves."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, *, shared: bool = False) -> None:
        self.host = host
        self._shared = shared
        self.port = port
        self._context = context
        self._handlers: dict[str, Handler] = {}
        self._left: set[str] = set()  # paths whose listeners have closed: what comes there is to come again
        self._turned_away: dict[str, TurnedAway] = {}  # by path, in the order in which the listeners joined
        self._server: asyncio.Server | None = None
        self._web: web.Server | None = None

    @property
    def encrypted(self) -> bool:
        """Does it speak TLS?"""
        return self._context is not None

    @property
    def unused(self) -> bool:
        """Did the last listener leave?"""
        return not self._handlers

    async def start(self) -> None:
        """Listen. Raises `Down` when the port is taken."""
        handlers = self._web = web.Server(self._handle, access_log=None, logger=_quiet, keepalive_timeout=HEAD_TIMEOUT)

        try:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: _Door(handlers, self._turn_away),
                self.host,
                self.port,
                # one family only, or port 0 would be two different ports
                family=socket.AF_INET6 if ":" in self.host else socket.AF_INET,
                ssl=self._context,
                backlog=BACKLOG,
                reuse_port=(self._shared and hasattr(socket, "SO_REUSEPORT")) or None,
            )
        except OSError as error:
            raise Down(f"cannot listen on http://{self.host}:{self.port}: {os_words(error)}") from None
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and close the connections, after the answers under way."""
        if self._server is not None and self._web is not None:
            self._server.close()
            self._web.pre_shutdown()  # connections without a request under way close at once
            await self._web.shutdown(STOP_TIMEOUT)
            await self._server.wait_closed()

    def add(self, path: str, handler: Handler, turned_away: TurnedAway) -> None:
        """Send what is posted to `path` to this handler. Raises `SettingsError` when the path is taken."""
        if path in self._handlers or path == HEALTH:
            raise SettingsError(f"two listeners want {path} on port {self.port}; give one another path")
        self._handlers[path] = handler
        self._left.discard(path)
        self._turned_away[path] = turned_away

    def remove(self, path: str) -> None:
        """Send nothing to it any more. A request that is on its way is to come again: the hub is stopping."""
        if self._handlers.pop(path, None) is not None:
            self._left.add(path)
        self._turned_away.pop(path, None)

    def _turn_away(self, peer: str, reason: str) -> None:
        """Which path it wanted is not known yet, so the first listener here counts it: once, not once for each path."""
        for first in list(self._turned_away.values())[:1]:
            first.note(peer, reason, asyncio.get_running_loop().time())

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        handler = self._handlers.get(request.path)
        if handler is None:
            if request.path == HEALTH and request.method in ("GET", "HEAD"):
                return json_answer(200, {"status": "ok"})
            if request.path in self._left:
                return problem(503, "The hub is stopping; send again later.", {"Retry-After": str(int(Busy().after))})
            return problem(404, "There is nothing at this path.")
        if request.method != "POST":
            return problem(405, "Send with POST.", {"Allow": "POST"})
        return await handler(request)


_Place = tuple[str, int]
# By event loop: a server belongs to the loop that started it, and tests have one loop each.
_servers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Place, Server]] = WeakKeyDictionary()
_joining: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


def _lock() -> asyncio.Lock:
    return _joining.setdefault(asyncio.get_running_loop(), asyncio.Lock())


async def join(
    host: str,
    port: int,
    path: str,
    handler: Handler,
    context: ssl.SSLContext | None,
    turned_away: TurnedAway,
    *,
    shared: bool = False,
) -> Server:
    """The running server of this host and port with `handler` at `path`. Port 0 is always a server of its own.

    `turned_away`: hears of connections that are not let in, where this is the first listener there. `shared`: other
    processes of this host may listen there too, where the operating system can; each connection goes to one of them.

    Raises `Down` when the port is taken by another program, `SettingsError` when the path is taken here, or when one
    listener wants TLS and the other does not.
    """
    async with _lock():
        servers = _servers.setdefault(asyncio.get_running_loop(), {})
        server = servers.get((host, port)) if port else None
        if server is None:
            server = Server(host, port, context, shared=shared)
            server.add(path, handler, turned_away)
            await server.start()
            servers[(host, server.port)] = server
        elif server.encrypted != (context is not None):
            raise SettingsError(f"listeners on {host}:{port} must all have a certificate, or none")
        else:
            server.add(path, handler, turned_away)
        return server


async def leave(server: Server, path: str) -> None:
    """Take the handler at `path` away; the last one stops the server."""
    async with _lock():
        server.remove(path)
        if server.unused:
            _servers.get(asyncio.get_running_loop(), {}).pop((server.host, server.port), None)
            await server.stop()

"""The paths of the sandbox, in one visible list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC
from email.utils import format_datetime

from aiohttp import web

from hilum.simulator.odoo.engine import Engine
from hilum.simulator.odoo.web import control, docs, json2, jsonrpc, page, version, xmlrpc
from hilum.simulator.odoo.web.common import BODY_LIMIT, DATABASES, ENGINE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(engine: Engine, databases: tuple[str, ...], body_limit: int, *, keep_alive: bool) -> web.Application:
    """The web application over an engine."""
    # the limit is ours to check: each protocol answers in its own way
    app = web.Application(client_max_size=0, middlewares=[_tell_time] if keep_alive else [_tell_time, _close_each])
    app[ENGINE] = engine
    app[DATABASES] = databases
    app[BODY_LIMIT] = body_limit
    app.router.add_route("*", "/json/2/{model}/{method}", json2.handle)
    app.router.add_route("*", "/json/2/{model}", json2.handle)
    app.router.add_route("*", "/json/2", json2.handle)
    app.router.add_post("/jsonrpc", jsonrpc.handle)
    app.router.add_get("/web/version", version.handle)
    app.router.add_get("/json/version", version.handle)
    for path in ("/xmlrpc/2/{service}", "/xmlrpc/{service}"):
        app.router.add_post(path, xmlrpc.handle)
    app.router.add_get("/doc-bearer/{name}.json", docs.handle)
    for path in ("/", "/web", "/web/login"):
        app.router.add_get(path, page.handle)
    control.add_routes(app)
    return app


@web.middleware
async def _tell_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The `Date` of an answer is that of the same clock as `write_date`."""
    response = await handler(request)
    response.headers["Date"] = format_datetime(request.app[ENGINE].clock().astimezone(UTC), usegmt=True)
    return response


@web.middleware
async def _close_each(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Without a proxy in front, Odoo closes the connection after each reply."""
    response = await handler(request)
    response.force_close()
    return response

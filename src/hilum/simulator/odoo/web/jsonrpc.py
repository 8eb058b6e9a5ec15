"""JSON-RPC at `/jsonrpc`, every version. Every error of a call is HTTP 200."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from hilum.simulator.odoo.errors import TooLarge
from hilum.simulator.odoo.web import rpc
from hilum.simulator.odoo.web.common import (
    DATABASES,
    ENGINE,
    Hangup,
    Page,
    error_body,
    hang_up,
    is_json,
    json_response,
    too_large,
)


async def handle(request: web.Request) -> web.Response:
    """Answer a call."""
    is_19 = request.app[ENGINE].registry.major >= 19
    if not is_json(request):
        return Page(
            415 if is_19 else 400,
            "415 Unsupported Media Type" if is_19 else "400 Bad Request",
            "Request inferred type is compatible with ['http'] but '/jsonrpc' is type='json'.",
        ).response()
    try:
        body = json.loads(b"{}" if too_large(request) else await request.read())
    except ValueError:
        return web.Response(status=400, text="Invalid JSON data")
    if not isinstance(body, dict):
        return web.Response(status=400, text="Invalid JSON-RPC data")
    reply: dict[str, Any] = {"jsonrpc": "2.0", "id": body.get("id")}
    try:
        result = await _call(request, body.get("params") or {})
    except Hangup:
        return hang_up(request)
    except Page as page:
        return page.response()
    except Exception as error:  # noqa: BLE001 — a server answers for what it did not expect
        reply["error"] = {"code": 0 if is_19 else 200, "message": "Odoo Server Error", "data": error_body(error)}
        return json_response(reply)
    if result is not None:  # a method that returns None has a reply without the member
        reply["result"] = result
    return json_response(reply)


async def _call(request: web.Request, params: dict[str, Any]) -> Any:
    if too_large(request):
        raise TooLarge
    return await rpc.serve(
        request.app[ENGINE],
        request.app[DATABASES],
        str(params.get("service")),
        str(params.get("method")),
        params.get("args") or [],
    )

"""The version without login, as 19 tells it; earlier ones do not have these paths."""

from __future__ import annotations

import secrets

from aiohttp import web

from hilum.simulator.odoo.faults import Fault
from hilum.simulator.odoo.web.common import ENGINE, Hangup, Page, before, hang_up, json_response
from hilum.simulator.odoo.web.rpc import SERIES


async def handle(request: web.Request) -> web.Response:
    """`{"version_info": [...], "version": "19.0"}`; `/web/version` sets a session cookie, `/json/version` does not."""
    engine = request.app[ENGINE]
    number = engine.registry.version
    faults: list[Fault] = engine.faults.draw("web", "version")
    try:
        await before(faults, engine)
        if engine.registry.major < 19:
            raise Page(404, "404 Not Found", "The requested URL was not found on the server.")
    except Hangup:
        return hang_up(request)
    except Page as page:
        return page.response()
    response = json_response({"version_info": SERIES[number], "version": number})
    if request.path.startswith("/web/"):
        response.set_cookie("session_id", secrets.token_urlsafe(32), httponly=True, samesite="Lax")
    return response

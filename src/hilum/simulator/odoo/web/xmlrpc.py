"""XML-RPC at `/xmlrpc/2/<service>`, every version. Always HTTP 200; errors are faults.

A method that returns None cannot be answered: the client gets Fault 1 although the change is committed.
"""

from __future__ import annotations

import traceback
import xmlrpc.client
from typing import Any
from xml.parsers.expat import ExpatError

from aiohttp import web

from hilum.simulator.odoo.errors import AccessDenied, AccessError, MissingError, UserError, ValidationError
from hilum.simulator.odoo.web import rpc
from hilum.simulator.odoo.web.common import DATABASES, ENGINE, Hangup, Page, hang_up

PROGRAMMING, REFUSED, DENIED, NO_ACCESS = 1, 2, 3, 4  # the fault codes


async def handle(request: web.Request) -> web.Response:
    """Answer a call."""
    try:
        params, method = xmlrpc.client.loads(await request.read())
    except (ExpatError, xmlrpc.client.Error, ValueError):
        return web.Response(status=400, text="Invalid XML-RPC data")
    try:
        result = await _call(request, str(method), list(params))
        body = xmlrpc.client.dumps((result,), methodresponse=True, allow_none=False)
    except Hangup:
        return hang_up(request)
    except Page as page:
        return page.response()
    except Exception as error:  # noqa: BLE001 — a server answers for what it did not expect
        body = xmlrpc.client.dumps(_fault(error), methodresponse=True)
    return web.Response(body=body.encode(), content_type="text/xml")


async def _call(request: web.Request, method: str, params: list[Any]) -> Any:
    service = request.match_info["service"]
    return await rpc.serve(request.app[ENGINE], request.app[DATABASES], service, method, params)


def _fault(error: Exception) -> xmlrpc.client.Fault:
    if isinstance(error, AccessDenied):
        return xmlrpc.client.Fault(DENIED, error.message)
    if isinstance(error, AccessError):
        return xmlrpc.client.Fault(NO_ACCESS, error.message)
    if isinstance(error, (UserError, ValidationError, MissingError)):
        return xmlrpc.client.Fault(REFUSED, error.message)
    return xmlrpc.client.Fault(PROGRAMMING, "".join(traceback.format_exception(error)))

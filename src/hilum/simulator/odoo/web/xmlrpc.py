"""XML-RPC at `/xmlrpc/2/<service>` and `/xmlrpc/<service>`, every version. Always HTTP 200; errors are faults.

What is committed stays so where the answer cannot be put into XML: a method that returns None, or numbers as keys, is
Fault 1 to the client. The older path says the same in texts where the newer one has numbers.
"""

from __future__ import annotations

import traceback
import xmlrpc.client
from typing import Any

from aiohttp import web

from hilum.simulator.odoo.errors import (
    AccessDenied,
    AccessError,
    MissingError,
    OdooError,
    TooLarge,
    UserError,
    ValidationError,
)
from hilum.simulator.odoo.web import rpc
from hilum.simulator.odoo.web.common import DATABASES, ENGINE, Hangup, Page, hang_up, too_large

PROGRAMMING, REFUSED, DENIED, NO_ACCESS = 1, 2, 3, 4  # the fault codes
_CONTROL = dict.fromkeys(set(range(32)) - {9, 10, 13})  # what XML 1.0 has no place for is left out


async def handle(request: web.Request) -> web.Response:
    """Answer a call."""
    try:
        text = xmlrpc.client.dumps((await _call(request),), methodresponse=True, allow_none=False)
    except Hangup:
        return hang_up(request)
    except Page as page:
        return page.response()
    except Exception as error:  # noqa: BLE001 — a server answers for what it did not expect
        fault = _fault(error) if request.path.startswith("/xmlrpc/2/") else _old_fault(error)
        text = xmlrpc.client.dumps(fault, methodresponse=True)
    return web.Response(body=text.translate(_CONTROL).encode(), content_type="text/xml")


async def _call(request: web.Request) -> Any:
    if too_large(request):
        raise TooLarge
    params, method = xmlrpc.client.loads(await request.read())
    service = request.match_info["service"]
    return await rpc.serve(request.app[ENGINE], request.app[DATABASES], service, str(method), list(params))


def _fault(error: Exception) -> xmlrpc.client.Fault:
    if isinstance(error, AccessDenied):
        return xmlrpc.client.Fault(DENIED, error.message)
    if isinstance(error, AccessError):
        return xmlrpc.client.Fault(NO_ACCESS, error.message)
    if isinstance(error, (UserError, ValidationError, MissingError)):
        return xmlrpc.client.Fault(REFUSED, str(error))
    return xmlrpc.client.Fault(PROGRAMMING, _trace(error))


def _old_fault(error: Exception) -> xmlrpc.client.Fault:
    """The fault of `/xmlrpc/<service>`: its code is a text. Documented, not measured."""
    if isinstance(error, AccessDenied):
        return xmlrpc.client.Fault("AccessDenied", error.message)  # type: ignore[arg-type]
    for kind, told in ((AccessError, "AccessError"), (MissingError, "MissingError"), (ValidationError, "UserError")):
        if isinstance(error, kind):
            return xmlrpc.client.Fault(f"warning -- {told}\n\n{error}", "")  # type: ignore[arg-type]
    if isinstance(error, UserError):
        return xmlrpc.client.Fault(f"warning -- UserError\n\n{error}", "")  # type: ignore[arg-type]
    return xmlrpc.client.Fault(str(error), _trace(error))  # type: ignore[arg-type]


def _trace(error: Exception) -> str:
    """The traceback as the server would print it: through the call where that has failed, the name at the end."""
    if not isinstance(error, OdooError):
        return "".join(traceback.format_exception(error))
    name = error.name.removeprefix("builtins.")
    words = f"{error.status} {error.message}" if error.name.startswith("werkzeug.") else error.message
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"Traceback (most recent call last):\n{frames}{name}: {words}\n"

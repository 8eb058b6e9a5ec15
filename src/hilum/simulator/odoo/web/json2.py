"""JSON-2, the external API of Odoo 19: `POST /json/2/<model>/<method>` with a bearer key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from hilum.simulator.odoo import keys
from hilum.simulator.odoo.engine import Engine
from hilum.simulator.odoo.errors import (
    AccessDenied,
    BadRequest,
    NotFound,
    OdooError,
    TooLarge,
    Unauthorized,
    UnprocessableEntity,
)
from hilum.simulator.odoo.orm import dispatch
from hilum.simulator.odoo.orm.model import Model
from hilum.simulator.odoo.web.common import (
    DATABASES,
    ENGINE,
    Call,
    Hangup,
    Page,
    carry_out,
    error_body,
    hang_up,
    is_chunked,
    is_json,
    json_response,
    too_large,
)

RECORD_ARGUMENTS = ("vals_list", "data")  # what tells how many records a call is about, next to `ids`


async def handle(request: web.Request) -> web.Response:
    """Answer a call; every error has its status and, but for routing errors, a JSON body of five members."""
    try:
        check_route(request)
        return json_response(await _call(request))
    except Hangup:
        return hang_up(request)
    except Page as page:
        return page.response()
    except OdooError as error:
        headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthorized) else None
        return json_response(error_body(error), status=error.status, headers=headers)
    except Exception as error:  # noqa: BLE001 — a server answers 500 for what it did not expect
        return json_response(error_body(error), status=500)


def check_route(request: web.Request) -> None:
    """What the router refuses, in HTML. Raises Page."""
    if request.app[ENGINE].registry.major < 19:
        raise Page(303, "Redirecting...", "", {"Location": f"/web/login?redirect={request.path}"})
    wanted = request.headers.get("X-Odoo-Database")
    databases = request.app[DATABASES]
    if (wanted is None and len(databases) > 1) or (wanted is not None and wanted not in databases):
        raise Page(
            404,
            "404 Not Found",
            "No database is selected and the requested URL was not found in the server-wide controllers.",
        )
    if request.method == "POST" and not is_json(request):
        raise Page(
            415,
            "415 Unsupported Media Type",
            f"Request inferred type is compatible with ['http'] but {request.path} is type='json2'.",
            {"Accept": "application/json"},
        )


async def _call(request: web.Request) -> Any:
    engine = request.app[ENGINE]
    model, method = request.match_info.get("model", ""), request.match_info.get("method", "")
    if request.method != "POST" or not method:
        raise NotFound("Did you mean POST /json/2/<model>/<method>?")
    uid = authenticated(engine, request)
    arguments = await _body(request)
    ids = arguments.pop("ids", None)
    context = arguments.pop("context", None) or {}
    records = next((arguments[name] for name in RECORD_ARGUMENTS if name in arguments), ids)

    def bind(bound: Model, target: dispatch.Target) -> Any:
        return _run(bound, target, method, ids, arguments)

    call = Call(uid=uid, model=model, method=method, bind=bind, context=context, records=records, protocol="json2")
    try:
        return await carry_out(engine, call)
    except dispatch.NoModel as error:
        raise NotFound(f"the model '{error.message}' does not exist") from None
    except dispatch.NoMethod as error:
        raise NotFound(error.message) from None
    except dispatch.BadArguments as error:
        raise UnprocessableEntity(error.message) from None


def _run(
    bound: Model, target: dispatch.Target, method: str, ids: Sequence[int] | None, arguments: Mapping[str, Any]
) -> Any:
    if not target.on_model:
        return dispatch.run(bound, target, [ids or []], arguments)
    if ids:
        raise UnprocessableEntity(f"cannot call {bound.name}.{method} with ids")
    return dispatch.run(bound, target, [], arguments)


def authenticated(engine: Engine, request: web.Request) -> int:
    """The user of the bearer key. Raises Unauthorized."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if not scheme and request.cookies.get("session_id"):
        raise Unauthorized('Missing "Authorization" or Sec-headers for interactive usage.')
    if scheme.lower() != "bearer" or not secret:
        raise Unauthorized("User not authenticated, use an API Key with a Bearer Authorization header.")
    uid = keys.user_by_key(engine.env(), secret.strip())
    if uid is None:
        raise Unauthorized("Invalid apikey")
    if engine.sessions.get(request.cookies.get("session_id", ""), uid) != uid:
        raise AccessDenied("Session user does not match the used apikey.")
    return uid


async def _body(request: web.Request) -> dict[str, Any]:
    """The arguments. A chunked body is ignored, as the real server does; so is JSON that is not an object."""
    if too_large(request):
        raise TooLarge
    raw = await request.read()
    if is_chunked(request) or not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise BadRequest(f"could not parse the body as json: {error}") from None
    return body if isinstance(body, dict) else {}

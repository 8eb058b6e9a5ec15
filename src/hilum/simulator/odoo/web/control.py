"""The paths that no Odoo has: `/sandbox/faults`, `/sandbox/calls`, `/sandbox/records`. Loopback only."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from aiohttp import web

from hilum.simulator.odoo.engine import Engine
from hilum.simulator.odoo.web.common import ENGINE, json_response

HIDDEN_MODELS = frozenset({"res.users.apikeys"})


def add_routes(app: web.Application) -> None:
    """Hang the paths into the application."""
    app.router.add_get("/sandbox/faults", get_faults)
    app.router.add_put("/sandbox/faults", put_faults)
    app.router.add_post("/sandbox/release", release)
    app.router.add_get("/sandbox/calls", get_calls)
    app.router.add_delete("/sandbox/calls", clear_calls)
    app.router.add_get("/sandbox/records", get_records)


def _check_loopback(request: web.Request) -> None:
    try:
        near = ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        near = False
    if not near:
        raise web.HTTPForbidden(text="Only from this machine.")


async def get_faults(request: web.Request) -> web.Response:
    """The faults in force, as a list."""
    _check_loopback(request)
    return json_response(request.app[ENGINE].faults.to_json())


async def put_faults(request: web.Request) -> web.Response:
    """Put a list of faults in force instead, each `{"kind", "probability"?, "times"?, "ms"?, "model"?, "method"?}`."""
    _check_loopback(request)
    faults = request.app[ENGINE].faults
    try:
        wanted = json.loads(await request.read())
        if not isinstance(wanted, list) or not all(isinstance(each, dict) for each in wanted):
            raise ValueError("the body must be a list of objects")
        faults.replace(wanted)
    except ValueError as error:
        return json_response({"error": str(error)}, status=400)
    return json_response(faults.to_json())


async def release(request: web.Request) -> web.Response:
    """Let hanging calls go."""
    _check_loopback(request)
    request.app[ENGINE].faults.release()
    return json_response({})


async def get_calls(request: web.Request) -> web.Response:
    """How often each method was called, with how many records."""
    _check_loopback(request)
    return json_response(request.app[ENGINE].calls.to_json())


async def clear_calls(request: web.Request) -> web.Response:
    """Start counting anew."""
    _check_loopback(request)
    request.app[ENGINE].calls.clear()
    return json_response({})


async def get_records(request: web.Request) -> web.Response:
    """All records of `?model=…` as kept, with their external ids."""
    _check_loopback(request)
    model = request.query.get("model", "")
    engine = request.app[ENGINE]
    if model not in engine.registry.models or model in HIDDEN_MODELS:
        return json_response({"error": f"The sandbox has no model {model!r}."}, status=404)
    return json_response(records_of(engine, model))


def records_of(engine: Engine, model: str) -> list[dict[str, Any]]:
    """All records of a model as kept, each with `external_ids`. Raises KeyError for an unknown model."""
    store = engine.store
    names = store.tables["ir.model.data"]
    found = []
    for record_id, row in store.tables[model].items():
        ids = store.find("ir.model.data", ("model", "res_id"), (model, record_id))
        found.append({**row, "external_ids": [f"{names[each]['module']}.{names[each]['name']}" for each in ids]})
    return found

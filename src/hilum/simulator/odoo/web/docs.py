"""The documentation of the API as JSON, 19 only: `/doc-bearer/index.json` and `/doc-bearer/<model>.json`."""

from __future__ import annotations

import inspect
from typing import Any

from aiohttp import web

from hilum.simulator.odoo.engine import Engine
from hilum.simulator.odoo.errors import AccessError, NotFound, OdooError, Unauthorized
from hilum.simulator.odoo.orm import dispatch, generic
from hilum.simulator.odoo.orm.access import DOCUMENTATION
from hilum.simulator.odoo.orm.model import Model, Public
from hilum.simulator.odoo.orm.record import Env
from hilum.simulator.odoo.web.common import ENGINE, Page, error_body, json_response
from hilum.simulator.odoo.web.json2 import authenticated, check_route


async def handle(request: web.Request) -> web.Response:
    """The index, or one model; needs a key and the group "Technical Documentation"."""
    engine = request.app[ENGINE]
    try:
        check_route(request)
        env = engine.env(authenticated(engine, request))
        if env.groups is not None and DOCUMENTATION not in env.groups:
            raise AccessError("This page is only accessible to Technical Documentation users.")
        name = request.match_info["name"]
        return json_response(_index(engine) if name == "index" else _model(engine, env, name))
    except Page as page:
        return page.response()
    except OdooError as error:
        headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthorized) else None
        return json_response(error_body(error), status=error.status, headers=headers)


def _index(engine: Engine) -> dict[str, Any]:
    env = engine.env()
    modules = [row["name"] for row in env.store.tables["ir.module.module"].values() if row["state"] == "installed"]
    shown = [model for model in engine.registry.models.values() if dispatch.installed(env, model.module)]
    return {
        "modules": sorted(modules),
        "models": [
            {
                "model": model.name,
                "name": model.label,
                "fields": {
                    column: {"string": field.label} for column, field in engine.registry.fields[model.name].items()
                },
                "methods": sorted(_methods(model, engine.registry.major)),
            }
            for model in shown
        ],
    }


def _model(engine: Engine, env: Env, name: str) -> dict[str, Any]:
    if name not in engine.registry.models or not dispatch.installed(env, engine.registry.models[name].module):
        raise NotFound(f"the model '{name}' does not exist")
    bound = env[name]
    dispatch.check_access(bound, "read")
    methods = {
        method: {
            "signature": str(signature),
            "parameters": {parameter: {} for parameter in signature.parameters},
            "doc": doc,
            "raise": {},
        }
        for method, (signature, doc) in _methods(type(bound), engine.registry.major).items()
    }
    return {"model": name, "name": bound.label, "fields": generic.fields_get(bound), "methods": methods}


def _methods(model: type[Model], major: int) -> dict[str, tuple[inspect.Signature, str]]:
    found = {
        name: (inspect.signature(method.function), inspect.getdoc(method.function) or "")
        for name, method in generic.GENERIC.items()
        if method.since <= major <= method.until
    }
    for name in dir(model):
        own = getattr(model, name)
        marks = getattr(own, "public", None)
        if callable(own) and isinstance(marks, Public) and marks.since <= major <= marks.until:
            found[name] = (inspect.signature(own), inspect.getdoc(own) or "")
    return found

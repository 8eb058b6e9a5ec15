"""What all protocols share: carrying out a call under the faults in force, and the shape of errors."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from hilum.simulator.odoo.engine import Binder, Engine
from hilum.simulator.odoo.errors import OdooError
from hilum.simulator.odoo.faults import Fault, FaultKind

ENGINE = web.AppKey("engine", Engine)
BODY_LIMIT = web.AppKey("body_limit", int)
DATABASES: web.AppKey[tuple[str, ...]] = web.AppKey("databases", tuple)


class Hangup(Exception):
    """Close the connection with no reply."""


class Page(Exception):
    """Answer with an HTML page in place of the protocol's answer."""

    def __init__(self, status: int, title: str, words: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.html = f"<!doctype html>\n<html lang=en>\n<title>{title}</title>\n<h1>{title}</h1>\n<p>{words}</p>\n"
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """The page as a response."""
        return web.Response(status=self.status, text=self.html, content_type="text/html", headers=self.headers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A call of a client, ready to be carried out."""

    uid: int
    model: str
    method: str
    bind: Binder
    context: Mapping[str, Any]
    records: Any = None  # the argument that says how many records the call is about
    protocol: str = "rpc"  # or json2


_PAGES = {
    FaultKind.UNAVAILABLE: (503, "503 Service Unavailable", "The server is overloaded or under maintenance."),
    FaultKind.DOWN: (503, "503 Service Unavailable", "The server is down."),
    FaultKind.BAD_GATEWAY: (502, "502 Bad Gateway", "The upstream server closed the connection."),
    FaultKind.HTML: (200, "Sign in", "The proxy wants you to sign in first."),
}


async def before(faults: list[Fault], engine: Engine) -> None:
    """The faults that strike before anything is done. Raises Hangup and Page."""
    for fault in faults:
        if fault.kind is FaultKind.LATENCY:
            await asyncio.sleep(fault.ms / 1000)
        elif fault.kind is FaultKind.CLOSE:
            raise Hangup
        elif fault.kind is FaultKind.HANG:
            await engine.faults.released()
            raise Hangup
        elif fault.kind in _PAGES:
            raise Page(*_PAGES[fault.kind])


async def carry_out(engine: Engine, call: Call) -> Any:
    """Run a call under the faults in force. Raises OdooError, Hangup, Page."""
    faults = engine.faults.draw(call.model, call.method)
    await before(faults, engine)
    kinds = {fault.kind for fault in faults}
    started = engine.clock()
    began = asyncio.get_running_loop().time()
    for fault in faults:
        if fault.kind is FaultKind.SLOW_COMMIT:
            await asyncio.sleep(fault.ms / 1000)
    engine.count_records(call.model, call.method, call.records)
    result = engine.execute(
        call.uid,
        call.model,
        call.method,
        call.bind,
        context=call.context,
        started=started,
        collide=FaultKind.SERIALIZATION in kinds,
    )
    timings = engine.timings
    if timings is not None:
        await timings.charge(timings.cost(call, result), began)
    if FaultKind.LOST_REPLY in kinds:
        raise Hangup
    return result


def hang_up(request: web.Request) -> web.Response:
    """Close the connection; the response that is returned reaches nobody."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def error_body(error: Exception) -> dict[str, Any]:
    """The five members of an error. A defect of the sandbox itself shows under its Python name, like Odoo's own."""
    if isinstance(error, OdooError):
        name, message, arguments = error.name, error.message, error.arguments
    else:
        name, message, arguments = f"builtins.{type(error).__name__}", str(error), [str(error)]
    debug = "".join(traceback.format_exception(error))
    return {"name": name, "message": message, "arguments": arguments, "context": {}, "debug": debug}


def json_response(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON response as the server sends it."""
    return web.Response(
        status=status,
        body=orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS),
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "X-Content-Type-Options": "nosniff",
            **(headers or {}),
        },
    )


def too_large(request: web.Request) -> bool:
    """True where the announced body exceeds the limit."""
    return (request.content_length or 0) > request.app[BODY_LIMIT]


def is_chunked(request: web.Request) -> bool:
    """True where the body comes in chunks, with no length."""
    return "chunked" in request.headers.get("Transfer-Encoding", "").lower()


def is_json(request: web.Request) -> bool:
    """True where the content type is JSON; a charset parameter does no harm."""
    return request.content_type == "application/json"

"""The JSON-RPC API of Odoo 16 to 19: `POST /jsonrpc`, service `object`, method `execute_kw`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from hilum.connectors.odoo.faults import judge, judge_http
from hilum.connectors.odoo.rpc import RpcClient
from hilum.connectors.odoo.transport import Transport
from hilum.errors import Down, Unsure


class JsonRpcClient(RpcClient):
    """Arguments by position, errors inside an HTTP 200."""

    protocol = "jsonrpc"
    title = "JSON-RPC (Odoo 16 to 18)"

    async def _ask(self, service: str, method: str, arguments: Sequence[Any]) -> Any:
        return await json_rpc(self._transport, service, method, arguments)


async def json_rpc(transport: Transport, service: str, method: str, arguments: Sequence[Any]) -> Any:
    """One JSON-RPC call; None where the reply has no `result` (the method returned nothing)."""
    request = {
        "jsonrpc": "2.0",
        "method": "call",
        "id": 1,
        "params": {"service": service, "method": method, "args": list(arguments)},
    }
    answer = await transport.exchange(
        "POST", "/jsonrpc", body=orjson.dumps(request), headers={"Content-Type": "application/json"}
    )
    if answer.status != 200:
        raise judge_http(answer.status, answer.content_type, answer.body, after=answer.after)
    try:
        reply = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        if "json" not in answer.content_type:
            raise Down("What answers at this address is not Odoo's JSON-RPC: check `url`.") from None
        raise Unsure("Odoo's answer is cut; it may or may not have been done.") from None
    if "error" in reply:
        # the code differs between versions (200, 0); the exception's name is what counts
        data = reply["error"].get("data") or {}
        raise judge(str(data.get("name") or ""), str(data.get("message") or ""))
    return reply.get("result")

"""The JSON-RPC API of Odoo 16 to 19: `POST /jsonrpc`, service `object`, method `execute_kw`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.dialect import Version
from hilum.connectors.odoo.faults import judge, judge_http
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.transport import Transport
from hilum.errors import Down, SettingsError, Unsure

# Before 19 the names of these arguments differ between models (`vals`, `values`, `data`), so they go by position.
_POSITIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    "create": ("vals_list",),
    "write": ("vals",),
    "load": ("fields", "data"),
    "search_count": ("domain",),
    "check_object_reference": ("module", "xml_id"),
}


class JsonRpcClient(OdooClient):
    """Arguments by position, errors inside an HTTP 200."""

    protocol = "jsonrpc"

    def __init__(self, transport: Transport, settings: OdooSettings, version: Version) -> None:
        super().__init__(version, transport.budget)
        if not settings.login or not settings.database:
            raise SettingsError("odoo: `login` and `database` are needed for JSON-RPC (Odoo 16 to 18)")
        self._transport = transport
        self._settings = settings
        self._user: int | None = None
        self._login = asyncio.Lock()

    async def call(
        self,
        model: str,
        method: str,
        /,
        ids: Sequence[int] | None = None,
        *,
        context: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Any:
        """See `OdooClient.call`."""
        positions: list[Any] = [] if ids is None else [list(ids)]
        positions += [arguments.pop(name) for name in _POSITIONAL.get(method, ())]
        if context:
            arguments["context"] = dict(context)
        user = await self.user_id()
        key = self._transport.key.current()
        try:
            return await rpc(
                self._transport,
                "object",
                "execute_kw",
                [self._settings.database, user, key, model, method, positions, arguments],
            )
        except Down:
            self._user = None  # the key may have been changed: ask again who we are
            raise

    async def user_id(self) -> int:
        """The hub's user, asked once. Raises `Down` when the login is refused."""
        async with self._login:
            if self._user is None:
                settings = self._settings
                key = self._transport.key.current()
                arguments = [settings.database, settings.login, key, {}]
                found = await rpc(self._transport, "common", "authenticate", arguments)
                if not found:
                    raise judge("odoo.exceptions.AccessDenied", "")
                self._user = int(found)
            return self._user


async def rpc(transport: Transport, service: str, method: str, arguments: Sequence[Any]) -> Any:
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

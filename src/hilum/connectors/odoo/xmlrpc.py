"""The XML-RPC API of Odoo 16 to 19: `POST /xmlrpc/2/object`, for where a proxy lets nothing else through."""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hilum.connectors.odoo.faults import NOT_IN_XML, Refusal, judge_fault, judge_http
from hilum.connectors.odoo.rpc import RpcClient
from hilum.connectors.odoo.transport import Transport
from hilum.connectors.odoo.xml_values import Unreadable, decode, encode
from hilum.errors import Down, Unsure

ANSWER_LIMIT: Final = 64 * 1024 * 1024  # bytes; 5,000 rows of seven fields are about 7 MB
# Without their answer these are of no use. They have changed nothing, so they are simply refused.
_READS: Final = frozenset(
    {
        *("search_read", "read", "search_count", "fields_get", "get_metadata", "check_object_reference"),
        *("context_get", "has_access", "check_access_rights", "pull", "read_group", "formatted_read_group"),
    }
)
_MAKES: Final = frozenset({"create", "load"})  # what they have made is in the answer


class XmlRpcClient(RpcClient):
    """As JSON-RPC, in XML: no None either way, and most refusals without the name of the exception."""

    protocol = "xmlrpc"
    title = "XML-RPC"

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
        """See `OdooClient.call`. A call that is done, and whose answer XML-RPC cannot carry, answers None."""
        found = await super().call(model, method, ids, context=context, **arguments)
        if found is None and method in _READS:
            raise Refusal(NOT_IN_XML, "", "")
        if found is None and method in _MAKES:
            raise Unsure("Odoo has done it, but XML-RPC cannot carry what it answers.")
        return found

    async def external_ids(self, model: str, ids: Sequence[int]) -> dict[int, str]:
        """See `OdooClient.external_ids`. `get_external_id` answers with numbers as keys, which XML-RPC has not."""
        if not ids:
            return {}
        found = await self.call(model, "get_metadata", list(ids))
        return {row["id"]: row["xmlid"] for row in found if row["xmlid"]}

    async def _ask(self, service: str, method: str, arguments: Sequence[Any]) -> Any:
        return await xml_rpc(self._transport, service, method, arguments)


async def xml_rpc(transport: Transport, service: str, method: str, arguments: Sequence[Any]) -> Any:
    """One XML-RPC call; None where it is done, and its answer is one that XML-RPC cannot carry."""
    answer = await transport.exchange(
        "POST",
        f"/xmlrpc/2/{service}",
        body=encode(method, arguments),
        headers={"Content-Type": "text/xml; charset=utf-8"},
        limit=ANSWER_LIMIT,
    )
    if answer.status != 200:
        raise judge_http(answer.status, answer.content_type, answer.body, after=answer.after)
    if "xml" not in answer.content_type or "html" in answer.content_type:
        raise Down("What answers at this address is not Odoo's XML-RPC: check `url`.")
    try:
        return decode(answer.body)
    except xmlrpc.client.Fault as fault:
        failure = judge_fault(fault.faultCode, str(fault.faultString))
    except Unreadable:
        raise Unsure("Odoo's answer is cut or not XML-RPC; it may or may not have been done.") from None
    if failure is not None:
        raise failure
    return None

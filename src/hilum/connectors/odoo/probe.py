"""Which Odoo is at an address, and which client speaks its protocol."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import structlog

from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.dialect import OLDEST, Version, unknown
from hilum.connectors.odoo.json2 import Json2Client
from hilum.connectors.odoo.jsonrpc import JsonRpcClient, json_rpc
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.transport import Transport
from hilum.connectors.odoo.xmlrpc import XmlRpcClient, xml_rpc
from hilum.errors import Down, Rejected, SettingsError, Unsure

_log = structlog.get_logger(__name__)


async def probe(transport: Transport, protocol: str = "auto") -> Version:
    """The server's version, asked without a login.

    `GET /json/version` answers from 19 on; older servers say 404 and are asked over RPC. By `xmlrpc` no other path is
    tried: a proxy that lets nothing else through may take offence. Raises `Down` when nobody,
    or something that is not Odoo, answers.
    """
    try:
        told = await (xml_rpc(transport, "common", "version", []) if protocol == "xmlrpc" else _tell(transport))
    except (Unsure, Rejected) as failure:
        # asking for a version changes nothing, so a lost answer is simply "not now"
        raise Down(f"The server does not say which Odoo it is. {failure}") from None
    version = _series(told)
    if version is None:
        raise Down("What answers at this address does not say which Odoo version it is: check `url`.")
    return version


async def _tell(transport: Transport) -> Any:
    answer = await transport.exchange("GET", "/json/version")
    if answer.status == 200:
        with suppress(orjson.JSONDecodeError):
            told = orjson.loads(answer.body)
            if _series(told) is not None:
                return told
    if answer.status >= 500:
        raise Down(f"Odoo is not available (HTTP {answer.status}).", after=answer.after)
    return await json_rpc(transport, "common", "version", [])


async def connect(transport: Transport, settings: OdooSettings) -> OdooClient:
    """The client for the server at hand. Raises `Down`, and `SettingsError` for a protocol it does not have."""
    version = await probe(transport, settings.protocol)
    if version < OLDEST:
        raise SettingsError(f"odoo: version {version[0]}.{version[1]} is too old; 16.0 is the first that is supported")
    if words := unknown(version):
        _log.warning("odoo_version_unknown", endpoint=settings.url, words=words)
    if settings.protocol == "json2" and version < (19, 0):
        raise SettingsError(f"odoo: this server is {version[0]}.{version[1]}; JSON-2 needs Odoo 19. Use `auto`.")
    if settings.protocol == "xmlrpc":
        return XmlRpcClient(transport, settings, version)
    if settings.protocol == "jsonrpc" or version < (19, 0):
        return JsonRpcClient(transport, settings, version)
    return Json2Client(transport, settings, version)


def _series(told: Any) -> Version | None:
    """(19, 0) of `version_info` or `server_version_info`; the major number may be text (`saas~18`)."""
    if not isinstance(told, dict):
        return None
    info = told.get("version_info") or told.get("server_version_info")
    if not isinstance(info, list) or len(info) < 2:
        return None
    major = str(info[0]).rpartition("~")[2]
    return (int(major), int(info[1])) if major.isdigit() else None

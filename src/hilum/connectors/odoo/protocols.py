"""How long the protocol that an endpoint speaks will be there: the countdown of what Odoo has announced to remove."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from hilum.connector import Condition, Misfit
from hilum.connectors.odoo.dialect import Version

RPC_GONE_IN: Final = "Odoo 22 (autumn 2028)"
"""Where `/jsonrpc` and `/xmlrpc` are removed, as the documentation of 19 says; its first builds said Odoo 20."""

_RPC: Final = {"jsonrpc": "JSON-RPC", "xmlrpc": "XML-RPC"}
RPC_ENDS: Final = date(2028, 9, 1)
PROTOCOL: Final = "endpoint.protocol"
_WARNING: Final = timedelta(days=365)


def countdown(version: Version, protocol: str, today: date) -> str:
    """What is to be said of the protocol; empty: nothing ends."""
    title = _RPC.get(protocol)
    if title is None:
        return ""
    days = (RPC_ENDS - today).days
    ends = f"Odoo removes {title} in {RPC_GONE_IN}, in {days} days" if days > 0 else f"{RPC_GONE_IN} has no {title}"
    if protocol == "xmlrpc":
        return f"{ends}. Let the proxy pass /json/2 (from 19 on), then leave the setting protocol out."
    if version < (19, 0):
        return f"{ends}. This server has nothing else; from 19 on the hub goes over to JSON-2 by itself."
    return f"{ends}. This server has JSON-2 already: set protocol to auto, or leave it out."


def deprecated(version: Version, protocol: str, today: date) -> list[Condition]:
    """A case where there is something to do, and a year or less is left."""
    words = countdown(version, protocol, today)
    if not words or version < (19, 0) or RPC_ENDS - today > _WARNING:
        return []
    misfit = Misfit(what="protocol", expected="json2", found=protocol, words=words)
    due = datetime.combine(RPC_ENDS, time(), UTC)
    title = "The protocol is about to be removed from Odoo"
    return [Condition(category=PROTOCOL, subject="protocol", title=title, misfits=(misfit,), due=due)]

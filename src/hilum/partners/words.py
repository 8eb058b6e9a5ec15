"""What people are told of documents that were sent to partners."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from hilum.partners.arrivals import Missing
from hilum.partners.profile import Profile
from hilum.partners.register import Outstanding

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "810": "invoice", "820": "remittance advice", "830": "planning schedule", "832": "price catalogue",
        "845": "price authorisation", "850": "order", "855": "order answer", "856": "ship notice",
        "860": "order change", "865": "answer to an order change", "867": "usage report",
        "DESADV": "ship notice", "INVOIC": "invoice", "ORDCHG": "order change", "ORDERS": "order",
        "ORDRSP": "order answer", "PAYMUL": "payment order", "REMADV": "remittance advice", "SLSRPT": "sales report",
        "OrderRequest": "order",
    }
)  # fmt: skip
"""What people call a document."""


def called(code: str, document: str) -> str:
    """`order PO-7`; of what has no number its kind alone."""
    return f"{WORDS.get(code, code)} {document}".strip()


def sentence(profile: Profile | None, each: Outstanding, now: datetime) -> str:
    """What has happened to it: `Order PO-7 sent to Gloves Ltd 26 h ago was not acknowledged.`"""
    name = profile.name if profile is not None else each.partner
    what = called(each.code, each.document)
    begin = f"{what[:1].upper()}{what[1:]}"
    if each.sent_at is None:
        return f"{begin} for {name} has the number {each.number} and was not sent yet."
    ago = _age(now - each.sent_at)
    if each.state == "rejected":
        why = f": {each.words}" if each.words else ""
        return f"{begin} sent to {name} {ago} ago was rejected{why}."
    if each.due_at is not None and each.due_at < now:
        return f"{begin} sent to {name} {ago} ago was not acknowledged."
    return f"{begin} sent to {name} {ago} ago awaits its acknowledgement."


def counted(profile: Profile | None, each: Missing, now: datetime) -> str:
    """What has not come: `Interchange 18 to 20 of Gloves Ltd did not come, noticed 5 h ago.`"""
    name = profile.name if profile is not None else each.partner
    begin = f"{each.series[:1].upper()}{each.series[1:]}"
    return f"{begin} {each} of {name} did not come, although later ones did, noticed {_age(now - each.noticed_at)} ago."


def _age(span: timedelta) -> str:
    minutes = max(int(span.total_seconds() // 60), 0)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 72 * 60 else f"{minutes // 1440} days"

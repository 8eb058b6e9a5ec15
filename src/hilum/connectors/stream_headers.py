"""Headers of messages in streams: out of a delivery, and into what the hub reads. Pure.

NATS and Kafka carry the same names, so that a hub reads what another one wrote, whichever of them lies between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote

from hilum.connector import Header
from hilum.message import Delivery

CONTENT_TYPE: Final = "Content-Type"

# What a hub tells the next one, by the names that both read. Their values are percent-encoded where needed.
_OWN: Final = {
    Header.CAUSATION_ID: "Hilum-Message-Id",  # the sender's message is what causes the receiver's
    Header.CORRELATION_ID: "Hilum-Correlation-Id",
    Header.ORIGIN_FLOW: "Hilum-Flow",
    Header.ORDERING_KEY: "Hilum-Ordering-Key",
    Header.MESSAGE_TYPE: "Hilum-Message-Type",
}
# Of standards: as they are (W3C Trace Context).
_COMMON: Final = {Header.TRACEPARENT: "traceparent", Header.TRACESTATE: "tracestate"}

_SAFE: Final = "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~\""
"""Printable ASCII but space and `%`: what a header's value may hold as it is."""

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def outgoing_headers(delivery: Delivery, key_header: str) -> dict[str, str]:
    """Headers to send: those of the target, then the hub's own. `key_header` carries the idempotency key."""
    headers = {
        name: _line(value)
        for name, value in delivery.headers.items()
        if name not in _COMMON and name not in _OWN and _NAME.fullmatch(name) and not name.lower().startswith("nats-")
    }
    own = {
        Header.CAUSATION_ID: str(delivery.message_id),
        Header.CORRELATION_ID: delivery.correlation_id,
        Header.ORIGIN_FLOW: delivery.flow,
        Header.ORDERING_KEY: delivery.key,
        Header.MESSAGE_TYPE: delivery.headers.get(Header.MESSAGE_TYPE, delivery.operation),
    }
    headers |= {_OWN[name]: _encoded(value) for name, value in own.items() if value}
    headers |= {wire: _line(delivery.headers[name]) for name, wire in _COMMON.items() if name in delivery.headers}
    headers[CONTENT_TYPE] = _line(delivery.content_type)
    headers[key_header] = _encoded(delivery.idempotency_key)
    return headers


def received_headers(subject: str, headers: Mapping[str, str], key_header: str, otherwise: str) -> dict[str, str]:
    """What the hub reads of a message. `otherwise` is its idempotency key where its sender gave none."""
    given = {str(name).lower(): str(value) for name, value in headers.items()}
    found = {Header.SUBJECT: subject}
    for name, wire in _OWN.items():
        if value := given.get(wire.lower()):
            found[name] = unquote(value)
    for name, wire in _COMMON.items():
        if value := given.get(wire):
            found[name] = value
    key = given.get(key_header.lower(), "")
    if Header.CAUSATION_ID in found:  # from a hub, which encodes it; another sender's key is taken as it is
        key = unquote(key)
    found[Header.IDEMPOTENCY_KEY] = key or otherwise
    return found


def content_type_of(headers: Mapping[str, str]) -> str:
    """The content type that the sender says, or that of bytes."""
    for name, value in headers.items():
        if str(name).lower() == "content-type" and value:
            return str(value)
    return "application/octet-stream"


def _encoded(value: str) -> str:
    """Printable ASCII as it is; all else percent-encoded UTF-8."""
    return quote(value, safe=_SAFE)


def _line(value: str) -> str:
    """One line of printable characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in value).split())

"""Subjects and headers of NATS messages: out of a delivery, and into what the hub reads. Pure."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote

from hilum.connector import Header
from hilum.message import Delivery

MESSAGE_ID: Final = "Nats-Msg-Id"  # JetStream recognises a repetition by it
EXPECTED_STREAM: Final = "Nats-Expected-Stream"
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

PLACES: Final = ("flow", "operation", "key", "correlation_id", "message_id")
"""What a subject template may name."""

_SAFE: Final = "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~\""
"""Printable ASCII but space and `%`: what a header's value may hold as it is."""
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def headers_of(delivery: Delivery, stream: str) -> dict[str, str]:
    """The headers of a publication: those of the target, then the hub's own."""
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
    headers[MESSAGE_ID] = _encoded(delivery.idempotency_key)
    if stream:
        headers[EXPECTED_STREAM] = stream
    return headers


def received_headers(subject: str, headers: Mapping[str, str], otherwise: str) -> dict[str, str]:
    """What the hub reads of a message. `otherwise` is its idempotency key where its sender gave none."""
    given = {str(name).lower(): str(value) for name, value in headers.items()}
    found = {Header.SUBJECT: subject}
    for name, wire in _OWN.items():
        if value := given.get(wire.lower()):
            found[name] = unquote(value)
    for name, wire in _COMMON.items():
        if value := given.get(wire):
            found[name] = value
    key = given.get(MESSAGE_ID.lower(), "")
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


def subject_of(template: str, delivery: Delivery) -> str:
    """The subject of a publication. What a message brings in is one token: it can neither add one nor be a wildcard."""
    values = {
        "flow": delivery.flow,
        "operation": delivery.operation,
        "key": delivery.key,
        "correlation_id": delivery.correlation_id,
        "message_id": str(delivery.message_id),
    }
    # the flow's name is the project's own, with dots as subjects have them
    tokens = {name: value if name == "flow" else token(value) for name, value in values.items()}
    return template.format_map(tokens)


def token(value: str) -> str:
    """A value as one token of a subject: no dot, wildcard, space or line end; `-` where it is empty."""
    return quote(value, safe="!$&'()+,-/:;=@_~").replace(".", "%2E") or "-"


def template_problem(template: str) -> str:
    """What is wrong with a subject template, in words; empty: nothing."""
    try:
        names = {name for _, name, spec, kind in string.Formatter().parse(template) if name is not None}
    except ValueError:
        return "the braces do not match"
    if unknown := sorted(names - set(PLACES)):
        return f"there is no {{{unknown[0]}}}; there are {', '.join(PLACES)}"
    plain = string.Formatter().vformat(template, (), dict.fromkeys(PLACES, "x"))
    if not plain or any(not part for part in plain.split(".")) or re.search(r"[\s*>]", plain):
        return "a subject is words with dots between, without spaces and wildcards"
    return ""


def has_places(template: str) -> bool:
    """Does the subject depend on the message?"""
    return any(name is not None for _, name, _, _ in string.Formatter().parse(template))


def matches(pattern: str, subject: str) -> bool:
    """Does a subject fit a pattern with the wildcards of NATS (`*` one token, `>` all that follow)?"""
    wanted, found = pattern.split("."), subject.split(".")
    for number, part in enumerate(wanted):
        if part == ">":
            return len(found) > number
        if number >= len(found) or part not in ("*", found[number]):
            return False
    return len(wanted) == len(found)


def _encoded(value: str) -> str:
    """Printable ASCII as it is; all else percent-encoded UTF-8."""
    return quote(value, safe=_SAFE)


def _line(value: str) -> str:
    """One line of printable characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in value).split())

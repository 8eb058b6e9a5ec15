"""Trace identity: which trace a message belongs to, and how that goes on to the next system (W3C Trace Context).

Nothing is stored for it. A message whose sender brought a `traceparent` belongs to that trace. Any other belongs to the
trace whose id is its correlation id, which is the message's own id where the sender gave none: both have 128 bits, so
the trace of a message is found by the id of the message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final
from uuid import UUID

from hilum.connector import Header
from hilum.message import NO_HEADERS, Delivery

TRACESTATE_LIMIT: Final = 512
"""Characters of a `tracestate` that are passed on at least (W3C Trace Context §3.3.1.5); a longer one is left out."""

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")  # W3C Trace Context §3.2
_SAMPLED = 1

CALL: ContextVar[Mapping[str, str]] = ContextVar("call", default=NO_HEADERS)
"""The headers of the call under way, for destinations whose requests are not one for each delivery."""


@dataclass(frozen=True, slots=True)
class SpanContext:
    """One place in a trace: what a `traceparent` says."""

    trace_id: int  # 128 bits, never 0
    span_id: int  # 64 bits; 0: the trace is known, and no span of it
    sampled: bool = False

    @property
    def traceparent(self) -> str:
        """As the header is written."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{self.sampled:02x}"


def read_traceparent(text: str) -> SpanContext | None:
    """What the header says; None for one that the standard calls invalid, which is then ignored (§3.2.2.3)."""
    found = _TRACEPARENT.fullmatch(text)
    if found is None or found[1] == "ff":
        return None
    trace_id, span_id = int(found[2], 16), int(found[3], 16)
    if not trace_id or not span_id:
        return None
    return SpanContext(trace_id, span_id, bool(int(found[4], 16) & _SAMPLED))


def trace_headers(traceparent: str, tracestate: str) -> dict[str, str]:
    """What of a sender's trace context is kept with the message: nothing where it is invalid."""
    if read_traceparent(traceparent) is None:
        return {}
    kept = {Header.TRACEPARENT: traceparent}
    if tracestate and len(tracestate) <= TRACESTATE_LIMIT and tracestate.isascii() and tracestate.isprintable():
        kept[Header.TRACESTATE] = tracestate
    return kept


def sender_context(headers: Mapping[str, str] | None) -> SpanContext | None:
    """Where in a trace the sender was, if it said so."""
    text = headers.get(Header.TRACEPARENT) if headers else None
    return read_traceparent(text) if text else None


def trace_id_of(message_id: UUID, correlation_id: str, headers: Mapping[str, str] | None) -> int:
    """The id of the trace that a message belongs to."""
    if (sender := sender_context(headers)) is not None:
        return sender.trace_id
    return _trace_id(correlation_id) if correlation_id else message_id.int


def shown_trace_id(message_id: UUID, correlation_id: str, headers: Mapping[str, str] | None) -> str:
    """The same as tools for traces show and search it: 32 hexadecimal digits."""
    return f"{trace_id_of(message_id, correlation_id, headers):032x}"


def _trace_id(correlation_id: str) -> int:
    """A UUID as it is; any other name by its hash, so that all of one business event is together."""
    try:
        found = UUID(correlation_id).int
    except ValueError:
        found = 0
    return found or int.from_bytes(blake2b(correlation_id.encode(), digest_size=16).digest())


def context_headers(delivery: Delivery) -> dict[str, str]:
    """What goes on with a delivery over HTTP, and over whatever has headers: correlation, cause, and trace context."""
    headers = {"X-Causation-Id": str(delivery.message_id)}
    if delivery.correlation_id:
        headers["X-Correlation-Id"] = delivery.correlation_id
    for name in (Header.TRACEPARENT, Header.TRACESTATE):
        if value := delivery.headers.get(name):
            headers[name] = value
    return headers

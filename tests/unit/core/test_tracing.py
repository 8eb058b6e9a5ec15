"""Trace identity: read, derived, passed on."""

from __future__ import annotations

from uuid import UUID

import pytest

from hilum.connector import Header
from hilum.message import Delivery, new_id
from hilum.tracing import SpanContext, context_headers, read_traceparent, shown_trace_id, trace_headers, trace_id_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def test_a_traceparent_is_read_and_written_as_it_was() -> None:
    found = read_traceparent(PARENT)
    assert found == SpanContext(int(TRACE, 16), 0xB7AD6B7169203331, True)
    assert found.traceparent == PARENT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00-nonsense",
        f"ff-{TRACE}-b7ad6b7169203331-01",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
        PARENT.upper(),
        f"{PARENT}\r\nX-Evil: 1",
    ],
)
def test_what_the_standard_calls_invalid_is_ignored(text: str) -> None:
    assert read_traceparent(text) is None
    assert trace_headers(text, "vendor=1") == {}


def test_a_tracestate_goes_on_with_its_parent_unless_it_is_too_long() -> None:
    assert trace_headers(PARENT, "a=1,b=2") == {Header.TRACEPARENT: PARENT, Header.TRACESTATE: "a=1,b=2"}
    assert trace_headers(PARENT, "a=" + "1" * 511) == {Header.TRACEPARENT: PARENT}


@pytest.mark.req("MSG-13")
def test_a_message_is_in_the_trace_of_its_sender_else_of_its_correlation_else_in_its_own() -> None:
    message_id = new_id()
    other = UUID("018f0000-0000-7000-8000-000000000001")
    assert trace_id_of(message_id, str(other), {Header.TRACEPARENT: PARENT}) == int(TRACE, 16)
    assert trace_id_of(message_id, str(other), None) == other.int
    assert shown_trace_id(message_id, "", None) == message_id.hex
    named = {trace_id_of(new_id(), "case-7", {}) for _ in range(3)}
    assert len(named) == 1
    assert named != {trace_id_of(new_id(), "case-8", {})}


@pytest.mark.req("MSG-13")
def test_correlation_cause_and_trace_go_on_with_a_delivery() -> None:
    message_id = new_id()
    delivery = Delivery(
        message_id=message_id, ordinal=0, flow="f", destination="d", operation="", body=b"", idempotency_key="k",
        correlation_id="case-7", headers={Header.TRACEPARENT: PARENT, Header.TRACESTATE: "a=1", "X-Kind": "order"},
    )  # fmt: skip
    assert context_headers(delivery) == {
        "X-Causation-Id": str(message_id),
        "X-Correlation-Id": "case-7",
        "traceparent": PARENT,
        "tracestate": "a=1",
    }

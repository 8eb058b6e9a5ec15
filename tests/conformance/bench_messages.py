"""Invented messages and deliveries that the benches send and receive."""

from __future__ import annotations

from uuid import UUID

from hilum.message import Delivery

LOCAL = "127.0.0.1"
# Seconds after which the destinations under test give an answer up. Nothing is asserted about it.
ANSWER_TIMEOUT = 0.3


def hl7_message(number: int, kind: str = "DFT^P03", extra: str = "") -> bytes:
    """An invented message whose control ID is C<number>."""
    header = f"MSH|^~\\&|LAB|NORTH|HILUM|NORTH|20260102030405||{kind}|C{number}|P|2.5.1{extra}"
    return f"{header}\rPID|1||secret-{number}^^^NORTH^MR||Example^Person\rFT1|1|||20260102||CG|4711^Gauze\r".encode()


def some_delivery(number: int, body: bytes, content_type: str) -> Delivery:
    """The n-th delivery, the same at each call."""
    # version 7 and a time in 2026, as the journal makes them
    message_id = UUID(int=(0x019B_7000_0000 << 80) | (0x7 << 76) | (0x2 << 62) | number)
    return Delivery(
        message_id=message_id,
        ordinal=0,
        flow="conformance",
        destination="far-side",
        operation="",
        body=body,
        content_type=content_type,
        key=f"key-{number}",
        idempotency_key=f"idem-{number}",
        correlation_id=f"correlation-{number}",
    )


def control_id_of(body: bytes) -> str:
    return body.split(b"|", 10)[9].decode()

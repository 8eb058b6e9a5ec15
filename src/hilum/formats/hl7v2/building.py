"""Making a message from nothing."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from hilum.formats.hl7v2.charsets import codec_for_writing
from hilum.formats.hl7v2.delimiters import STANDARD, Delimiters
from hilum.formats.hl7v2.escapes import escape
from hilum.formats.hl7v2.message import Message
from hilum.formats.hl7v2.reading import Context


def build(
    type: str,
    *,
    sender: Sequence[str] = (),
    receiver: Sequence[str] = (),
    control_id: str | None = None,
    version: str = "2.5.1",
    timestamp: datetime | None = None,
    processing_id: str = "P",
    charset: str = "UNICODE UTF-8",
    delimiters: Delimiters = STANDARD,
) -> Message:
    """A message that has its MSH segment; `append` the others.

    `type` is MSH-9 with `^` between its parts, whatever the delimiters (`ADT^A04` or `ADT^A04^ADT_A01`). `sender` and
    `receiver` are application and facility. Without `control_id` a new one is made; without `timestamp` it is now,
    in UTC. `charset` is MSH-18 (table 0211) and how the message is written; empty leaves MSH-18 out and writes UTF-8.
    """
    header = f"MSH{delimiters.field}{delimiters.encoding_characters}"
    context = Context(delimiters, codec_for_writing(escape(charset, delimiters), delimiters), [])
    message = Message([header], ["MSH|"], context, None)
    msh = message.segment("MSH")
    for field, value in zip((3, 4, 5, 6), (*_two(sender), *_two(receiver)), strict=True):
        msh[str(field)] = value
    msh["7"] = timestamp or datetime.now(UTC).replace(microsecond=0)
    for number, part in enumerate(type.split("^"), 1):
        msh[f"9.{number}"] = part
    msh["10"] = control_id or new_control_id()
    msh["11"] = processing_id
    msh["12"] = version
    if charset:
        msh["18"] = charset
    return message


def new_control_id() -> str:
    """A control ID that no other message has: 20 characters, the most that every version allows (§2.14.9.10)."""
    return secrets.token_hex(10).upper()


def _two(party: Sequence[str]) -> tuple[str, str]:
    if isinstance(party, str) or len(party) > 2:
        raise ValueError("a party is given as (application, facility)")
    application, facility = (*party, "", "")[:2]
    return application, facility

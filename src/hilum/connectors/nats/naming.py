"""Subjects of NATS: made of a template and a delivery, and compared with patterns. Pure."""

from __future__ import annotations

import re
import string
from typing import Final
from urllib.parse import quote

from hilum.message import Delivery

MESSAGE_ID: Final = "Nats-Msg-Id"
"""The header by which JetStream recognises a repetition; it carries the idempotency key."""

PLACES: Final = ("flow", "operation", "key", "correlation_id", "message_id")
"""What a subject template may name."""


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

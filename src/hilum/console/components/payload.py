"""A payload as people read it: HL7 by segment and field name, JSON indented, anything else as text; or masked."""

from __future__ import annotations

import json
from typing import Any

import orjson

from hilum.console.hl7_names import OPEN_FIELDS, field_name, segment_name
from hilum.console.markup import Html, join, tag
from hilum.console.words import size
from hilum.errors import Invalid
from hilum.formats import hl7v2

MASK = "•••"
MOST_SHOWN = 200_000
"""Characters of one payload that a page shows; the rest is cut with a note."""

MOST_PARSED = 1_000_000
"""Bytes of a payload that is shown by its parts; a page of a larger one would keep the hub from its other work."""

_GONE = "The payload was removed when its retention ended. The story stays."


def decoded(body: bytes) -> tuple[str, str] | None:
    """A body as text and the encoding it was read in; None where it is not text."""
    if b"\x00" in body:
        return None
    for encoding in ("utf-8", "latin-1"):
        try:
            return body.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return None


def is_hl7(body: bytes) -> bool:
    """Does it begin as an HL7 v2 message in ER7 does?"""
    return body.lstrip()[:3] == b"MSH"


def is_pdf(body: bytes) -> bool:
    """Is it a document that only a reader of PDFs can show?"""
    return body.startswith(b"%PDF-")


def shown(body: bytes | None) -> Html:
    """The whole payload: parsed where it can be, and raw."""
    if body is None:
        return tag("p", _GONE, class_="empty")
    if is_pdf(body):
        return tag("p", f"A PDF of {size(len(body))}: save it, and open it with your own reader.", class_="empty")
    text = _text(body)
    raw = tag("pre", text, class_="payload")
    parsed = _hl7(body, masked=False) if is_hl7(body) else _json(body, masked=False)
    if parsed is None:
        return raw
    return join(parsed, tag("details", tag("summary", "Raw, as it is stored"), raw))


def masked(body: bytes | None) -> Html:
    """What may be seen without a right and a reason: the shape, and fields that name nobody."""
    if body is None:
        return tag("p", _GONE, class_="empty")
    parsed = _hl7(body, masked=True) if is_hl7(body) else _json(body, masked=True)
    if parsed is None:
        return tag("p", "Masked. Its format shows nothing that may be seen without a reason.", class_="empty")
    return parsed


def _text(body: bytes) -> str:
    found = decoded(body)
    if found is None:
        return body[:512].hex(" ") + (" …" if len(body) > 512 else "")
    text = found[0].replace("\r\n", "\n").replace("\r", "\n")
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}\n… {len(text) - MOST_SHOWN} characters more"


def _json(body: bytes, *, masked: bool) -> Html | None:
    if len(body) > MOST_PARSED:
        return None
    try:
        value = orjson.loads(body)
        if masked:
            value = _masked(value)
        text = json.dumps(value, indent=2, ensure_ascii=False)
    except (orjson.JSONDecodeError, RecursionError):  # hundreds of levels are nothing that a person reads
        return None
    return tag("pre", text[:MOST_SHOWN], class_="payload")


def _masked(value: Any) -> Any:
    """The same shape with every value masked; names of members stay."""
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return value if value in (None, "") else MASK


def _hl7(body: bytes, *, masked: bool) -> Html | None:
    if len(body) > MOST_PARSED:
        return None
    try:
        message = hl7v2.parse(body)
    except Invalid:
        return None
    return join([_segment(segment, masked) for segment in message])


def _segment(segment: hl7v2.Segment, masked: bool) -> Html:
    name = segment.name
    number = f"[{segment.number}]" if segment.number > 1 else ""
    head = tag("summary", tag("b", f"{name}{number}"), segment_name(name))
    rows = [
        tag(
            "tr", tag("td", f"{name}-{at}"), tag("td", field_name(name, at)), tag("td", _value(name, at, value, masked))
        )
        for at, value in enumerate(segment.fields)
        if at and value
    ]
    return tag("details", head, tag("table", tag("tbody", rows)), class_="segment", open=True)


def _value(name: str, at: int, value: str, masked: bool) -> Html:
    if masked and at not in OPEN_FIELDS.get(name, frozenset()):
        return tag("span", MASK, class_="masked", title="Masked")
    return tag("span", value, class_="mono")

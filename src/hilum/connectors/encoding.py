"""What flows yield becomes the body of a delivery, in one place for every connector."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson
from lxml import etree
from pydantic import BaseModel

from hilum.canonical import BusinessObject
from hilum.connector import Outgoing
from hilum.errors import Invalid
from hilum.formats import edifact, write_tree, x12
from hilum.formats import hl7v2 as hl7

HL7_V2: Final = "application/hl7-v2"
X12: Final = "application/edi-x12"  # RFC 1767
EDIFACT: Final = "application/edifact"  # RFC 1767
JSON: Final = "application/json"
XML: Final = "application/xml"
TEXT: Final = "text/plain; charset=utf-8"
BYTES: Final = "application/octet-stream"

# The most characters of a receiver's words that are kept in an outcome.
WORDS_LIMIT: Final = 300
_WORD = re.compile(r"\w{3,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def encode(thing: Any) -> Outgoing:
    """The body and content type of one yielded object.

    pydantic model, dict and list → JSON, of a partial object only what is told; `hl7.Message` → its ER7 bytes; an X12
    transaction set or interchange, an EDIFACT message or interchange → its bytes; element of lxml → XML;
    str → UTF-8; bytes → as they are. Raises `Invalid` for anything else: no silent `str()` of an
    object reaches a receiver.
    """
    match thing:
        case BusinessObject(left_out=left_out) if left_out is not None:
            return Outgoing(body=thing.model_dump_json(exclude=set(left_out)).encode(), content_type=JSON)
        case BaseModel():
            return Outgoing(body=thing.model_dump_json().encode(), content_type=JSON)
        case hl7.Message():
            return Outgoing(body=thing.encode(), content_type=HL7_V2)
        case x12.TransactionSet() | x12.Interchange():
            return Outgoing(body=thing.encode(), content_type=X12)
        case edifact.Message() | edifact.Interchange():
            return Outgoing(body=thing.encode(), content_type=EDIFACT)
        case etree._Element():
            return Outgoing(body=write_tree(thing), content_type=XML)
        case bytes():
            return Outgoing(body=thing, content_type=BYTES)
        case str():
            return Outgoing(body=thing.encode(), content_type=TEXT)
        case dict() | list():
            return Outgoing(body=_json(thing), content_type=JSON)
        case _:
            raise Invalid(
                f"an object of type {type(thing).__name__} has no encoding; yield a model, dict, text or bytes"
            )


def _json(thing: dict[Any, Any] | list[Any]) -> bytes:
    try:
        return orjson.dumps(thing, default=_inner)
    except orjson.JSONEncodeError as error:
        # orjson names the type that it cannot write, never the value
        raise Invalid(f"cannot be written as JSON: {error}") from None


def _inner(thing: Any) -> Any:
    """What orjson does not know inside a dict: models, and decimals, whose text keeps every digit."""
    from decimal import Decimal

    if isinstance(thing, BaseModel):
        return thing.model_dump(mode="json")
    if isinstance(thing, Decimal):
        return str(thing)
    raise TypeError(type(thing).__name__)


def encode_hl7(thing: Any) -> Outgoing:
    """As `encode`, for receivers that take HL7 v2 only. Raises `Invalid` for what is not an HL7 v2 message."""
    if not isinstance(thing, hl7.Message | bytes | str):
        raise Invalid(
            f"an object of type {type(thing).__name__} is no HL7 v2 message; yield hl7.Message, bytes or text"
        )
    return Outgoing(body=encode(thing).body, content_type=HL7_V2)


def without_payload(words: str, body: bytes) -> str:
    """The receiver's words, shortened, with every word that is also in the payload hidden.

    Receivers like to quote ("patient 4711 unknown"), and an outcome is shown to people who may not see the payload.
    A JSON member's name is no payload and stays, so that "quantity must be positive" can be read.
    """

    def hide(found: re.Match[str]) -> str:
        word = found.group().encode()
        return "···" if word in body and b'"' + word + b'":' not in body else found.group()

    # cut after hiding: a name that is cut in two is no longer found in the payload
    clean = _CONTROL.sub(" ", words[: 10 * WORDS_LIMIT]).strip()
    return _WORD.sub(hide, clean)[:WORDS_LIMIT]

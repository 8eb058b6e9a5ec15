"""From a request to messages: who sent it, its headers, one body or many. Pure, but for reading the body."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import orjson
from aiohttp import web

from hilum.connector import Header
from hilum.errors import HilumError
from hilum.tracing import trace_headers

NDJSON: Final = "application/x-ndjson"
# Idempotency-Key and the other ids of a sender may have this many characters; longer ones are no ids.
ID_LIMIT: Final = 200
_IDS: Final = (
    ("Idempotency-Key", Header.IDEMPOTENCY_KEY),
    ("X-Correlation-Id", Header.CORRELATION_ID),
    ("X-Causation-Id", Header.CAUSATION_ID),
)


class BadRequest(HilumError):
    """The request is refused; `status` and the text are the answer."""

    def __init__(self, status: HTTPStatus, words: str) -> None:
        super().__init__(words)
        self.status = status


def check_token(token: bytes, authorization: str) -> None:
    """Compare the bearer token (RFC 6750 §2.1) in constant time. Raises `BadRequest` 401."""
    scheme, _, shown = authorization.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(shown.strip().encode(), token):
        raise BadRequest(HTTPStatus.UNAUTHORIZED, "The bearer token is missing or wrong.")


def check_signature(secrets: Sequence[bytes], shown: str, signed: bytes) -> None:
    """Compare the HMAC-SHA-256 of what was signed, in hex (with or without `sha256=`) or base64, in constant time.

    Any of the secrets will do: so that one can be renewed while senders still use the former. All are tried, so that
    the time of the answer does not say which. Raises `BadRequest` 401.
    """
    shown = shown.strip().removeprefix("sha256=")
    size = hashlib.sha256().digest_size
    try:
        given = bytes.fromhex(shown) if len(shown) == 2 * size else base64.b64decode(shown, validate=True)
    except (ValueError, binascii.Error):
        given = b""
    fits = [hmac.compare_digest(given, hmac.new(secret, signed, hashlib.sha256).digest()) for secret in secrets]
    if not any(fits):
        raise BadRequest(HTTPStatus.UNAUTHORIZED, "The signature is missing or does not fit the body.")


def check_time(shown: str, now: datetime, tolerance: float) -> None:
    """Was it signed just now? Seconds since 1970, or ISO 8601 with an offset. Raises `BadRequest` 401.

    So a request that somebody has recorded cannot be sent again later.
    """
    try:
        signed_at = datetime.fromtimestamp(float(shown), UTC) if _is_number(shown) else datetime.fromisoformat(shown)
        off = abs((now - signed_at).total_seconds())
    except (ValueError, TypeError, OverflowError, OSError):  # none, not a time, or one without an offset
        raise BadRequest(HTTPStatus.UNAUTHORIZED, "The time of signing is missing or is no time.") from None
    if off > tolerance:
        words = f"The request was not signed within {tolerance:g} s of now; sign it anew, and look at the clocks."
        raise BadRequest(HTTPStatus.UNAUTHORIZED, words)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and text.isascii()


def message_headers(request: web.BaseRequest, peer: str) -> dict[str, str]:
    """The protocol facts that the hub keeps. Raises `BadRequest` 400 for ids that are none."""
    headers = {Header.PEER: peer}
    for name, header in _IDS:
        value = request.headers.get(name, "")
        if len(value) > ID_LIMIT or not value.isprintable():
            raise BadRequest(HTTPStatus.BAD_REQUEST, f"{name} has more than {ID_LIMIT} characters, or odd ones.")
        if value:
            headers[header] = value
    # several tracestate headers are one list (W3C Trace Context §3.3)
    tracestate = ",".join(request.headers.getall("tracestate", ()))
    return headers | trace_headers(request.headers.get("traceparent", ""), tracestate)


def split_many(body: bytes, content_type: str, limit: int) -> Sequence[bytes]:
    """The items of an NDJSON body (each line's bytes unchanged) or of a JSON array (each item written anew).

    Raises `BadRequest`: 400 that names the line, 413 for more items than `limit`.
    """
    return _lines(body, limit) if content_type == NDJSON else _items(body, limit)


def _too_many(limit: int) -> BadRequest:
    return BadRequest(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body has more than {limit} messages; send it in parts."
    )


def _lines(body: bytes, limit: int) -> Sequence[bytes]:
    if body.count(b"\n") > 2 * limit:  # counted first: a list of a million empty lines is a cost in itself
        raise _too_many(limit)
    lines: list[bytes] = []
    for number, line in enumerate(body.split(b"\n"), 1):
        content = line.strip()
        if not content:
            continue
        try:
            orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise BadRequest(HTTPStatus.BAD_REQUEST, f"Line {number} is no JSON: {_where(error)}.") from None
        lines.append(content)
        if len(lines) > limit:
            raise _too_many(limit)
    if not lines:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "The body has no line with content.")
    return lines


def _items(body: bytes, limit: int) -> Sequence[bytes]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(HTTPStatus.BAD_REQUEST, f"The body is no JSON: {_where(error)}.") from None
    if not isinstance(found, list) or not found:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "With ?many=1 the body is a JSON array with at least one item.")
    if len(found) > limit:
        raise _too_many(limit)
    return [orjson.dumps(item) for item in found]


def _where(error: orjson.JSONDecodeError) -> str:
    """What orjson says without its copy of the document."""
    return f"{error.msg.partition(':')[0]} (line {error.lineno}, column {error.colno})"


def with_item(headers: Mapping[str, str], number: int) -> dict[str, str]:
    """The headers of the n-th item of many, from 1: the sender's one key becomes a key for each."""
    own = dict(headers)
    if key := own.get(Header.IDEMPOTENCY_KEY):
        own[Header.IDEMPOTENCY_KEY] = f"{key}:{number}"
    return own

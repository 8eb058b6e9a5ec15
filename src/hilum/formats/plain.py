"""Formats that need no parser of ours: JSON, text, and one row of a file as a JSON object of texts."""

from __future__ import annotations

from typing import Any

import orjson

from hilum.errors import Invalid


def read_json(body: bytes) -> Any:
    """The value of a JSON document (RFC 8259). Raises `Invalid` with line and column."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Invalid("this is not well-formed JSON in UTF-8", where=where) from None


def read_row(body: bytes) -> dict[str, str]:
    """Column name → text. Raises `Invalid` where the body is not a JSON object of texts."""
    row = read_json(body)
    if not isinstance(row, dict):
        raise Invalid("a row is a JSON object of column names and texts", where="line 1, column 1")
    for number, value in enumerate(row.values(), 1):
        if not isinstance(value, str):
            raise Invalid("the value is not a text", where=f"column {number}")
    return row


def read_text(body: bytes) -> str:
    """UTF-8 text, without its byte-order mark. Raises `Invalid` with the byte at which it is not UTF-8."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("the text is not UTF-8", where=f"byte {error.start + 1}") from None

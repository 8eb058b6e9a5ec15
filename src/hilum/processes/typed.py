"""What somebody types as an answer: lists and pairs as lines of text, not as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

LINES, PAIRS, JSON = "lines", "pairs", "json"
"""How what is more than one value is typed."""

HINTS: Final[Mapping[str, str]] = {
    LINES: "One on each line.",
    PAIRS: "One on each line, as: field = value",
    JSON: "As JSON.",
}


def kind_of(schema: Mapping[str, Any]) -> str:
    """How a value of this schema (JSON Schema of an array or an object) is typed."""
    if schema.get("type") == "array" and _is_text(schema.get("items")):
        return LINES
    if schema.get("type") == "object" and _is_text(schema.get("additionalProperties")):
        return PAIRS
    return JSON


def several(kind: str, text: str) -> Any:
    """`V-1` and `V-2` in two lines → a list; `total = 81.00` → a mapping. JSON is taken too.

    A text that is none of it stays a text, and is refused where the answer is checked.
    """
    if kind == JSON or text.lstrip().startswith(("[", "{")):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if kind == LINES:
        return lines
    pairs = [line.partition("=") for line in lines]
    return {name.strip(): value.strip() for name, _, value in pairs} if all(sign for _, sign, _ in pairs) else text


def _is_text(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "string"

"""Text as PostgreSQL can keep and index it, whatever a sender or a receiver wrote."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

KEY_LIMIT: Final = 200
"""The most characters of a key or an identifier: an index entry must stay under 2704 bytes (PostgreSQL, nbtree)."""

_PREFIX: Final = 160


def storable(text: str) -> str:
    """PostgreSQL keeps every character but NUL; a half of a surrogate pair is no character at all."""
    if "\x00" in text:
        text = text.replace("\x00", "�")
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def key_of(text: str) -> str:
    """A key that can be indexed: a long one becomes its beginning and a hash, so that different ones stay different."""
    text = storable(text)
    if len(text) <= KEY_LIMIT:
        return text
    return f"{text[:_PREFIX]}#{blake2b(text.encode(), digest_size=16).hexdigest()}"

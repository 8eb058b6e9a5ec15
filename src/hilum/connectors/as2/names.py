"""What the headers of AS2 say (RFC 4130 §6.2): the two identifiers, the Message-ID. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import Final

VERSION: Final = "1.2"
"""1.1 has compression, 1.2 says that EDIINT-Features is understood (RFC 6017)."""
_ATOM: Final = re.compile(r"[^\s\"\\]+")


def written(name: str) -> str:
    """An identifier as a header has it: quoted where it has blanks, quotes or backslashes."""
    return name if _ATOM.fullmatch(name) else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read(value: str) -> str:
    """The identifier of a header, without its quotes. Identifiers are compared exactly (RFC 4130 §6.2)."""
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def message_id(key: str, sender: str) -> str:
    """The Message-ID of a delivery: the same at each attempt, by its idempotency key."""
    return _id(hashlib.sha256(key.encode()).hexdigest()[:40], sender)


def receipt_id(name: object, sender: str) -> str:
    """The Message-ID of a receipt: the same for each repetition of a message, by its id in the journal."""
    return _id(f"{name}.mdn", sender)


def _id(local: str, sender: str) -> str:
    domain = re.sub(r"[^A-Za-z0-9.-]+", "-", sender).strip("-.") or "as2"
    return f"<{local}@{domain}>"

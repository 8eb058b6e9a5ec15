"""External identifiers: the name in Odoo that says "this record is that business object", for ever.

A record and its external identifier are written in one Odoo transaction, so the identifier is what makes a repeated
delivery an update. It has to be the same at each attempt, and different for different business keys.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final

PREFIX: Final = "hilum"  # the module part. Must not be an installed module: an upgrade deletes what a module lost

_PREFIX = re.compile(r"[a-z][a-z0-9_]{1,62}")
_KIND = re.compile(r"[a-z]+")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_AWKWARD = re.compile(r"[^A-Za-z0-9-]+")

# Odoo takes about 2,700 bytes and refuses spaces; short names stay readable in Odoo's own screens.
_PLAIN_LIMIT: Final = 60
_SLUG_LIMIT: Final = 40


def external_id(kind: str, business_key: str, *, prefix: str = PREFIX) -> str:
    """`hilum.<kind>_<slug>`; for example `hilum.item_GLV-01`.

    `kind` is lower-case letters only, so that kind and key cannot run into each other. A key of plain characters is
    its own slug, with its case. Any other (spaces, dots, non-ASCII, long) gives a readable slug, `__` and 16 hex
    digits of its hash; no plain slug has `__`, so the two never meet. Raises `ValueError` for a bad kind or an empty
    key: both are defects of the caller.
    """
    if not _KIND.fullmatch(kind) or not business_key:
        raise ValueError("an external identifier needs a kind of lower-case letters and a business key")
    return f"{prefix}.{kind}_{_slug(business_key)}"


def _slug(key: str) -> str:
    if len(key) <= _PLAIN_LIMIT and "__" not in key and _PLAIN.fullmatch(key):
        return key
    digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{_AWKWARD.sub('_', key)[:_SLUG_LIMIT].strip('_')}__{digest}"


def is_prefix(text: str) -> bool:
    """Can this be the module part of external identifiers?"""
    return _PREFIX.fullmatch(text) is not None


def split(xml_id: str) -> tuple[str, str]:
    """(module, name) of an external identifier."""
    module, _, name = xml_id.partition(".")
    return module, name

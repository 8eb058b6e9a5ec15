"""What makes cases alike: the same category, flow and destination, and words that differ only in what is incidental."""

from __future__ import annotations

import re
from hashlib import blake2b

from hilum.journal.text import storable

CAUSE_LIMIT = 300
"""Characters of a cause that are compared and kept."""

# What differs between two messages although the cause is the same: ids, times, long numbers, which repetition it was.
# Short numbers stay, because codes are made of them.
_INCIDENTAL = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?)?"
    r"|\d{8,}"
    r"|(?<=\[)\d+(?=\])"
    r"|(?<=row )\d+|(?<=line )\d+|(?<=attempt )\d+"
)


def cause_of(words: str) -> str:
    """The words of an error without what is incidental: `FT1[2]-10: missing` and `FT1[3]-10: missing` are one cause."""
    plain = _INCIDENTAL.sub("#", " ".join(storable(words).lower().split()))
    return plain[:CAUSE_LIMIT]


def exactly(cause: str) -> str:
    """A cause that is compared as it is: two codes that a table lacks are two causes, however alike they look."""
    return storable(cause)[:CAUSE_LIMIT]


def group_key(category: str, flow: str, destination: str, cause: str) -> str:
    """Sixteen characters that are the same for all cases of one cause."""
    return blake2b("\x1f".join((category, flow, destination, cause)).encode(), digest_size=8).hexdigest()

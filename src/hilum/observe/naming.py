"""Names of kinds as metrics and spans write them."""

from __future__ import annotations

import re

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def snake(kind: type) -> str:
    """`TryAgain` → `try_again`."""
    return _HUMP.sub("_", kind.__name__).lower()

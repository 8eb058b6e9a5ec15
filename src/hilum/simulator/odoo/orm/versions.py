"""Which versions of Odoo the sandbox plays, and how a thing says which of them have it.

A model, a field and a method carry `since` and `until`: the first numbers of the first and of the last version that
have it. 18.0 and 19.0 were measured on servers. What is said of 16.0 and 17.0 was read in public sources, and not run.
"""

from __future__ import annotations

from typing import Final

VERSIONS: Final = ("16.0", "17.0", "18.0", "19.0")
MEASURED: Final = frozenset({"18.0", "19.0"})
FIRST: Final = 16
LAST: Final = 19


def major(version: str) -> int:
    """18 of `18.0`. Raises ValueError for a version that the sandbox does not play."""
    if version not in VERSIONS:
        raise ValueError(f"The sandbox speaks as Odoo {', '.join(VERSIONS[:-1])} or {VERSIONS[-1]}, not {version!r}.")
    return int(version.partition(".")[0])

"""The named statements of `queries.sql`."""

from __future__ import annotations

import re
from pathlib import Path


def load(path: Path) -> dict[str, bytes]:
    """Statements by name. A statement begins with `-- name: x`, then a comment that says what it does."""
    parts = re.split(r"^-- name: (\w+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {name: text.strip().encode() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


SQL = load(Path(__file__).with_name("queries.sql"))

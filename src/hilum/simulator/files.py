"""How those who are simulated put files where a hub may be watching."""

from __future__ import annotations

from pathlib import Path


def put(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)

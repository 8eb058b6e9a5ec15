"""The documents of the project and the examples in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
AT_THE_TOP = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A block of code in a document."""

    place: str  # document and line
    code: str

    def __str__(self) -> str:
        return self.place


def documents() -> list[Path]:
    """Every document, those of docs/ and those beside them."""
    return [*(ROOT / name for name in AT_THE_TOP), *sorted((ROOT / "docs").rglob("*.md"))]


def examples(language: str) -> Iterator[Example]:
    """Every block of that language in any document."""
    for path in documents():
        text = path.read_text(encoding="utf-8")
        for block in _BLOCK.finditer(text):
            if block[1] == language:
                line = text.count("\n", 0, block.start()) + 1
                yield Example(f"{path.relative_to(ROOT)}:{line}", block[2])

"""The layers of the contract in pyproject.toml as a page and a picture, and the index of the decisions."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from docs_text import code, doc, table

ROOT: Final = Path(__file__).resolve().parent.parent
DECISIONS: Final = Path("docs/decisions")


def layers() -> list[list[str]]:
    """The layers of the contract in pyproject.toml, the highest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    found = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    there = {path.stem for path in (ROOT / "src/hilum").iterdir()}
    rows = [[name.strip(" ()") for name in re.split(r"[|:]", layer)] for layer in found]
    return [kept for row in rows if (kept := [name for name in row if name in there])]


def packages_page() -> str:
    """Every layer with the first sentence of each package."""
    parts = ["# Packages\n\nA package imports from the rows below its own only, and packages of one row do not import "]
    parts.append("each other; `lint-imports` (in `make check`) keeps it so.\n\n")
    parts.append('![Layers](../images/layers.svg){ width="640" }\n\n')
    rows = [
        [code(f"hilum.{name}"), doc(importlib.import_module(f"hilum.{name}")).partition("\n\n")[0]]
        for layer in layers()
        for name in layer
    ]
    return "".join([*parts, table(["package", "what it is"], rows)])


_WIDTH, _ROW, _GAP = 720, 34, 6  # pixels


def layers_picture() -> str:
    """The layers as SVG, the highest on top."""
    found = layers()
    height = len(found) * (_ROW + _GAP) + _GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        'font-family="ui-monospace, monospace" font-size="14" text-anchor="middle">',
        f"<title>{escape('Layers of hilum: imports point down')}</title>",
    ]
    for number, layer in enumerate(found):
        width = (_WIDTH - _GAP * (len(layer) + 1)) / len(layer)
        y = _GAP + number * (_ROW + _GAP)
        for place, name in enumerate(layer):
            x = _GAP + place * (width + _GAP)
            size = f'width="{width:.0f}" height="{_ROW}" rx="5"'
            lines.append(
                f'<rect x="{x:.0f}" y="{y}" {size} fill="#e8eef4" stroke="#5b7083"/>'
                f'<text x="{x + width / 2:.0f}" y="{y + 22}" fill="#1d2a36">{escape(name)}</text>'
            )
    return "\n".join([*lines, "</svg>", ""])


def decisions_page() -> str:
    """The index of the decisions, from their first lines."""
    parts = ["# Decisions\n\nOne page for each decision that shapes Hilum: the question, what we chose, why, and what "]
    parts.append("would change our mind. A page is not rewritten when the decision changes; a new one takes its place ")
    parts.append("and says so.\n\n")
    rows = []
    for page in sorted((ROOT / DECISIONS).glob("[0-9]*.md")):
        number, _, title = page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").partition(" ")
        rows.append([f"[{number}]({page.name})", title])
    return "".join([*parts, table(["", "decision"], rows)])

"""Writes the pages of `docs/reference` that repeat what the code says; with `--check`, fails where they differ.

One source for each fact: settings come from the pydantic models, commands from typer, errors from `hilum.errors`,
fields from the canonical objects, layers from the contract in pyproject.toml. What people should do about an error is
written by hand in `docs/reference/errors.toml`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from docs_commands import commands_page, walk
from docs_connectors import connectors_page, settings_page
from docs_indicators import indicators_page
from docs_layers import DECISIONS, decisions_page, layers, layers_picture, packages_page
from docs_model import canonical_page, catalogue_page, flows_page
from docs_odoo import odoo_objects_page, odoo_versions_page
from docs_rules import PARTIES, all_errors, categories_page, errors_page, metrics_page, policies_page

__all__ = ["PAGES", "PARTIES", "all_errors", "generated", "layers", "main", "walk"]

ROOT: Final = Path(__file__).resolve().parent.parent
REFERENCE: Final = Path("docs/reference")
HEAD: Final = "<!-- Written by scripts/generate_docs.py; change the code, not this page. -->\n\n"

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "connectors.md": connectors_page,
    "settings.md": settings_page,
    "commands.md": commands_page,
    "errors.md": errors_page,
    "canonical.md": canonical_page,
    "catalogue.md": catalogue_page,
    "flows.md": flows_page,
    "odoo-objects.md": odoo_objects_page,
    "odoo-versions.md": odoo_versions_page,
    "policies.md": policies_page,
    "categories.md": categories_page,
    "metrics.md": metrics_page,
    "indicators.md": indicators_page,
    "packages.md": packages_page,
}


def generated() -> dict[Path, str]:
    """Every generated file with its content; paths are below the project."""
    files = {REFERENCE / name: HEAD + page() for name, page in PAGES.items()}
    files[DECISIONS / "index.md"] = HEAD + decisions_page()
    files[Path("docs/images/layers.svg")] = layers_picture()
    return files


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or check them; the exit code is 1 where one differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, and fail where a page is not up to date")
    check = bool(parser.parse_args(arguments).check)
    stale = []
    for path, text in generated().items():
        file = ROOT / path
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if not check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{path} is not up to date: run scripts/generate_docs.py" if check else f"written {path}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())

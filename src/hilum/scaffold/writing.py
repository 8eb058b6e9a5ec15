"""Copies a template folder into a new project folder, and never over what is there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from hilum import __version__
from hilum.errors import SettingsError
from hilum.flow import load_project
from hilum.governance import accept, contract_of

if TYPE_CHECKING:
    from hilum.simulator.hospital import Hospital  # a new hub does not need the simulator

TEMPLATE_NAME = "my-hub"
"""Stands in the templates where the name of the new hub goes."""

TEMPLATE_VERSION = "0.0.0"
"""Stands in the template's requirements where the version goes that writes the project."""

RENAMED = {"gitignore": ".gitignore", "gitattributes": ".gitattributes", "gitkeep": ".gitkeep", "github": ".github"}
"""Template files and folders that would act on the templates themselves under their real name."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def write_project(folder: Path, name: str) -> list[Path]:
    """Write a new project with one working flow, its lookups, samples, test, contract and README; returns the files.

    Raises `SettingsError` where the name cannot be one, or a file of the project is there already: then nothing is
    written.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{name!r} cannot name a hub: use up to 63 letters, digits, dots, hyphens, underscores.")
    written = _write("project", folder, name)
    flows = load_project(folder).flows.values()
    shutil.rmtree(folder / "flows" / "__pycache__", ignore_errors=True)  # Python's, and nobody's to keep
    return sorted([*written, *(accept(folder, contract_of(flow, folder)) for flow in flows)])


def write_demo(folder: Path, *, hospital: Hospital, name: str = "demo-hospital") -> list[Path]:
    """Write the project of the demo: admissions, consumption, requisitions and master data into one Odoo.

    Lookup tables come from the simulated hospital, so that every code it sends has a row (those that it sends
    unmapped on purpose have none). The Odoo is named by the environment (`ODOO_URL`, `ODOO_DB`, `ODOO_LOGIN`,
    `ODOO_KEY`), the port by `MLLP_PORT`. Raises `SettingsError` where a file is there already.
    """
    for path in sorted((folder / "lookups").glob("*.csv")):
        raise SettingsError(f"{path} is already there; choose a folder without a project in it.")
    written = _write("demo", folder, name)
    written += hospital.write_lookups(folder / "lookups")
    return sorted(written)


def write_month(folder: Path, *, partners: Mapping[str, str], lookups: Mapping[str, str], name: str) -> list[Path]:
    """Write the project of a simulated month: from requisitions to payments, with one Odoo and these partners.

    `partners` and `lookups` are files by their names without ending. Odoo is named as in the demo, the port by
    `MONTH_PORT`, the journal of the bank by `MONTH_JOURNAL`. Raises `SettingsError` where a file is there already.
    """
    written = _write("month", folder, name)
    for place, ending, texts in (("partners", "toml", partners), ("lookups", "csv", lookups)):
        (folder / place).mkdir(exist_ok=True)
        for key, text in texts.items():
            path = folder / place / f"{key}.{ending}"
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return sorted(written)


def _write(template: str, folder: Path, name: str) -> list[Path]:
    source = files(__package__) / template
    wanted = {folder.joinpath(*parts): file for parts, file in _textsof(source, ())}
    for path in wanted:
        if path.exists():
            raise SettingsError(f"{path} is already there; choose a folder without a project in it.")
    for path, file in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        content = file.read_bytes()
        # samples keep their exact bytes; only texts for people and the settings carry the name
        if path.suffix in {".toml", ".md"}:
            content = content.replace(TEMPLATE_NAME.encode(), name.encode())
        elif path.name == "requirements.txt":
            content = content.replace(TEMPLATE_VERSION.encode(), __version__.encode())
        path.write_bytes(content)
    return sorted(wanted)


def _textsof(folder: Traversable, parts: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Traversable]]:
    """Every file under a template folder with its path, without what Python leaves there."""
    for entry in folder.iterdir():
        if entry.name == "__pycache__":
            continue
        here = (*parts, RENAMED.get(entry.name, entry.name))
        if entry.is_dir():
            yield from _textsof(entry, here)
        else:
            yield here, entry

"""Trying a flow on a sample without a hub: what does this translation make of that file?

def test_supplies() -> None:
    made = translate_file(PROJECT, "supply.consumption", "supplies-used.hl7")
    assert [thing.item for thing in made] == ["GLOVE-M", "SUT-3-0"]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hilum.errors import SettingsError
from hilum.flow import Flow, load_project


def load_flow(project: Path, flow: str) -> Flow:
    """One flow of a project folder. Raises `SettingsError` where the project has none of that name."""
    return _find(load_project(project).flows, flow)


def translate(project: Path, flow: str, body: bytes) -> list[Any]:
    """Everything that a flow of the project makes of one message, with the project's lookup tables.

    Raises what reading and translating raise: `Invalid`, `Unmapped`, `NotOwner`, `Refused`.
    """
    loaded = load_project(project)
    declared = _find(loaded.flows, flow)
    return [made.thing for made in declared.run(declared.read(body), loaded.lookup)]


def translate_file(project: Path, flow: str, sample: str) -> list[Any]:
    """The same for a file of the project's `samples` folder."""
    return translate(project, flow, (project / "samples" / sample).read_bytes())


def _find(flows: dict[str, Flow], name: str) -> Flow:
    if name not in flows:
        raise SettingsError(f"There is no flow '{name}'; the project has {', '.join(sorted(flows)) or 'none'}.")
    return flows[name]

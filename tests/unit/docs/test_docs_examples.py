"""Every example in the documents works as it stands there."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from documents import ROOT, Example, documents, examples

from hilum.canonical import SupplyConsumed
from hilum.cli import app
from hilum.connectors import find_destination
from hilum.connectors.partners import check_routes
from hilum.errors import Unmapped
from hilum.flow import Flow, load_project
from hilum.masterdata.ownership import OwnershipFile
from hilum.masterdata.quality import load_rules
from hilum.packs.procurement.approval_rules import approvals_of
from hilum.packs.procurement.tolerances import tolerance_table
from hilum.partners import load_partners
from hilum.scaffold import write_project
from hilum.settings import Settings, interpolate
from hilum.testing.flows import translate_file


@pytest.mark.parametrize("example", list(examples("python")), ids=str)
def test_python_in_the_documents_runs(example: Example, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if "load_approvals" in example.code:
        (table,) = [each.code for each in examples("toml") if each.code.startswith("# approvals.toml")]
        (tmp_path / "approvals.toml").write_text(table, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
    if "load_tolerances" in example.code:
        (table,) = [each.code for each in examples("toml") if each.code.startswith("# tolerances.toml")]
        (tmp_path / "tolerances.toml").write_text(table, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["example"])
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(example.code, example.place, "exec"), names)  # our own documents
    for flow in (value for value in names.values() if isinstance(value, Flow)):
        assert flow.problems() == []


_VARIABLES = ("ODOO_KEY", "PORTAL_TOKEN", "METRICS_TOKEN", "COLLECTOR_TOKEN", "ALERTS_URL")


@pytest.mark.parametrize("example", list(examples("toml")), ids=str)
def test_settings_in_the_documents_are_settings(example: Example, tmp_path: Path) -> None:
    if example.code.startswith("# approvals.toml"):
        assert approvals_of(example.code).rule
        return
    if example.code.startswith("# tolerances.toml"):
        assert tolerance_table(example.code).rule
        return
    if "[[owned]]" in example.code:
        assert OwnershipFile(**tomllib.loads(example.code)).owned
        return
    if "[[rule]]" in example.code:
        (tmp_path / "quality.toml").write_text(example.code, encoding="utf-8")
        assert load_rules(tmp_path / "quality.toml")
        return
    if example.code.startswith("# partners/"):
        (tmp_path / "gloveco.toml").write_text(example.code, encoding="utf-8")
        (profile,) = load_partners(tmp_path).values()
        check_routes(profile)
        return
    data = interpolate(tomllib.loads(example.code), dict.fromkeys(_VARIABLES, "secret"))
    settings = Settings(**data, folder=tmp_path)
    assert settings.model_fields_set > {"folder"}
    for kind, named in settings.endpoints.items():
        for values in named.values():
            find_destination(kind)(**values)


def _command_lines() -> list[tuple[str, str]]:
    found = []
    for example in examples("sh"):
        for line in example.code.splitlines():
            for part in re.split(r"&&|\|", line.partition("  #")[0]):
                words = part.strip().removeprefix(".venv/bin/")
                if words.startswith("hilum ") and "reference/commands" not in example.place:
                    found.append((example.place, words))
    return found


@pytest.mark.parametrize(("place", "line"), _command_lines())
def test_commands_in_the_documents_are_commands(place: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(line)[1:]
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    assert not getattr(command, "commands", None), f"{place}: {line} names no command"
    for parameter in command.params:
        monkeypatch.setattr(parameter, "prompt", None, raising=False)  # nobody is there to ask
    # raises for an unknown option, a missing argument or a value of the wrong type
    command.make_context(line, words)


def test_the_flow_of_the_readme_does_what_the_readme_says(tmp_path: Path) -> None:
    (example,) = [each for each in examples("python") if each.place.startswith("README.md")]
    project = tmp_path / "my-hub"
    write_project(project, "my-hub")
    for old in (project / "flows").glob("*.py"):
        old.unlink()
    (project / "flows/readme.py").write_text(example.code, encoding="utf-8")
    assert list(load_project(project).flows) == ["supply.consumption"]
    made = translate_file(project, "supply.consumption", "supplies-used.hl7")
    assert made
    assert all(isinstance(used, SupplyConsumed) and used.quantity > Decimal(0) for used in made)
    with pytest.raises(Unmapped):
        translate_file(project, "supply.consumption", "unknown-item.hl7")


@pytest.mark.req("UX-4")
def test_the_row_of_the_tutorial_mends_what_the_tutorial_breaks(tmp_path: Path) -> None:
    tutorial = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    row = re.search(r"^echo '(.+)' >> (lookups/\w+\.csv)$", tutorial, re.MULTILINE)
    assert row is not None
    project = tmp_path / "my-hub"
    write_project(project, "my-hub")
    with pytest.raises(Unmapped):
        translate_file(project, "supply.consumption", "unknown-item.hl7")
    table = project / row[2]
    head = table.read_text(encoding="utf-8").splitlines()[0]
    assert head.count(",") == row[1].count(",")
    with table.open("a", encoding="utf-8") as file:
        file.write(row[1] + "\n")
    made = translate_file(project, "supply.consumption", "unknown-item.hl7")
    assert [used.item for used in made] == [row[1].split(",")[1]]


def _links() -> list[tuple[Path, str]]:
    found = []
    for path in documents():
        text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found += [(path, target) for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)]
    return found


def test_links_lead_to_files_of_the_project() -> None:
    # these two are made from measurements and fault runs, and may not be there yet
    elsewhere = {ROOT / "docs/guarantees.md", ROOT / "docs/performance.md"}
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path, target in _links()
        if "://" not in target
        and not (path.parent / target).resolve().exists()
        and (path.parent / target).resolve() not in elsewhere
    ]
    assert broken == []


def test_paths_in_the_map_of_the_code_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Where is what")[2]
    paths = re.findall(r"`((?:src|bench|runtime|journal)[\w/.]*)`", section)
    assert len(paths) > 15
    for path in paths:
        assert (ROOT / path).exists() or (ROOT / "src/hilum" / path).exists(), path

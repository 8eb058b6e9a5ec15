"""What `hilum init` writes works as it is: its flow loads, its own test passes, nothing is overwritten."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hilum import __version__
from hilum.connectors.files import Writer
from hilum.errors import SettingsError
from hilum.flow import load_project
from hilum.scaffold import write_demo, write_project
from hilum.simulator.hospital import Hospital
from hilum.testing.flows import load_flow, translate_file

EXAMPLES = Path(__file__).parents[3] / "examples"


AS_ITS_OWNER = """
import os
import sys

import pytest

for folder in sys.argv[1:]:
    os.chdir(folder)
    print(folder, flush=True)
    alone = ("-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".", "--import-mode", "importlib")
    if pytest.main([*alone, "tests"]) != pytest.ExitCode.OK:
        sys.exit("the tests of this project failed")
"""
"""Runs the tests of each project as its owner would, without this repository's settings."""


def pytest_in(*folders: Path) -> subprocess.CompletedProcess[str]:
    """One process for all: most of its time is the start."""
    command = [sys.executable, "-c", AS_ITS_OWNER, *map(str, folders)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.long
@pytest.mark.req("UX-4")
def test_a_new_project_passes_its_own_tests(tmp_path):
    written = write_project(tmp_path / "new", "north-hub")
    assert all(path.is_file() for path in written)
    assert load_project(tmp_path / "new").settings.hub.name == "north-hub"
    assert "my-hub" not in (tmp_path / "new" / "README.md").read_text()
    result = pytest_in(tmp_path / "new")
    assert result.returncode == 0 and "2 passed" in result.stdout, result.stdout


@pytest.mark.req("UX-4")
def test_the_examples_pass_their_own_tests():
    examples = sorted(each for each in EXAMPLES.iterdir() if each.is_dir())
    result = pytest_in(*examples)
    assert result.returncode == 0 and result.stdout.count(" passed") == len(examples) > 3, result.stdout


def test_a_new_project_runs_on_the_version_that_wrote_it(tmp_path):
    write_project(tmp_path, "north-hub")
    wanted = (tmp_path / "requirements.txt").read_text().splitlines()
    assert [line for line in wanted if not line.startswith("#")] == [f"hilum=={__version__}", "pytest"]
    assert "0.0.0" not in "".join(wanted)


def test_the_first_flow_writes_into_its_own_project(tmp_path):
    write_project(tmp_path, "north-hub")
    (target,) = load_flow(tmp_path, "supply.consumption").targets
    assert isinstance(target.connector, Writer)
    assert target.connector.address.endswith(str(tmp_path / "out"))
    assert (tmp_path / "out").is_dir()


@pytest.mark.req("UX-5")
def test_the_first_flow_understands_the_simulated_hospital(tmp_path):
    write_project(tmp_path, "north-hub")
    project = load_project(tmp_path)
    flow = project.flows["supply.consumption"]
    events = [event for event in Hospital().traffic(count=400) if event.kind == "DFT^P03"]
    for event in events:
        made = [one.thing for one in flow.run(flow.read(event.body), project.lookup)]
        used = [use for use in event.uses if use.store]
        assert [(one.item, one.quantity, one.location) for one in made] == [(u.item, u.quantity, u.store) for u in used]
    assert any(use.quantity < 0 for event in events for use in event.uses)


@pytest.mark.parametrize("name", ["", "two words", "../up", "-x", "a" * 64])
def test_a_name_that_is_none_is_refused(tmp_path, name):
    with pytest.raises(SettingsError, match="cannot name a hub"):
        write_project(tmp_path / "new", name)
    assert not (tmp_path / "new").exists()


def test_nothing_is_overwritten(tmp_path):
    mine = tmp_path / "flows" / "consumption.py"
    mine.parent.mkdir()
    mine.write_text("# mine\n")
    with pytest.raises(SettingsError, match=r"consumption\.py is already there"):
        write_project(tmp_path, "north-hub")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]
    assert mine.read_text() == "# mine\n"


def test_the_demo_overwrites_no_lookup_table(tmp_path):
    (tmp_path / "lookups").mkdir()
    (tmp_path / "lookups" / "items.csv").write_text("code,item\n")
    with pytest.raises(SettingsError, match=r"items\.csv is already there"):
        write_demo(tmp_path, hospital=Hospital())
    assert (tmp_path / "lookups" / "items.csv").read_text() == "code,item\n"


@pytest.mark.req("UX-5")
def test_the_demo_is_a_project_of_all_flows(tmp_path, monkeypatch):
    monkeypatch.setenv("ODOO_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("ODOO_KEY", "not-a-key")
    monkeypatch.setenv("MLLP_PORT", "0")
    write_demo(tmp_path, hospital=Hospital())
    project = load_project(tmp_path)
    assert len(project.flows) == 8
    assert {target.endpoint for flow in project.flows.values() for target in flow.targets} == {"odoo.main"}
    assert all(flow.report_targets for name, flow in project.flows.items() if "requisitions" in name)
    assert project.settings.hub.name == "demo-hospital"


def test_a_flow_that_is_not_there_is_named(tmp_path):
    write_project(tmp_path, "north-hub")
    with pytest.raises(SettingsError, match=r"no flow 'consumption'; the project has supply\.consumption"):
        load_flow(tmp_path, "consumption")
    with pytest.raises(SettingsError, match="the project has"):
        translate_file(tmp_path, "consumption", "supplies-used.hl7")

"""What a new project checks in CI is what its owner can run: `make check`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from hilum.scaffold import write_project

INSTALLED = Path(sys.executable).parent

pytestmark = pytest.mark.req("MOD-6")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project that was written in one folder and is checked in another, as in CI."""
    write_project(tmp_path / "here", "north-hub")
    return (tmp_path / "here").rename(tmp_path / "there")


def steps(project: Path) -> list[str]:
    """The commands of its CI."""
    workflow = yaml.safe_load((project / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8"))
    return [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]


def run(project: Path, command: str) -> subprocess.CompletedProcess[str]:
    """A command of its CI, with the packages that are here: none is fetched."""
    words = command.split()
    words = [*words, f"BIN={INSTALLED}", "READY="] if words[0] == "make" else [str(INSTALLED / words[0]), *words[1:]]
    return subprocess.run(words, cwd=project, capture_output=True, text=True, timeout=100, check=False)


def test_a_new_project_passes_what_its_ci_runs(project: Path) -> None:
    assert steps(project) == ["make check"]
    done = run(project, "make check")
    assert done.returncode == 0, done.stdout + done.stderr
    for command in ("hilum check", "hilum contract check --strict", "-m pytest -q tests"):
        assert command in done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.long
def test_a_broken_promise_is_not_merged_until_it_is_a_new_one(project: Path) -> None:
    path = project / "flows" / "consumption.py"
    broken = path.read_text(encoding="utf-8").replace('["DFT^P03"]', '["DFT^P11"]')
    path.write_text(broken, encoding="utf-8")
    done = run(project, "make check")
    assert done.returncode != 0
    assert "it takes no DFT^P03 any more" in done.stdout
    path.write_text(broken.replace("1.0", "2.0.0"), encoding="utf-8")
    assert run(project, "make accept").returncode == 0
    assert run(project, "hilum contract check --strict").returncode == 0


def test_its_ci_asks_for_nothing_but_a_python(project: Path) -> None:
    workflow = yaml.safe_load((project / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    used = [step["uses"] for step in workflow["jobs"]["check"]["steps"] if "uses" in step]
    assert [each.partition("@")[0] for each in used] == ["actions/checkout", "actions/setup-python"]
    assert "://" not in (project / "Makefile").read_text(encoding="utf-8")

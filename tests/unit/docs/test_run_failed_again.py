"""What failed among others is run once more, alone: it must pass there, and there must be few."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import orjson
import pytest


@pytest.fixture
def run_failed_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(root / "scripts")
    return importlib.import_module("run_failed_again")


def noted(tmp_path: Path, *tests: str) -> str:
    folder = tmp_path / "v" / "cache"
    folder.mkdir(parents=True)
    (folder / "lastfailed").write_bytes(orjson.dumps(dict.fromkeys(tests, True)))
    return str(tmp_path)


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with tests of its own, of which one fails."""
    (tmp_path / "test_two.py").write_text("def test_good():\n    pass\n\ndef test_bad():\n    assert False\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_passes_alone_is_named(
    run_failed_again: ModuleType, trial: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_failed_again.main([noted(trial / "cache", "test_two.py::test_good")]) == 0
    assert "PASSED ONLY ALONE, look at them:\n    test_two.py::test_good" in capfd.readouterr().out


def test_what_fails_alone_too_has_failed(run_failed_again: ModuleType, trial: Path) -> None:
    cache = noted(trial / "cache", "test_two.py::test_good", "test_two.py::test_bad")
    assert run_failed_again.main([cache]) == 1


@pytest.mark.parametrize("count", [0, 6])
def test_none_and_many_are_not_run_again(run_failed_again: ModuleType, trial: Path, count: int) -> None:
    cache = noted(trial / "cache", *(f"test_two.py::test_good[{n}]" for n in range(count)))
    assert run_failed_again.main([cache]) == 1
    assert run_failed_again.main([str(trial / "elsewhere")]) == 1

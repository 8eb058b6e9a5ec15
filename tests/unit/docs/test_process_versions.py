"""A process whose steps change has a new version, or somebody says why runs that are open take the same steps."""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("accept_processes", ROOT / "scripts" / "accept_processes.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its records look themselves up there
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()
NOW: dict[str, Any] = SCRIPT.now()
ACCEPTED: dict[str, Any] = SCRIPT.accepted()

PACK = '''
from hilum.packs.gloves.words import title
from hilum.packs.gloves import words
from hilum.processes import Process, Run


def glove_process(rules, *, name: str = "gloves", version: str = "1.0") -> Process:
    process = Process(name, version=version)

    @process.run
    async def follow(run: Run, told) -> str:
        return await _Life(run).end()

    return process


class _Life(words.Base):
    async def end(self) -> str:
        """Ask."""
        return await self.run.ask(title())


def unused() -> int:
    return 1
'''
WORDS = "class Base:\n    pass\n\n\ndef title() -> str:\n    return 'gloves'\n"


def steps(folder: Path, pack: str = PACK, words: str = WORDS) -> dict[str, str]:
    """What the process of a made-up pack uses, with the digests."""
    gloves = folder / "hilum" / "packs" / "gloves"
    gloves.mkdir(parents=True, exist_ok=True)
    (gloves / "life.py").write_text(pack, encoding="utf-8")
    (gloves / "words.py").write_text(words, encoding="utf-8")
    found = SCRIPT.Code(folder).reached(("hilum.packs.gloves.life", "glove_process"))
    return {name: digest for (_, name), digest in found.items()}


@pytest.mark.req("WF-4")
@pytest.mark.parametrize("name", sorted(NOW["processes"]))
def test_a_process_with_other_steps_has_a_new_version(name: str) -> None:
    refused = SCRIPT.refusals(ACCEPTED, NOW)
    assert name not in refused, refused[name]


@pytest.mark.req("WF-4")
def test_what_is_accepted_of_processes_is_what_there_is() -> None:
    def known(of: dict[str, Any]) -> dict[str, Any]:
        return {name: (each["version"], each["steps"]) for name, each in of["processes"].items()}

    assert known(ACCEPTED) == known(NOW), "run scripts/accept_processes.py"


def test_no_process_of_a_pack_is_left_out() -> None:
    made = 0
    for path in (ROOT / "src" / "hilum" / "packs").rglob("*.py"):
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        made += sum(isinstance(each.func, ast.Name) and each.func.id == "Process" for each in calls)
    assert len(NOW["processes"]) == made


def test_it_follows_what_a_process_uses_and_nothing_else(tmp_path: Path) -> None:
    assert set(steps(tmp_path)) == {"glove_process", "_Life", "Base", "title"}


@pytest.mark.parametrize(
    ("was", "now", "same"),
    [
        ('"""Ask."""', '"""Ask somebody."""', True),
        ("async def end(self) -> str:", "async def end(self) -> str | None:  # not yet", True),
        ("return 1", "return 2", True),  # nobody uses it
        ("await self.run.ask(title())", "await self.run.ask(title(), within='P1D')", False),
        ("class _Life(words.Base)", "class _Life", False),
    ],
)
def test_only_what_is_done_counts(tmp_path: Path, was: str, now: str, same: bool) -> None:
    assert was in PACK
    assert (steps(tmp_path) == steps(tmp_path, PACK.replace(was, now))) is same


def test_what_it_uses_of_another_file_counts(tmp_path: Path) -> None:
    assert steps(tmp_path) != steps(tmp_path, words=WORDS.replace("gloves", "gauze"))


def test_the_same_version_needs_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SCRIPT, "FILE", tmp_path / "steps.json")
    now = json.loads(json.dumps(NOW))
    was = {"definitions": {}, "processes": {name: dict(each) for name, each in now["processes"].items()}}
    was["processes"]["contracts.contract"]["steps"] = "others"
    with pytest.raises(SystemExit, match=r"contracts\.contract 1\."):
        SCRIPT.write(was, now, "", [])
    with pytest.raises(SystemExit, match=r"contracts\.contract 1\."):
        SCRIPT.write(was, now, "renamed", ["payables.payment"])
    SCRIPT.write(was, now, "renamed", [])
    assert SCRIPT.accepted()["processes"]["contracts.contract"]["same_steps"] == ["renamed"]
    was["processes"]["contracts.contract"]["version"] = "0.9"
    SCRIPT.write(was, now, "", [])
    assert SCRIPT.accepted()["processes"]["contracts.contract"]["same_steps"] == []

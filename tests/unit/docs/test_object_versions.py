"""A business object that changes has a new version: a minor one for what is added, a major one for what breaks."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hilum.governance.compatibility import INPUT, OUTPUT, Comparison, Difference, major

ROOT = Path(__file__).parents[3]
ACCEPTED = json.loads((ROOT / "tests" / "samples" / "canonical" / "objects.json").read_text(encoding="utf-8"))


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("accept_objects", ROOT / "scripts" / "accept_objects.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NOW: dict[str, dict[str, Any]] = _script().now()


def changes(was: dict[str, Any], now: dict[str, Any]) -> list[Difference]:
    """What readers of new objects, and readers of those that were kept, would notice."""
    return [
        each
        for side in (INPUT, OUTPUT)
        for each in Comparison(side, was["schema"], now["schema"]).run(f"{side} of its readers")
    ]


@pytest.mark.req("MOD-6")
@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_a_changed_object_has_a_new_version(name: str) -> None:
    was, now = ACCEPTED[name], NOW.get(name)
    assert now is not None, "an object that is gone breaks whoever has it: give it a major version first"
    if was["schema"] == now["schema"]:
        assert was["version"] == now["version"], "nothing has changed but the version"
        return
    assert was["version"] != now["version"], "raise its version, then run scripts/accept_objects.py"
    breaking = [str(each) for each in changes(was, now) if each.breaking]
    assert not breaking or major(now["version"]) > major(was["version"]), breaking


@pytest.mark.req("MOD-6")
def test_what_is_accepted_is_what_there_is() -> None:
    assert {name: each["version"] for name, each in NOW.items()} == {
        name: each["version"] for name, each in ACCEPTED.items()
    }, "run scripts/accept_objects.py"


@pytest.mark.req("MOD-6")
def test_the_comparison_sees_what_breaks() -> None:
    was = NOW["hilum.item"]
    now = json.loads(json.dumps(was))
    del now["schema"]["properties"]["barcode"]
    now["schema"]["required"].append("unspsc")
    assert sorted(each.where.rpartition(" ")[2] for each in changes(was, now) if each.breaking) == [
        "barcode",
        "barcode",
        "unspsc",
        "unspsc",
    ]

"""The files of a project import each other: each is loaded once, and projects do not mix."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from hilum.errors import SettingsError
from hilum.flow import Project, load_project

FLOW = """
from hilum.connector import Outgoing, Target
from hilum.flow import DataClass, Flow, Owners, Slo, with_partners

def made(name):
    flow = Flow(name, version="1.0", summary="s", owners=Owners(business="b", technical="t"),
        data_class=DataClass.PUBLIC, slo=Slo(percent=99, within="5s"), retention="P1Y")
    flow.translate(lambda parsed, hub: parsed)
    flow.deliver_to(Target(endpoint="memory.main", encode=lambda thing: Outgoing(body=b"")))
    return flow
"""
SHARED = (
    FLOW + "flow = made('a.shared')\nseen = []\n@with_partners\ndef of_partners(partners):\n    yield made('a.partner')"
)
USER = "from {shared} import *\nimport {shared}\n{shared}.seen.append(__file__)\nboth = ({shared}, seen)\n"


def project(folder: Path, **files: str) -> Project:
    (folder / "flows").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / "flows" / f"{name}.py").write_text(text)
    return load_project(folder)


def values(found: Project, kind: type) -> list[Any]:
    return [each for each in found.declared if isinstance(each, kind)]


@pytest.mark.parametrize("shared", ["a_shared", "z_shared"], ids=["an earlier one", "a later one"])
def test_a_file_that_others_import_is_loaded_once(tmp_path: Path, shared: str) -> None:
    user = USER.format(shared=shared)
    found = project(tmp_path, **{shared: SHARED, "m_one": user, "n_two": user})
    assert sorted(found.flows) == ["a.partner", "a.shared"]
    one, two = values(found, tuple)
    assert one[0] is two[0]
    assert one[1] is two[1]
    assert [Path(each).stem for each in one[1]] == ["m_one", "n_two"]


def test_projects_with_files_of_one_name_do_not_mix(tmp_path: Path) -> None:
    one = project(tmp_path / "one", shared="WHERE = ('one',)\n", user="from shared import WHERE\n")
    two = project(tmp_path / "two", shared="WHERE = ('two',)\n", user="from shared import WHERE\n")
    assert (values(one, tuple), values(two, tuple)) == ([("one",)], [("two",)])
    with pytest.raises(SettingsError, match="No module named 'shared'"):
        project(tmp_path / "three", user="import shared\n")


def test_what_was_changed_is_read_again(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"shared.py, line 1: ValueError"):
        project(tmp_path, shared="raise ValueError\n", user="import shared\n")
    found = project(tmp_path, shared="WHERE = ('corrected, and longer',)\n")
    assert values(found, tuple) == [("corrected, and longer",)]


def test_a_file_does_not_take_the_place_of_a_library_of_its_name(tmp_path: Path) -> None:
    there = "colorsys" in sys.modules
    found = project(
        tmp_path,
        **{name: f"WHERE = ({name!r},)\n" for name in ("json", "colorsys", "class")},
        user="import colorsys\nimport json\nlibraries = [colorsys.rgb_to_hsv, json.loads]\n",
    )
    assert sorted(values(found, tuple)) == [("class",), ("colorsys",), ("json",)]
    [libraries] = values(found, list)
    assert libraries[1] is json.loads
    if not there:
        del sys.modules["colorsys"]

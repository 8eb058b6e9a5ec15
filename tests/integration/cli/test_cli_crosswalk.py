"""`hilum crosswalk` as a steward uses it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_calls import Cli

pytestmark = pytest.mark.req("MD-2")


@pytest.fixture
def project(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project."""
    (tmp_path / "hilum.toml").touch()
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    return tmp_path


def test_a_steward_links_merges_finds_and_undoes(project: Path, cli: Cli) -> None:
    why = ("--reason", "stock take")
    one = cli("crosswalk", "link", "item", "EHR", "4711", *why, "--json").json["thing"]
    assert cli("crosswalk", "link", "item", "ODOO", "GLV-01", "--to", one, *why).code == 0
    two = cli("crosswalk", "link", "item", "SRM", "77", *why, "--json").json["thing"]
    assert cli("crosswalk", "merge", two, one, *why).code == 0
    (found,) = cli("crosswalk", "find", "77", "--json").json
    assert found["name"] == one
    assert {each["identifier"] for each in found["identifiers"]} == {"4711", "GLV-01", "77"}
    assert cli("crosswalk", "unmerge", two, *why, "--json").json["was"] == one
    assert cli("crosswalk", "unlink", "item", "SRM", "77", *why).code == 0
    assert cli("crosswalk", "find", "77", "--json").json == []
    acts = [row["act"] for row in cli("crosswalk", "history", "--json").json]
    assert acts == ["unlink", "unmerge", "merge", "link", "link", "link"]
    assert "item-" in cli("crosswalk", "find", one).out
    assert "stock take" in cli("crosswalk", "history", one).out


def test_a_file_is_tried_imported_and_exported(project: Path, cli: Cli) -> None:
    file = project / "items.csv"
    file.write_text("object,EHR,ODOO\nitem,4711,GLV-01\nitem,4711,GLV-02\n", encoding="utf-8")
    tried = cli("crosswalk", "import", file, "--dry-run")
    assert tried.code == 1
    assert "line 3: The item 4711 of EHR is in line 2 already." in tried.out
    file.write_text("object,EHR,ODOO\nitem,4711,GLV-01\nitem,4712,GLV-02\n", encoding="utf-8")
    assert "dry run" in cli("crosswalk", "import", file, "--dry-run").out
    assert cli("crosswalk", "find", "--json").json == []
    assert "2 new things, 4 new identifiers" in cli("crosswalk", "import", file, "--reason", "catalogue").out
    out = project / "out.csv"
    assert cli("crosswalk", "export", out).code == 0
    assert out.read_text(encoding="utf-8") == file.read_text(encoding="utf-8")
    assert cli("crosswalk", "export", "--json").json[0] == {"object": "item", "EHR": "4711", "ODOO": "GLV-01"}
    assert cli("crosswalk", "export", out, "--json").json == {"file": str(out), "things": 2}


def test_what_is_wrong_is_said(project: Path, cli: Cli) -> None:
    assert "--reason" in cli("crosswalk", "link", "item", "EHR", "1").complaint
    assert "does not name a thing" in cli("crosswalk", "merge", "17", "item-1", "--reason", "x").complaint
    assert "is of another kind" in cli("crosswalk", "merge", "item-1", "supplier-1", "--reason", "x").complaint

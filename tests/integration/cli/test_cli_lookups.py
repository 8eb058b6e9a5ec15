"""`hilum lookups` as a steward uses it: from a file to the database and back, with history."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_calls import Cli

pytestmark = pytest.mark.req("MOD-4")

WHY = ("--reason", "catalogue of 2026")


@pytest.fixture
def project(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a table that is a file."""
    (tmp_path / "hilum.toml").touch()
    (tmp_path / "lookups").mkdir()
    (tmp_path / "lookups" / "items.csv").write_text("code,item,unit\nG1,GLOVE-M,EA\nG2,GLOVE-L,EA\n")
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    return tmp_path


def test_a_file_becomes_a_table_of_the_database_and_a_file_again(project: Path, cli: Cli) -> None:
    assert cli("lookups", "list", "--json").json[0]["place"] == "lookups/items.csv"
    assert "Dry run" in cli("lookups", "import", "items", "--dry-run").out
    assert cli("lookups", "list", "--json").json[0]["place"] == "lookups/items.csv"
    assert "2 added" in cli("lookups", "import", "items", *WHY).out
    (listed,) = cli("lookups", "list", "--json").json
    assert (listed["place"], listed["codes"]) == ("database", 2)
    assert cli("lookups", "set", "items", "G3", "MESH-15", "unit=BX", *WHY).code == 0
    assert cli("lookups", "set", "items", "G1", "GLOVE-XL", "--from", "2030-01-01", *WHY).code == 0
    assert cli("lookups", "end", "items", "G2", *WHY).code == 0
    shown = cli("lookups", "show", "items", "G1", "--at", "2030-01-01", "--json").json
    assert [(row["item"], row["unit"]) for row in shown] == [("GLOVE-XL", "EA")]
    assert "GLOVE-M" in cli("lookups", "show", "items").out
    assert cli("lookups", "export", "items", "-").out == cli("lookups", "export", "items").out
    assert not Path("-").exists()
    acts = cli("lookups", "history", "items", "--json").json
    assert {each["reason"] for each in acts} == {"catalogue of 2026"}
    assert "catalogue of 2026" in cli("lookups", "history", "items", "G1").out
    assert cli("lookups", "export", "items", "--to-file", *WHY).code == 0
    text = (project / "lookups" / "items.csv").read_text()
    assert text.startswith(
        "code,item,unit,valid_from,valid_to\nG1,GLOVE-M,EA,,2030-01-01\nG1,GLOVE-XL,EA,2030-01-01,\n"
    )
    assert cli("lookups", "list", "--json").json[0]["place"] == "lookups/items.csv"
    assert cli("lookups", "missing", "--json").json == []


def test_what_is_wrong_is_said(project: Path, cli: Cli) -> None:
    assert "--reason" in cli("lookups", "set", "items", "G1", "X").complaint
    assert "hilum lookups import items" in cli("lookups", "set", "items", "G1", "X", *WHY).complaint
    assert "no lookup table 'places'" in cli("lookups", "show", "places").complaint
    assert cli("lookups", "import", "items", *WHY).code == 0
    assert "is no date" in cli("lookups", "set", "items", "G1", "X", "--from", "soon", *WHY).complaint
    assert "No message waits" in cli("lookups", "set", "items", "G9", "X", "--release", *WHY).complaint
    released = cli("lookups", "set", "items", "G9", "X", "--release", "--from", "2999-01-01", *WHY)
    assert "does not hold today" in released.complaint


def test_a_sample_is_tried_with_the_tables_of_the_database(project: Path, cli: Cli) -> None:
    (project / "flows").mkdir()
    (project / "flows" / "orders.py").write_text(FLOW, encoding="utf-8")
    (project / "sample.json").write_text('{"code": "NEW"}', encoding="utf-8")
    assert cli("lookups", "import", "items", *WHY).code == 0
    assert cli("lookups", "set", "items", "NEW", "MESH-15", *WHY).code == 0
    assert "held" in cli("test", "a.b", project / "sample.json", "--json").json[0]
    tried = cli("test", "a.b", project / "sample.json", "--database", "--json").json[0]
    assert tried["objects"][0]["data"] == {"item": "MESH-15"}


FLOW = """
from hilum.connectors import http
from hilum.flow import Flow, Owners, Pattern

flow = Flow("a.b", version="1.0", summary="s", owners=Owners(business="b", technical="t"), pattern=Pattern.EVENT,
    format="json")
flow.translate(lambda order, hub: {"item": hub.item(order["code"])})
flow.deliver_to(http.post("http.main"))
"""

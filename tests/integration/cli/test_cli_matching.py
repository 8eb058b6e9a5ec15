"""`hilum match` as a steward uses it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_calls import Cli

HEAD = "system,identifier,name,tax_id,city\n"

pytestmark = pytest.mark.req("MD-3")


def test_two_files_are_tried_matched_and_decided(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    (tmp_path / "hilum.toml").write_text("[matching.supplier]\nsame = 0.95\n")
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    one, other = tmp_path / "sap.csv", tmp_path / "odoo.csv"
    one.write_text(f"{HEAD}SAP,S1,Meyer Medizintechnik,DE123456789,Ulm\nSAP,S2,Rossi Textil Vertrieb,,Kassel\n")
    rows = "ODOO,O1,MEYER Medizintechnik GmbH,DE123456789,\nODOO,O2,Rosi Textil Vertrieb AG,,Kassel\n"
    other.write_text(HEAD + rows)
    assert "1 would be joined, 1 asked about" in cli("match", "files", "supplier", one, other, "--dry-run").out
    assert cli("match", "list", "--json").json == []
    filed = cli("match", "files", "supplier", one, other, "--reason", "merger", "--json").json
    assert filed == {"same": 1, "asked": 1, "known": 0}
    (asked,) = cli("match", "list", "supplier", "--json").json
    assert "left_values" not in asked
    assert "--reason" in cli("match", "decide", asked["id"], "--same").complaint
    assert "stay apart" in cli("match", "decide", asked["id"], "--different", "--reason", "called").out
    assert "Nothing to ask about." in cli("match", "list").out
    assert cli("match", "list", "--decided", "--json").json[0]["state"] == "different"
    assert "cannot be matched" in cli("match", "files", "ship", one).complaint

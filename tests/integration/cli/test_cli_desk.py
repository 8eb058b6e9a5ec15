"""`hilum desk`: what waits for people, one of it, and how the teams stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_calls import Cli

pytestmark = pytest.mark.req("UX-2", "UX-3")


def test_what_waits_is_listed_filtered_shown_and_counted(worked: Path, cli: Cli) -> None:
    told = cli("desk", "--json").json
    assert (told["total"], told["breached"]) == (1, 0)
    (entry,) = told["entries"]
    assert (entry["what"], entry["team"], entry["category"]) == ("case", "Supply chain", "unmapped")
    assert entry["title"] in cli("desk").out
    assert cli("desk", "list", "--search", "unknown to all", "--json").json["entries"] == []
    filters = ("--team", "Supply chain", "--what", "case", "--criticality", "low", "--due", "soon", "--sort", "due")
    assert len(cli("desk", "list", *filters, "--json").json["entries"]) <= 1
    shown = cli("desk", "show", entry["id"], "--json").json
    assert [each["key"] for each in shown["moves"]][:3] == ["replay", "edit", "discard"]
    assert "Replay" in cli("desk", "show", entry["id"]).out
    (figure,) = cli("desk", "figures", "--json").json
    assert (figure["team"], figure["what"], figure["open"]) == ("Supply chain", "case", 1)
    assert "Supply chain" in cli("desk", "figures").out


def test_what_cannot_be_asked_is_said_in_one_line(worked: Path, cli: Cli) -> None:
    assert "pressing" in cli("desk", "list", "--sort", "beauty").complaint
    assert "1500" in cli("desk", "list", "--at-least", "much").complaint
    assert "P3D" in cli("desk", "list", "--older", "long").complaint
    assert "hilum desk" in cli("desk", "show", "4711").complaint

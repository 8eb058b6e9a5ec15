"""The example of a merger, from two lists of suppliers to a hospital that went live and back; and wrong workbooks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli_calls import Cli
from openpyxl import load_workbook

pytestmark = pytest.mark.req("MD-8")

EXAMPLE = Path(__file__).parents[3] / "examples" / "post-merger"
WHY = ("--reason", "merger")


@pytest.fixture
def project(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example, with a database of its own."""
    folder = tmp_path / "post-merger"
    shutil.copytree(EXAMPLE, folder)
    monkeypatch.setenv("HILUM_PROJECT", str(folder))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    for name in ("IN_DIR", "OUT_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    return folder


def stopped(cli: Cli) -> set[str]:
    return {each["flow"] for each in cli("flows", "stopped", "--json").json["flows"]}


def lookup(cli: Cli, code: str) -> list[str]:
    return [line for line in cli("lookups", "show", "south_units").out.splitlines() if line.startswith(code)]


def test_overlapping_suppliers_and_items_are_found(project: Path, cli: Cli) -> None:
    data = project / "data"
    found = cli(
        "match", "files", "supplier", data / "north_suppliers.csv", data / "south_suppliers.csv", *WHY, "--json"
    )
    assert found.json["same"] + found.json["asked"] == 3
    assert found.json["same"] >= 2
    found = cli("match", "files", "item", data / "north_items.csv", data / "south_items.csv", *WHY, "--json")
    assert found.json["same"] + found.json["asked"] >= 2
    for each in cli("match", "list", "--json").json:
        same = {each["left_identifier"], each["right_identifier"]} in ({"N-101", "4712"}, {"GLV-L", "882"})
        assert cli("match", "decide", each["id"], "--same" if same else "--different", *WHY).code == 0
    (thing,) = cli("crosswalk", "find", "4712", "--json").json
    assert {each["identifier"] for each in thing["identifiers"]} == {"N-101", "4712"}


def test_the_southern_hospital_begins_by_phases_and_goes_back(project: Path, cli: Cli) -> None:
    book = project / "data" / "south.xlsx"
    told = cli("onboard", "facility", book, "--dry-run")
    assert told.code == 1
    assert "hilum lookups import south_units" in told.out
    assert cli("lookups", "import", "south_units", project / "data" / "south_units.csv", *WHY).code == 0
    told = cli("onboard", "facility", book, "--dry-run").out
    assert "dry run" in told
    assert "Phase 2: 1 step\n  flow south.orders runs" in told
    assert stopped(cli) == set()

    assert "Its flows are stopped" in cli("onboard", "facility", book, *WHY).out
    assert stopped(cli) == {"south.orders"}
    assert lookup(cli, "BOX") == []
    assert cli("onboard", "activate", "facility", "SOUTH", *WHY, "--json").json["phase"] == 1
    assert lookup(cli, "BOX")
    (thing,) = cli("crosswalk", "find", "L1", "--json").json
    assert {each["identifier"] for each in thing["identifiers"]} == {"L1", "S-OR1"}
    (drafted,) = cli("master", "list", "locations", "--json").json
    assert drafted["state"] == "draft"
    assert stopped(cli) == {"south.orders"}
    assert cli("onboard", "activate", "facility", "SOUTH", *WHY, "--json").json["phase"] == 2
    assert stopped(cli) == set()
    assert "have begun" in cli("onboard", "activate", "facility", "SOUTH", *WHY).complaint
    assert "undo it first" in cli("onboard", "facility", book, *WHY).complaint

    for phase in (2, 1):
        assert cli("onboard", "revert", "facility", "SOUTH", *WHY, "--json").json["phase"] == phase
        assert stopped(cli) == {"south.orders"}
    assert lookup(cli, "BOX") == []
    assert cli("crosswalk", "find", "L1", "--json").json == []
    assert cli("master", "list", "locations", "--json").json[0]["state"] == "withdrawn"
    (one,) = cli("onboard", "list", "--json").json
    assert (one["done"], one["phases"]) == (0, 2)


@pytest.mark.parametrize("kind", ["facility", "supplier", "entity"])
def test_a_template_is_filled_in_and_every_mistake_is_told_with_its_cell(project: Path, cli: Cli, kind: str) -> None:
    file = project / "new.xlsx"
    assert cli("onboard", kind, file, "--template").code == 0
    book = load_workbook(file)
    main = book.worksheets[1].title
    book["Flows"].append(["no.such.flow", "x"])
    book["Flows"].append(["no.such.flow", 1])
    book["Crosswalk"].append(["Item", "SOUTH", "1"])
    book["Crosswalk"].append(["item", "SOUTH", "2", "NORTH", "nobody"])
    book["Lookups"].append(["nowhere", "A", "B"])
    book["Lookups"].append(["nowhere", None, "B"])
    book.create_sheet("Surprise")
    book.save(file)
    answered = cli("onboard", kind, file, "--dry-run", "--json")
    assert answered.code == 1
    for place in ((main, 1), ("Flows", 2), ("Flows", 3), ("Crosswalk", 2), ("Crosswalk", 3), ("Lookups", 2),
                  ("Lookups", 3), ("Surprise", "null")):  # fmt: skip
        assert f'"sheet": "{place[0]}",\n      "row": {place[1]},' in answered.out
    assert "what to do" in cli("onboard", kind, file, "--dry-run").out
    assert cli("onboard", "list", "--json").json == []


def test_a_second_person_that_the_policy_wants_is_not_passed_by(project: Path, cli: Cli) -> None:
    with (project / "hilum.toml").open("a") as settings:
        settings.write('\n[[approvals.rules]]\nact = "pause"\n')
    assert cli("lookups", "import", "south_units", project / "data" / "south_units.csv", *WHY).code == 0
    told = cli("onboard", "facility", project / "data" / "south.xlsx", *WHY).complaint
    assert "hilum flows pause south.orders" in told
    assert cli("onboard", "list", "--json").json == []


def test_what_is_no_workbook_is_told(project: Path, cli: Cli) -> None:
    assert "cannot be read as an XLSX" in cli("onboard", "facility", project / "README.md", "--dry-run").complaint
    assert "--reason" in cli("onboard", "facility", project / "data" / "south.xlsx").complaint
    assert "No supplier X" in cli("onboard", "activate", "supplier", "X", *WHY).complaint

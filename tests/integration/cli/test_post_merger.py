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


FILLED = {
    "supplier": {
        "Supplier": [{"code": "SUP-77", "title": "Sutures Ltd", "tax_id": "BE0400378485"}],
        "Crosswalk": [
            {"object": "supplier", "system": "NORTH", "identifier": "S77"},
            {"object": "supplier", "system": "SOUTH", "identifier": "77", "same_as_system": "NORTH",
             "same_as_identifier": "S77", "phase": 2},
        ],
        "Flows": [{"flow": "south.orders", "phase": 2}],
    },
    "entity": {
        "Entity": [{"code": "SOUTH-GMBH", "title": "South Ltd"}],
        "Cost centres": [{"code": "S-100", "title": "Surgery"}, {"code": "S-200", "title": "Ward 2"}],
        "Chart": [{"code": "SOUTH:4400", "account": "400000", "title": "Supplies", "phase": 2}],
        "Lookups": [{"table": "south_units", "code": "TRAY", "value": "PA", "phase": 2}],
        "Crosswalk": [],
        "Flows": [{"flow": "south.orders", "phase": 2}],
    },
}  # fmt: skip


def fill(file: Path, sheets: dict[str, list[dict[str, object]]]) -> None:
    """Put rows under the heads of a template."""
    book = load_workbook(file)
    for name, rows in sheets.items():
        heads = [cell.value for cell in book[name][1]]
        for row in rows:
            assert row.keys() <= set(heads)
            book[name].append([row.get(head) for head in heads])
    book.save(file)


@pytest.mark.parametrize(
    ("kind", "code", "drafts"),
    [("supplier", "SUP-77", ["suppliers"]), ("entity", "SOUTH-GMBH", ["cost_centres", "chart"])],
)
def test_a_supplier_and_an_entity_begin_by_phases_too(
    project: Path, cli: Cli, kind: str, code: str, drafts: list[str]
) -> None:
    assert cli("lookups", "import", "south_units", project / "data" / "south_units.csv", *WHY).code == 0
    file = project / "new.xlsx"
    assert cli("onboard", kind, file, "--template").code == 0
    fill(file, FILLED[kind])
    assert "dry run" in cli("onboard", kind, file, "--dry-run").out
    assert cli("onboard", kind, file, *WHY).code == 0
    assert stopped(cli) == {"south.orders"}
    for phase in (1, 2):
        assert cli("onboard", "activate", kind, code, *WHY, "--json").json["phase"] == phase
    assert stopped(cli) == set()
    for each in drafts:
        assert [one["state"] for one in cli("master", "list", each, "--json").json] == ["draft"]
    if kind == "supplier":
        (thing,) = cli("crosswalk", "find", "S77", "--json").json
        assert {each["identifier"] for each in thing["identifiers"]} == {"S77", "77"}
    for phase in (2, 1):
        assert cli("onboard", "revert", kind, code, *WHY, "--json").json["phase"] == phase
    assert cli("crosswalk", "find", "S77", "--json").json == []
    for each in drafts:
        assert [one["state"] for one in cli("master", "list", each, "--json").json] == ["withdrawn"]


def test_nothing_is_linked_to_what_nobody_knows_yet(project: Path, cli: Cli) -> None:
    """Else the two identifiers would name two things, and only a merge could put that right."""
    file = project / "new.xlsx"
    assert cli("onboard", "supplier", file, "--template").code == 0
    first, second = FILLED["supplier"]["Crosswalk"]
    sheets = {**FILLED["supplier"], "Crosswalk": [{**first, "phase": 2}, {**second, "phase": 1}], "Flows": []}
    fill(file, sheets)
    told = cli("onboard", "supplier", file, "--dry-run")
    assert told.code == 1
    assert "in the same phase or an earlier one" in told.out.replace("\n", " ")

    assert cli("crosswalk", "link", "supplier", "NORTH", "S77", *WHY).code == 0
    assert cli("onboard", "supplier", file, *WHY).code == 0
    assert cli("crosswalk", "unlink", "supplier", "NORTH", "S77", *WHY).code == 0
    assert "Nobody knows" in cli("onboard", "activate", "supplier", "SUP-77", *WHY).complaint
    assert cli("crosswalk", "find", "77", "--json").json == []


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

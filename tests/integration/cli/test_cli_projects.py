"""`hilum init`, `flows` and `test`, and what every command says of a folder that is no project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cli_calls import FLOW, Cli

from hilum.cli.app import TRACEBACK


@pytest.mark.req("UX-4")
def test_init_writes_a_project_and_says_what_to_do_next(tmp_path: Path, cli: Cli) -> None:
    folder = tmp_path / "north-hub"
    said = cli("init", folder).out
    assert "hilum serve" in said
    assert "hilum test supply.consumption samples/supplies-used.hl7" in said
    assert 'name = "north-hub"' in (folder / "hilum.toml").read_text()
    second = tmp_path / "south-hub"
    answer = cli("init", second, "--json").json
    assert answer["folder"] == str(second)
    assert all(Path(name).is_file() for name in answer["files"])


@pytest.mark.req("UX-4")
def test_init_never_writes_over_what_is_there(project: Path, cli: Cli) -> None:
    assert "already there" in cli("init", project).complaint
    file = project / "a-file"
    file.touch()
    assert str(file) in cli("init", file).complaint
    assert str(file) in cli("init", file / "inside").complaint
    assert "letters" in cli("init", project / "bad name").complaint


@pytest.mark.req("UX-3")
def test_flows_are_listed_and_shown_with_their_owners(project: Path, cli: Cli) -> None:
    (listed,) = cli("flows", "-p", project, "--json").json
    assert (listed["name"], listed["business owner"], listed["technical owner"]) == (
        FLOW,
        "Supply chain",
        "Integration",
    )
    assert cli("flows", FLOW, "-p", project, "--json").json == listed
    assert "Supply chain" in cli("flows", FLOW, "-p", project).out
    assert f"There are: {FLOW}" in cli("flows", "other", "-p", project).complaint


@pytest.mark.req("UX-4")
def test_a_sample_shows_what_a_flow_makes_of_it_and_stores_nothing(project: Path, cli: Cli) -> None:
    good, unknown = project / "samples" / "supplies-used.hl7", project / "samples" / "unknown-item.hl7"
    (made,) = cli("test", FLOW, good, "-p", project, "--json").json
    assert [each["data"]["item"] for each in made["objects"]] == ["GLOVE-M", "SUT-3-0", "SUT-3-0"]
    assert "held" not in made
    (held,) = cli("test", FLOW, unknown, "-p", project, "--json").json
    assert "MESH9" in held["held"]["words"]
    with (project / "lookups" / "items.csv").open("a") as table:
        table.write("MESH9,MESH9,yes,Mesh 9 cm\n")
    (after,) = cli("test", FLOW, unknown, "-p", project, "--json").json
    assert [each["data"]["item"] for each in after["objects"]] == ["MESH9"]
    assert not (project / ".hilum").exists()


@pytest.mark.req("UX-4")
def test_a_sample_that_breaks_the_flow_names_the_line_of_the_flow(project: Path, cli: Cli) -> None:
    flow = project / "flows" / "consumption.py"
    text = flow.read_text().replace("        quantity = ft1", "        missing_name()\n        quantity = ft1")
    flow.write_text(text)
    line = text.splitlines().index("        missing_name()") + 1
    (result,) = cli("test", FLOW, project / "samples" / "supplies-used.hl7", "-p", project, "--json").json
    assert f"consumption.py, line {line}" in result["held"]["words"]
    assert "NameError" in result["held"]["words"]


def test_a_sample_that_is_none_is_told(project: Path, cli: Cli) -> None:
    empty = project / "samples" / "empty.hl7"
    empty.touch()
    assert "Is a directory" in cli("test", FLOW, project / "samples", "-p", project).complaint
    assert "There is no message in" in cli("test", FLOW, empty, "-p", project).complaint
    assert "There is no flow 'other'" in cli("test", "other", empty, "-p", project).complaint


X12_FLOW = """
from hilum.connectors import files
from hilum.flow import Flow, Owners, Pattern
from hilum.formats import x12

orders = Flow(
    "partner.orders", version="1.0", summary="Orders", owners=Owners(business="Sales", technical="Integration"),
    pattern=Pattern.TRANSACTION, source=files.Folder(url="in", split="{split}"), order_by=x12.field("BEG-03"),
)
orders.translate(lambda parsed, hub: {{"sets": [each.code for each in getattr(parsed, "sets", [parsed])]}})
orders.deliver_to(files.write(url="out"))
"""


@pytest.mark.req("SYS-10")
@pytest.mark.parametrize(
    ("split", "sets"), [("x12", [["850"], ["850"], ["860"]]), ("x12-interchange", [["850", "850", "860"]])]
)
def test_an_x12_sample_is_taken_apart_as_a_folder_does(
    project: Path, cli: Cli, split: str, sets: list[list[str]]
) -> None:
    (project / "flows" / "partner.py").write_text(X12_FLOW.format(split=split))
    sample = Path(__file__).parents[2] / "samples" / "x12" / "two_groups.edi"
    found = cli("test", "partner.orders", sample, "-p", project, "--json").json
    assert [each["objects"][0]["data"]["sets"] for each in found] == sets
    broken = project / "samples" / "broken.edi"
    broken.write_text("no X12")
    assert "cannot be taken apart: ISA at byte 1" in cli("test", "partner.orders", broken, "-p", project).complaint


JOURNAL = [
    ["status"],
    ["messages"],
    ["trace", "x"],
    ["replay", "--flow", "x", "--dry-run"],
    ["exceptions", "list"],
    ["users", "list"],
    ["db", "migrate"],
    ["serve"],
    ["flows"],
]


@pytest.mark.req("UX-3")
@pytest.mark.parametrize("command", JOURNAL, ids=" ".join)
def test_a_folder_that_is_no_project_stays_as_it_is(tmp_path: Path, cli: Cli, command: list[str]) -> None:
    assert "is no Hilum project" in cli(*command, "--project", tmp_path).complaint
    assert list(tmp_path.iterdir()) == []
    absent = tmp_path / "absent"
    assert f"There is no folder {absent}" in cli(*command, "--project", absent).complaint
    assert not absent.exists()


BROKEN_FLOWS = {
    "a syntax error": ("    if quantity is None:", "    if quantity is None:::", "SyntaxError"),
    "an argument that is none": ('    version="1.0",', '    version="1.0", colour=1,', "TypeError"),
    "a name that is none": ("OUT = Path", "OUT = Pth", "NameError"),
    "no owner": ('business="Supply chain"', 'business=""', "owner"),
}


@pytest.mark.parametrize("what", BROKEN_FLOWS)
def test_a_flow_file_with_an_error_is_named_with_its_line(project: Path, cli: Cli, what: str) -> None:
    old, new, words = BROKEN_FLOWS[what]
    flow = project / "flows" / "consumption.py"
    assert old in flow.read_text()
    flow.write_text(flow.read_text().replace(old, new))
    for command in (["flows"], ["serve"], ["test", FLOW, flow]):
        complaint = cli(*command, "-p", project).complaint
        assert str(flow) in complaint
        assert words in complaint
        assert "line" in complaint or what == "no owner"


@pytest.mark.req("SEC-3")
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('[hub]\ncolour = "red"', "hub.colour"),
        ("[console]\nport = 99999999", "console.port"),
        ("[console\n", "not valid TOML"),
        ('[hub]\nname = "${NOT_SET_ANYWHERE}"', "NOT_SET_ANYWHERE is not set"),
        ('[hub]\nretention_days = "grey-otter"', "hub.retention_days"),
    ],
)
def test_settings_that_are_wrong_are_named_and_never_shown(project: Path, cli: Cli, more: str, words: str) -> None:
    (project / "hilum.toml").write_text(more)
    complaint = cli("status", "-p", project).complaint
    assert words in complaint
    assert "hilum.toml" in complaint
    assert "grey-otter" not in complaint


@pytest.mark.skipif(os.name != "posix", reason="/proc is a Linux file system")
def test_a_folder_that_cannot_be_written_is_named(cli: Cli) -> None:
    assert cli("init", "/proc/hub").complaint.startswith("/proc/hub")


@pytest.mark.req("SEC-3")
def test_an_unforeseen_error_names_its_place_and_not_what_it_quotes(
    project: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("the payload: grey-otter")

    monkeypatch.setattr("hilum.cli.flows.project_of", fails)
    answer = cli("flows", "-p", project)
    assert "ValueError at test_cli_projects.py, line" in answer.complaint
    assert "grey-otter" not in answer.err
    monkeypatch.setenv(TRACEBACK, "1")
    assert "grey-otter" in cli("flows", "-p", project).err


OTHERS = {
    "simulating to nobody": (["simulate", "--port", "1", "--count", "3"], "Nobody listens at 127.0.0.1:1"),
    "simulating to nowhere": (["simulate", "--http", "nonsense"], "--http nonsense"),
    "simulating more than all": (["simulate", "--duplicates", "7"], "--duplicates"),
    "simulating into no folder": (["simulate", "--inbox", "/nowhere/at/all"], "there is no such folder"),
    "a sandbox of an old Odoo": (["odoo", "sandbox", "--version", "12.0"], "18.0 or 19.0"),
    "a sandbox that keeps itself nowhere": (["odoo", "sandbox", "--state", "/nowhere/at/all"], "no folder /nowhere/at"),
    "a port that is none": (["odoo", "sandbox", "--port", "99999"], "--port"),
    "a role that is none": (["serve", "--roles", "juggler"], "listener, worker, console"),
    "a level that is none": (["serve", "--log-level", "loud"], "DEBUG, INFO"),
}


@pytest.mark.req("UX-3")
@pytest.mark.parametrize("what", OTHERS)
def test_other_wrong_inputs_are_said_in_one_line(cli: Cli, what: str) -> None:
    arguments, words = OTHERS[what]
    assert words in cli(*arguments).complaint


SENDS = """
from hilum.connectors import odoo
from hilum.flow import DataClass, Flow, Owners, Slo

wards = Flow(
    "test.wards", version="1.0", summary="Wards", owners=Owners(business="A", technical="B"),
    data_class=DataClass.INTERNAL, slo=Slo(percent=99, within="5m"), retention="P1Y",
)
wards.translate(lambda row, hub: row)
wards.deliver_to(odoo.supplier("odoo.main"))
"""
ENDPOINT = '[endpoints.odoo.main]\nurl = "http://127.0.0.1:9"\ndatabase = "d"\nlogin = "l"\napi_key = "k"\n'


@pytest.mark.req("UX-4")
@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("", "The flow test.wards delivers to 'odoo.main', which is not set up: add [endpoints.odoo.main]"),
        (ENDPOINT.replace(".main", ".other"), "which is not set up: add [endpoints.odoo.main]"),
        (ENDPOINT.replace("api_key", "api_kye"), "[endpoints.odoo.main]: odoo: api_kye: there is no such setting"),
    ],
)
def test_check_finds_an_endpoint_that_a_hub_would_not_start_with(
    tmp_path: Path, cli: Cli, toml: str, said: str
) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "wards.py").write_text(SENDS, encoding="utf-8")
    (tmp_path / "hilum.toml").write_text(toml, encoding="utf-8")
    assert said in cli("check", "-p", tmp_path).complaint
    (tmp_path / "hilum.toml").write_text(ENDPOINT, encoding="utf-8")
    assert "The project is right" in cli("check", "-p", tmp_path).out

"""`hilum doctor`: each thing that can be wrong with a set-up is found, and told with what to do."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from cli_calls import Cli, new_project

from hilum.simulator.odoo import SandboxOdoo

Break = Callable[[Path], None]

ODOO = '\n[endpoints.odoo.main]\nurl = "{url}"\ndatabase = "hilum"\nlogin = "hub"\napi_key = "{key}"\n'


def found(cli: Cli, project: Path) -> dict[str, tuple[bool, str]]:
    """What the doctor says, by what it looked at; the exit code agrees with it."""
    answer = cli("doctor", "-p", project, "--json")
    checks: list[dict[str, Any]] = json.loads(answer.out)
    assert answer.code == (0 if all(check["ok"] for check in checks) else 1)
    return {check["what"]: (check["ok"], check["words"]) for check in checks}


@pytest.fixture
def healthy(project: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which nothing is wrong."""
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    settings = project / "hilum.toml"
    settings.write_text(settings.read_text().replace("port = 8642", "port = 0"))
    return project


@pytest.fixture
def busy_port() -> Iterator[int]:
    """A port that somebody else has."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield int(taken.getsockname()[1])


@pytest.mark.req("UX-3")
def test_nothing_is_wrong_with_a_new_project(healthy: Path, cli: Cli) -> None:
    checks = found(cli, healthy)
    assert checks.pop("durability") == (False, ANY), "the server of the tests runs without fsync"
    assert all(ok for ok, _ in checks.values()), checks
    assert {
        "project",
        "disk",
        "open files",
        "database",
        "standby",
        "connections",
        "hub",
        "exceptions",
        "source",
        "console",
        "lookup items",
    } <= set(checks)
    assert "✓ database" in cli("doctor", "-p", healthy).out


def write(name: str, text: str) -> Break:
    """Put this text into a file of the project."""
    return lambda project: (project / name).write_text(text) and None


def replace(name: str, old: str, new: str) -> Break:
    """Change a file of the project."""

    def change(project: Path) -> None:
        text = (project / name).read_text()
        assert old in text
        (project / name).write_text(text.replace(old, new))

    return change


def to_odoo(project: Path) -> None:
    """The flow delivers to an Odoo that is not set up."""
    replace("flows/consumption.py", "import files, mllp", "import odoo, files, mllp")(project)
    text = (project / "flows/consumption.py").read_text()
    begin = text.index("consumption.deliver_to(files")
    end = text.index("\n", begin)
    (project / "flows/consumption.py").write_text(
        text[:begin] + 'consumption.deliver_to(odoo.stock_consumption("odoo.main"))' + text[end:]
    )


BROKEN: dict[str, tuple[Break, str, str]] = {
    "a flow with an error": (replace("flows/consumption.py", "OUT = Path", "OUT = Pth"), "project", "NameError"),
    "no flow": (lambda project: (project / "flows/consumption.py").unlink(), "project", "there are no flows in"),
    "settings with an error": (write("hilum.toml", "[hub]\ncolour = 1"), "project", "hub.colour"),
    "a lookup with a code twice": (
        write("lookups/items.csv", "code,item\nA,1\nA,2\n"),
        "project",
        "line 3: the code 'A' is there twice",
    ),
    "a lookup that is not text": (
        lambda project: (project / "lookups/items.csv").write_bytes(b"code,item\n\xff\xfe,1\n") and None,
        "project",
        "items.csv",
    ),
    "an endpoint that is not set up": (to_odoo, "destination", "add [endpoints.odoo.main] to hilum.toml"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_with_the_project_is_found(healthy: Path, cli: Cli, what: str) -> None:
    harm, place, words = BROKEN[what]
    harm(healthy)
    ok, said = found(cli, healthy)[place]
    assert not ok
    assert words in said


def test_a_port_that_is_taken_is_found(healthy: Path, cli: Cli, busy_port: int) -> None:
    replace("flows/consumption.py", "port=0", f"port={busy_port}")(healthy)
    replace("hilum.toml", "port = 0", f"port = {busy_port}")(healthy)
    checks = found(cli, healthy)
    assert checks["source"] == (
        False,
        f"mllp://127.0.0.1:{busy_port} for supply.consumption: Address already in use",
    )
    assert checks["console"][0] is False
    assert f"Port {busy_port} for the console is taken" in checks["console"][1]


@pytest.mark.req("SEC-3")
def test_a_database_that_is_away_is_found_and_the_rest_is_looked_at(
    healthy: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HILUM_DATABASE_URL", "postgresql://u:grey-otter@127.0.0.1:1/x")
    checks = found(cli, healthy)
    assert checks["database"][0] is False
    assert checks["source"][0] is True
    assert "grey-otter" not in str(checks)


@pytest.mark.req("SEC-3")
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:1", "No connection to Odoo"),
        ("nonsense", "http:// or https://"),
    ],
)
def test_an_odoo_that_is_none_is_found_without_its_key(healthy: Path, cli: Cli, url: str, words: str) -> None:
    to_odoo(healthy)
    with (healthy / "hilum.toml").open("a") as settings:
        settings.write(ODOO.format(url=url, key="grey-otter"))
    (said,) = [said for what, (ok, said) in found(cli, healthy).items() if what.startswith("destination") and not ok]
    assert words in said
    assert "grey-otter" not in said


def test_what_waits_for_a_person_is_a_finding(worked: Path, cli: Cli) -> None:
    assert found(cli, worked)["exceptions"] == (False, "1 wait for a person: hilum exceptions list")


def test_a_folder_that_is_no_project_is_the_only_finding(tmp_path: Path, cli: Cli) -> None:
    (only,) = found(cli, tmp_path).items()
    assert only[0] == "project"
    assert "is no Hilum project" in only[1][1]
    assert list(tmp_path.iterdir()) == []


def test_the_words_of_the_far_side_are_shown_as_they_are(tmp_path: Path, cli: Cli) -> None:
    """Brackets are no markup: the place in the settings must be readable."""
    project = new_project(tmp_path / "hub")
    to_odoo(project)
    assert "[endpoints.odoo.main]" in " ".join(cli("doctor", "-p", project).out.split())


WITHIN = """
from hilum.connectors import calendar, files, masterdata, odoo
from hilum.flow import Calendar, DataClass, Flow, Owners, Slo

for name, source in {
    "test.published": masterdata.Published(object="items"),
    "test.runs": calendar.Runs(when=Calendar("0 6 * * *", zone="UTC")),
}.items():
    made = Flow(
        name, version="1.0", summary="What only a hub has", owners=Owners(business="A", technical="B"),
        data_class=DataClass.INTERNAL, slo=Slo(percent=99, within="5m"), retention="P1Y", source=source,
    )
    made.translate(lambda message, hub: message)
    TARGET
    globals()[name.replace(".", "_")] = made
"""


@pytest.mark.req("UX-3")
def test_sources_that_only_a_hub_has_are_in_order(healthy: Path, cli: Cli) -> None:
    line = f'made.deliver_to(files.write(url="{healthy / "out"}", name="{{message_id}}.json"))'
    text = WITHIN.replace("TARGET", line)
    (healthy / "flows" / "within.py").write_text(text)
    answer = cli("doctor", "-p", healthy)
    assert "masterdata://items/test.published for test.published: takes the published items" in answer.out
    assert "test.runs" in answer.out
    wrong = [line for line in answer.out.splitlines() if line.startswith("✗")]
    assert [line.split()[1] for line in wrong] == ["durability"], wrong


@pytest.mark.req("SYS-1")
@pytest.mark.req("UX-3")
def test_modules_and_columns_that_an_odoo_lacks_are_found(healthy: Path, cli: Cli, box: SandboxOdoo) -> None:
    box.change(
        lambda env: [
            env["ir.module.module"].write(row, {"state": "uninstalled"})
            for row in env.store.find("ir.module.module", ("name",), ("maintenance",))
        ]
    )
    target = """
    made.deliver_to(odoo.asset("odoo.main"))
    made.deliver_to(odoo.supplier("odoo.main"))
    made.deliver_to(odoo.upsert("odoo.main", "res.partner", columns=["name", "nickname"], fields=dict, key=str))
    """.replace("\n    ", "\n    ")
    (healthy / "flows" / "within.py").write_text(WITHIN.replace("TARGET", target.strip()))
    with (healthy / "hilum.toml").open("a") as settings:
        settings.write(ODOO.format(url=box.url, key=box.api_key))
    box.retype("res.partner", "email", "integer")
    answer = cli("doctor", "-p", healthy)
    assert answer.code == 1
    wrong = [line for line in answer.out.splitlines() if line.startswith("✗ destination odoo.main")]
    needs = "res.partner.email is integer, and supplier needs char or text."
    assert any(needs in line and "Needed by test.published, test.runs" in line for line in wrong)
    assert any("maintenance.equipment" in line and "the module maintenance is not installed" in line for line in wrong)
    assert any("res.partner has no field nickname, which upsert needs" in line for line in wrong)

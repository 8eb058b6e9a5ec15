"""`hilum odoo check`: what of an Odoo does not fit the flows, before a message fails by it; `hilum odoo feeds`."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cli_calls import Cli
from psycopg.types.json import Jsonb
from test_cli_doctor import ODOO, to_odoo

from hilum.connectors.odoo.api_key import Key, read, write
from hilum.connectors.odoo.capture.figures import SEEN, Figures
from hilum.simulator.odoo import SandboxOdoo


@pytest.mark.req("NEW-9")
def test_what_does_not_fit_is_said_with_what_to_do(
    project: Path, cli: Cli, box: SandboxOdoo, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    to_odoo(project)
    with (project / "hilum.toml").open("a") as settings:
        settings.write(ODOO.format(url=box.url, key=box.api_key) + 'key_ends = "2030-01-01"\n')
    good = cli("odoo", "check", "-p", project)
    assert good.code == 0, good.out + good.err
    assert "ends on 2030-01-01" in " ".join(good.out.split())
    box.change(
        lambda env: [
            env["ir.module.module"].write(row, {"state": "uninstalled"})
            for row in env.store.find("ir.module.module", ("name",), ("stock",))
        ]
    )
    bad = cli("odoo", "check", "odoo.main", "-p", project, "--json")
    assert bad.code == 1
    assert any("the module stock is not installed" in each for each in json.loads(bad.out)[0]["findings"])
    (case,) = cli("exceptions", "list", "-p", project, "--json").json
    assert (case["destination"], case["category"], case["message_id"]) == ("odoo.main", "endpoint.module", None)
    shown = " ".join(cli("exceptions", "show", case["id"], "-p", project).out.split())
    for told in ("module stock is not installed", "expected", "stock.picking", "supply.consumption", "seen 1 times"):
        assert told in shown
    assert "stock is not" in " ".join(cli("exceptions", "list", "-p", project).out.split())
    assert "--reason" in cli("exceptions", "close", case["id"], "-p", project).complaint
    assert cli("exceptions", "close", case["id"], "-p", project, "--reason", "known", "--json").json["closed"]
    assert "no such open case" in cli("exceptions", "close", case["id"], "-p", project, "--reason", "x").complaint
    assert cli("exceptions", "list", "-p", project, "--json").json == []
    unknown = cli("odoo", "check", "odoo.nowhere", "-p", project)
    assert unknown.code != 0
    assert "There are: odoo.main" in " ".join((unknown.out + unknown.err).split())


CHANGES = """
from hilum.connectors import odoo, files
from hilum.flow import DataClass, Flow, Owners, Slo

partners = Flow(
    "test.partners", version="1.0", summary="Partners that people change in Odoo",
    owners=Owners(business="Supply chain", technical="Integration"), data_class=DataClass.INTERNAL,
    slo=Slo(percent=99, within="5m"), retention="P1Y", source=odoo.changes("odoo.main", models=["res.partner"]),
)


@partners.translate
def passed_on(change, hub):
    return change


partners.deliver_to(files.write(url="out", name="{message_id}.json"))
"""


@pytest.mark.req("NEW-3")
def test_the_feeds_are_listed_with_what_they_saw(
    project: Path, cli: Cli, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    assert "No flow takes changes out of Odoo." in cli("odoo", "feeds", "-p", project).out
    (project / "flows" / "partners.py").write_text(CHANGES)
    with (project / "hilum.toml").open("a") as settings:
        settings.write(ODOO.format(url="http://127.0.0.1:1", key="k"))
    begun = cli("odoo", "feeds", "-p", project, "--json")
    assert begun.code == 1
    assert json.loads(begun.out)[0]["state"] == "not begun"
    figures = Figures(mode="polling", poll=2.0, looked_at=time.time(), compared_at=time.time())
    for lag in (1.0, 2.0, 9.0):
        figures.told(lag, late=lag == 9.0)
    figures.told(None, deleted=True)
    with psycopg.connect(postgres_url, autocommit=True, options="-c search_path=hilum") as connection:
        noted = ["odoo_changes/odoo.main/res.partner", f"{SEEN}res.partner", Jsonb(figures.noted())]
        connection.execute("INSERT INTO memory (scope, name, value) VALUES (%s, %s, %s)", noted)
    (row,) = cli("odoo", "feeds", "-p", project, "--json").json
    assert (row["endpoint"], row["model"], row["state"], row["by"]) == (
        "odoo.main", "res.partner", "in order", "polling",
    )  # fmt: skip
    assert (row["changes"], row["late"], row["deletions"]) == (4, 1, 1)
    assert (row["lag_seconds"], row["longest_lag_seconds"]) == (2, 9)
    assert "2 s, at most 9 s" in cli("odoo", "feeds", "-p", project).out


@pytest.mark.req("NEW-9")
def test_a_key_is_replaced_by_one_command_and_by_odoo(
    project: Path, cli: Cli, box: SandboxOdoo, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    to_odoo(project)
    file, ends = project / "odoo.key", datetime.now(UTC) + timedelta(days=5)
    write(file, Key(box.api_key, ends))
    with (project / "hilum.toml").open("a") as settings:
        settings.write(ODOO.format(url=box.url, key="").replace('api_key = ""', f'api_key_file = "{file}"'))
    assert cli("odoo", "check", "-p", project).code == 0
    (case,) = cli("exceptions", "list", "-p", project, "--json").json
    assert (case["category"], case["destination"]) == ("endpoint.key", "odoo.main")
    assert "hilum odoo rotate-key odoo.main" in case["next_step"]
    new = project / "new.key"
    new.write_text(f"{'0' * 40}\n")
    refused = cli("odoo", "rotate-key", "odoo.main", "--from-file", new, "-p", project)
    assert "does not work" in refused.complaint
    assert "0000" not in refused.out + refused.err
    assert "2027-02-18" in cli("odoo", "rotate-key", "odoo.main", "--ends", "soon", "-p", project).complaint
    assert read(file).secret == box.api_key
    second = box.make_key("hub")
    new.write_text(f"{second}\n")
    last = f"{datetime.now(UTC) + timedelta(days=80):%Y-%m-%d}"
    done = cli("odoo", "rotate-key", "odoo.main", "--from-file", new, "--ends", last, "-p", project)
    assert f"valid until {ends:%Y-%m-%d}" in " ".join(done.out.split())
    assert (read(file).secret, f"{read(file).ends:%Y-%m-%d}") == (second, last)
    assert cli("exceptions", "list", "-p", project, "--json").json == []
    box.let_programs_make_keys()
    assert cli("odoo", "rotate-key", "odoo.main", "--by-odoo", "-p", project, "--json").json["ends"] > last
    assert read(file).secret != second
    audit = cli("audit", "list", "-p", project, "--json").json
    assert {"key_renewed", "key_not_renewed", "case_ended"} <= {act["action"] for act in audit}
    assert not [act for act in audit if second in act["words"] or box.api_key in act["words"]]


@pytest.mark.req("NEW-9")
def test_the_radar_says_what_ends_and_what_would_not_fit_the_next_version(
    project: Path, cli: Cli, box: SandboxOdoo, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    to_odoo(project)
    with (project / "hilum.toml").open("a") as settings:
        settings.write(ODOO.format(url=box.url, key=box.api_key) + 'protocol = "jsonrpc"\nkey_ends = "2030-01-01"\n')
        settings.write(ODOO.format(url=box.url, key=box.api_key).replace("odoo.main", "odoo.trial"))
    words = " ".join(cli("odoo", "radar", "odoo.main", "-p", project).out.split())
    for told in ("Odoo 19.0 by jsonrpc", "Odoo 22 (autumn 2028)", "set protocol to auto", "ends on 2030-01-01"):
        assert told in words
    now, then = cli("odoo", "radar", "odoo.main", "--next", "odoo.trial", "-p", project, "--json").json
    assert (now["misfits"], then["misfits"], then["protocol"], then["countdown"]) == ([], [], "json2", "")
    box.set_module("stock", installed=False)
    worse = cli("odoo", "radar", "odoo.main", "--next", "odoo.trial", "-p", project, "--json")
    assert worse.code == 1
    (_, trial) = json.loads(worse.out)
    assert {each["what"] for each in trial["misfits"]} >= {"stock.picking", "stock.move"}
    assert trial["misfits"][0]["flows"] == ["supply.consumption"]
    assert cli("exceptions", "list", "-p", project, "--json").json == [], "a look ahead opens no case"
    assert "not set up" in cli("odoo", "radar", "odoo.main", "--next", "odoo.none", "-p", project).complaint

"""`hilum odoo check`: what of an Odoo does not fit the flows, before a message fails by it; `hilum odoo feeds`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from cli_calls import Cli
from psycopg.types.json import Jsonb
from test_cli_doctor import ODOO, to_odoo

from hilum.connectors.odoo.capture.figures import SEEN, Figures
from hilum.simulator.odoo import SandboxOdoo


@pytest.fixture
def box() -> Iterator[SandboxOdoo]:
    """A sandbox that answers while commands run in loops of their own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made = SandboxOdoo(version="19.0")
    asyncio.run_coroutine_threadsafe(made.start(), loop).result(30)
    yield made
    asyncio.run_coroutine_threadsafe(made.stop(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()


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

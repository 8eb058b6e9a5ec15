"""`hilum odoo check`: what of an Odoo does not fit the flows, before a message fails by it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from cli_calls import Cli
from test_cli_doctor import ODOO, to_odoo

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

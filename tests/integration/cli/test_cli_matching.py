"""`hilum match` as a steward uses it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cli_calls import Cli

from hilum.masterdata import crosswalk
from hilum.masterdata.matching import KINDS, Matcher, Record, asking, known, weigh
from hilum.masterdata.sync import secret_key
from hilum.postgres import Database

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


async def ask(url: str, identifier: str) -> int:
    """What a hub does with a record of which it is not sure."""
    database, matcher = Database(url), Matcher(KINDS["supplier"])
    arrived = Record(system="ERP", identifier=identifier, values={"name": "Rosi Textil Vertrieb AG", "city": "Kassel"})
    await database.open()
    async with database.transaction() as connection:
        await crosswalk.lock(connection)
        things = await known.near(connection, await secret_key(connection), matcher, arrived)
        weighed = weigh(matcher, arrived, things, set())
        number = await asking.ask(connection, matcher, arrived, weighed.candidates, flow="suppliers")
    await database.close()
    return number


def test_a_list_is_learnt_and_arrivals_are_answered(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    (tmp_path / "hilum.toml").touch()
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    file = tmp_path / "odoo.csv"
    file.write_text(f"{HEAD}ODOO,82,Meyer Medizintechnik,DE123456789,Ulm\nODOO,83,Rossi Textil Vertrieb,,Kassel\n")
    assert cli("match", "learn", "supplier", file, "--reason", "start", "--json").json == {"remembered": 2, "new": 2}
    assert "2 remembered, 0 of them as new things" in cli("match", "learn", "supplier", file, "--reason", "again").out
    assert "No arrival waits" in cli("match", "arrivals").out
    first, second = (asyncio.run(ask(postgres_url, each)) for each in ("4711", "4712"))
    (one, _) = cli("match", "arrivals", "supplier", "--json").json
    ((thing, score),) = [(each["thing"], each["score"]) for each in one["likes"]]
    assert 0.5 <= score < 0.99
    assert "Say --same-as" in cli("match", "answer", first, "--reason", "x").complaint
    assert "is no supplier" in cli("match", "answer", first, "--same-as", "item-1", "--reason", "x").complaint
    assert "There is no arrival 99" in cli("match", "answer", 99, "--new", "--reason", "x").complaint
    answered = cli("match", "answer", first, "--same-as", thing, "--reason", "called", "--json").json
    assert answered["words"] == f"The supplier 4711 of ERP is known: it is {thing} now. Nothing waits for it any more."
    assert "is new" in cli("match", "answer", second, "--new", "--reason", "called").out
    assert {each["state"] for each in cli("match", "arrivals", "--decided", "--json").json} == {"same", "new"}
    assert "answered already" in cli("match", "answer", first, "--new", "--reason", "x").complaint

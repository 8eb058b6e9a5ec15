"""`hilum edi`: which partners there are, what they have not acknowledged, gaps, and the end of a wait by a person."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cli_calls import Cli

from hilum.message import new_id
from hilum.partners import Arrived, arrivals, load_partners, register
from hilum.postgres import Database

pytestmark = pytest.mark.req("SYS-10")

PROFILE = """name = "Gloves Ltd"
supplier = "S-200"
format = "x12"
x12 = { ours = { id = "HILLTOP" }, theirs = { id = "GLOVECO" } }
"""


async def send(url: str, folder: Path) -> None:
    """Two orders, of which one was never handed over."""
    profile = load_partners(folder)["gloveco"]
    database = Database(url)
    await database.open()
    for number, handed in (("PO-7", True), ("PO-8", False)):
        name = new_id()
        content = register.Content(code="850", number="0001", document=number, functional_id="PO")
        async with database.transaction() as connection:
            await register.draw(connection, profile, message_id=name, ordinal=0, flow="f", contents=[content], groups=1)
            if handed:
                await register.note_sent(connection, profile, name, 0)
    async with database.transaction() as connection:
        await connection.execute("UPDATE partner_interchange SET drawn_at = now() - interval '2 hours'")
    await database.close()


def test_partners_and_what_they_have_not_acknowledged(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    (tmp_path / "hilum.toml").touch()
    (tmp_path / "partners").mkdir()
    (tmp_path / "partners" / "gloveco.toml").write_text(PROFILE)
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    (found,) = cli("edi", "partners", "--json").json
    assert (found["key"], found["name"], found["acknowledges"]) == ("gloveco", "Gloves Ltd", "functional")
    assert "Everything that was sent is acknowledged." in cli("edi", "outstanding").out
    asyncio.run(send(postgres_url, tmp_path / "partners"))
    words = [each["words"] for each in cli("edi", "outstanding", "--json").json]
    assert words == [
        "Order PO-7 sent to Gloves Ltd 0 min ago awaits its acknowledgement.",
        "Order PO-8 for Gloves Ltd has the number 2 and was not sent yet.",
    ]
    assert [each["number"] for each in cli("edi", "gaps", "--json").json] == [2]
    assert cli("edi", "close", "gloveco", "1", "--reason", "they have it", "--json").json == {"closed": 1}
    assert cli("edi", "close", "gloveco", "1", "--reason", "again").complaint.startswith("Nothing in interchange 1")
    assert len(cli("edi", "outstanding", "gloveco", "--json").json) == 1
    assert "gloveco, interchange 1: they have it" in cli("audit", "list", "--json").out
    (tmp_path / "partners" / "gloveco.toml").write_text(PROFILE.replace("supplier", "suplier"))
    assert "gloveco.toml: suplier: there is no such setting" in cli("edi", "partners").complaint


async def come(url: str, *numbers: int) -> None:
    """Interchanges of the partner, each in a message of its own."""
    database = Database(url)
    await database.open()
    for number in numbers:
        thing = Arrived(partner="gloveco", numbers=((arrivals.INTERCHANGE, f"{number:09d}"),))
        async with database.transaction() as connection:
            await arrivals.note(connection, thing, new_id(), "procurement.from_gloveco")
    await database.close()


def test_numbers_that_did_not_come_are_listed_and_given_up(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    (tmp_path / "hilum.toml").touch()
    (tmp_path / "partners").mkdir()
    (tmp_path / "partners" / "gloveco.toml").write_text('counts = ["interchanges"]\n' + PROFILE)
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    assert cli("edi", "missing", "--json").json == {"missing": [], "repeated": []}
    assert "No number is missing" in cli("edi", "missing").out
    asyncio.run(come(postgres_url, 17, 18, 22, 18, 24))
    found = cli("edi", "missing", "--json").json
    assert [(each["first"], each["last"]) for each in found["missing"]] == [(19, 21), (23, 23)]
    assert [(each["number"], each["times"]) for each in found["repeated"]] == [(18, 1)]
    told = cli("edi", "missing", "gloveco").out
    assert "19 to 21" in told
    assert "Came in 1 more messages" in told
    assert cli("edi", "missing", "other", "--json").json == {"missing": [], "repeated": []}
    gave_up = ("edi", "give-up", "gloveco", "20", "--reason", "sent by mail")
    assert cli(*gave_up, "--series", "group PO").complaint == "group PO 20 of gloveco is not missing."
    assert cli(*gave_up, "--json").json == {"given_up": 3}
    assert cli(*gave_up).complaint == "interchange 20 of gloveco is not missing."
    assert [each["first"] for each in cli("edi", "missing", "--json").json["missing"]] == [23]
    assert "Given up: 1 of interchange of gloveco." in cli("edi", "give-up", "gloveco", "23", "--reason", "lost").out
    assert "gloveco, interchange 20: sent by mail" in cli("audit", "list", "--json").out

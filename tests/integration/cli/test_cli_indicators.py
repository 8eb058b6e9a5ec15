"""`hilum indicators` as a controller uses it: figures, whom they are of, the documents behind them."""

from __future__ import annotations

import asyncio
import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from cli_calls import Cli

from hilum import facts
from hilum.observe.indicators import Calendar, count
from hilum.postgres import Database
from support.business_history import ZONE, History

pytestmark = pytest.mark.req("OBS-2")

SPAN = ("--from", "2026-02-27", "--to", "2026-03-20")


async def seed(url: str, history: History) -> None:
    database = Database(url)
    await database.open()
    async with database.transaction() as connection:
        await facts.note(connection, history.facts())
    await count(database, Calendar(zone=ZONE))
    await database.close()


def test_figures_and_their_documents_are_told_and_agree(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    (tmp_path / "hilum.toml").write_text(f'[hub]\nzone = "{ZONE}"\n')
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    assert "Nothing was counted" in cli("indicators", "list", *SPAN).out
    history = History.of(31, size=15)
    asyncio.run(seed(postgres_url, history))
    found = {each["indicator"]: each for each in cli("indicators", "list", *SPAN, "--json").json}
    matched = sum(row["outcome"] == "matched" for row in history.rows["bill"])
    assert (Decimal(found["match-rate"]["numerator"]), found["match-rate"]["facts"]) == (matched, 15)
    assert "nobody had to decide" in found["match-rate"]["numerator_is"]
    assert f"{100 * matched / 15:.1f} %" in cli("indicators", "list", *SPAN).out
    told = cli("indicators", "show", "match-rate", "--by", "supplier", *SPAN, "--json").json
    assert sum(each["facts"] for each in told["figures"]) == 15
    rows = list(csv.DictReader(io.StringIO(cli("indicators", "documents", "off-contract-spend", *SPAN, "--csv").out)))
    orders = [row for row in history.rows["order"] if not row["cancelled"]]
    assert sum(Decimal(row["denominator"]) for row in rows) == sum(sum(row["amounts"]) for row in orders)
    listed = cli("indicators", "documents", "match-rate", *SPAN, "--supplier", "V1", "--json").json
    assert {each["document"] for each in listed} == {
        row["number"] for row in history.rows["bill"] if row["supplier"] == "V1"
    }
    assert "bills that were settled" in cli("indicators", "show", "match-rate", *SPAN).out
    assert "B-" in cli("indicators", "documents", "match-rate", *SPAN).out
    assert "There is no indicator “pills”" in cli("indicators", "show", "pills").complaint
    assert "write a day as 2026-03-01" in cli("indicators", "list", "--from", "March").complaint

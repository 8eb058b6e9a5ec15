"""`hilum implants` as a theatre's supplies and the patient safety desk use it."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cli_calls import Cli

from hilum.canonical import DeviceLabel, ImplantUsed
from hilum.message import new_id
from hilum.packs.implants import register
from hilum.packs.implants.case import Case
from hilum.packs.implants.rules import ImplantRules
from hilum.postgres import Database

pytestmark = pytest.mark.req("NEW-6")

GTIN = "05412345001010"


async def prepare(url: str) -> None:
    """One implant that nobody knows."""
    database = Database(url)
    await database.open()
    at = datetime(2026, 3, 2, tzinfo=UTC)
    case = Case("OP-1", ImplantRules())
    label = DeviceLabel(device=GTIN, lot="A-2", serial="S-9")
    used = ImplantUsed(transaction="T-1", case="OP-1", device=label, quantity=1, account="ACC-7", encounter="V-7",
                       location="OR", used_on=date(2026, 3, 2))  # fmt: skip
    case.take(used, at)
    async with database.transaction() as connection:
        await register.note(connection, new_id(), register.rows_of(case, case.breaks(at)))
    await database.close()


def test_a_recall_is_one_query_with_a_reason(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    (tmp_path / "hilum.toml").touch()
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    assert cli("implants", "breaks", "--json").json == []
    asyncio.run(prepare(postgres_url))
    (found,) = cli("implants", "breaks", "--json").json
    assert found["breaks"] == ["Master data: Which item was used?"]
    assert "account" not in found and "ACC-7" not in cli("implants", "breaks").out
    assert "Which item was used?" in cli("implants", "show", "OP-1").out
    assert cli("implants", "show", "OP-1", "--json").json[0]["standing"] == "break"
    assert "--reason" in cli("implants", "recall", "--lot", "A-2").complaint
    assert "what is recalled" in cli("implants", "recall", "--reason", "x").complaint
    (one,) = cli("implants", "recall", "--device", GTIN, "--serial", "S-9", "--reason", "notice 77", "--json").json
    assert (one["account"], one["lot"]) == ("ACC-7", "A-2")
    assert "ACC-7" in cli("implants", "recall", "--lot", "A-2", "--reason", "notice 77").out
    assert cli("implants", "recall", "--lot", "A-3", "--reason", "notice 77", "--json").json == []
    asked = [each for each in cli("audit", "list", "--json").json if each["action"] == "implants_recalled"]
    assert len(asked) == 3 and all("notice 77" in each["words"] for each in asked)

"""`hilum quality` as a steward uses it, over a published version."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_calls import Cli

from hilum.flow.tables import Content, Row
from hilum.masterdata import publishing
from hilum.masterdata.lookups import Change, import_table
from hilum.postgres import Database
from hilum.security import Role, User

pytestmark = pytest.mark.req("MD-7")


async def publish(url: str) -> None:
    """Two items, one without a barcode that is right."""
    reviewer = User(
        name="eva", role=Role.STEWARD, disabled=False, created_at=datetime.now(UTC), created_by="", last_login_at=None
    )
    contents = {
        "A": {"code": "A", "title": "x", "barcode": "4006381333931", "unit": "EA"},
        "B": {"code": "B", "title": "x", "barcode": "4006381333932", "unit": "QQ"},
    }
    database = Database(url)
    await database.open()
    async with database.transaction() as connection:
        number = await publishing.draft(connection, "items", "all", contents, author="mia")
        await publishing.submit(connection, number, by="mia", reason="x")
        await publishing.approve(connection, number, user=reviewer, reason="x")
        await publishing.publish(connection, number, by="mia", reason="x")
    await database.close()


def test_a_published_version_is_scored_and_its_faults_listed(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    (tmp_path / "hilum.toml").touch()
    (tmp_path / "quality.toml").write_text('[[rule]]\nobject = "item"\nfield = "barcode"\ncheck = "gtin"\n')
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    assert "Nothing was checked yet" in cli("quality", "scores").out
    asyncio.run(publish(postgres_url))
    (score,) = cli("quality", "published", "items", "--json").json
    assert (score["object"], score["source"], score["percent"]) == ("item", "published", 50.0)
    assert [each["key"] for each in cli("quality", "list", "item", "--json").json] == ["B"]
    assert "50.0 %" in cli("quality", "trend").out
    (by_rule,) = cli("quality", "scores", "--by-rule", "--json").json
    assert (by_rule["rule"], by_rule["failed"]) == ("barcode: gtin", 1)
    (day,) = cli("quality", "trend", "--by", "source", "--json").json
    assert (day["of"], day["failed"]) == ("published", 1)
    assert cli("quality", "list", "--facility", "NORTH", "--json").json == []
    assert [each["key"] for each in cli("quality", "list", "--facility", "", "--source", "published", "--json").json]
    assert "No such option" in cli("quality", "trend", "--of", "source").complaint
    assert "cannot be published" in cli("quality", "published", "ships").complaint


async def keep_units(url: str) -> None:
    """A lookup table that is only in the database."""
    database = Database(url)
    await database.open()
    table = Content(columns=("code", "title"), rows=(Row(code="EA", cells={"code": "EA", "title": "each"}),))
    async with database.transaction() as connection:
        await import_table(connection, "units", table, Change(actor="mia", reason="kept here"))
    await database.close()


def test_a_published_version_is_compared_with_a_table_of_the_database(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    (tmp_path / "hilum.toml").touch()
    (tmp_path / "quality.toml").write_text('[[rule]]\nobject="item"\nfield="unit"\ncheck="in_lookup"\nvalue="units"\n')
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    asyncio.run(publish(postgres_url))
    assert "no lookup table 'units'" in cli("quality", "published", "items").complaint
    asyncio.run(keep_units(postgres_url))
    (score,) = cli("quality", "published", "items", "--json").json
    assert (score["checked"], score["failed"]) == (2, 1)
    assert [each["key"] for each in cli("quality", "list", "item", "--json").json] == ["B"]

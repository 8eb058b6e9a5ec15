"""`hilum master` as two stewards use it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cli_calls import Cli

from hilum import security
from hilum.postgres import Database
from hilum.security import Role

pytestmark = pytest.mark.req("MD-4")
PASSWORD = "four small grey boats"


@pytest.fixture
def project(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with two stewards."""
    (tmp_path / "hilum.toml").touch()
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    monkeypatch.setenv("HILUM_PASSWORD", PASSWORD)

    async def make() -> None:
        database = Database(postgres_url)
        await database.open()
        async with database.transaction() as connection:
            for name in ("mia", "eva"):
                await security.create_user(connection, name, PASSWORD, Role.STEWARD, created_by="test")
        await database.close()

    asyncio.run(make())
    return tmp_path


def test_a_file_becomes_a_version_and_is_rolled_back(project: Path, cli: Cli) -> None:
    file = project / "items.csv"
    why, mia, eva = ("--reason", "spring"), ("--as", "mia"), ("--as", "eva")
    for version, title in ((1, "Glove"), (2, "Glove, sterile")):
        file.write_text(f'code,title,unit\nGLV-01,"{title}",EA\n')
        number = cli("master", "draft", "items", file, *mia, "--json").json["number"]
        assert title in cli("master", "diff", number).out
        assert "--as" in cli("master", "submit", number, *why).complaint
        assert cli("master", "submit", number, *why, *mia).code == 0
        assert "themselves" in cli("master", "approve", number, *why, *mia).complaint
        assert "is approved" in cli("master", "approve", number, *why, *eva).out
        assert cli("master", "publish", number, *why, *mia, "--json").json["number"] == version
    assert "Glove, sterile" in cli("master", "diff", "items", 1).out
    back = cli("master", "rollback", "items", 1, *why, *mia, "--json").json["number"]
    assert cli("master", "submit", back, *why, *mia).code == 0
    assert "is refused" in cli("master", "approve", back, "--refuse", *why, *eva).out
    assert "is in force already" in cli("master", "rollback", "items", 2, *why, *mia).complaint
    assert [each["version"] for each in cli("master", "list", "items", "--versions", "--json").json] == [2, 1]
    assert cli("master", "list", "--json").json[0]["state"] == "refused"


def test_a_wrong_file_is_told_by_line_and_field(project: Path, cli: Cli) -> None:
    file = project / "items.csv"
    file.write_text("code,title,shoe\nA,x,43\nB,,\n")
    told = cli("master", "draft", "items", file).complaint
    assert "line 2: shoe: there is no such field; items have code, title" in told
    assert "line 3: title: Field required" in told

"""`hilum audit` over a journal that has worked: list, verify, export, key."""

from __future__ import annotations

import asyncio
import os
from datetime import date
from pathlib import Path

import psycopg
import pytest
from cli_calls import FLOW, Cli

from hilum.journal.audit.checkpoints import make_checkpoints
from hilum.journal.audit.sealing import Sealer
from hilum.journal.partitions import drop_audit, ensure_partitions
from hilum.postgres import Database
from hilum.security.signing import load_signing_key
from hilum.settings import load_settings

pytestmark = pytest.mark.req("SEC-7")


def change(*statements: str) -> None:
    with psycopg.connect(os.environ["HILUM_DATABASE_URL"]) as connection:
        connection.execute("SET search_path = hilum")
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement.encode())


def test_a_hub_that_has_worked_leaves_a_whole_audit(worked: Path, cli: Cli) -> None:
    """The hub of the fixture sealed and signed when it stopped."""
    found = cli("audit", "verify", "--json").json
    assert found["whole"] is True
    with psycopg.connect(os.environ["HILUM_DATABASE_URL"]) as connection:
        acts = connection.execute("SELECT count(*) FROM hilum.audit").fetchone()
    assert acts == (2,), "one is held, and the key signs for the first time"
    assert sum(month["links"] for month in found["months"]) == 2
    assert sum(month["covered"] for month in found["months"]) >= 1
    assert cli("audit", "verify").out.splitlines()[-1] == "The audit is whole."
    (held,) = cli("audit", "list", "--action", "held", "--flow", FLOW, "--json").json
    assert held["actor"] == "hub"
    assert cli("audit", "list", "--actor", "nobody").out == "No act fits.\n"


def test_the_first_act_that_was_changed_is_named_and_the_exit_code_is_1(worked: Path, cli: Cli) -> None:
    change("UPDATE audit SET actor = 'mallory' WHERE action = 'held'")
    said = cli("audit", "verify")
    assert said.code == 1
    assert "changed at link 1" in said.out
    assert "(mallory: held)" in said.out


def test_an_export_is_verified_elsewhere_with_the_public_key(
    worked: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, key = tmp_path / "audit.jsonl", cli("audit", "key").out.strip()
    assert cli("audit", "export", file, "--json").json["bytes"] == file.stat().st_size
    assert "File exists" in cli("audit", "export", file).complaint
    monkeypatch.delenv("HILUM_DATABASE_URL")
    assert cli("audit", "verify", "--file", file, "--public-key", key, "--json").json["whole"] is True
    file.write_bytes(file.read_bytes().replace(b'"hub"', b'"bub"', 1))
    assert cli("audit", "verify", "--file", file, "--public-key", key).code == 1
    file.write_text("no audit")
    assert cli("audit", "verify", "--file", file, "--public-key", key).complaint.startswith("Line 1 of the export")
    assert "no public key" in cli("audit", "verify", "--file", file, "--public-key", "abc").complaint


def test_the_file_of_checkpoints_finds_what_was_removed_from_the_database(worked: Path, cli: Cli) -> None:
    change(*(f"DELETE FROM {table}" for table in ("audit", "audit_link", "audit_checkpoint")))
    said = cli("audit", "verify")
    assert (said.code, "chain cut" in said.out) == (1, True)


def test_a_key_of_the_hub_is_its_own_secret(worked: Path, cli: Cli) -> None:
    file = worked / ".hilum" / "audit-signing.key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("no key")
    assert "is no Ed25519 key" in cli("audit", "verify").complaint


def test_a_month_goes_when_its_retention_ends_and_that_is_an_act(worked: Path, cli: Cli) -> None:
    async def age() -> list[str]:
        database = Database(os.environ["HILUM_DATABASE_URL"])
        await database.open()
        try:
            async with database.cold() as connection:
                await ensure_partitions(connection, date(2026, 1, 15))
                await connection.execute(
                    "INSERT INTO audit (at, actor, action) VALUES ('2026-01-15 12:00Z', 'eva', 'login')"
                )
                sealer = Sealer(database, "late")
                assert await drop_audit(connection, date(2026, 3, 1)) == [], "it is not linked yet"
            await sealer.step(at_once=True)
            async with database.transaction() as connection:
                await make_checkpoints(connection, load_signing_key(load_settings(worked)))
            async with database.cold() as connection:
                dropped = await drop_audit(connection, date(2026, 3, 1))
            await sealer.step(at_once=True)
            return dropped
        finally:
            await database.close()

    assert asyncio.run(age()) == ["202601"]
    assert cli("audit", "verify", "--json").json["whole"] is True
    (act,) = cli("audit", "list", "--action", "audit_dropped", "--json").json
    assert act["words"].startswith("2026-01: 1 acts, the chain ended at link 1 with ")

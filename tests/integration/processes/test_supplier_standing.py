"""How suppliers stand is one record: what onboarding knew before comes into it, and the stricter word counts."""

from __future__ import annotations

from pathlib import Path

import pytest

import hilum.packs
from hilum.canonical import ScreeningOutcome
from hilum.message import new_id
from hilum.packs.suppliers import standing
from hilum.postgres import Connection, Database

pytestmark = pytest.mark.req("SYS-12", "WF-3")

CARRIED = Path(hilum.packs.__file__).parent / "migrations" / "0009_one_standing.sql"


class _Undone(Exception):
    """The end of a trial: what it wrote is rolled back."""


async def taken_in(connection: Connection, registration: str, state: str, status: str = "running") -> None:
    """A registration whose run is there."""
    await connection.execute(
        "INSERT INTO process_run (id, process, version, key, workflow, status, state)"
        " VALUES (%s, 'suppliers.onboarding', '1.0', %s, %s, %s, %s)",
        [new_id(), registration, registration, status, state],
    )
    await connection.execute(
        "INSERT INTO supplier_register (registration, supplier, open, numbers, blocks) VALUES (%s, %s, %s, '{}', '{}')",
        [registration, f"SUP-{registration}", status == "running"],
    )


async def test_what_onboarding_knew_is_carried_over_and_the_stricter_word_counts(database: Database) -> None:
    with pytest.raises(_Undone):
        async with database.transaction() as connection:
            for table in ("supplier_standing", "supplier_screening"):
                await connection.execute(f"ALTER TABLE {table} RENAME COLUMN said_by TO message_id".encode())
            await connection.execute(
                "INSERT INTO screening_list (list, issued_on, digest, entries, added, removed, message_id)"
                " VALUES ('LEIE', '2026-01-01', 'x', 1, 1, 0, %s)",
                [new_id()],
            )
            await taken_in(connection, "A", "active")
            await taken_in(connection, "B", "blocked")
            await taken_in(connection, "C", "active", "cancelled")
            await taken_in(connection, "D", "approval")
            await connection.execute(
                "INSERT INTO screening_verdict (registration, list, key, same, decided_by)"
                " VALUES ('B', 'LEIE', 'k', true, 'carla')"
            )
            await connection.execute(
                "INSERT INTO supplier_standing (supplier, blocked, reason, message_id) VALUES ('SUP-B', false, '', %s),"
                " ('SUP-E', true, 'Recall', %s)",
                [new_id(), new_id()],
            )
            await connection.execute(CARRIED.read_bytes())
            found = {each: await standing.standing(connection, f"SUP-{each}") for each in "ABCDE"}
            raise _Undone
    assert found == {
        "A": [],
        "B": ["supplier SUP-B is blocked: Its onboarding has blocked it.", "supplier SUP-B is on the list LEIE"],
        "C": ["supplier SUP-C is blocked: Its registration was cancelled."],
        "D": ["supplier SUP-D is not known", "supplier SUP-D was not screened"],
        "E": ["supplier SUP-E is blocked: Recall", "supplier SUP-E was not screened"],
    }


async def test_what_was_said_last_counts_whoever_said_it(database: Database) -> None:
    first, second, third = new_id(), new_id(), new_id()
    async with database.transaction() as connection:
        await standing.note_block(connection, "V1", True, "Recall", second)
        await standing.note_block(connection, "V1", False, "", first)
        await standing.note_screening(connection, "V1", "LEIE", ScreeningOutcome.CLEAR, second)
        assert await standing.standing(connection, "V1") == ["supplier V1 is blocked: Recall"]
        await standing.note_block(connection, "V1", False, "", third)
        await standing.note_screening(connection, "V1", "LEIE", ScreeningOutcome.POSSIBLE, first)
        assert await standing.standing(connection, "V1") == []
        await standing.note_screening(connection, "V1", "LEIE", ScreeningOutcome.POSSIBLE, third)
        assert await standing.standing(connection, "V1") == ["supplier V1 is possibly on the list LEIE"]

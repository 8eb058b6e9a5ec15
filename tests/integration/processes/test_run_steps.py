"""Steps of a run: what one does and that it is done are one transaction, whoever executes the run beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import hilum.processes
from hilum.errors import Invalid
from hilum.message import new_id
from hilum.postgres import Connection, Database
from hilum.processes import progress, store
from hilum.processes.steps import Elsewhere, StepFailed, Steps
from support.looks import rows

pytestmark = [pytest.mark.req("WF-4")]


async def begun(database: Database) -> store.RunRow:
    """A run that waits for nothing."""
    id = new_id()
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO process_run (id, process, version, key, workflow, state)"
            " VALUES (%s, 'p', '1.0', 'P1', %s, 's')",
            [id, str(id)],
        )
        await connection.execute(
            "INSERT INTO process_item (id, process, key, run_id, kind, body, state, step)"
            " VALUES (%s, 'p', 'P1', %s, 'event', '{}', 'rung', -1)",
            [new_id(), id],
        )
        row = await store.run_by_id(connection, id)
    assert row is not None
    return row


async def execution(database: Database, row: store.RunRow) -> Steps:
    """Steps of a run as a hub begins with them that just took it over."""
    async with database.cold() as connection:
        found = await progress.begun(connection, row.id, row.workflow)
    assert found is not None
    return Steps(database, row, found.steps)


def noting(row: store.RunRow, words: str) -> Any:
    async def act(connection: Connection, number: int) -> str:
        await progress.tell(connection, row.id, number, words, words)
        return words

    return act


async def told(database: Database) -> list[str]:
    return [words for (words,) in await rows(database, "SELECT words FROM process_history ORDER BY id")]


async def test_of_two_executions_the_first_that_records_a_step_counts(database: Database) -> None:
    row = await begun(database)
    one, other = await execution(database, row), await execution(database, row)
    assert await one.do("look", noting(row, "one")) == "one"
    with pytest.raises(Elsewhere):
        await other.do("look", noting(row, "other"))
    assert await told(database) == ["one"], "what the other did is undone with its transaction"
    again = await execution(database, row)
    assert await again.do("look", noting(row, "again")) == "one"
    assert await again.do("next", noting(row, "next")) == "next"
    assert await told(database) == ["one", "next"]


async def test_an_execution_of_what_the_run_was_before_it_was_moved_does_nothing(database: Database) -> None:
    row = await begun(database)
    steps = await execution(database, row)
    await rows(database, "UPDATE process_run SET workflow = 'another' RETURNING 1")
    with pytest.raises(Elsewhere):
        await steps.do("look", noting(row, "look"))
    with pytest.raises(Elsewhere):  # nor does it go on
        await steps.do("next", noting(row, "next"))
    assert await told(database) == []


async def test_what_waits_for_the_next_step_is_done_with_it_or_never_was(database: Database) -> None:
    row = await begun(database)
    steps = await execution(database, row)
    await steps.later("move", noting(row, "moved"))
    assert await steps.later("now", outcome="12:00") == "12:00"
    assert await told(database) == []
    dead = await execution(database, row)  # the first one's hub has died here
    await dead.later("move", noting(row, "moved"))
    assert await dead.later("now", outcome="12:01") == "12:01"
    await dead.do("end", noting(row, "ended"))
    assert await told(database) == ["moved", "ended"]
    again = await execution(database, row)
    assert await again.later("move", noting(row, "moved")) is None
    assert await again.later("now", outcome="12:02") == "12:01"


async def test_a_step_that_failed_fails_again_and_what_was_before_it_is_done(database: Database) -> None:
    row = await begun(database)
    steps = await execution(database, row)

    async def fail(connection: Connection, number: int) -> None:
        await noting(row, "half")(connection, number)
        raise KeyError("a name of a patient")

    await steps.later("move", noting(row, "moved"))
    with pytest.raises(KeyError):
        await steps.do("look", fail)
    assert await told(database) == ["moved"]
    again = await execution(database, row)
    await again.later("move")
    with pytest.raises(StepFailed) as failed:
        await again.do("look", noting(row, "look"))
    assert "patient" not in str(failed.value)
    assert "fail" in str(failed.value)
    other = await execution(database, row)
    with pytest.raises(Invalid, match="was “move” when the run took it, and is “send”"):
        await other.do("send", noting(row, "sent"))


async def test_steps_that_the_engine_beneath_recorded_go_on_here(database: Database) -> None:
    """A run that was open before the upgrade: it had looked, waited and been rung, and was about to look again."""
    row = await begun(database)
    recorded = [
        (1, "move", "null", None),
        (2, "look", "null", None),
        (3, "wait", '"2036-01-01T00:00:00+00:00"', None),
        (4, "DBOS.recv", "17", None),
        (5, "DBOS.sleep", "1.0", None),
        (6, "look", None, '"failed"'),
    ]
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO processes.workflow_status (workflow_uuid, status, name) VALUES (%s, 'PENDING', 'p@1.0')",
            [row.workflow],
        )
        for number, name, output, error in recorded:
            await connection.execute(
                "INSERT INTO processes.operation_outputs (workflow_uuid, function_id, function_name, output, error)"
                " VALUES (%s, %s, %s, %s, %s)",
                [row.workflow, number, name, output, error],
            )
        file = next((Path(hilum.processes.__file__).parent / "migrations").glob("*_steps.sql"))
        taking = file.read_text(encoding="utf-8")
        await connection.execute(taking[taking.rindex("DO $$") :].encode())
    steps = await execution(database, row)
    assert [steps.known(number) is not None for number in range(1, 8)] == [True, True, True, True, False, False, False]
    assert [steps.replay(name) for name in ("move", "look", "wait", "rung")] == [
        None, None, "2036-01-01T00:00:00+00:00", 17,
    ]  # fmt: skip

"""Rows of runs, for tests of what belongs to one without the process."""

from __future__ import annotations

from uuid import UUID

from hilum.message import new_id
from hilum.postgres import Database


async def a_run(database: Database) -> UUID:
    """The row of a run: what tasks belong to."""
    id = new_id()
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO process_run (id, process, version, key, workflow, launched)"
            " VALUES (%s, 'test.order', '1.0', %s, 'w', true)",
            [id, str(id)],
        )
    return id

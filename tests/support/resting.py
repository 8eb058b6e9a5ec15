"""Waiting until a hub has nothing left to do: messages, commands and runs, as one look at its database sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hilum.postgres import Database
from hilum.testing import eventually

_LEFT = (
    "SELECT state::text, count(*) FROM message WHERE state::text <> ALL(%(done)s) GROUP BY 1",
    "SELECT process, key, state, status FROM process_run WHERE status = 'running' AND ended_at IS NULL"
    " AND (waits_for = '' OR NOT launched)",
    "SELECT i.process, i.topic, i.state FROM process_item i LEFT JOIN process_run r ON r.id = i.run_id"
    " WHERE i.kind <> 'result' AND (i.state IN ('new', 'matched')"
    "  OR i.state = 'rung' AND i.step IS NULL AND r.status = 'running')",
    "SELECT channel, seq FROM process_command WHERE taken_at IS NULL AND channel <> ALL(%(unheard)s)",
)
"""What is under way; none of it where all is quiet."""


async def all_quiet(database: Database, *allowed: str, unheard: Sequence[str] = ()) -> None:
    """Every message is completed or in a state of `allowed`, every command was taken, every run waits or is over.

    `unheard`: channels that no flow of the project takes commands from.
    """
    values = {"done": ["completed", *allowed], "unheard": list(unheard)}
    left: list[Any] = []

    async def none_left() -> bool:
        left.clear()
        async with database.transaction() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            for statement in _LEFT:
                left.extend(await (await connection.execute(statement.encode(), values)).fetchall())
        return not left

    await eventually(none_left, lambda: f"left: {left}")

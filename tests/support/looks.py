"""Looks into the journal's tables, past the code under test: counts, and what must always be true of them."""

from __future__ import annotations

from typing import Any

from hilum.postgres import Database
from hilum.processes import tasks
from hilum.processes.tasks import Asked

_SOUND: dict[str, str] = {
    "a received message is work, or parked behind its key": (
        "SELECT id FROM message m WHERE state = 'received' AND work_lane IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.message_id = m.id AND p.ordinal = -1)"
    ),
    "only a received message is work": "SELECT id FROM message WHERE state <> 'received' AND work_lane IS NOT NULL",
    "a message counts its open deliveries": (
        "SELECT id FROM message m WHERE open_deliveries <> (SELECT count(*) FROM delivery d"
        " WHERE d.message_id = m.id AND d.state NOT IN ('delivered', 'cancelled'))"
    ),
    "a routed message has open deliveries": "SELECT id FROM message WHERE state = 'routed' AND open_deliveries = 0",
    "a completed message has none": "SELECT id FROM message WHERE state = 'completed' AND open_deliveries <> 0",
    "a pending delivery is work, and only that": (
        "SELECT message_id FROM delivery WHERE (state = 'pending') <> (work_lane IS NOT NULL)"
    ),
    "a waiting delivery has a time, or is parked behind its key": (
        "SELECT message_id FROM delivery d WHERE state = 'waiting' AND next_at IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM parked p WHERE p.message_id = d.message_id AND p.ordinal = d.ordinal)"
    ),
    "only a waiting delivery has a time": (
        "SELECT message_id FROM delivery WHERE state <> 'waiting' AND next_at IS NOT NULL"
    ),
    "what is parked has a head": (
        "SELECT message_id FROM parked p WHERE NOT EXISTS"
        " (SELECT 1 FROM blocked_key b WHERE b.stage = p.stage AND b.key = p.key)"
    ),
    "a head is held, or tried again": (
        "SELECT b.message_id FROM blocked_key b"
        " LEFT JOIN message m ON m.id = b.message_id AND b.ordinal < 0"
        " LEFT JOIN delivery d ON d.message_id = b.message_id AND d.ordinal = b.ordinal"
        " WHERE coalesce(m.state::text, d.state::text) NOT IN ('held', 'waiting', 'received')"
    ),
    "every body is kept, but of what a filter left out": (
        "SELECT id FROM message m WHERE EXISTS (SELECT 1 FROM payload p WHERE p.id = m.id AND p.ordinal = -1)"
        " = coalesce(jsonb_exists(headers, 'filtered'), false)"
    ),
    "every delivery has its body": (
        "SELECT message_id FROM delivery d WHERE NOT EXISTS"
        " (SELECT 1 FROM payload p WHERE p.id = d.message_id AND p.ordinal = d.ordinal)"
    ),
    "what is held has one open case": (
        "SELECT h.id FROM (SELECT id, -1 AS ordinal FROM message WHERE state = 'held'"
        " UNION ALL SELECT message_id, ordinal FROM delivery WHERE state = 'held') h WHERE (SELECT count(*)"
        " FROM exception_case c WHERE c.message_id = h.id AND c.ordinal = h.ordinal AND closed_at IS NULL) <> 1"
    ),
    "what is not held has no open case": (
        "SELECT c.message_id FROM exception_case c"
        " LEFT JOIN message m ON m.id = c.message_id AND c.ordinal < 0"
        " LEFT JOIN delivery d ON d.message_id = c.message_id AND d.ordinal = c.ordinal"
        " WHERE c.closed_at IS NULL AND coalesce(m.state::text, d.state::text) <> 'held'"
    ),
}
_HELD_AFRESH = {"what is held has one open case", "what is not held has no open case"}

_COUNTED = (
    "SELECT flow, '', state::text, count(*) FROM message GROUP BY 1, 3"
    " UNION ALL SELECT flow, destination, state::text, count(*) FROM delivery GROUP BY 1, 2, 3"
    " UNION ALL SELECT flow, '', 'open_kb', sum((size + 1023) / 1024) FROM message"
    "  WHERE state IN ('received', 'routed') GROUP BY 1 HAVING sum(size) > 0"
)
_TALLIED = (
    "SELECT flow, destination, state, sum(entered - departed)::bigint FROM ("
    " SELECT flow, destination, state, entered, departed FROM tally"
    " UNION ALL SELECT flow, destination, state, entered, departed FROM tally_bucket) t"
    " WHERE state NOT IN ('duplicate', 'filtered', 'refused', 'late')"
    " GROUP BY 1, 2, 3 HAVING sum(entered - departed) <> 0"
)


async def rows(database: Database, statement: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    """All rows of a question to the database."""
    async with database.cold() as connection:
        cursor = await connection.execute(statement.encode(), values)
        return await cursor.fetchall()


async def states(database: Database) -> dict[str, int]:
    """How many messages are in each state."""
    return dict(await rows(database, "SELECT state::text, count(*) FROM message GROUP BY 1"))


async def delivery_states(database: Database) -> dict[str, int]:
    """How many deliveries are in each state."""
    return dict(await rows(database, "SELECT state::text, count(*) FROM delivery GROUP BY 1"))


async def assert_sound(database: Database, *, cases: bool = True) -> None:
    """Everything that must be true of a journal at any time is true of this one. `cases`: held ones have a case."""
    for rule, statement in _SOUND.items():
        if rule in _HELD_AFRESH and not cases:
            continue
        broken = await rows(database, statement)
        assert not broken, f"not so: {rule}: {broken[:5]}"
    async with database.cold() as connection, connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        counted = sorted(await (await connection.execute(_COUNTED)).fetchall())
        tallied = sorted(await (await connection.execute(_TALLIED)).fetchall())
    assert counted == tallied


async def noted(database: Database, kind: str, *said: str) -> list[tuple[str, ...]]:
    """What the business facts of a kind say that count now, by document and line."""
    values = ", ".join(f"said ->> '{name}'" for name in said)
    return await rows(
        database, f"SELECT {values} FROM business_fact WHERE kind = '{kind}' AND NOT replaced ORDER BY document, line"
    )


async def beside(database: Database, task: Asked) -> dict[str, tuple[str, ...]]:
    """What the documents beside a question say, by member; nothing where there are none."""
    async with database.cold() as connection:
        papers = await tasks.papers(connection, task.id)
    return {each.name: each.values for each in papers.members} if papers is not None else {}

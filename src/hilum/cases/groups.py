"""Like cases together: all that wait for one cause are one group, with one title, one next step and one act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Open cases of one cause."""

    key: str
    category: str
    kind: str
    flow: str
    destination: str  # empty: they cannot be translated
    title: str
    words: str  # of the oldest: an example
    next_step: str
    owner: str  # several where some were handed over
    criticality: int  # of the flow: 0 low … 3 vital
    count: int  # open cases
    messages: int
    behind: int  # messages and deliveries that wait behind them
    conditions: int  # those without a message
    size: int  # bytes of the messages, as received
    unassigned: int
    oldest: datetime
    due_at: datetime | None  # of the one that is due first
    assigned: list[str]  # who works on some of them


async def groups(
    connection: Connection,
    *,
    flow: str = "",
    category: str = "",
    owner: str = "",
    kind: str = "",
    assigned_to: str = "",
    unassigned: bool = False,
    key: str = "",
    limit: int = 200,
) -> list[Group]:
    """Groups that fit: the most vital first, then those that are due first.

    `assigned_to` and `unassigned` choose cases: a group is shown with those of its cases that fit.
    """
    where, values = ["c.closed_at IS NULL"], dict[str, Any](limit=limit)
    if flow:
        where.append("(c.flow = %(flow)s OR %(flow)s = ANY(c.flows))")
        values["flow"] = flow
    exact = {"category": category, "owner": owner, "kind": kind, "assigned_to": assigned_to, "group_key": key}
    for column, value in exact.items():
        if value:
            where.append(f"c.{column} = %({column})s")
            values[column] = value
    if unassigned:
        where.append("c.assigned_to IS NULL")
    statement = _GROUPS.replace("WHERE_", " AND ".join(where))
    async with connection.cursor(row_factory=class_row(Group)) as cursor:
        await cursor.execute(statement.encode(), values)
        return await cursor.fetchall()


async def group(connection: Connection, key: str) -> Group | None:
    """One group; None where no case of it is open (any more)."""
    found = await groups(connection, key=key, limit=1)
    return found[0] if found and key else None


_GROUPS = """
SELECT g.key, g.category, g.kind, g.flow, g.destination, g.owner, g.criticality, g.count, g.messages,
    g.conditions, g.size, g.unassigned, g.oldest, g.due_at, g.assigned, e.title, e.words, e.next_step,
    (SELECT count(*) FROM exception_case c JOIN blocked_key b ON b.message_id = c.message_id AND b.ordinal = c.ordinal
        JOIN parked p USING (stage, key) WHERE c.closed_at IS NULL AND c.group_key = g.key) AS behind
FROM (
    SELECT c.group_key AS key, c.category, c.flow, c.destination, min(c.kind) AS kind,
        string_agg(DISTINCT c.owner, ', ') AS owner, max(c.criticality)::int AS criticality, count(*) AS count,
        count(DISTINCT c.message_id) AS messages, count(*) FILTER (WHERE c.condition <> '') AS conditions,
        coalesce(sum(m.size), 0)::bigint AS size,
        count(*) FILTER (WHERE c.assigned_to IS NULL) AS unassigned, min(c.opened_at) AS oldest,
        min(c.due_at) AS due_at, min(c.id) AS example,
        coalesce(array_agg(DISTINCT c.assigned_to) FILTER (WHERE c.assigned_to IS NOT NULL), '{}') AS assigned
    FROM exception_case c LEFT JOIN message m ON m.id = c.message_id
    WHERE WHERE_
    GROUP BY c.group_key, c.category, c.flow, c.destination
) g JOIN exception_case e ON e.id = g.example
ORDER BY g.criticality DESC, g.due_at NULLS LAST, g.oldest LIMIT %(limit)s
"""

"""The case desk: open, list, assign, and close cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from hilum.cases.classify import Finding
from hilum.flow import Flow
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case."""

    id: int
    opened_at: datetime
    flow: str
    message_id: UUID
    ordinal: int  # −1: the message; else its delivery
    destination: str
    category: str
    kind: str
    title: str
    words: str
    next_step: str
    owner: str
    detail: str
    assigned_to: str | None
    closed_at: datetime | None
    closed_by: str | None
    resolution: str | None
    reason: str | None
    behind: int = 0  # messages and deliveries that wait behind it

    @property
    def open(self) -> bool:
        """Does it still wait for a person?"""
        return self.closed_at is None


async def open_case(
    connection: Connection,
    finding: Finding,
    *,
    flow: str,
    declared: Flow | None,
    message_id: UUID,
    ordinal: int = -1,
    destination: str = "",
) -> None:
    """Open a case, within the transaction that holds the message or delivery. One that is open already is renewed."""
    await connection.execute(
        "INSERT INTO exception_case (flow, message_id, ordinal, destination, category, kind, title, words, next_step,"
        " owner, detail) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (message_id, ordinal) WHERE closed_at IS NULL DO UPDATE SET category = excluded.category,"
        " kind = excluded.kind, title = excluded.title, words = excluded.words, next_step = excluded.next_step,"
        " owner = excluded.owner, detail = excluded.detail",
        [
            flow,
            message_id,
            ordinal,
            destination,
            finding.category,
            finding.kind,
            storable(finding.title),
            storable(finding.words),
            storable(finding.next_step),
            finding.owner(declared),
            storable(finding.detail),
        ],
    )
    await record(
        connection,
        actor="hub",
        action="held",
        flow=flow,
        message_id=message_id,
        ordinal=ordinal if ordinal >= 0 else None,
        words=finding.title,
    )


async def cases(
    connection: Connection,
    *,
    only_open: bool = True,
    flow: str = "",
    category: str = "",
    owner: str = "",
    assigned_to: str = "",
    message_id: UUID | None = None,
    limit: int = 200,
) -> list[Case]:
    """Cases that fit, the oldest first (closed ones: the latest first)."""
    where = ["true"]
    values: list[object] = []
    for condition, value in (
        ("c.flow = %s", flow),
        ("c.category = %s", category),
        ("c.owner = %s", owner),
        ("c.assigned_to = %s", assigned_to),
        ("c.message_id = %s", message_id),
    ):
        if value:
            where.append(condition)
            values.append(value)
    if only_open:
        where.append("c.closed_at IS NULL")
    order = "c.opened_at" if only_open else "c.opened_at DESC"
    statement = f"{_SELECT} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT %s"
    async with connection.cursor(row_factory=class_row(Case)) as cursor:
        await cursor.execute(statement.encode(), [*values, limit])
        return await cursor.fetchall()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCount:
    """How many cases of one kind are open at one place."""

    flow: str
    destination: str  # empty: of messages
    kind: str  # business or technical: whose they are
    count: int
    oldest: datetime


async def count_open(connection: Connection, *, most: int = 100_000) -> list[OpenCount]:
    """Open cases by flow, destination and kind of owner; of the oldest `most` only, so that the question is bounded."""
    async with connection.cursor(row_factory=class_row(OpenCount)) as cursor:
        await cursor.execute(
            "SELECT flow, destination, kind, count(*), min(opened_at) AS oldest FROM ("
            " SELECT flow, destination, kind, opened_at FROM exception_case WHERE closed_at IS NULL"
            " ORDER BY opened_at LIMIT %s) c GROUP BY 1, 2, 3",
            [most],
        )
        return await cursor.fetchall()


async def case(connection: Connection, number: int) -> Case | None:
    """One case."""
    async with connection.cursor(row_factory=class_row(Case)) as cursor:
        await cursor.execute(f"{_SELECT} WHERE c.id = %s".encode(), [number])
        return await cursor.fetchone()


async def assign(connection: Connection, number: int, *, to: str | None, actor: str) -> bool:
    """Give a case to a person, or back to its team. False: there is no such open case."""
    cursor = await connection.execute(
        "UPDATE exception_case SET assigned_to = %s WHERE id = %s AND closed_at IS NULL RETURNING flow, message_id",
        [to, number],
    )
    row = await cursor.fetchone()
    if row is None:
        return False
    words = f"case {number} to {to}" if to else f"case {number} back to the team"
    await record(connection, actor=actor, action="assign", flow=row[0], message_id=row[1], words=words)
    return True


async def close(
    connection: Connection, message_id: UUID, ordinal: int, *, resolution: str, actor: str, reason: str
) -> bool:
    """Close the open case of a message or delivery, within the transaction that moves it. False: there was none."""
    cursor = await connection.execute(
        "UPDATE exception_case SET closed_at = now(), closed_by = %s, resolution = %s, reason = %s"
        " WHERE message_id = %s AND ordinal = %s AND closed_at IS NULL RETURNING id",
        [actor, resolution, reason, message_id, ordinal],
    )
    return await cursor.fetchone() is not None


_SELECT = (
    "SELECT c.*, (SELECT count(*) FROM blocked_key b JOIN parked p USING (stage, key)"
    " WHERE b.message_id = c.message_id AND b.ordinal = c.ordinal) AS behind FROM exception_case c"
)

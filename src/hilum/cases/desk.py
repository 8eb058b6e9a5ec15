"""The case desk: open, list, assign, hand over, and close cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from hilum.cases.causes import group_key
from hilum.cases.classify import Finding, owners
from hilum.cases.clocks import OWN_DUE, after_in_sql, due_in_sql
from hilum.cases.urgency import rank_of, time_to_act
from hilum.errors import HilumError
from hilum.flow import Flow
from hilum.flow.stakes import NOTHING, Stake
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.postgres import Connection


class NotPossible(HilumError):
    """What was asked for cannot be done with this message or case in its state; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case: a message or a delivery that is held, or a condition at a destination that will make messages fail."""

    id: int
    opened_at: datetime
    flow: str
    message_id: UUID | None  # None: a condition
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
    group_key: str  # the same for all cases of one cause
    cause: str
    criticality: int  # of the flow, or of what is at stake if that is more: 0 low … 3 vital
    due_at: datetime | None  # until when somebody should have acted
    other_owner: str  # the flow's other owner, to whom it can be handed over
    condition: str  # what it is, the same as long as it lasts; empty: a message is held
    misfits: list[dict[str, str]]  # of a condition: each with what, expected, found
    flows: list[str]  # of a condition: all that it concerns
    seen: int  # of a condition: looks at which it was so
    seen_at: datetime | None
    gone_at: datetime | None  # of a condition: when it was found to be over
    at_stake: Decimal | None = None  # money; none: nobody knows, or there is none
    currency: str = ""
    own_due_at: datetime | None = None  # due where no clock of the settings fits
    time_to_act: timedelta | None = None  # from the opening until then, in the working time of its team
    escalated_at: datetime | None = None
    escalated_to: str = ""  # the team that has it too since then
    behind: int = 0  # messages and deliveries that wait behind it

    @property
    def open(self) -> bool:
        """Does it still wait for a person?"""
        return self.closed_at is None

    @property
    def process(self) -> str:
        """The process in which it waits; empty: it is no case of a process."""
        return self.destination.removeprefix("processes.") if self.category.startswith("process.") else ""

    @property
    def comparison(self) -> str:
        """The comparison that found it; empty: it is of none."""
        place = self.destination.removeprefix("reconciliation.").removesuffix(" run")
        return place if self.category.startswith("reconcile.") else ""


async def open_case(
    connection: Connection,
    finding: Finding,
    *,
    flow: str,
    declared: Flow | None,
    message_id: UUID,
    ordinal: int = -1,
    destination: str = "",
    stake: Stake = NOTHING,
) -> None:
    """Open a case, within the transaction that holds the message or delivery. One that is open already is renewed."""
    owner, other = owners(declared, finding.kind)
    values = {
        "flow": flow,
        "message_id": message_id,
        "ordinal": ordinal,
        "destination": destination,
        "category": finding.category,
        "kind": finding.kind,
        "title": storable(finding.title),
        "words": storable(finding.words),
        "next_step": storable(finding.next_step),
        "owner": owner,
        "other_owner": other,
        "detail": storable(finding.detail),
        "group_key": group_key(finding.category, flow, destination, finding.alike),
        "cause": finding.alike,
        "criticality": rank_of(declared, stake),
        "at_stake": stake.value.amount if stake.value is not None else None,
        "currency": stake.value.currency if stake.value is not None else "",
        "time_to_act": time_to_act(declared, stake),
    }
    await connection.execute(_OPEN.encode(), values)
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
    group: str = "",
    kind: str = "",
    unassigned: bool = False,
    conditions: bool = False,
    message_id: UUID | None = None,
    limit: int = 200,
) -> list[Case]:
    """Cases that fit: the most vital first, then those that are due first (closed ones too: the latest first).

    `conditions`: only those without a message.
    """
    where = ["true"]
    values: list[Any] = []
    if flow:
        where.append("(c.flow = %s OR %s = ANY(c.flows))")
        values += [flow, flow]
    for condition, value in (
        ("c.category = %s", category),
        ("c.owner = %s", owner),
        ("c.assigned_to = %s", assigned_to),
        ("c.group_key = %s", group),
        ("c.kind = %s", kind),
        ("c.message_id = %s", message_id),
    ):
        if value:
            where.append(condition)
            values.append(value)
    if only_open:
        where.append("c.closed_at IS NULL")
    if unassigned:
        where.append("c.assigned_to IS NULL")
    if conditions:
        where.append("c.condition <> ''")
    order = "c.criticality DESC, c.due_at NULLS LAST, c.opened_at, c.id" if only_open else "c.opened_at DESC, c.id DESC"
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


async def hand_over(connection: Connection, number: int, *, actor: str, reason: str) -> str:
    """Within a transaction: the case is the other owner's; returns that team. Raises `NotPossible`.

    It leaves the person who had it: they belong to the team that gave it away. Its time is that of the new team, from
    the opening on.
    """
    due = due_in_sql("other_owner", "criticality", "opened_at")
    own = f"coalesce({after_in_sql('other_owner', 'criticality', 'opened_at', 'time_to_act')}, own_due_at)"
    cursor = await connection.execute(
        "UPDATE exception_case SET owner = other_owner, other_owner = owner, assigned_to = NULL,"
        " escalated_at = NULL, escalated_to = '',"
        f" due_at = CASE WHEN own_due_at IS NULL THEN due_at ELSE coalesce({due}, {own}) END,"
        f" own_due_at = CASE WHEN own_due_at IS NOT NULL THEN {own} END,"
        " kind = CASE kind WHEN 'business' THEN 'technical' ELSE 'business' END"
        " WHERE id = %s AND closed_at IS NULL AND other_owner <> '' RETURNING flow, message_id, owner".encode(),
        [number],
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotPossible("The case is closed, or its flow has no other owner.")
    words = f"case {number} to {row[2]}: {reason}"
    await record(connection, actor=actor, action="hand_over", flow=row[0], message_id=row[1], words=words)
    await write_note(connection, number, actor, f"Handed over to {row[2]}: {reason}")
    return str(row[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody wrote down about a case."""

    id: int
    case_id: int
    at: datetime
    author: str
    words: str


async def add_note(connection: Connection, number: int, *, actor: str, words: str) -> None:
    """Within a transaction: write something down about a case. The audit says that, not what. Raises `NotPossible`."""
    found = await case(connection, number)
    if found is None:
        raise NotPossible("There is no such case.")
    await write_note(connection, number, actor, words)
    await record(
        connection, actor=actor, action="note", flow=found.flow, message_id=found.message_id, words=f"on case {number}"
    )


async def write_note(connection: Connection, number: int, author: str, words: str) -> None:
    """Keep a note; nothing is said in the audit."""
    await connection.execute(
        "INSERT INTO case_note (case_id, author, words) VALUES (%s, %s, %s)", [number, author, storable(words)]
    )


async def notes(connection: Connection, number: int) -> list[Note]:
    """What was written down about a case, oldest first."""
    async with connection.cursor(row_factory=class_row(Note)) as cursor:
        await cursor.execute("SELECT * FROM case_note WHERE case_id = %s ORDER BY id", [number])
        return await cursor.fetchall()


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


_OPEN = (
    "INSERT INTO exception_case (flow, message_id, ordinal, destination, category, kind, title, words, next_step,"
    " owner, other_owner, detail, group_key, cause, criticality, at_stake, currency, time_to_act, own_due_at,"
    " due_at)"
    " VALUES (%(flow)s, %(message_id)s, %(ordinal)s, %(destination)s, %(category)s, %(kind)s, %(title)s, %(words)s,"
    " %(next_step)s, %(owner)s, %(other_owner)s, %(detail)s, %(group_key)s, %(cause)s, %(criticality)s,"
    f" %(at_stake)s, %(currency)s, %(time_to_act)s, {OWN_DUE},"
    f" coalesce({due_in_sql('%(owner)s', '%(criticality)s', 'now()')}, {OWN_DUE}))"
    " ON CONFLICT (message_id, ordinal) WHERE closed_at IS NULL DO UPDATE SET category = excluded.category,"
    " kind = excluded.kind, title = excluded.title, words = excluded.words, next_step = excluded.next_step,"
    " owner = excluded.owner, other_owner = excluded.other_owner, detail = excluded.detail,"
    " group_key = excluded.group_key, cause = excluded.cause, criticality = excluded.criticality,"
    " at_stake = excluded.at_stake, currency = excluded.currency"
)
_SELECT = (
    "SELECT c.*, (SELECT count(*) FROM blocked_key b JOIN parked p USING (stage, key)"
    " WHERE b.message_id = c.message_id AND b.ordinal = c.ordinal) AS behind FROM exception_case c"
)

"""Clocks: until when somebody must have acted, by team and criticality; and what nobody acted on goes to others.

The clocks are settings. They are kept in the database, so that whoever opens a case or asks people something uses the
same ones, and a changed clock counts for what is open already too. They run from the opening, whoever has it meanwhile,
and only while its team works (`working_hours`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from hilum.flow import Criticality
from hilum.flow.stakes import RANK
from hilum.journal.audit import record
from hilum.postgres import Connection
from hilum.settings.desk import ClockRule

_BATCH: Final = 200
"""Cases that are escalated in one transaction."""


async def declare(connection: Connection, clocks: Sequence[ClockRule]) -> bool:
    """Within a transaction: these clocks hold from now on, also for open cases. False: they held already."""
    wanted = [_row(place, clock) for place, clock in enumerate(clocks)]
    await connection.execute("LOCK TABLE service_clock IN SHARE ROW EXCLUSIVE MODE")
    cursor = await connection.execute(
        "SELECT place, team, criticality, due, escalate_after, escalate_to FROM service_clock ORDER BY place"
    )
    if await cursor.fetchall() == wanted:
        return False
    await connection.execute("DELETE FROM service_clock")
    await connection.cursor().executemany(
        "INSERT INTO service_clock (place, team, criticality, due, escalate_after, escalate_to)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        wanted,
    )
    await retime(connection)
    return True


async def retime(connection: Connection) -> None:
    """Within a transaction: open cases are due as clocks and hours say now. Whoever keeps others does the same soon."""
    await connection.execute(_RETIME)
    await connection.execute("INSERT INTO service_changed (what) VALUES ('tasks') ON CONFLICT DO NOTHING")


async def changed(connection: Connection, what: str) -> bool:
    """Within a transaction: have clocks or hours changed since this was asked last?"""
    cursor = await connection.execute("DELETE FROM service_changed WHERE what = %s", [what])
    return cursor.rowcount > 0


def _row(place: int, clock: ClockRule) -> tuple[int, str, list[int], timedelta, timedelta | None, str]:
    ranks = [RANK[Criticality(each)] for each in clock.criticality]
    return place, clock.team, ranks, clock.due, clock.escalate_after, clock.escalate_to


async def escalate(connection: Connection) -> int:
    """Within a transaction: cases that nobody acted on in time go to others too; how many.

    The person who had one has it no more: otherwise the others would wait for them.
    """
    cursor = await connection.execute(_ESCALATE, [_BATCH])
    found = await cursor.fetchall()
    for number, flow, message_id, team, to in found:
        words = f"case {number}: {team} did not act in time; {to} has it too"
        await record(connection, actor="hub", action="case_escalated", flow=flow, message_id=message_id, words=words)
    return len(found)


def due_in_sql(team: str, criticality: str, since: str) -> str:
    """SQL for when the clock that fits is over; null where none fits. The arguments are SQL themselves."""
    period = f"(SELECT k.due FROM service_clock_of({team}, {criticality}::int) k)"
    return after_in_sql(team, criticality, since, period)


def after_in_sql(team: str, criticality: str, since: str, period: str) -> str:
    """SQL for when so much of the team's working time is over. The arguments are SQL themselves."""
    return f"service_after({team}, {criticality}::int, {since}, {period})"


OWN_DUE: Final = after_in_sql("%(owner)s::text", "%(criticality)s", "now()", "%(time_to_act)s::interval")
"""Of a case that is opened now."""
_OWN: Final = f"coalesce({after_in_sql('owner', 'criticality', 'opened_at', 'time_to_act')}, own_due_at)"
_RETIME: Any = (
    f"UPDATE exception_case SET own_due_at = {_OWN},"
    f" due_at = coalesce({due_in_sql('owner', 'criticality', 'opened_at')}, {_OWN})"
    " WHERE closed_at IS NULL AND own_due_at IS NOT NULL"
).encode()
_ESCALATE: Any = (
    b"WITH late AS (SELECT c.id, k.escalate_to FROM exception_case c, service_clock_of(c.owner, c.criticality) k"
    b" WHERE c.closed_at IS NULL AND c.escalated_at IS NULL AND c.due_at <= now()"
    b" AND service_after(c.owner, c.criticality, c.due_at, k.escalate_after) <= now()"
    b" ORDER BY c.due_at LIMIT %s FOR UPDATE OF c SKIP LOCKED)"
    b" UPDATE exception_case c SET escalated_at = now(), escalated_to = late.escalate_to, assigned_to = NULL"
    b" FROM late WHERE c.id = late.id RETURNING c.id, c.flow, c.message_id, c.owner, c.escalated_to"
)

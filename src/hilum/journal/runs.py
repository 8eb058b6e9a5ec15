"""Runs by calendar and by hand: what waits, what was made or left out, and where the next one begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from hilum.journal import audit
from hilum.journal.text import storable
from hilum.message import id_at, new_id
from hilum.postgres import Connection

KEEP_DAYS = 400
"""Whole days after which runs that ended are forgotten here; their messages stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run, with the state of its message where it is one."""

    id: UUID
    flow: str
    scheduled_for: datetime | None  # none: by hand
    why: str  # due, missed, by_hand
    state: str  # waiting, offered (a hub has begun with it), made, left_out
    since: datetime | None
    until: datetime | None
    message_id: UUID | None
    actor: str
    reason: str
    words: str
    asked_at: datetime
    offered_at: datetime | None
    ended_at: datetime | None
    message_state: str | None
    message_at: datetime | None  # since when the message is in its state

    @property
    def under_way(self) -> bool:
        """Is the message that it became not yet done with? One that is held waits for a person, and counts."""
        return self.message_state in ("received", "routed", "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """What is known of one flow's schedule."""

    flow: str
    decided: datetime
    covered: datetime | None
    looked_at: datetime


_RUN = (
    "SELECT r.id, r.flow, r.scheduled_for, r.why, r.state, r.since, r.until, r.message_id, r.actor, r.reason, r.words,"
    " r.asked_at, r.offered_at, r.ended_at, m.state::text AS message_state, m.state_at AS message_at"
    " FROM run r LEFT JOIN message m ON m.id = r.message_id"
)


async def _runs(connection: Connection, rest: str, values: Sequence[object]) -> list[RunRow]:
    async with connection.cursor(row_factory=class_row(RunRow)) as cursor:
        await cursor.execute(f"{_RUN} {rest}".encode(), values)
        return await cursor.fetchall()


async def run(connection: Connection, run_id: UUID) -> RunRow | None:
    """One run."""
    found = await _runs(connection, "WHERE r.id = %s", [run_id])
    return found[0] if found else None


async def open_runs(connection: Connection, flow: str) -> list[RunRow]:
    """Those that wait or are being handed over, the earliest first."""
    rest = (
        "WHERE r.flow = %s AND r.state IN ('waiting', 'offered') ORDER BY coalesce(r.scheduled_for, r.asked_at), r.id"
    )
    return await _runs(connection, rest, [flow])


async def ended(connection: Connection, flow: str, *, made: bool = False, limit: int = 1) -> list[RunRow]:
    """The last that ended, the latest first. `made`: without those that were left out."""
    only = "AND r.state = 'made'" if made else ""
    return await _runs(
        connection,
        f"WHERE r.flow = %s AND r.ended_at IS NOT NULL {only} ORDER BY r.ended_at DESC LIMIT %s",
        [flow, limit],
    )


async def schedules(connection: Connection) -> dict[str, ScheduleRow]:
    """What is known of the schedules, by flow."""
    async with connection.cursor(row_factory=class_row(ScheduleRow)) as cursor:
        await cursor.execute("SELECT flow, decided, covered, looked_at FROM schedule")
        return {row.flow: row for row in await cursor.fetchall()}


async def looked(connection: Connection, flow: str, now: datetime) -> None:
    """A hub that has the source of this flow is there. The first time: nothing before now was missed."""
    await connection.execute(
        "INSERT INTO schedule (flow, decided) VALUES (%s, %s) ON CONFLICT (flow) DO UPDATE SET looked_at = now()",
        [flow, now],
    )


async def locked(connection: Connection, flow: str) -> ScheduleRow | None:
    """Within a transaction: nobody else decides about this flow until it ends."""
    async with connection.cursor(row_factory=class_row(ScheduleRow)) as cursor:
        await cursor.execute(
            "SELECT flow, decided, covered, looked_at FROM schedule WHERE flow = %s FOR UPDATE", [flow]
        )
        return await cursor.fetchone()


async def decided(connection: Connection, flow: str, until: datetime) -> None:
    """Within the transaction of `locked`: of every time up to this one it is decided what becomes of it."""
    await connection.execute("UPDATE schedule SET decided = %s WHERE flow = %s", [until, flow])


async def schedule_run(connection: Connection, flow: str, at: datetime, why: str, left_out: str = "") -> None:
    """Within the transaction of `locked`: a time has come; it waits, or is left out for this reason."""
    state = "left_out" if left_out else "waiting"
    await connection.execute(
        "INSERT INTO run (id, flow, scheduled_for, why, state, words, ended_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, CASE WHEN %s = 'left_out' THEN now() END) ON CONFLICT DO NOTHING",
        [new_id(), flow, at, why, state, left_out, state],
    )


async def ask(
    connection: Connection, flow: str, *, since: datetime | None, until: datetime | None, actor: str, reason: str
) -> UUID:
    """Within a transaction: a person wants a run now. A hub that has the source begins with it."""
    run_id = new_id()
    await connection.execute(
        "INSERT INTO run (id, flow, why, state, since, until, actor, reason)"
        " VALUES (%s, %s, 'by_hand', 'waiting', %s, %s, %s, %s)",
        [run_id, flow, since, until, actor, storable(reason)],
    )
    await audit.record(connection, actor=actor, action="run", flow=flow, words=reason)
    return run_id


async def waiting_by_hand(connection: Connection, flow: str) -> bool:
    """Does a run wait that a person asked for?"""
    cursor = await connection.execute(
        "SELECT 1 FROM run WHERE flow = %s AND why = 'by_hand' AND state IN ('waiting', 'offered') LIMIT 1", [flow]
    )
    return await cursor.fetchone() is not None


async def offer(connection: Connection, run_id: UUID, since: datetime, until: datetime) -> None:
    """Within the transaction of `locked`: a hub begins with it, and from now on it is for this span."""
    await connection.execute(
        "UPDATE run SET state = 'offered', offered_at = now(), since = %s, until = %s, words = '' WHERE id = %s",
        [since, until, run_id],
    )


async def offer_again(connection: Connection, run_id: UUID) -> None:
    """Within the transaction of `locked`: the hub that had begun with it is gone; another one begins."""
    await connection.execute("UPDATE run SET offered_at = now() WHERE id = %s", [run_id])


async def claim(connection: Connection, flow: str, patience: float) -> RunRow | None:
    """The next that a person asked for; it is this hub's now. One that a hub had for so many seconds is taken over."""
    cursor = await connection.execute(
        "UPDATE run SET state = 'offered', offered_at = now() WHERE id = (SELECT id FROM run WHERE flow = %s"
        " AND state IN ('waiting', 'offered')"
        " AND (offered_at IS NULL OR offered_at < now() - make_interval(secs => %s))"
        " ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id",
        [flow, patience],
    )
    row = await cursor.fetchone()
    return await run(connection, row[0]) if row else None


async def say(connection: Connection, run_id: UUID, words: str) -> None:
    """Why it waits."""
    await connection.execute("UPDATE run SET words = %s WHERE id = %s AND words <> %s", [words, run_id, words])


async def leave_out(connection: Connection, run_ids: Sequence[UUID], words: str) -> None:
    """These are not made, for this reason."""
    await connection.execute(
        "UPDATE run SET state = 'left_out', words = %s, ended_at = now()"
        " WHERE id = ANY(%s) AND state IN ('waiting', 'offered')",
        [storable(words), list(run_ids)],
    )


async def made(connection: Connection, run_id: UUID, message_id: UUID | None, words: str = "") -> None:
    """It was made; the next one begins where this one ends, unless it left a gap or was for an earlier time."""
    await connection.execute(
        "WITH ended AS ("
        " UPDATE run SET state = 'made', message_id = %s, words = %s, ended_at = now()"
        " WHERE id = %s AND state = 'offered' RETURNING flow, since, until)"
        " UPDATE schedule s SET covered = e.until FROM ended e WHERE s.flow = e.flow"
        " AND (s.covered IS NULL OR (e.since <= s.covered AND e.until > s.covered))",
        [message_id, storable(words), run_id],
    )


async def under_way(connection: Connection, flow: str, since: datetime) -> bool:
    """Is any message of this flow that came since then not yet done with? Those that are held are left to people."""
    cursor = await connection.execute(
        "SELECT 1 FROM message WHERE flow = %s AND id >= %s AND state IN ('received', 'routed') LIMIT 1",
        [flow, id_at(since)],
    )
    return await cursor.fetchone() is not None


async def forget(connection: Connection) -> None:
    """Runs that ended long ago."""
    await connection.execute("DELETE FROM run WHERE ended_at < now() - make_interval(days => %s)", [KEEP_DAYS])

"""Carrying jobs out, a batch at a time, by whoever comes: a hub, or the command line.

A batch is one transaction: the moves, their audit rows, the state of the items and the counts of the job. So a process
that is killed has done a batch, or nothing of it, and any other goes on from there. The row of the job is locked
meanwhile: two never work on one job.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import psycopg

from hilum.cases.desk import NotPossible, assign
from hilum.cases.endings import discard
from hilum.cases.jobs import ASSIGN, DISCARD
from hilum.cases.resolution import Settled, Step, apply_one
from hilum.errors import DatabaseUnavailable
from hilum.journal.audit import record
from hilum.message import Priority
from hilum.postgres import Connection, Database

BATCH = 50
"""Messages in one transaction: short enough that live traffic does not notice the locks."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What one batch of one job came to."""

    job: int
    settled: int  # messages
    ended: bool


@dataclass(frozen=True, slots=True)
class _Due:
    """A job whose next batch may begin, locked."""

    id: int
    act: str
    made_by: str
    reason: str
    priority: str | None
    rate: float
    assign_to: str | None


_DUE = (
    "SELECT id, act, made_by, reason, priority, rate, assign_to FROM job"
    " WHERE state = 'running' AND next_at <= now() AND (%(only)s::bigint IS NULL OR id = %(only)s)"
    " ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED"
)
_ITEMS = (
    "SELECT message_id, flow, action, ordinals, seen_state, seen_at FROM job_item"
    " WHERE job_id = %s AND state = 'planned' ORDER BY position LIMIT %s"
)
_NOTED = (
    "WITH noted AS (UPDATE job_item i SET state = t.state, words = t.words"
    " FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(words)s::text[]) AS t (id, state, words)"
    " WHERE i.job_id = %(job)s AND i.message_id = t.id AND i.state = 'planned' RETURNING i.state)"
    " SELECT count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state = 'moved_on'),"
    " count(*) FILTER (WHERE state = 'failed') FROM noted"
)
_COUNTED = (
    "UPDATE job SET done = done + %(done)s, moved_on = moved_on + %(moved_on)s, failed = failed + %(failed)s,"
    " next_at = now() + make_interval(secs => %(wait)s),"
    " state = CASE WHEN %(ended)s THEN CASE WHEN failed + %(failed)s > 0 THEN 'partly_failed' ELSE 'done' END"
    " ELSE state END, ended_at = CASE WHEN %(ended)s THEN now() END, words = CASE WHEN %(ended)s THEN '' ELSE words END"
    " WHERE id = %(job)s"
)


async def is_due(database: Database) -> bool:
    """Is there a job whose next batch may begin? One question without a lock. Raises `DatabaseUnavailable`."""
    async with database.cold() as connection:
        cursor = await connection.execute(
            "SELECT EXISTS (SELECT 1 FROM job WHERE state = 'running' AND next_at <= now())"
        )
        row = await cursor.fetchone()
    return bool(row and row[0])


async def run_batch(database: Database, *, settled: Settled | None = None, only: int | None = None) -> Ran | None:
    """One batch of the job that has waited longest; None: no job is due. `only`: of this job.

    Raises `DatabaseUnavailable`: then nothing of the batch was done.
    """
    async with database.transaction() as connection:
        row = await (await connection.execute(_DUE, {"only": only})).fetchone()
        if row is None:
            return None
        due = _Due(*row)
        limit = max(1, min(BATCH, int(due.rate))) if due.rate else BATCH
        cursor = await connection.execute(_ITEMS, [due.id, limit])
        steps = [
            Step(message_id=i[0], flow=i[1], action=i[2], ordinals=tuple(i[3]), words="", seen=(i[4], i[5]))
            for i in await cursor.fetchall()
        ]
        results = [await _one(connection, due, step, settled) for step in steps]
        ended = len(steps) < limit
        await _note(connection, due, results, ended=ended)
        return Ran(due.id, len(steps), ended)


async def _note(connection: Connection, due: _Due, results: list[tuple[UUID, str, str]], *, ended: bool) -> None:
    cursor = await connection.execute(
        _NOTED,
        {
            "job": due.id,
            "ids": [message_id for message_id, _, _ in results],
            "states": [state for _, state, _ in results],
            "words": [words for _, _, words in results],
        },
    )
    done, moved_on, failed = await cursor.fetchone() or (0, 0, 0)
    wait = len(results) / due.rate if due.rate else 0.0
    counts = {"done": done, "moved_on": moved_on, "failed": failed, "wait": wait, "ended": ended, "job": due.id}
    await connection.execute(_COUNTED, counts)
    if ended:
        await record(connection, actor="hub", action="job_done", words=f"job {due.id} of {due.made_by}: {due.reason}")


async def _one(connection: Connection, due: _Due, step: Step, settled: Settled | None) -> tuple[UUID, str, str]:
    """Do one; id, state and words of its item. What fails takes nothing else with it."""
    try:
        async with connection.transaction():
            done = await _act(connection, due, step, settled)
    except NotPossible as error:
        return step.message_id, "moved_on", str(error)
    except (DatabaseUnavailable, psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - one message that cannot be moved must not stop the others
        return step.message_id, "failed", f"It could not be done ({type(error).__name__})."
    return (step.message_id, "done", "") if done else (step.message_id, "moved_on", _MOVED_ON)


_MOVED_ON = "It has moved on since the job was planned, and was left alone."


async def _act(connection: Connection, due: _Due, step: Step, settled: Settled | None) -> bool:
    reason = f"{due.reason} (job {due.id})"
    if due.act == DISCARD:
        await _same_cases(connection, step)
        await discard(
            connection, step.message_id, actor=due.made_by, reason=reason, settled=settled, ordinals=step.ordinals
        )
        return True
    if due.act == ASSIGN:
        return await _assign(connection, due, step)
    priority = Priority(due.priority) if due.priority else None
    return await apply_one(connection, step, actor=due.made_by, reason=reason, priority=priority)


async def _same_cases(connection: Connection, step: Step) -> list[int]:
    """The numbers of its open cases, locked; where one was closed or opened since, nothing is done."""
    cursor = await connection.execute(
        "SELECT id, ordinal, opened_at FROM exception_case"
        " WHERE message_id = %s AND ordinal = ANY(%s) AND closed_at IS NULL ORDER BY ordinal FOR UPDATE",
        [step.message_id, list(step.ordinals)],
    )
    rows = await cursor.fetchall()
    since = step.seen[1] if step.seen else None
    if tuple(row[1] for row in rows) != step.ordinals or since is None or max(row[2] for row in rows) > since:
        raise NotPossible(_MOVED_ON)
    return [row[0] for row in rows]


async def _assign(connection: Connection, due: _Due, step: Step) -> bool:
    for number in await _same_cases(connection, step):
        await assign(connection, number, to=due.assign_to, actor=due.made_by)
    return True

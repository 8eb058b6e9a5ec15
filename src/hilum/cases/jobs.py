"""Acts on many messages as jobs: planned and frozen, perhaps approved, carried out in batches, paused, cancelled.

`prepare` is the dry run: it says how many, where and what, and changes nothing. `make` writes the job with one item for
each message; `hilum.cases.running` carries it out. An item is done in the transaction that moves its message, so a job
that was killed goes on where it was, and does nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from hilum.cases import approvals
from hilum.cases.categories import described
from hilum.cases.desk import NotPossible
from hilum.cases.groups import group
from hilum.cases.policy import Policy
from hilum.cases.resolution import NOTHING, Step, Wanted, plan
from hilum.cases.selection import Chosen, Selection, choose
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.message import Priority
from hilum.postgres import Connection

REPLAY, DISCARD, ASSIGN = "replay", "discard", "assign"
PLANNED, WAITING, RUNNING, PAUSED = "planned", "waiting", "running", "paused"
DONE, CANCELLED, PARTLY_FAILED = "done", "cancelled", "partly_failed"
OPEN = (PLANNED, WAITING, RUNNING, PAUSED)
"""States of a job that is not over."""

_SLICE = 2_000
"""Messages that are planned at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants to be done with many messages."""

    act: str  # replay, discard or assign
    selection: Selection
    destination: str = ""  # replay to this one only
    priority: Priority | None = Priority.BULK  # of what is translated anew; None: as the flow says
    rate: float = 0.0  # messages a second; 0: as fast as it goes
    assign_to: str | None = None  # None: back to the team


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a dry run."""

    flow: str
    action: str
    words: str
    count: int
    places: tuple[str, ...]  # destinations
    repeats: bool  # they have had it before


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The dry run of a job."""

    asked: Asked
    steps: tuple[Step, ...]  # those that would do something, in the order of receipt
    lines: tuple[Line, ...]

    @property
    def by_flow(self) -> Mapping[str, int]:
        """How many messages of each flow would be touched."""
        return Counter(step.flow for step in self.steps)

    def warnings(self, deduplicates: Mapping[str, bool]) -> list[str]:
        """What receivers do with a repetition, for those that would get one. By destination: does it deduplicate?"""
        counted: Counter[str] = Counter()
        for line in self.lines:
            if line.repeats:
                counted.update(dict.fromkeys(line.places, line.count))
        said = []
        for place, count in sorted(counted.items()):
            if place not in deduplicates:
                said.append(f"{place} may get {count} again; whether it recognises them is not known here.")
            elif deduplicates[place]:
                said.append(f"{place} recognises a repetition: the {count} that it has have no second effect.")
            else:
                said.append(f"Warning: {place} does not recognise a repetition: {count} would be done twice there.")
        return said


async def prepare(connection: Connection, asked: Asked) -> Prepared:
    """The dry run. Changes nothing. Raises `NotPossible`."""
    chosen = await choose(connection, asked.selection)
    steps: list[Step] = []
    for start in range(0, len(chosen.ids), _SLICE):
        part = chosen.ids[start : start + _SLICE]
        steps += await _steps(connection, asked, Chosen(ids=part, ordinals=chosen.ordinals))
    counted = Counter((s.flow, s.action, s.words, s.places, s.repeats) for s in steps)
    lines = tuple(
        Line(flow=flow, action=action, words=words, count=count, places=places, repeats=repeats)
        for (flow, action, words, places, repeats), count in counted.most_common()
    )
    return Prepared(asked=asked, steps=tuple(step for step in steps if step.action != NOTHING), lines=lines)


async def _steps(connection: Connection, asked: Asked, chosen: Chosen) -> list[Step]:
    if asked.act == REPLAY:
        wanted = Wanted(destination=asked.destination, ordinals=chosen.ordinals)
        return await plan(connection, chosen.ids, wanted)
    cursor = await connection.execute(_HELD.encode(), [chosen.ids])
    found: dict[object, Step] = {}
    for message_id, flow, state, since, ordinals, places in await cursor.fetchall():
        mine = chosen.ordinals.get(message_id, ()) if chosen.ordinals is not None else ordinals
        words = _ASSIGN_WORDS if asked.act == ASSIGN else _DISCARD_WORDS[state == "held"]
        found[message_id] = Step(
            message_id=message_id, flow=flow, action=asked.act, ordinals=tuple(mine), words=words,
            places=tuple(sorted({p for p in places if p})), seen=(state, since),
        )  # fmt: skip
    gone = "Nothing of it is held."
    return [found.get(i) or Step(message_id=i, flow="", action=NOTHING, words=gone) for i in chosen.ids]


_HELD = (
    "SELECT c.message_id, c.flow, m.state::text, max(c.opened_at), array_agg(c.ordinal ORDER BY c.ordinal),"
    " array_agg(c.destination) FROM exception_case c JOIN message m ON m.id = c.message_id"
    " WHERE c.closed_at IS NULL AND c.message_id = ANY(%s) GROUP BY 1, 2, 3"
)
_DISCARD_WORDS = {
    True: "The message ends here; those that wait behind it go on.",
    False: "What is held of it is cancelled; what was delivered stays delivered.",
}
_ASSIGN_WORDS = "Its case is given away."


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One act on many messages."""

    id: int
    act: str
    state: str  # planned, waiting (for a second person), running, paused, done, cancelled, partly_failed
    made_at: datetime
    made_by: str
    reason: str
    selection: str
    destination: str
    priority: str | None
    rate: float
    assign_to: str | None
    total: int
    done: int
    moved_on: int
    failed: int
    next_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    words: str
    approval: int | None  # the request that it waits for, or waited for

    @property
    def settled(self) -> int:
        """Messages that need nothing more."""
        return self.done + self.moved_on + self.failed


async def make(
    connection: Connection, prepared: Prepared, *, by: str, reason: str, policy: Policy, start: bool = True
) -> Job:
    """Within a transaction: write the job down, running; or waiting where the policy asks for a second person.

    `start=False`: only planned, until somebody resumes it. Raises `NotPossible` where there is nothing to do.
    """
    asked = prepared.asked
    if not prepared.steps:
        raise NotPossible("Nothing fits, or nothing of it can be done now.")
    demand = policy.demand(asked.act, prepared.by_flow)
    state = WAITING if demand else RUNNING if start else PLANNED
    chosen = await _in_words(connection, asked.selection)
    cursor = await connection.execute(
        "INSERT INTO job (act, state, made_by, reason, selection, destination, priority, rate, assign_to, total,"
        " started_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, CASE WHEN %s THEN now() END) RETURNING id",
        [asked.act, state, by, storable(reason), storable(chosen), asked.destination,
         asked.priority.value if asked.priority else None, asked.rate, asked.assign_to, len(prepared.steps),
         state == RUNNING],
    )  # fmt: skip
    row = await cursor.fetchone()
    number = int(row[0]) if row else 0
    await _write_items(connection, number, prepared.steps)
    counts = ", ".join(f"{count} of {flow}" for flow, count in sorted(prepared.by_flow.items()))
    words = f"{asked.act} {len(prepared.steps)} messages ({counts})."
    await record(connection, actor=by, action="job_made", words=f"job {number}: {words} {reason}")
    if demand:
        await approvals.request(
            connection, act=asked.act, subject={"job": number}, words=f"Job {number}: {words}", demand=demand,
            policy=policy, by=by, reason=reason,
        )  # fmt: skip
    return await need(connection, number)


async def _in_words(connection: Connection, selection: Selection) -> str:
    """What was chosen, for people: of a group, its category; its own words may quote a payload."""
    found = await group(connection, selection.group) if selection.group else None
    if found is None:
        return selection.in_words()
    return f"{described(found.category).title} in {found.flow} ({selection.in_words()})"


async def _write_items(connection: Connection, number: int, steps: Sequence[Step]) -> None:
    copying = (
        "COPY job_item (job_id, position, message_id, flow, action, ordinals, seen_state, seen_at, words) FROM STDIN"
    )
    async with connection.cursor() as cursor, cursor.copy(copying) as copy:
        for position, step in enumerate(steps):
            state, since = step.seen or ("", None)
            await copy.write_row(
                (number, position, step.message_id, step.flow, step.action, list(step.ordinals), state, since, "")
            )


async def job(connection: Connection, number: int) -> Job | None:
    """One job."""
    found = await _read(connection, "WHERE j.id = %s", [number])
    return found[0] if found else None


async def need(connection: Connection, number: int) -> Job:
    """One job. Raises `NotPossible` where there is none."""
    found = await job(connection, number)
    if found is None:
        raise NotPossible(f"There is no job {number}.")
    return found


async def jobs(connection: Connection, *, only_open: bool = False, limit: int = 100) -> list[Job]:
    """Jobs, the latest first."""
    where = "WHERE j.state = ANY(%s)" if only_open else "WHERE j.state <> ALL(%s)"
    return await _read(connection, f"{where} ORDER BY j.id DESC LIMIT %s", [list(OPEN) if only_open else [], limit])


async def _read(connection: Connection, tail: str, values: list[object]) -> list[Job]:
    statement = (
        "SELECT j.*, (SELECT max(a.id) FROM approval a WHERE a.subject -> 'job' = to_jsonb(j.id)) AS approval"
        f" FROM job j {tail}"
    )
    async with connection.cursor(row_factory=class_row(Job)) as cursor:
        await cursor.execute(statement.encode(), values)
        return await cursor.fetchall()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How far a job is with one kind of message."""

    flow: str
    action: str
    state: str  # planned, done, moved_on, failed
    words: str
    count: int


async def progress(connection: Connection, number: int) -> list[Tally]:
    """What has become of the messages of a job, counted."""
    async with connection.cursor(row_factory=class_row(Tally)) as cursor:
        await cursor.execute(
            "SELECT flow, action, state, words, count(*) AS count FROM job_item WHERE job_id = %s"
            " GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC",
            [number],
        )
        return await cursor.fetchall()


_MOVES = {
    "job_paused": ((RUNNING,), PAUSED, "paused"),
    "job_resumed": ((PAUSED, PLANNED), RUNNING, "goes on"),
    "job_cancelled": (OPEN, CANCELLED, "cancelled"),
}


async def pause(connection: Connection, number: int, *, by: str, reason: str) -> Job:
    """Within a transaction: stop after the batch under way. Raises `NotPossible`."""
    return await _move(connection, number, "job_paused", by, reason)


async def resume(connection: Connection, number: int, *, by: str, reason: str) -> Job:
    """Within a transaction: begin, or go on where it stopped. Raises `NotPossible`."""
    return await _move(connection, number, "job_resumed", by, reason)


async def cancel(connection: Connection, number: int, *, by: str, reason: str) -> Job:
    """Within a transaction: end it; what is done stays done. Raises `NotPossible`."""
    moved = await _move(connection, number, "job_cancelled", by, reason)
    if moved.approval is not None:
        await connection.execute(
            "UPDATE approval SET state = 'withdrawn', decided_at = now(), decision = %s"
            " WHERE id = %s AND state = 'waiting'",
            [storable(f"the job was cancelled by {by}: {reason}"), moved.approval],
        )
    return moved


async def _move(connection: Connection, number: int, act: str, by: str, reason: str) -> Job:
    before, after, said = _MOVES[act]
    cursor = await connection.execute(
        "UPDATE job SET state = %(after)s, next_at = now(), words = %(words)s,"
        " started_at = CASE WHEN %(after)s = 'running' THEN coalesce(started_at, now()) ELSE started_at END,"
        " ended_at = CASE WHEN %(after)s = 'cancelled' THEN now() END"
        " WHERE id = %(id)s AND state = ANY(%(before)s) RETURNING id",
        {"id": number, "before": list(before), "after": after, "words": storable(f"{said} by {by}: {reason}")},
    )
    if await cursor.fetchone() is None:
        found = await need(connection, number)
        raise NotPossible(f"Job {number} is {found.state.replace('_', ' ')}; this cannot be done with it now.")
    await record(connection, actor=by, action=act, words=f"job {number}: {reason}")
    return await need(connection, number)


async def clear_up(connection: Connection, *, days: int = 90) -> None:
    """Drop the items of jobs that ended long ago; the jobs stay, with their counts."""
    await connection.execute(
        "DELETE FROM job_item i USING job j WHERE j.id = i.job_id AND j.ended_at < now() - %s", [timedelta(days=days)]
    )

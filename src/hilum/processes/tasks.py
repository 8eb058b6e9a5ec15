"""Tasks: what a run asks of people, and their answers.

A task belongs to a team, may be taken or given to one person, is due, reminds, and goes to somebody else when nobody
decides. Who decides needs its permission, and must not be one of those it names (segregation of duties).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import orjson
from psycopg.rows import class_row
from pydantic import BaseModel, ValidationError

from hilum.canonical import Money
from hilum.cases.clocks import after_in_sql, changed, due_in_sql
from hilum.cases.side_by_side import SideBySide
from hilum.errors import Refused, SettingsError
from hilum.flow import Criticality
from hilum.flow.stakes import RANK, highest
from hilum.journal.audit import record
from hilum.journal.payloads import packed, unpacked
from hilum.journal.text import storable
from hilum.message import new_id
from hilum.postgres import Connection
from hilum.processes.periods import Period, duration
from hilum.security import Permission
from hilum.settings import words_of

_NORMAL: Final = Criticality.NORMAL

LookUp = Callable[[Connection], Awaitable[SideBySide | None]]
"""Puts documents side by side when they are asked about, of what the hub's tables say in that transaction.

It belongs to the step that asks, so a run needs no step of its own for what only people see. None: there is nothing.
"""


@dataclass(frozen=True, slots=True)
class Task:
    """What to ask. `form`: the model of the answer; its fields are shown as a form.

    `value` and `criticality` say what is at stake, `papers` show the documents that it is about side by side, or look
    them up; all for the exception desk. What the papers say is masked and sealed as the process's data class asks;
    names of documents and members are not masked.
    """

    title: str
    form: type[BaseModel]
    team: str = field(kw_only=True)
    words: str = field(default="", kw_only=True)  # what one must know to decide; never protected data
    permission: Permission = field(default=Permission.APPROVE, kw_only=True)
    due: Period = field(default="P7D", kw_only=True)
    remind: Period | None = field(default=None, kw_only=True)  # after this time
    escalate: Period | None = field(default=None, kw_only=True)
    escalate_to: str = field(default="", kw_only=True)
    not_by: Collection[str] = field(default=(), kw_only=True)
    value: Money | None = field(default=None, kw_only=True)  # none: nobody knows, or there is none
    criticality: Criticality | None = field(default=None, kw_only=True)  # counts where it is above the process's
    papers: SideBySide | LookUp | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Raises `SettingsError` where a period is none, or it escalates to nobody."""
        for period in (self.due, self.remind, self.escalate):
            if period is not None:
                duration(period)
        if self.escalate is not None and not self.escalate_to:
            raise SettingsError(f"The task “{self.title}” escalates, but to nobody: say escalate_to.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A task as it lies in the inbox."""

    id: UUID
    run_id: UUID
    process: str
    key: str
    title: str
    words: str
    team: str
    permission: str
    form: str
    fields: dict[str, Any]  # JSON Schema of the form
    not_by: list[str]
    asked_at: datetime
    due_at: datetime | None
    reminded_at: datetime | None
    escalated_at: datetime | None
    escalate_to: str
    assigned_to: str
    decided_at: datetime | None
    decided_by: str
    withdrawn_at: datetime | None
    at_stake: Decimal | None = None
    currency: str = ""
    criticality: int = 1  # 0 low … 3 vital

    @property
    def open(self) -> bool:
        """Does it wait for somebody?"""
        return self.decided_at is None and self.withdrawn_at is None


_SELECT: Final = (
    "SELECT t.id, t.run_id, r.process, r.key, t.title, t.words, t.team, t.permission, t.form, t.fields, t.not_by,"
    " t.asked_at, t.due_at, t.reminded_at, t.escalated_at, t.escalate_to, t.assigned_to, t.decided_at, t.decided_by,"
    " t.withdrawn_at, t.at_stake, t.currency, t.criticality FROM process_task t JOIN process_run r ON r.id = t.run_id"
)


async def inbox(
    connection: Connection, *, teams: Sequence[str] | None = None, person: str = "", limit: int = 200
) -> list[Asked]:
    """The open tasks, the most urgent first: of these teams (none: of all), or given to this person."""
    async with connection.cursor(row_factory=class_row(Asked)) as cursor:
        await cursor.execute(
            f"{_SELECT} WHERE t.decided_at IS NULL AND t.withdrawn_at IS NULL"
            " AND (%(teams)s::text[] IS NULL OR t.team = ANY(%(teams)s)"
            "      OR (t.escalated_at IS NOT NULL AND t.escalate_to = ANY(%(teams)s))"
            "      OR (t.assigned_to <> '' AND t.assigned_to = %(person)s))"
            " ORDER BY t.due_at NULLS LAST, t.asked_at LIMIT %(limit)s".encode(),
            {"teams": None if teams is None else list(teams), "person": person, "limit": limit},
        )
        return await cursor.fetchall()


async def open_of(connection: Connection, run: UUID) -> list[Asked]:
    """The open tasks of one run."""
    async with connection.cursor(row_factory=class_row(Asked)) as cursor:
        where = "WHERE t.run_id = %s AND t.decided_at IS NULL AND t.withdrawn_at IS NULL ORDER BY t.asked_at"
        await cursor.execute(f"{_SELECT} {where}".encode(), [run])
        return await cursor.fetchall()


async def asked_by(connection: Connection, process: str) -> list[Asked]:
    """Everything that runs of a process ever asked, decided or not, in the order in which it was asked."""
    async with connection.cursor(row_factory=class_row(Asked)) as cursor:
        await cursor.execute(f"{_SELECT} WHERE r.process = %s ORDER BY t.asked_at, t.id".encode(), [process])
        return await cursor.fetchall()


async def open_by_team(connection: Connection) -> dict[str, int]:
    """How many tasks are open, by the team that was asked."""
    cursor = await connection.execute(
        "SELECT team, count(*) FROM process_task WHERE decided_at IS NULL AND withdrawn_at IS NULL GROUP BY 1"
    )
    return dict(await cursor.fetchall())


async def task(connection: Connection, id: UUID, *, lock: bool = False) -> Asked | None:
    """One task; none: there is no such. `lock`: within a transaction, until it ends."""
    async with connection.cursor(row_factory=class_row(Asked)) as cursor:
        await cursor.execute(f"{_SELECT} WHERE t.id = %s{' FOR UPDATE OF t' if lock else ''}".encode(), [id])
        return await cursor.fetchone()


async def decide(
    connection: Connection, id: UUID, answer: BaseModel, *, actor: str, permissions: Collection[str]
) -> Asked:
    """Within a transaction: a person's answer. Raises `Refused` where it is decided already, or not for them."""
    found = await _open(connection, id)
    if words := why_not(found, actor, permissions):
        raise Refused(words)
    item = new_id()
    body = orjson.dumps(answer.model_dump(mode="json"))
    async with packed(connection, [(sealed_as(found.process), item, 0, body)]) as [(codec, stored)]:
        await connection.execute(
            "INSERT INTO process_item (id, process, key, run_id, kind, topic, dedup, codec, body, actor)"
            " VALUES (%s, %s, %s, %s, 'decision', %s, %s, %s, %s, %s)",
            [item, found.process, found.key, found.run_id, str(id), f"task {id}", codec, stored, storable(actor)],
        )
    await connection.execute(
        "UPDATE process_task SET decided_at = now(), decided_by = %s WHERE id = %s", [storable(actor), id]
    )
    words = f"{found.process} {found.key}: {found.title}"
    await record(connection, actor=actor, action="task_decided", flow=found.process, words=words)
    return found


async def put(
    connection: Connection, process: str, run: UUID, step: int, task: Task, criticality: Criticality = _NORMAL
) -> UUID:
    """Within a transaction: the run's step asks it, once; a step that is repeated finds what it asked before.

    It is due when its own time is over, or that of the team's clock, whichever comes first.
    """
    id = new_id()
    values = {
        "id": id,
        "run": run,
        "step": step,
        "title": storable(task.title),
        "words": storable(task.words),
        "team": task.team,
        "permission": task.permission.value,
        "form": task.form.__name__,
        "fields": orjson.dumps(task.form.model_json_schema()).decode(),
        "not_by": list(task.not_by),
        "due": _length(task.due),
        "remind": _length(task.remind),
        "escalate": _length(task.escalate),
        "escalate_to": task.escalate_to,
        "at_stake": task.value.amount if task.value is not None else None,
        "currency": task.value.currency if task.value is not None else "",
        "criticality": RANK[highest(task.criticality, criticality)],
    }
    shown = await task.papers(connection) if callable(task.papers) else task.papers
    body = shown.model_dump_json().encode() if shown is not None else b""
    async with packed(connection, [(sealed_as(process), id, 0, body)] if body else []) as sealed:
        codec, stored = sealed[0] if sealed else (0, b"")
        cursor = await connection.execute(_PUT, values | {"codec": codec, "papers": stored})
        (row,) = await cursor.fetchall()
    return UUID(str(row[0]))


def _length(period: Period | None) -> timedelta | None:
    return None if period is None else duration(period)


async def papers(connection: Connection, id: UUID) -> SideBySide | None:
    """The documents that a task is about; none: it has none, or they were erased. For those who may see them.

    Raises `KeyUnavailable`.
    """
    cursor = await connection.execute("SELECT papers_codec, papers FROM process_task WHERE id = %s", [id], binary=True)
    row = await cursor.fetchone()
    if row is None or not row[1]:
        return None
    found = (await unpacked(connection, [(id, 0, row[0], row[1])])).get((id, 0))
    return SideBySide.model_validate_json(found) if isinstance(found, bytes) else None


async def retime(connection: Connection) -> int:
    """Within a transaction: open tasks are due as clocks and working hours say now; how many that changed."""
    await changed(connection, "tasks")
    cursor = await connection.execute(_RETIME)
    return cursor.rowcount


async def withdraw(connection: Connection, id: UUID) -> bool:
    """Within a transaction: it need not be answered any more; says whether it was not answered yet."""
    cursor = await connection.execute(
        "UPDATE process_task SET withdrawn_at = coalesce(withdrawn_at, now()) WHERE id = %s AND decided_at IS NULL"
        " RETURNING id",
        [id],
    )
    return await cursor.fetchone() is not None


async def decided_by(connection: Connection, id: UUID) -> str:
    """Who answered it; empty: nobody did."""
    cursor = await connection.execute("SELECT decided_by FROM process_task WHERE id = %s", [id])
    row = await cursor.fetchone()
    return str(row[0]) if row else ""


async def assign(connection: Connection, id: UUID, *, to: str, actor: str, reason: str = "") -> None:
    """Within a transaction: take it oneself, give it to somebody, or (empty) back to the team. Raises `Refused`."""
    found = await _open(connection, id)
    await connection.execute("UPDATE process_task SET assigned_to = %s WHERE id = %s", [storable(to), id])
    words = f"{found.process} {found.key}: {found.title}: {to or 'the team'}{f', {reason}' if reason else ''}"
    await record(connection, actor=actor, action="task_assigned", flow=found.process, words=words)


async def remind_and_escalate(connection: Connection) -> int:
    """Within a transaction: what is due to be reminded of or to go to others; how many. It is in the history.

    Where clocks or working hours have changed since, the times of what is open are counted anew before.
    """
    if await changed(connection, "tasks"):
        await retime(connection)
    cursor = await connection.execute(
        "UPDATE process_task SET reminded_at = now() WHERE remind_at <= now() AND reminded_at IS NULL"
        " AND decided_at IS NULL AND withdrawn_at IS NULL RETURNING run_id, step, 'reminded', title"
    )
    told = await cursor.fetchall()
    cursor = await connection.execute(_ESCALATE)
    told += await cursor.fetchall()
    for run_id, step, kind, words in told:
        await connection.execute(
            "INSERT INTO process_history (run_id, step, kind, words) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [run_id, step, kind, words],
        )
    return len(told)


class Unfit(Refused):
    """An answer does not fit its form. `fields`: by the name of a field, what is wrong with it."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name or 'answer'}: {wrong}" for name, wrong in fields.items()))
        self.fields = fields


_DUE = due_in_sql("%(team)s::text", "%(criticality)s", "now()")


def _after(period: str) -> str:
    """SQL: so long after the question, in the working time of the team."""
    return after_in_sql("%(team)s::text", "%(criticality)s", "now()", f"{period}::interval")


_PUT: Final = (
    "INSERT INTO process_task AS t (id, run_id, step, title, words, team, permission, form, fields, not_by, due_at,"
    " own_due_at, remind_at, escalate_at, due_in, remind_in, escalate_in, escalate_to, at_stake, currency, criticality,"
    " papers_codec, papers)"
    " VALUES (%(id)s, %(run)s, %(step)s, %(title)s, %(words)s, %(team)s, %(permission)s, %(form)s, %(fields)s,"
    f" %(not_by)s, least({_after('%(due)s')}, {_DUE}), {_after('%(due)s')}, {_after('%(remind)s')},"
    f" {_after('%(escalate)s')}, %(due)s, %(remind)s, %(escalate)s, %(escalate_to)s,"
    " %(at_stake)s, %(currency)s, %(criticality)s, %(codec)s, %(papers)s)"
    " ON CONFLICT (run_id, step) DO UPDATE SET team = t.team RETURNING id"
).encode()
_OWN: Final = {
    name: f"coalesce({after_in_sql('t.team', 't.criticality', 't.asked_at', f't.{period}')}, t.{name})"
    for name, period in (("own_due_at", "due_in"), ("remind_at", "remind_in"), ("escalate_at", "escalate_in"))
}
_RETIME: Final = (
    f"WITH clock AS (SELECT t.id, {', '.join(f'{sql} AS {name}' for name, sql in _OWN.items())},"
    f" least({_OWN['own_due_at']}, {due_in_sql('t.team', 't.criticality', 't.asked_at')}) AS due_at FROM process_task t"
    " WHERE t.decided_at IS NULL AND t.withdrawn_at IS NULL)"
    " UPDATE process_task t SET due_at = clock.due_at, own_due_at = clock.own_due_at, remind_at = clock.remind_at,"
    " escalate_at = clock.escalate_at FROM clock WHERE t.id = clock.id AND"
    " (t.due_at, t.own_due_at, t.remind_at, t.escalate_at) IS DISTINCT FROM"
    " (clock.due_at, clock.own_due_at, clock.remind_at, clock.escalate_at)"
).encode()
# Its own escalation counts, where its process says one; else that of the clock that fits.
_ESCALATE: Final = (
    b"WITH late AS (SELECT t.id, coalesce(nullif(t.escalate_to, ''), k.escalate_to) AS escalate_to"
    b" FROM process_task t LEFT JOIN LATERAL service_clock_of(t.team, t.criticality::int) k ON true"
    b" WHERE t.decided_at IS NULL AND t.withdrawn_at IS NULL AND t.escalated_at IS NULL"
    b" AND coalesce(t.escalate_at, service_after(t.team, t.criticality::int, t.due_at, k.escalate_after)) <= now())"
    b" UPDATE process_task t SET escalated_at = now(), assigned_to = '', escalate_to = late.escalate_to"
    b" FROM late WHERE t.id = late.id AND t.escalated_at IS NULL"
    b" RETURNING t.run_id, t.step, 'escalated', t.title || ': ' || t.escalate_to"
)


_PLAIN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "dict_type": "write one on each line, as: field = value",
        "list_type": "write one on each line",
        "bool_parsing": "answer yes or no",
        "missing": "this has to be answered",
        "extra_forbidden": "the question has no such field",
    }
)
"""What people read of an answer that does not fit, where the checker says it in words of programmers."""


def answer_of(form: type[BaseModel], values: Any) -> BaseModel:
    """An answer that fits the form. Raises `Unfit` that names each field that does not."""
    try:
        return form.model_validate(values)
    except ValidationError as error:
        told = error.errors(include_input=False, include_context=False, include_url=False)
        raise Unfit(
            {".".join(map(str, each["loc"])): _PLAIN.get(each["type"]) or words_of(each) for each in told}
        ) from None


def sealed_as(process: str) -> str:
    """The name under which the keys of a process are kept; no flow can have it."""
    return f"process {process}"


async def _open(connection: Connection, id: UUID) -> Asked:
    found = await task(connection, id, lock=True)
    if found is None:
        raise Refused("There is no such task.")
    if found.decided_at is not None:
        raise Refused(f"{found.decided_by} has decided it already.")
    if found.withdrawn_at is not None:
        raise Refused("It is not needed any more.")
    return found


def why_not(found: Asked, actor: str, permissions: Collection[str]) -> str:
    """Why this person cannot decide it, in words; empty: they can."""
    if found.decided_at is not None:
        return f"{found.decided_by} has decided it already."
    if found.withdrawn_at is not None:
        return "It is not needed any more."
    if found.permission not in permissions:
        return f"To decide it one needs the permission “{found.permission}”."
    if actor in found.not_by:
        return "Somebody else must decide it: you had a part in what it is about."
    if found.assigned_to and found.assigned_to != actor:
        return f"It was given to {found.assigned_to}: take it first."
    return ""

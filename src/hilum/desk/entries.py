"""What waits for people, whichever way it came: cases and tasks in one list, filtered and sorted by the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from psycopg.rows import dict_row

from hilum.journal.text import key_of, storable
from hilum.postgres import Connection

CASE, TASK = "case", "task"
"""What an entry is."""

BREACHED, SOON = "breached", "soon"
"""How its clock stands: over, or nearly so."""

SORTS: Mapping[str, str] = MappingProxyType(
    {
        "pressing": "criticality DESC, due_at NULLS LAST, opened_at",
        "due": "due_at NULLS LAST, criticality DESC",
        "age": "opened_at",
        "value": "at_stake DESC NULLS LAST, criticality DESC",
        "newest": "opened_at DESC",
    }
)
"""Names of orders, and what they mean. Amounts are compared as they stand: the hub knows no rates of exchange here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that waits for a person."""

    what: str  # case or task
    id: str  # number of the case, id of the task
    title: str
    words: str  # why
    next_step: str  # of a case: what to do
    category: str  # of a case; of a task the name of its form
    flow: str  # or the process
    about: str  # of a task: what its run is about
    team: str
    escalated_to: str  # the team that has it too, since nobody acted in time
    escalated_at: datetime | None
    assigned_to: str
    opened_at: datetime
    due_at: datetime | None
    at_stake: Decimal | None  # none: there is no amount, or nobody knows it
    currency: str
    criticality: int  # 0 low … 3 vital
    message_id: UUID | None
    run_id: UUID | None

    def breached(self, now: datetime) -> bool:
        """Should somebody have acted by now?"""
        return self.due_at is not None and self.due_at < now


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Every member that is set must fit."""

    what: str = ""
    team: str = ""  # that was asked, or has it since nobody acted
    person: str = ""  # given to
    unassigned: bool = False
    flow: str = ""  # or process
    category: str = ""
    older: timedelta | None = None  # waits longer than this, in the working time of its team
    due: str = ""  # breached, or soon: within `soon`, or breached
    soon: timedelta = timedelta(hours=2)
    at_least: Decimal | None = None  # money at stake
    criticality: int = 0  # at least
    text: str = ""  # a part of what is shown, or a whole identifier
    readable: Sequence[str] | None = None  # flows and processes whose words may be searched; none: all
    sort: str = "pressing"


@dataclass(frozen=True, slots=True)
class Found:
    """Some entries, and how many fit in all."""

    entries: list[Entry]
    total: int
    breached: int
    at_stake: Mapping[str, Decimal]  # by currency


async def find(connection: Connection, wanted: Filter, *, limit: int = 100, skip: int = 0) -> Found:
    """The open ones that fit, in the order that is asked for."""
    where, values = _conditions(wanted)
    condition = " AND ".join(where) or "true"
    order = SORTS.get(wanted.sort, SORTS["pressing"])
    values |= {"limit": limit, "skip": skip}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            f"{ENTRIES} SELECT * FROM entry WHERE {condition} ORDER BY {order}, what, id"
            " LIMIT %(limit)s OFFSET %(skip)s".encode(),
            values,
        )
        entries = [Entry(**row) for row in await cursor.fetchall()]
        await cursor.execute(
            f"{ENTRIES} SELECT currency, count(*) AS total, count(*) FILTER (WHERE due_at < now()) AS breached,"
            f" sum(at_stake) AS at_stake FROM entry WHERE {condition} GROUP BY currency ORDER BY currency".encode(),
            values,
        )
        sums = await cursor.fetchall()
    return Found(
        entries=entries,
        total=sum(row["total"] for row in sums),
        breached=sum(row["breached"] for row in sums),
        at_stake={row["currency"]: row["at_stake"] for row in sums if row["at_stake"] is not None},
    )


async def teams(connection: Connection) -> list[str]:
    """All teams that have something."""
    cursor = await connection.execute(
        f"{ENTRIES} SELECT team FROM entry UNION SELECT escalated_to FROM entry WHERE escalated_to <> ''"
        " ORDER BY 1".encode()
    )
    return [row[0] for row in await cursor.fetchall()]


def _conditions(wanted: Filter) -> tuple[list[str], dict[str, Any]]:
    """The conditions that are set, and the values of all of them."""
    text = wanted.text.strip()
    values = {
        **{name: storable(getattr(wanted, name)) for name in ("what", "flow", "category", "team", "person")},
        "older": wanted.older,
        "soon": wanted.soon,
        "at_least": wanted.at_least,
        "criticality": wanted.criticality,
        "text": storable(text),
        "key": key_of(text),
        "readable": None if wanted.readable is None else list(wanted.readable),
    }
    set_ = {
        "what = %(what)s": wanted.what,
        "flow = %(flow)s": wanted.flow,
        "category = %(category)s": wanted.category,
        "(team = %(team)s OR escalated_to = %(team)s)": wanted.team,
        "assigned_to = %(person)s": wanted.person,
        "assigned_to = ''": wanted.unassigned,
        "service_after(team, criticality, opened_at, %(older)s) < now()": wanted.older is not None,
        "due_at < now()": wanted.due == BREACHED,
        "due_at < now() + %(soon)s": wanted.due == SOON,
        "at_stake >= %(at_least)s": wanted.at_least is not None,
        "criticality >= %(criticality)s": wanted.criticality,
        _TEXT: text,
    }
    return [condition for condition, on in set_.items() if on], values


_TEXT: Final = (
    "(id = %(text)s OR about = %(text)s"
    " OR message_id IN (SELECT i.message_id FROM identifier i WHERE i.value = %(key)s)"
    " OR ((%(readable)s::text[] IS NULL OR flow = ANY(%(readable)s))"
    "     AND strpos(lower(title || ' ' || words || ' ' || about), lower(%(text)s)) > 0))"
)

ENTRIES: Final = """
WITH entry AS NOT MATERIALIZED (
    SELECT 'case' AS what, c.id::text AS id, c.title, c.words, c.next_step, c.category,
        CASE WHEN c.category LIKE 'process.%%' THEN replace(c.destination, 'processes.', '') ELSE c.flow END AS flow,
        '' AS about, c.owner AS team, c.escalated_to, c.escalated_at, coalesce(c.assigned_to, '') AS assigned_to,
        c.opened_at, c.due_at, c.at_stake, c.currency, c.criticality::int AS criticality, c.message_id,
        NULL::uuid AS run_id
    FROM exception_case c WHERE c.closed_at IS NULL
    UNION ALL
    SELECT 'task', t.id::text, t.title, t.words, '', t.form, r.process, r.key, t.team,
        CASE WHEN t.escalated_at IS NULL THEN '' ELSE t.escalate_to END, t.escalated_at, t.assigned_to, t.asked_at,
        t.due_at, t.at_stake, t.currency, t.criticality::int, NULL, t.run_id
    FROM process_task t JOIN process_run r ON r.id = t.run_id
    WHERE t.decided_at IS NULL AND t.withdrawn_at IS NULL
)"""
"""SQL of everything that is open; to be followed by a SELECT from `entry`."""

"""Retention: what is due, by the calendar of each flow, and the guards against a clock that is wrong.

Nothing is erased here; `erasing` does what a plan says. A flow and day are due when the last moment of that day is so
long ago as the flow's retention says, by the database's own clock. A clock that jumped ahead is noticed in two ways:
the newest message is then old, or many days are due at once. Both stop everything until a person says `--force`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from hilum.journal.holds import held_flows
from hilum.journal.keyring import day_of
from hilum.journal.partitions import evidence_months, ids_of, payload_days
from hilum.journal.periods import after
from hilum.message import id_at, moment_of
from hilum.postgres import Connection

AGREE: Final = timedelta(days=7)
"""The newest message may be so much older than the database's clock says it is now; else one of them is wrong."""

MOST_DAYS: Final = 7
"""Days of payload that one run erases without `force`. In ordinary operation it is one."""

MOST_MONTHS: Final = 1
"""Months of evidence that one run drops without `force`."""

_LATE = timedelta(hours=6)
"""A day is over so long after its end: clocks of hubs and database differ, and commits take their time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the hub says beside its flows, in whole days; None: nothing."""

    retention_days: int | None = None  # payloads are kept no longer than this
    evidence_days: int | None = None  # messages and deliveries are kept no longer than this


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The payloads of one flow and day."""

    flow: str
    day: date
    messages: int
    due: date | None  # the day on which they are erased; None: never
    rule: str  # what says so
    waits: str = ""  # why they are not erased although they are due


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run would do."""

    now: datetime  # by the database's clock
    today: date
    kept: Sequence[Kept]  # everything that is stored, by day and flow
    months: Sequence[date] = ()  # of evidence, that are dropped
    refusal: str = ""  # why nothing is erased, although something is due

    @property
    def due(self) -> list[Kept]:
        """What is to be erased now."""
        return [one for one in self.kept if one.due is not None and one.due <= self.today and not one.waits]

    @property
    def waiting(self) -> list[Kept]:
        """What is due and has to wait."""
        return [one for one in self.kept if one.waits]


async def plan(connection: Connection, bounds: Bounds) -> Plan:
    """What is kept until when, and what is due. Counts days that are over and were not counted yet."""
    now = await _now(connection)
    today = (now - _LATE).date()
    await _count(connection, today)
    kept = await _kept(connection, bounds, today)
    made = Plan(now=now, today=today, kept=kept, months=await _months(connection, bounds, today, kept))
    refusal = await _refusal(connection, made)
    return Plan(now=now, today=today, kept=kept, months=made.months, refusal=refusal)


async def _now(connection: Connection) -> datetime:
    row = await (await connection.execute("SELECT clock_timestamp()")).fetchone()
    return datetime.now(UTC) if row is None else row[0].astimezone(UTC)


async def _count(connection: Connection, today: date) -> None:
    """Note what is stored of each day that is over: once, because it is a scan of the day."""
    cursor = await connection.execute("SELECT DISTINCT day FROM payload_day")
    counted = {row[0] for row in await cursor.fetchall()}
    there = {day for day in await payload_days(connection) if day < today} - counted
    for day in sorted(there | await _days_in_rest(connection, today)):
        await count_day(connection, day)


async def _days_in_rest(connection: Connection, today: date) -> set[date]:
    """Days of payloads that lie in no partition of their own: a clock was wrong, or a hold has outlived its day."""
    cursor = await connection.execute("SELECT DISTINCT id FROM payload_rest")
    return {day for (message_id,) in await cursor.fetchall() if (day := day_of(message_id)) < today}


async def count_day(connection: Connection, day: date) -> None:
    """Note how many messages of each flow have a payload of this day; what is noted already stays."""
    await connection.execute(
        "INSERT INTO payload_day (flow, day, messages) SELECT m.flow, %s, count(*) FROM payload p"
        " JOIN message m ON m.id = p.id WHERE p.ordinal = -1 AND p.id >= %s AND p.id < %s GROUP BY 1"
        " ON CONFLICT DO NOTHING",
        [day, *_ids_of_day(day)],
    )


def _ids_of_day(day: date) -> tuple[UUID, UUID]:
    return ids_of(day, day + timedelta(days=1))


async def _kept(connection: Connection, bounds: Bounds, today: date) -> list[Kept]:
    cursor = await connection.execute("SELECT flow, retention FROM payload_policy")
    policies: dict[str, str] = dict(await cursor.fetchall())
    cursor = await connection.execute(
        "SELECT flow, day, messages FROM payload_day WHERE erased_at IS NULL ORDER BY day, flow"
    )
    holds = await held_flows(connection)
    found: list[Kept] = []
    open_flows: dict[date, set[str]] = {}
    for flow, day, messages in await cursor.fetchall():
        due, rule = due_of(day, policies.get(flow), bounds)
        waits = ""
        if due is not None and due <= today:
            if day not in open_flows:
                open_flows[day] = await flows_at_work(connection, day)
            waits = "under way or held" if flow in open_flows[day] else "on legal hold" if flow in holds else ""
        found.append(Kept(flow=flow, day=day, messages=messages, due=due, rule=rule, waits=waits))
    return found


def due_of(day: date, retention: str | None, bounds: Bounds) -> tuple[date | None, str]:
    """When the payloads of a day are erased, and by what rule; never where nobody says so."""
    over = day + timedelta(days=1)
    found: tuple[date | None, str] = (None, "no retention is known")
    if retention is not None:
        found = after(over, retention), f"the retention of the flow ({retention})"
    if bounds.retention_days is not None:
        bound = after(over, f"P{bounds.retention_days}D")
        if found[0] is None or bound < found[0]:
            found = bound, f"the upper bound of the hub ([hub] retention_days = {bounds.retention_days})"
    return found


async def flows_at_work(connection: Connection, start: date, end: date | None = None) -> set[str]:
    """Flows that have a message of this day (or until before `end`) in work, held, or with a delivery that waits."""
    ids = ids_of(start, end or start + timedelta(days=1))
    cursor = await connection.execute(
        "SELECT DISTINCT flow FROM message WHERE id >= %s AND id < %s AND state IN ('received', 'routed', 'held')"
        " UNION SELECT DISTINCT flow FROM delivery WHERE message_id >= %s AND message_id < %s"
        " AND state IN ('pending', 'waiting', 'held')",
        [*ids, *ids],
    )
    return {row[0] for row in await cursor.fetchall()}


async def _months(connection: Connection, bounds: Bounds, today: date, kept: Sequence[Kept]) -> list[date]:
    """Months whose messages go: old enough, without a payload, with nothing at work and nothing on hold."""
    if bounds.evidence_days is None:
        return []
    found = []
    for month in await evidence_months(connection):
        end = (month + timedelta(days=32)).replace(day=1)
        if after(end, f"P{bounds.evidence_days}D") > today:
            break
        if not any(month <= one.day < end for one in kept) and not await _in_use(connection, month, end):
            found.append(month)
    return found


async def _in_use(connection: Connection, start: date, end: date) -> bool:
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT 1 FROM payload WHERE id >= %s AND id < %s)", [*ids_of(start, end)]
    )
    row = await cursor.fetchone()
    return bool(row and row[0]) or bool(await flows_at_work(connection, start, end))


async def _refusal(connection: Connection, made: Plan) -> str:
    """Why nothing is erased: something is due, and the clocks do not agree or it is too much at once."""
    days = sorted({one.day for one in made.due})
    if not days and not made.months:
        return ""
    cursor = await connection.execute(
        "SELECT id FROM message WHERE id < %s ORDER BY id DESC LIMIT 1", [id_at(made.now + timedelta(days=1))]
    )
    row = await cursor.fetchone()
    if row is not None and made.now - moment_of(row[0]) > AGREE:
        return (
            f"The database's clock says {made.now:%Y-%m-%d}, the newest message is of {moment_of(row[0]):%Y-%m-%d}. "
            "If the clock is right and nothing came since, say so with --force."
        )
    if len(days) > MOST_DAYS:
        return (
            f"{len(days)} days of payload are due at once ({days[0]} to {days[-1]}); more than {MOST_DAYS} look like a "
            "clock that jumped or a retention that was changed. If it is right, say so with --force."
        )
    if len(made.months) > MOST_MONTHS:
        return f"The evidence of {len(made.months)} months is due at once. If that is right, say so with --force."
    return ""

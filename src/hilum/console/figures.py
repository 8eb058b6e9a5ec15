"""The counts that the overview and the flow pages show, read together, and shared by everybody who looks.

The partial indices on open work and the tallies answer all of them: the size of the journal does not matter.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hilum.cases import approvals
from hilum.cases.approvals import Approval
from hilum.console.context import Context
from hilum.flow.hours import closed
from hilum.journal import overview, tallies
from hilum.journal.breakers import BreakerRow, BreakerState, breakers
from hilum.journal.overview import Queue, RefusalRow, WorkerRow
from hilum.masterdata import matching, publishing
from hilum.observe import catalogue
from hilum.observe.snapshot import stored
from hilum.postgres import Connection
from hilum.processes.tasks import open_by_team

MINUTES = 60
"""Length of the sparklines."""

FRESH_SECONDS = 1.5
"""Somebody else's reading that is younger than this is good enough: ten open overviews cost as much as one."""

REFUSALS = 100
"""The most refusals that are read; where there are as many, there may be more."""

WORKER_SILENT_SECONDS = 15
"""A worker that was not seen for so long is shown as silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseGroup:
    """Open cases of one owner and category."""

    owner: str
    category: str
    kind: str
    count: int
    oldest: datetime


@dataclass(slots=True, kw_only=True)
class FlowFigures:
    """One flow now, today (UTC day), and in the last hour."""

    name: str
    now: dict[str, int] = field(default_factory=dict)  # messages by state
    today: dict[str, int] = field(default_factory=dict)  # that entered each state since midnight UTC
    received: list[int] = field(default_factory=lambda: [0] * MINUTES)  # by the minute, the latest last
    done: list[int] = field(default_factory=lambda: [0] * MINUTES)
    oldest: datetime | None = None  # the oldest that is under way; held ones are not
    promise_seconds: float | None = None  # of the flow's SLO; None: unknown flow
    kept: dict[str, float] = field(default_factory=dict)  # by window: the share that was completed in time
    budget: dict[str, float] = field(default_factory=dict)  # by window: what is left of the error budget

    def late(self, at: datetime) -> bool:
        """Is the oldest message that is under way older than the promise?"""
        if self.oldest is None or self.promise_seconds is None:
            return False
        return (at - self.oldest).total_seconds() > self.promise_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is going on, at one moment."""

    at: datetime
    cases: Sequence[CaseGroup]
    queues: Sequence[Queue]
    closed: Mapping[str, str] = field(default_factory=dict)  # destinations outside their hours → until when, in words
    breakers: Mapping[str, BreakerRow]  # by destination; one that was never open is missing
    flows: Mapping[str, FlowFigures]
    refusals: Sequence[RefusalRow]  # of the last hour, at most `REFUSALS`
    workers: Sequence[WorkerRow]
    resolved_today: int
    requests: Sequence[Approval] = ()  # that wait for a second person
    matches: int = 0  # pairs of records, and arrivals, that a person is asked about
    reviews: int = 0  # change sets of master data that wait for a review
    tasks: int = 0  # of processes, that wait for people

    @property
    def open_cases(self) -> int:
        """How many cases wait for a person."""
        return sum(group.count for group in self.cases)

    @property
    def down(self) -> list[BreakerRow]:
        """The destinations that are left alone, the longest first."""
        return [row for row in self.breakers.values() if row.state != BreakerState.CLOSED]

    @property
    def live_workers(self) -> list[WorkerRow]:
        """Workers that were seen lately."""
        return [w for w in self.workers if (self.at - w.seen_at).total_seconds() < WORKER_SILENT_SECONDS]


class Figures:
    """Reads snapshots; one at a time, shared while it is fresh."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._last: Snapshot | None = None
        self._read_at = 0.0
        self._lock = asyncio.Lock()

    async def snapshot(self) -> Snapshot:
        """What is going on. Raises `DatabaseUnavailable`."""
        async with self._lock:
            if self._last is None or time.monotonic() - self._read_at > FRESH_SECONDS:
                async with self._context.database.cold() as connection:
                    self._last = await _read(connection, self._context)
                self._read_at = time.monotonic()
            return self._last


async def _read(connection: Connection, context: Context) -> Snapshot:
    row = await (await connection.execute("SELECT now()")).fetchone()
    at: datetime = row[0] if row else datetime.now(UTC)
    refused = [r for r in await overview.refusals(connection, limit=REFUSALS) if at - r.at < timedelta(hours=1)]
    return Snapshot(
        at=at,
        cases=await _case_groups(connection),
        queues=[q for q in await overview.queues(connection) if q.pending or q.waiting or q.place != "translate"],
        breakers=await breakers(connection),
        closed=closed(context.project.hours, at) if context.project else {},
        flows=await _flows(connection, context, at),
        refusals=refused,
        workers=await overview.workers(connection),
        resolved_today=await _resolved_today(connection),
        requests=await approvals.approvals(connection),
        matches=sum((await matching.counts(connection)).values())
        + sum((await matching.arrivals_waiting(connection)).values()),
        reviews=await publishing.waiting(connection),
        tasks=sum((await open_by_team(connection)).values()),
    )


async def _case_groups(connection: Connection) -> list[CaseGroup]:
    cursor = await connection.execute(
        "SELECT owner, category, kind, count(*), min(opened_at) FROM exception_case WHERE closed_at IS NULL"
        " GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 2"
    )
    return [
        CaseGroup(owner=owner, category=category, kind=kind, count=count, oldest=oldest)
        for owner, category, kind, count, oldest in await cursor.fetchall()
    ]


async def _resolved_today(connection: Connection) -> int:
    cursor = await connection.execute(
        "SELECT count(*) FROM exception_case WHERE closed_at >= date_trunc('day', now(), 'UTC')"
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _flows(connection: Connection, context: Context, at: datetime) -> dict[str, FlowFigures]:
    found: dict[str, FlowFigures] = {}

    def of(name: str) -> FlowFigures:
        return found.setdefault(name, FlowFigures(name=name))

    for name, declared in context.flows.items():
        of(name).promise_seconds = declared.slo.seconds
    for count in await tallies.counts(connection):
        if not count.destination:
            of(count.flow).now[count.state] = count.now
    for flow, state, entered in await _today(connection):
        of(flow).today[state] = entered
    await _last_hour(connection, found, at)
    if (sample := await stored(connection)) is not None:
        for (flow, window), share in sample.get(catalogue.SLO_KEPT).items():
            of(flow).kept[window] = share
        for (flow, window), left in sample.get(catalogue.SLO_BUDGET).items():
            of(flow).budget[window] = left
    for flow, oldest in (await _oldest(connection)).items():
        of(flow).oldest = oldest
    return dict(sorted(found.items()))


async def _last_hour(connection: Connection, found: Mapping[str, FlowFigures], at: datetime) -> None:
    this_minute = at.replace(second=0, microsecond=0)
    for minute, flow, destination, state, entered in await tallies.rates(connection, minutes=MINUTES):
        place = MINUTES - 1 - int((this_minute - minute).total_seconds() // 60)
        if destination or not 0 <= place < MINUTES or flow not in found:
            continue
        if state == "received":
            found[flow].received[place] += entered
        elif state == "completed":
            found[flow].done[place] += entered


async def _today(connection: Connection) -> list[tuple[str, str, int]]:
    """Flow, state, and how many messages entered it since midnight UTC."""
    cursor = await connection.execute(
        "SELECT flow, state, sum(entered)::bigint FROM ("
        " SELECT flow, state, entered FROM tally WHERE destination = '' AND at >= date_trunc('day', now(), 'UTC')"
        " UNION ALL SELECT flow, state, entered FROM tally_bucket"
        "  WHERE destination = '' AND at >= date_trunc('day', now(), 'UTC')) t GROUP BY 1, 2"
    )
    return await cursor.fetchall()


async def _oldest(connection: Connection) -> dict[str, datetime]:
    """For each flow when the oldest came of what is to be translated, delivered, or tried again."""
    cursor = await connection.execute(
        "SELECT flow, min(received_at) FROM message WHERE work_lane IS NOT NULL GROUP BY 1"
        " UNION ALL SELECT flow, min(created_at) FROM delivery WHERE work_lane IS NOT NULL GROUP BY 1"
        " UNION ALL SELECT flow, min(created_at) FROM delivery WHERE next_at IS NOT NULL GROUP BY 1"
    )
    ages: dict[str, list[datetime]] = defaultdict(list)
    for flow, oldest in await cursor.fetchall():
        ages[flow].append(oldest)
    return {flow: min(moments) for flow, moments in ages.items()}

"""The timetable: which flows run by calendar, look in windows or when asked; what comes next, what came of the last.

What the console and `hilum schedule` show, in one reading.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from hilum.connector import OnDemand, Schedule
from hilum.errors import SettingsError
from hilum.flow.declaration import Flow
from hilum.flow.schedule import Calendar, Windows
from hilum.journal import runs
from hilum.journal.runs import RunRow, ScheduleRow
from hilum.postgres import Connection

ATTENDED = timedelta(seconds=20)
"""A hub that has the source of a flow is seen more often than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One flow of the timetable, in words."""

    flow: str
    when: str  # its schedule
    next_at: datetime | None  # when it runs or looks next; none: at any time, or never
    next: str
    waiting: str  # why a run waits; empty: none does
    last_at: datetime | None  # when the last run ended
    last: str  # what it was, and what came of it
    message_id: UUID | None  # the last run, where it is a message
    covered: datetime | None  # end of the last run that was made
    attended: bool  # a hub that has the source is there


def scheduled(flow: Flow) -> bool:
    """Is it in the timetable? That is: has its source a schedule, or can it be asked to look?"""
    return _schedule(flow) is not None or on_demand(flow) is not None


def on_demand(flow: Flow) -> OnDemand | None:
    """Its source, or the first one beside it, where that can be asked to look at once."""
    sources: tuple[object, ...] = flow.sources
    return next((each for each in sources if isinstance(each, OnDemand)), None)


def _schedule(flow: Flow) -> Schedule | None:
    return flow.source.schedule if flow.source is not None else None


def why_no_run(flow: Flow) -> str:
    """Why a person cannot run this flow now; empty: it can be run."""
    if flow.source is None:
        return f"The flow {flow.name} takes what the hub itself makes; there is nothing to run."
    if on_demand(flow) is not None or isinstance(_schedule(flow), Calendar):
        return ""
    return (
        f"The flow {flow.name} takes what comes to {flow.source.address}; there is nothing to run. To send a sample"
        f" there: hilum send {flow.name} FILE"
    )


async def timetable(connection: Connection, flows: Iterable[Flow], now: datetime | None = None) -> list[Entry]:
    """The entries of these flows, by name."""
    at = now or datetime.now(UTC)
    known = await runs.schedules(connection)
    return [
        await _entry(connection, flow, known.get(flow.name), at)
        for flow in sorted(flows, key=lambda flow: flow.name)
        if scheduled(flow)
    ]


async def _entry(connection: Connection, flow: Flow, known: ScheduleRow | None, now: datetime) -> Entry:
    schedule = _schedule(flow)
    zone = schedule.zone if isinstance(schedule, Calendar | Windows) else ZoneInfo("UTC")
    waiting = await runs.open_runs(connection, flow.name)
    last = next(iter(await runs.ended(connection, flow.name)), None)
    next_at, following = _next(schedule, now)
    return Entry(
        flow=flow.name,
        when=schedule.words() if schedule is not None else "at all times",
        next_at=next_at,
        next=following,
        waiting=_waiting(waiting, zone),
        last_at=last.ended_at if last else None,
        last=f"{named(last, zone)}: {outcome(last, zone)}" if last else "",
        message_id=last.message_id if last else None,
        covered=known.covered if known else None,
        attended=known is not None and now - known.looked_at < ATTENDED,
    )


def _next(schedule: object, now: datetime) -> tuple[datetime | None, str]:
    if isinstance(schedule, Calendar):
        at = schedule.after(now)
        return at, schedule.at(at) if at else "never"
    if isinstance(schedule, Windows):
        opens = schedule.opens_at(now)
        if opens != now:
            return opens, f"closed {schedule.until_words(now)}"
        closes = schedule.closes_at(now)
        return now, f"open now, until {clock(closes, schedule.zone)}" if closes else "open now"
    return now, "looks all the time"


def _waiting(waiting: list[RunRow], zone: tzinfo) -> str:
    if not waiting:
        return ""
    first = waiting[0]
    words = first.words or (
        "a hub has begun with it" if first.state == "offered" else "waits for a hub to begin with it"
    )
    more = f"; {len(waiting) - 1} more wait" if len(waiting) > 1 else ""
    return f"{named(first, zone)}: {words}{more}"


def named(row: RunRow, zone: tzinfo) -> str:
    """What people call a run: its time, or who asked for it."""
    if row.scheduled_for is not None:
        return f"the run of {clock(row.scheduled_for, zone)}{', made up' if row.why == 'missed' else ''}"
    return f"the run by hand of {clock(row.asked_at, zone)} ({row.actor})"


def outcome(row: RunRow, zone: tzinfo) -> str:
    """What came of a run that has ended."""
    if row.state == "left_out" or row.message_id is None:
        return row.words
    if row.message_state in ("received", "routed"):
        return f"under way since {clock(row.ended_at, zone)}"
    return {"held": "held for a person", "discarded": "discarded by a person"}.get(row.message_state or "", "completed")


def clock(moment: datetime | None, zone: tzinfo) -> str:
    """A moment by the clock of the place: `Mon 2 Nov 2026 06:00`."""
    if moment is None:
        return "—"
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"


def span_of(
    flow: Flow, covered: datetime | None, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    """What a run by hand of a calendar would be for. Raises `SettingsError` where it would end before it begins."""
    end = until or datetime.now(UTC)
    schedule = _schedule(flow)
    before = schedule.before(end) if isinstance(schedule, Calendar) else None
    begin = since or covered or before or end
    if begin > end:
        raise SettingsError(f"The run would end ({end:%Y-%m-%d %H:%M}) before it begins ({begin:%Y-%m-%d %H:%M}).")
    return begin, end

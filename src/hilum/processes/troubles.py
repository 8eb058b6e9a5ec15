"""What of processes waits for a person although nobody was asked: cases without a message, which end by themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from hilum import cases
from hilum.cases.categories import BUSINESS
from hilum.cases.causes import cause_of
from hilum.connector import Condition, Misfit
from hilum.postgres import Connection
from hilum.processes.declaration import Process

UNHEARD_AFTER: Final = "1 day"
"""How long something may wait for the run that it is for, before somebody should look."""

_MOST: Final = 50
"""Runs and things that one case names; the rest is counted."""

_READ: Final = 1_000
"""Held runs that one look reads."""

_LEFT: Final = (
    b"UPDATE process_item i SET state = 'late' FROM process_run r WHERE i.process = %s AND i.step IS NULL"
    b" AND i.kind = 'event' AND i.state IN ('matched', 'rung') AND r.id = i.run_id AND r.ended_at IS NOT NULL"
)
"""What came for a run that ended without taking it came too late, as what comes afterwards: neither is lost."""


def place_of(process: str) -> str:
    """Where the cases of a process are: the endpoint of its inbox."""
    return f"processes.{process}"


async def settle(connection: Connection, process: Process) -> None:
    """Within a transaction: its cases are as its runs and its inbox are now."""
    await connection.execute(_LEFT, [process.name])
    found = [
        *await _held(connection, process),
        *await _lost(connection, process, "unheard"),
        *await _lost(connection, process, "late"),
    ]
    await cases.settle(connection, place_of(process.name), found, {}, owners=process.owners, reason="It went on.")


async def _held(connection: Connection, process: Process) -> list[Condition]:
    """One for all runs that are held for the same cause."""
    cursor = await connection.execute(
        "SELECT id::text, key, state, outcome, held_kind FROM process_run WHERE process = %s AND status = 'held'"
        " ORDER BY id LIMIT %s",
        [process.name, _READ],
    )
    alike: dict[tuple[str, str], list[Sequence[Any]]] = defaultdict(list)
    for row in await cursor.fetchall():
        *_, outcome, kind = row
        alike[kind, cause_of(outcome)].append(row)
    return [_held_alike(process, kind, cause, rows) for (kind, cause), rows in alike.items()]


def _held_alike(process: Process, kind: str, cause: str, rows: Sequence[Sequence[Any]]) -> Condition:
    # Why a run is held may quote what it is about, and a case is seen by everybody.
    why = str(rows[0][3]) if process.data_class.open else "Why is told on the page of the run."
    misfits = [
        Misfit(what=_called(process, key, id), expected="goes on", found=f"held in “{state}”", words="")
        for id, key, state, *_ in rows[:_MOST]
    ]
    misfits[0] = Misfit(what=misfits[0].what, expected="goes on", found=misfits[0].found, words=why)
    category = "process.refused" if kind == BUSINESS else "process.held"
    count = f"{len(rows)} runs" if len(rows) > 1 else "A run"
    return Condition(
        category=category,
        subject=cause if process.data_class.open else "held",
        title=f"{count} of {process.name} {'are' if len(rows) > 1 else 'is'} held",
        misfits=tuple(misfits),
    )


async def _lost(connection: Connection, process: Process, state: str) -> list[Condition]:
    """What came for runs that have not begun within a day, or that had ended."""
    cursor = await connection.execute(
        "SELECT coalesce(run_id, id)::text, key, topic, at, count(*) OVER () FROM process_item"
        " WHERE process = %s AND state = %s AND kind = 'event' AND (state = 'late' OR at < now() - %s::interval)"
        " AND NOT (state = 'late' AND topic = ANY(%s)) ORDER BY seq DESC LIMIT %s",
        [process.name, state, UNHEARD_AFTER, _nobodys(process), _MOST],
    )
    rows = await cursor.fetchall()
    if not rows:
        return []
    count = rows[0][4]
    things = f"{count} things" if count > 1 else "Something"
    told = {"unheard": f"{things} came, and no run of {process.name} took it or began.",
            "late": f"{things} came for a run of {process.name} that has ended without taking it."}[state]  # fmt: skip
    expected = {"unheard": "a run that takes it", "late": "before the run ended"}[state]
    misfits = [
        Misfit(
            what=_called(process, key, id), expected=expected, found=f"{topic}, {at:%Y-%m-%d %H:%M:%S} UTC", words=""
        )
        for id, key, topic, at, _ in reversed(rows)
    ]
    misfits[0] = Misfit(what=misfits[0].what, expected=expected, found=misfits[0].found, words=told)
    title = (
        f"{things} waits for a run of {process.name}"
        if state == "unheard"
        else f"{things} came late for {process.name}"
    )
    return [Condition(category=f"process.{state}", subject=state, title=title, misfits=tuple(misfits))]


def _nobodys(process: Process) -> list[str]:
    """What need not be looked at when it comes late."""
    return [each.topic for each in process.heard.values() if not each.matters_late]


def _called(process: Process, key: str, id: str) -> str:
    """How a case names a run or a thing: protected keys name patients, and cases are seen by everybody."""
    return key if process.data_class.open else id

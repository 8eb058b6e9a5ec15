"""`hilum status`: how many messages and deliveries are in which state, and what is down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hilum.cli.opening import HERE, ProjectFolder, journal, run, settings_of
from hilum.cli.output import AsJson, ago, emit_json, out, plain, table
from hilum.journal import overview
from hilum.journal.breakers import open_breakers
from hilum.journal.measuring import WINDOWS, kept, objectives
from hilum.journal.tallies import NOT_STATES, counts
from hilum.postgres import Connection
from hilum.settings import Settings


def status(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Counts of messages and deliveries by state and flow; queues, workers, and destinations that are down."""
    found = run(read_status(project))
    if as_json:
        emit_json(found)
        return
    _print(found)


async def read_status(folder: Path) -> dict[str, Any]:
    """What `hilum status --json` answers, while a hub runs and when none does. Monitors rely on these names.

    `messages`: flow → state (received, routed, completed, held, discarded) → how many are in it now.
    `deliveries`: flow → state (pending, waiting, delivered, held, cancelled) → how many; `destinations`: the same by
    destination. A state is there once something was in it, and 0 when nothing is any more.
    `duplicates`: flow → how many messages came again; `refused`: how many were never taken in.
    `queues`: a list of `place` (`translate`, or a destination), `pending`, `waiting` (for their retry time, or behind
    their key) and `oldest` (ISO time, or null).
    `down`: a list of `destination`, `since`, `until` (the next try, or null: when
    a person lets it go on) and `words` (why).
    `promises`: flow → window (`1h`, `1d`, `30d`) → `completed`, `late` (of them), `kept` (the share in time) and
    `budget` (what is left of the error budget: 1 all, below 0 the promise is broken; null where no hub declares it).
    `closed`: destination → until when it waits, in words: those outside their hours (`window`) now.
    `workers`: a list of `name` (host and process id), `roles`, `lanes` (how many it holds) and `seen_at`.
    """
    settings = settings_of(folder)
    async with journal(folder) as database, database.cold() as connection:
        rows = await counts(connection)
        return {
            "messages": _by_state([(c.flow, c.state, c.now) for c in rows if not c.destination and c.flow]),
            "deliveries": _by_state([(c.flow, c.state, c.now) for c in rows if c.destination]),
            "destinations": _by_state([(c.destination, c.state, c.now) for c in rows if c.destination]),
            "duplicates": {c.flow: c.entered for c in rows if c.state == "duplicate"},
            "refused": sum(c.entered for c in rows if c.state == "refused"),
            "queues": [
                {"place": q.place, "pending": q.pending, "waiting": q.waiting, "oldest": q.oldest}
                for q in await overview.queues(connection)
            ],
            "down": [
                {"destination": p.destination, "since": p.since, "until": p.until, "words": p.words}
                for p in await open_breakers(connection)
            ],
            "promises": await _promises(connection),
            "closed": _closed(settings),
            "workers": [
                {"name": w.name, "roles": w.roles, "lanes": w.lanes, "seen_at": w.seen_at}
                for w in await overview.workers(connection)
            ],
        }


async def _promises(connection: Connection) -> dict[str, dict[str, dict[str, Any]]]:
    """How each flow kept its promise; what it promises is known from the hub that ran last."""
    declared = await objectives(connection)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for window, seconds in WINDOWS.items():
        for one in await kept(connection, seconds):
            percent = declared.get(one.flow)
            found.setdefault(one.flow, {})[window] = {
                "completed": one.completed,
                "late": one.late,
                "kept": one.share,
                "budget": one.budget(percent) if percent is not None else None,
            }
    return found


def _closed(settings: Settings) -> dict[str, str]:
    """Destinations that are outside their hours now."""
    if not any(one.window for one in settings.destinations.values()):
        return {}
    from hilum.flow.hours import closed, hours_of
    from hilum.flow.project import lookup_of  # takes longer to load than all the rest of this command

    return closed(hours_of(settings, lookup_of(settings)))


def _by_state(rows: list[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    """Name → state → sum."""
    found: dict[str, dict[str, int]] = {}
    for name, state, count in rows:
        if state not in NOT_STATES:
            states = found.setdefault(name, {})
            states[state] = states.get(state, 0) + count
    return found


def _print(found: dict[str, Any]) -> None:
    by_flow = {flow: by | {"duplicates": found["duplicates"].get(flow, 0)} for flow, by in found["messages"].items()}
    # a state that nothing is in would only make the table too wide for a terminal
    columns = [
        name
        for name in ("received", "routed", "completed", "held", "discarded", "duplicates")
        if name in ("completed", "held") or any(by.get(name) for by in by_flow.values())
    ]
    rows = [[flow, *(by.get(name, 0) for name in columns)] for flow, by in by_flow.items()]
    table(["flow", *columns], rows, empty="No message yet.", right=columns)
    _print_promises(found["promises"])
    if found["refused"]:
        out.print(f"{found['refused']} were refused and never taken in.")
    queues = [[q["place"], q["pending"], q["waiting"], ago(q["oldest"])] for q in found["queues"]]
    if waiting := [row for row in queues if row[1] or row[2]]:
        out.print()
        table(["queue", "pending", "waiting", "oldest"], waiting, empty="", right=["pending", "waiting"])
    for down in found["down"]:
        words = f"{down['destination']} since {ago(down['since'])}: {down['words']}"
        out.print(f"[red]down[/]  {plain(words)}", soft_wrap=True)
    for name, words in found["closed"].items():
        out.print(f"[yellow]closed[/]  {plain(name)} waits {plain(words)}", soft_wrap=True)
    if not found["workers"]:
        out.print("\nNo worker is running (start one: hilum serve).")


def _print_promises(promises: dict[str, dict[str, dict[str, Any]]]) -> None:
    """One line for each flow that was late in the last 30 days; nobody needs to read of the others."""
    for flow, windows in promises.items():
        if not any(found["late"] for found in windows.values()):
            continue
        shares = ", ".join(f"{found['kept']:.2%} in {window}" for window, found in windows.items())
        left = windows.get("30d", {}).get("budget")
        budget = f"; {left:.0%} of the error budget of 30 days is left" if left is not None else ""
        out.print(plain(f"{flow} in time: {shares}{budget}"), soft_wrap=True)

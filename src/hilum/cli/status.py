"""`hilum status`: how many messages and deliveries are in which state, and what is down."""

from __future__ import annotations

from typing import Any

from hilum.cli.opening import HERE, ProjectFolder, journal, run
from hilum.cli.output import AsJson, ago, emit_json, out, table
from hilum.journal import reading
from hilum.journal.tallies import NOT_STATES, counts


def status(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Counts of messages and deliveries by state and flow; queues, workers, and destinations that are down."""
    found = run(_read(project))
    if as_json:
        emit_json(found)
        return
    _print(found)


async def _read(folder: Any) -> dict[str, Any]:
    async with journal(folder) as database, database.cold() as connection:
        rows = await counts(connection)
        return {
            "messages": _by_state([(c.flow, c.state, c.now) for c in rows if not c.destination and c.flow], {}),
            "deliveries": _by_state([(c.flow, c.state, c.now) for c in rows if c.destination], {}),
            "destinations": _by_state([(c.destination, c.state, c.now) for c in rows if c.destination], {}),
            "duplicates": {c.flow: c.entered for c in rows if c.state == "duplicate"},
            "refused": sum(c.entered for c in rows if c.state == "refused"),
            "queues": [
                {"place": q.place, "pending": q.pending, "waiting": q.waiting, "oldest": q.oldest}
                for q in await reading.queues(connection)
            ],
            "down": [
                {"destination": p.destination, "since": p.since, "until": p.until, "words": p.words}
                for p in await reading.pauses(connection)
            ],
            "workers": [
                {"name": w.name, "roles": w.roles, "lanes": w.lanes, "seen_at": w.seen_at}
                for w in await reading.workers(connection)
            ],
        }


def _by_state(rows: list[tuple[str, str, int]], into: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    for name, state, count in rows:
        if state not in NOT_STATES:
            states = into.setdefault(name, {})
            states[state] = states.get(state, 0) + count
    return into


def _print(found: dict[str, Any]) -> None:
    states = ("received", "routed", "completed", "held", "discarded")
    rows = [
        [flow, *(by.get(state, 0) for state in states), found["duplicates"].get(flow, 0)]
        for flow, by in found["messages"].items()
    ]
    table(["flow", *states, "duplicates"], rows, empty="No message yet.", right=[*states, "duplicates"])
    if found["queues"]:
        out.print()
        queues = [[q["place"], q["pending"], q["waiting"], ago(q["oldest"])] for q in found["queues"]]
        table(["queue", "pending", "waiting", "oldest"], queues, empty="", right=["pending", "waiting"])
    for down in found["down"]:
        out.print(f"[red]down[/]  {down['destination']} since {ago(down['since'])}: {down['words']}")
    if not found["workers"]:
        out.print("\nNo worker is running.")

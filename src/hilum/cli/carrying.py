"""Acts on many messages from the command line: the dry run, the job, and carrying it out with its progress."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hilum.cases import run_batch
from hilum.cases.jobs import ASSIGN, DISCARD, RUNNING, Asked, Job, Prepared, make, need, pause, prepare
from hilum.cases.resolution import Settled
from hilum.cli.acting import Login, person, policy_of
from hilum.cli.opening import journal, project_of
from hilum.cli.output import emit_json, err, number, out, plain, say, table
from hilum.errors import SettingsError
from hilum.postgres import Database
from hilum.security import Permission

MOST_STEPS = 1_000
"""Messages that the answer names one by one; the counts are of all."""

_LOOK_EVERY = 0.2  # seconds between looks at a job that waits for its rate

_PERMISSION = {DISCARD: Permission.DISCARD, ASSIGN: Permission.ASSIGN}


async def act(
    folder: Path, asked: Asked, *, reason: str, dry_run: bool, login: Login | None, wait: bool
) -> dict[str, Any]:
    """Do it, or say what would be done; the answer as `--json` gives it. Raises `NotPossible`, `SettingsError`."""
    policy = policy_of(folder)
    async with journal(folder) as database:
        who = await person(database, login)
        async with database.transaction() as connection:
            prepared = await prepare(connection, asked)
            answer = _answer(prepared, _repetitions(folder, prepared))
            if dry_run or not prepared.steps:
                return answer | {"dry_run": dry_run}
            who.permitted(_PERMISSION.get(asked.act, Permission.REPLAY))
            who.asked(policy.demand(asked.act, prepared.by_flow))
            made = await make(connection, prepared, by=who.name, reason=reason, policy=policy)
        if made.state == RUNNING and wait:
            settled = settled_of(folder) if asked.act == DISCARD else None
            made = await to_the_end(database, made.id, settled, by=who.name)
    return answer | {"dry_run": False, "replayed": made.done, "job": asdict(made)}


def _answer(prepared: Prepared, warnings: list[str]) -> dict[str, Any]:
    return {
        "steps": [asdict(step) for step in prepared.steps[:MOST_STEPS]],
        "lines": [asdict(line) for line in prepared.lines],
        "total": len(prepared.steps),
        "warnings": warnings,
        "replayed": 0,
        "job": None,
    }


def _repetitions(folder: Path, prepared: Prepared) -> list[str]:
    """What receivers do with a repetition, where there would be one."""
    if not any(line.repeats for line in prepared.lines):
        return []
    return prepared.warnings(deduplicating(folder))


def deduplicating(folder: Path) -> Mapping[str, bool]:
    """Which destinations of a project recognise a repetition."""
    from hilum.runtime.endpoints import build_endpoints  # brings all connectors with it

    project = project_of(folder)
    try:
        endpoints = build_endpoints(project.settings, project.flows.values())
    except SettingsError:  # a secret that is not set on this machine: then it is not known here
        return {}
    return {name: endpoint.traits.deduplicates for name, endpoint in endpoints.items()}


def settled_of(folder: Path) -> Settled:
    """Whom to tell when a person ends a message: the flows of the project say so."""
    from hilum.runtime.reports import Reporter  # the runtime takes long to load, and only a discard needs it

    project = project_of(folder)
    return Reporter(project.flows, project.settings.hub.lanes).note


async def to_the_end(database: Database, job: int, settled: Settled | None, *, by: str) -> Job:
    """Carry a job out with progress on the standard error. Interrupted, it is paused and can be resumed.

    A hub may carry it out at the same time: nothing is done twice.
    """
    try:
        with err.status("…") as status:
            while True:
                ran = await run_batch(database, settled=settled, only=job)
                async with database.cold() as connection:
                    found = await need(connection, job)
                status.update(f"{number(found.settled)} of {number(found.total)}")
                if found.state != RUNNING:
                    return found
                if ran is None:
                    await asyncio.sleep(_LOOK_EVERY)
    except asyncio.CancelledError:
        async with database.transaction() as connection:
            found = await need(connection, job)
            if found.state == RUNNING:
                await pause(connection, job, by=by, reason="interrupted at the command line")
        say(f"{found.settled} of {found.total} are done. Go on with: hilum replays resume {job}")
        raise


def tell(answer: Mapping[str, Any], verb: str, *, as_json: bool) -> None:
    """The answer of `act`: what would happen, or what has. `verb`: `replayed`, `discarded`."""
    if as_json:
        emit_json(answer)
        return
    rows = [[line["count"], line["flow"], line["words"]] for line in answer["lines"]]
    table(["messages", "flow", "what happens"], rows, empty="Nothing fits.", right=["messages"], wrap=["what happens"])
    for words in answer["warnings"]:
        out.print(plain(words))
    if answer["dry_run"]:
        out.print("Dry run: nothing was changed.")
    elif answer["job"] is not None:
        out.print(plain(_ended(answer["job"], verb)))


def _ended(job: Mapping[str, Any], verb: str) -> str:
    if job["state"] == "waiting":
        return f"Job {job['id']} waits for a second person: approval {job['approval']}, in the console."
    if job["state"] == "running":
        return f"Job {job['id']} runs. See: hilum replays show {job['id']}"
    rest = f"; {job['moved_on']} had moved on and were left alone" if job["moved_on"] else ""
    failed = f"; {job['failed']} failed: hilum replays show {job['id']}" if job["failed"] else ""
    return f"Job {job['id']}: {number(job['done'])} messages {verb}{rest}{failed}."

"""`hilum schedule` and `hilum run`: what runs when, and a run now, by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from hilum.cli import opening
from hilum.cli.messages import actor, moment
from hilum.cli.opening import HERE, ProjectFolder, journal, project_of
from hilum.cli.output import AsJson, emit_json, fail, out, plain, say, table
from hilum.errors import DatabaseUnavailable
from hilum.flow import Flow, Project
from hilum.flow.timetable import ATTENDED, on_demand, outcome, span_of, timetable, why_no_run
from hilum.journal import overview, runs
from hilum.journal.runs import RunRow
from hilum.postgres import Database

_BEGIN_SECONDS = 25.0
"""The longest that a hub which was seen lately is waited for; then it has gone, and this command does it itself."""

_LOOK_EVERY = 0.2  # seconds


def schedule(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List what runs by calendar, looks in windows or can be asked to look: when next, when last, what came of it."""
    found = opening.run(_timetable(project))
    if as_json:
        emit_json(found)
        return
    rows = [[e["flow"], e["when"], e["waiting"] or e["next"], e["last"] or "—"] for e in found]
    wrap = ["when", "next", "last"]
    table(["flow", *wrap], rows, empty="No flow has a source that runs by calendar or looks now and then.", wrap=wrap)
    if unattended := [e["flow"] for e in found if not e["attended"]]:
        say(f"No hub is there for: {', '.join(unattended)} (start one: hilum serve).")


async def _timetable(folder: Path) -> list[dict[str, Any]]:
    loaded = project_of(folder)
    async with journal(folder) as database, database.cold() as connection:
        return [asdict(entry) for entry in await timetable(connection, loaded.flows.values())]


def run(
    flow: Annotated[str, typer.Argument(help="The flow.")],
    since: Annotated[
        str, typer.Option(help="From here on: ISO time, or an age such as 2h; else where the last run ended.")
    ] = "",
    until: Annotated[str, typer.Option(help="Up to here: ISO time, or an age; else now. Only for a calendar.")] = "",
    reason: Annotated[str, typer.Option(help="Why; kept in the audit.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and do nothing.")] = False,
    patience: Annotated[float, typer.Option(help="Seconds to wait for what comes of it.", min=1)] = 60.0,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Run a flow now. A calendar: one run for a span of time. A folder: what is there, also outside its windows.

    A hub that serves does it; where none does, this command does it itself.
    """
    loaded = project_of(project)
    if flow not in loaded.flows:
        fail(f"There is no flow '{flow}'. There are: {', '.join(sorted(loaded.flows)) or 'none'}.")
    declared = loaded.flows[flow]
    if words := why_no_run(declared):
        fail(words)
    if until and on_demand(declared) is not None:
        fail(f"--until is for a calendar; {flow} takes what is there now.")
    if not dry_run and not reason.strip():
        fail("Say why with --reason; it is kept in the audit. With --dry-run nothing happens yet.")
    span = moment(since), moment(until)
    if dry_run:
        words = opening.run(_would(loaded, declared, *span))
        emit_json({"flow": flow, "dry_run": True, "words": words}) if as_json else out.print(
            plain(words), soft_wrap=True
        )
        return
    answer = opening.run(_run(loaded, declared, *span, reason, patience))
    emit_json(answer) if as_json else out.print(plain(answer["words"]), soft_wrap=True)
    if answer["state"] == "left_out":
        raise typer.Exit(1)


async def _would(project: Project, flow: Flow, since: datetime | None, until: datetime | None) -> str:
    """What a run would be; changes nothing."""
    if (source := on_demand(flow)) is not None:
        return f"{await source.would_take(since)}. Dry run: nothing was changed."
    async with journal(project.folder) as database, database.cold() as connection:
        known = (await runs.schedules(connection)).get(flow.name)
        begin, end = span_of(flow, known.covered if known else None, since, until)
        former = next(iter(await runs.ended(connection, flow.name, made=True)), None)
    waits = " It would wait until the former run is over." if former is not None and former.under_way else ""
    span = f"from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} (UTC)"
    return f"{flow.name} would run for the time {span}.{waits} Dry run: nothing was changed."


async def _run(
    project: Project, flow: Flow, since: datetime | None, until: datetime | None, reason: str, patience: float
) -> dict[str, Any]:
    async with journal(project.folder) as database:
        async with database.transaction() as connection:
            if on_demand(flow) is None:
                known = (await runs.schedules(connection)).get(flow.name)
                span_of(flow, known.covered if known else None, since, until)
            asked = await runs.ask(connection, flow.name, since=since, until=until, actor=actor(), reason=reason)
        if not await _begun(database, flow.name, asked):
            say("No hub serves this flow: it is done here.")
            row = await _here(project, flow, database, asked, patience)
        else:
            row = await _until(database, asked, _ended, patience)
        return _answer(row)


def _answer(row: RunRow) -> dict[str, Any]:
    if row.state in ("made", "left_out"):
        zone = datetime.now().astimezone().tzinfo
        words = outcome(row, zone) if zone is not None else row.words
        words = f"{words} (message {row.message_id})" if row.message_id else words
    else:
        words = row.words or "a hub has begun with it"
        words += "; see: hilum schedule"
    return {
        "run": row.id,
        "flow": row.flow,
        "state": row.state,
        "words": words,
        "message_id": row.message_id,
        "message_state": row.message_state,
    }


async def _begun(database: Database, flow: str, asked: UUID) -> bool:
    """Has a hub begun with it, or said why it waits? Waits as long as one was seen that has the source."""
    began = datetime.now(UTC)
    while (datetime.now(UTC) - began).total_seconds() < _BEGIN_SECONDS:
        async with database.cold() as connection:
            row = await runs.run(connection, asked)
            known = (await runs.schedules(connection)).get(flow)
        if row is not None and (row.state != "waiting" or row.words):
            return True
        if known is None or datetime.now(UTC) - known.looked_at > ATTENDED:
            return False
        await asyncio.sleep(_LOOK_EVERY)
    return False


def _ended(row: RunRow) -> bool:
    """Is there nothing more to wait for?"""
    if row.state == "waiting":
        return bool(row.words)
    return row.state == "left_out" or (row.state == "made" and row.message_state not in ("received", "routed"))


async def _until(database: Database, asked: UUID, enough: Callable[[RunRow], bool], patience: float) -> RunRow:
    """The run, as soon as it is enough, or when patience ends. Raises `DatabaseUnavailable`."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        async with database.cold() as connection:
            row = await runs.run(connection, asked)
        if row is None:
            raise DatabaseUnavailable("The run is not in the journal any more.")
        if enough(row) or asyncio.get_running_loop().time() > deadline:
            return row
        await asyncio.sleep(_LOOK_EVERY)


async def _here(project: Project, flow: Flow, database: Database, asked: UUID, patience: float) -> RunRow:
    """Do it in this process: a hub with this one flow, until the run and what it took are done."""
    from hilum.runtime import Hub  # brings the connectors with it, and a hub that serves does without

    async with database.cold() as connection:
        alive = [w for w in await overview.workers(connection) if datetime.now(UTC) - w.seen_at < ATTENDED]
    # where others work, their lanes are left alone: they deliver what is taken here
    roles = ("listener",) if alive else ("listener", "worker")
    hub = Hub(replace(project, flows={flow.name: flow}), database, roles=roles)
    async with AsyncExitStack() as parts:
        parts.push_async_callback(hub.stop)
        await hub.start()
        row = await _until(database, asked, _ended, patience)
        if on_demand(flow) is not None and not alive:
            await _worked_off(database, flow.name, row, patience)
    return row


async def _worked_off(database: Database, flow: str, row: RunRow, patience: float) -> None:
    """Wait until nothing that the flow took since then is under way."""
    deadline = asyncio.get_running_loop().time() + patience
    while asyncio.get_running_loop().time() < deadline:
        async with database.cold() as connection:
            if not await runs.under_way(connection, flow, row.asked_at):
                return
        await asyncio.sleep(_LOOK_EVERY)

"""`hilum retention`: what is kept until when, erase what is due, keep what somebody has to look at."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cli.messages import actor, message_id
from hilum.cli.opening import HERE, ProjectFolder, journal, run, settings_of
from hilum.cli.output import AsJson, ago, emit_json, fail, number, out, plain, table
from hilum.journal import erasing, holds
from hilum.journal.retention import Bounds, Kept, Plan, plan
from hilum.settings import Settings

app = typer.Typer(help="How long payloads are kept, and what is erased when.", no_args_is_help=False)

Reason = Annotated[str, typer.Option(help="Why; kept in the audit.")]


@app.callback(invoke_without_command=True)
def _retention(context: typer.Context, project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """What is kept until when, for each flow; as `hilum retention show`."""
    if context.invoked_subcommand is None:
        show(project, as_json)


@app.command()
def show(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """What is stored of each flow, since when and until when, and what has to wait."""
    made = run(_plan(project))
    flows = _by_flow(made)
    if as_json:
        emit_json({"today": made.today, "flows": flows, "refusal": made.refusal})
        return
    rows = [
        [f["flow"], f["rule"], number(f["messages"]), f"{f['first']} to {f['last']}", f["next"] or "never", f["waits"]]
        for f in flows
    ]
    heads = ["flow", "kept by", "messages", "days", "erased next", "waits"]
    table(heads, rows, empty="No day with a payload is over yet.", right=["messages"], wrap=["kept by", "waits"])
    _say_refusal(made)


def _by_flow(made: Plan) -> list[dict[str, Any]]:
    """One line for each flow."""
    found: dict[str, list[Kept]] = {}
    for one in made.kept:
        found.setdefault(one.flow, []).append(one)
    return [
        {
            "flow": flow,
            "rule": kept[-1].rule,
            "messages": sum(one.messages for one in kept),
            "first": kept[0].day,
            "last": kept[-1].day,
            "next": kept[0].due,
            "waits": "; ".join(f"{one.day}: {one.waits}" for one in kept if one.waits),
        }
        for flow, kept in sorted(found.items())
    ]


async def _plan(folder: Path) -> Plan:
    async with journal(folder) as database, database.cold() as connection:
        return await plan(connection, bounds_of(settings_of(folder)))


def bounds_of(settings: Settings) -> Bounds:
    """What the settings say beside the flows."""
    return Bounds(retention_days=settings.hub.retention_days, evidence_days=settings.hub.evidence_days)


def _say_refusal(made: Plan) -> None:
    if made.refusal:
        out.print(f"Nothing is erased by itself: {plain(made.refusal)}", soft_wrap=True)


@app.command("run")
def erase(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be erased, and erase nothing.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Erase also where the clock looks wrong, or much is due at once.")
    ] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Erase what is due now, instead of within the hour. Hubs do it by themselves."""
    made = run(_plan(project)) if dry_run else run(_run(project, force))
    if made is None:
        fail("Another process is erasing at this moment.")
    erased = bool(made.due or made.months) and not dry_run and (force or not made.refusal)
    if as_json:
        emit_json({"due": [asdict(one) for one in made.due], "months": made.months, "waiting": len(made.waiting),
                   "refusal": made.refusal, "erased": erased})  # fmt: skip
        return
    rows = [[one.day, one.flow, number(one.messages), one.rule] for one in made.due]
    table(["day", "flow", "messages", "by"], rows, empty="No payload is due.", right=["messages"], wrap=["by"])
    for month in made.months:
        out.print(f"messages and deliveries of {month:%Y-%m}")
    for one in made.waiting:
        out.print(f"waits: {one.day} {plain(one.flow)}, {one.waits}", soft_wrap=True)
    if dry_run:
        _say_refusal(made)
        out.print("Dry run: nothing was erased.")
    elif made.refusal and not force:
        fail(made.refusal)
    elif erased:
        out.print("Erased.")


async def _run(folder: Path, force: bool) -> Plan | None:
    async with journal(folder) as database:
        return await erasing.run(database, bounds_of(settings_of(folder)), actor=actor(), force=force)


Message = Annotated[str, typer.Argument(help="Id of a message; or none, with --flow.")]
OfFlow = Annotated[str, typer.Option("--flow", help="All messages of this flow, those to come as well.")]


@app.command()
def hold(
    message: Message = "",
    flow: OfFlow = "",
    reason: Reason = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Legal hold: retention leaves this message, or this flow, alone until it is released."""
    _change(holds.hold, message, flow, reason, project)
    _say("on hold", message, flow, as_json)


@app.command()
def release(
    message: Message = "",
    flow: OfFlow = "",
    reason: Reason = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """End a legal hold: what is due is erased at the next run."""
    _change(holds.release, message, flow, reason, project)
    _say("released", message, flow, as_json)


def _change(act: Any, message: str, flow: str, reason: str, folder: Path) -> None:
    if bool(message) == bool(flow):
        fail("Say which: the id of a message, or --flow.")
    if not reason.strip():
        fail("Say why with --reason; it is kept in the audit.")
    which: dict[str, Any] = {"message_id": message_id(message)} if message else {"flow": flow}

    async def change() -> None:
        async with journal(folder) as database, database.transaction() as connection:
            await act(connection, actor=actor(), reason=reason, **which)

    run(change())


def _say(what: str, message: str, flow: str, as_json: bool) -> None:
    if as_json:
        emit_json({"message_id": message or None, "flow": flow or None, "state": what})
    else:
        out.print(f"{plain(message or f'The flow {flow}')} is {what}.", soft_wrap=True)


@app.command("holds")
def list_holds(
    everything: Annotated[bool, typer.Option("--all", help="Those that are released, too.")] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """What is on legal hold: since when, by whom, why."""
    found = run(_holds(project, everything))
    if as_json:
        emit_json([asdict(one) for one in found])
        return
    rows = [[one.flow, one.message_id or "all", ago(one.at), one.actor, one.reason, _until(one)] for one in found]
    table(["flow", "message", "since", "by", "why", "released"], rows, empty="Nothing is on hold.", wrap=["why"])


def _until(one: holds.Hold) -> str | date:
    return f"{one.released_at:%Y-%m-%d} by {one.released_by}" if one.released_at else ""


async def _holds(folder: Path, everything: bool) -> list[holds.Hold]:
    async with journal(folder) as database, database.cold() as connection:
        return await holds.holds(connection, only_now=not everything)

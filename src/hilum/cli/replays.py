"""`hilum replay` and `hilum replays`: send messages again, many at once, and look after the jobs that do so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cases import Selection, jobs
from hilum.cases.jobs import DISCARD, RUNNING, Asked, Job
from hilum.cli.acting import As, DryRun, Login, Reason, acting, login_of, reasoned
from hilum.cli.carrying import act, settled_of, tell, to_the_end
from hilum.cli.messages import message_id, moment, state_of
from hilum.cli.opening import HERE, ProjectFolder, journal, run
from hilum.cli.options import Background, Moment, Rate
from hilum.cli.output import AsJson, ago, emit_json, fail, out, plain, table
from hilum.message import Priority
from hilum.postgres import Connection
from hilum.security import Permission

app = typer.Typer(help="Acts on many messages: list, show, pause, resume, cancel. Begin one with: hilum replay.")

Number = Annotated[int, typer.Argument(help="Number of the job.", min=1, max=2**63 - 1)]
AsFlow = "flow"


def replay(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of messages.")] = None,
    flow: Annotated[str, typer.Option(help="All messages of this flow (with --state, --since, --until).")] = "",
    state: Annotated[str, typer.Option(help="Only in this state.")] = "held",
    category: Annotated[str, typer.Option(help="Only with an open case of this category.")] = "",
    group: Annotated[str, typer.Option(help="Only of this group of like cases; see: hilum exceptions groups.")] = "",
    destination: Annotated[str, typer.Option(help="Only messages that go to this destination.")] = "",
    identifier: Annotated[str, typer.Option(help="Only messages with this whole identifier.")] = "",
    since: Moment = "",
    until: Moment = "",
    to: Annotated[str, typer.Option(help="Send to this destination only, as it was made then.")] = "",
    priority: Annotated[str, typer.Option(help="Of what is translated anew: bulk, normal, urgent or flow.")] = "bulk",
    rate: Rate = 0.0,
    reason: Reason = "",
    dry_run: DryRun = False,
    background: Background = False,
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Send messages again: some by id, or all that fit. Needs a reason unless it is a dry run."""
    selection = Selection(
        ids=tuple(message_id(each) for each in ids or ()), flow=flow, category=category, group=group,
        state="" if ids else state_of(state), destination=destination, identifier=identifier,
        since=moment(since), until=moment(until),
    )  # fmt: skip
    if selection.empty:
        fail("Say which: ids of messages, --flow or --category, --group or --identifier.")
    if not dry_run and not reason.strip():
        fail("Say why with --reason; it is kept in the audit. With --dry-run nothing happens yet.")
    asked = Asked(act="replay", selection=selection, destination=to, priority=_priority(priority), rate=rate)
    login = None if dry_run else login_of(as_user)
    answer = run(act(project, asked, reason=reason, dry_run=dry_run, login=login, wait=not background))
    tell(answer, "are on their way", as_json=as_json)


def _priority(text: str) -> Priority | None:
    """What people write for a priority; `flow`: as the message has it."""
    if text == AsFlow:
        return None
    if text not in set(Priority):
        fail(f"'{text}' is not a priority: bulk, normal, urgent or flow.")
    return Priority(text)


@app.command("list")
def list_jobs(
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the jobs, the latest first."""
    found = run(_with(project, lambda connection: jobs.jobs(connection, only_open=not everything)))
    if as_json:
        emit_json([asdict(one) for one in found])
        return
    rows = [[str(j.id), j.act, in_words(j), f"{j.settled} of {j.total}", j.made_by, ago(j.made_at), j.reason]
            for j in found]  # fmt: skip
    columns = ["job", "act", "state", "done", "by", "since", "why"]
    table(columns, rows, empty="No job is open. See those that are over with --all.", right=["job"], wrap=["why"])


def in_words(job: Job) -> str:
    """The state of a job."""
    return {"waiting": "waits for approval", "partly_failed": "done, some failed"}.get(job.state, job.state)


@app.command()
def show(number: Number, project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """One job: what it does, how far it is, and what was left alone or failed."""
    job = run(_with(project, lambda connection: jobs.need(connection, number)))
    tallies = run(_with(project, lambda connection: jobs.progress(connection, number)))
    if as_json:
        emit_json(asdict(job) | {"progress": [asdict(each) for each in tallies]})
        return
    out.print(plain(f"Job {job.id}: {job.act} {job.selection}, {in_words(job)}"), soft_wrap=True)
    out.print(plain(f"by {job.made_by}, {ago(job.made_at)}: {job.reason}"), soft_wrap=True)
    rows = [[each.count, each.flow, each.action, each.state.replace("_", " "), each.words] for each in tallies]
    columns = ["messages", "flow", "what", "state", "why"]
    table(columns, rows, empty="Its list was cleared away.", right=["messages"], wrap=["why"])


@app.command()
def pause(
    number: Number, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Stop a job after the batch under way; it can go on later."""
    _told(run(_moved(project, jobs.pause, number, reasoned(reason), login_of(as_user))), as_json)


@app.command()
def cancel(
    number: Number, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """End a job; what is done stays done."""
    _told(run(_moved(project, jobs.cancel, number, reasoned(reason), login_of(as_user))), as_json)


@app.command()
def resume(
    number: Number, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Let a paused job go on, and carry it out from here."""
    login, why = login_of(as_user), reason.strip() or "go on"
    _told(run(_resumed(project, number, why, login)), as_json)


Move = Callable[..., Awaitable[Job]]


async def _moved(folder: Path, move: Move, number: int, reason: str, login: Login | None) -> Job:
    async with acting(folder, login, Permission.REPLAY) as (connection, who):
        return await move(connection, number, by=who.name, reason=reason)


async def _resumed(folder: Path, number: int, reason: str, login: Login | None) -> Job:
    job = await _moved(folder, jobs.resume, number, reason, login)
    if job.state != RUNNING:
        return job
    async with journal(folder) as database:
        settled = settled_of(folder) if job.act == DISCARD else None
        return await to_the_end(database, number, settled, by=job.made_by)


def _told(job: Job, as_json: bool) -> None:
    if as_json:
        emit_json(asdict(job))
    else:
        out.print(plain(f"Job {job.id} is {in_words(job)}: {job.settled} of {job.total} are settled."))


async def _with(folder: Path, ask: Callable[[Connection], Awaitable[Any]]) -> Any:
    async with journal(folder) as database, database.cold() as connection:
        return await ask(connection)

"""`hilum processes`: what runs, where each run is, what it asks of people; answer, cancel, repeat, move on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import BaseModel

from hilum.cli.acting import As, Reason, acting, login_of, reasoned
from hilum.cli.opening import HERE, ProjectFolder, journal, project_of, run
from hilum.cli.output import AsJson, ago, emit_json, fail, out, plain, table
from hilum.errors import Refused, SettingsError
from hilum.processes import acts, answer_of, decide, give, inbox, store, task, typed
from hilum.processes.finding import processes_of
from hilum.processes.naming import told_in_words, waits_in_words
from hilum.processes.store import RunRow
from hilum.processes.tasks import Asked
from hilum.security import PERMISSIONS, Permission

app = typer.Typer(help="Durable workflows: runs, tasks, and what people do with them.", no_args_is_help=False)

Process = Annotated[str, typer.Argument(help="Name of the process, as procurement.order.")]
Key = Annotated[str, typer.Argument(help="What the run is about: its order, its contract.")]


@app.callback(invoke_without_command=True)
def _processes(context: typer.Context, project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """The latest runs; as `hilum processes list`."""
    if context.invoked_subcommand is None:
        list_runs(project, as_json=as_json)


@app.command("list")
def list_runs(
    project: ProjectFolder = HERE,
    process: Annotated[str, typer.Option(help="Only runs of this one.")] = "",
    status: Annotated[str, typer.Option(help="running, held, completed, failed or cancelled.")] = "",
    search: Annotated[str, typer.Option(help="A part of their key.")] = "",
    limit: Annotated[int, typer.Option(help="The most that are listed.", min=1)] = 50,
    as_json: AsJson = False,
) -> None:
    """The latest runs: in which state each is, since when, and what it waits for."""
    found = run(_runs(project, process, status, search, limit))
    if as_json:
        emit_json([asdict(each) for each in found])
        return
    heard = _heard(project)
    rows = [
        [
            each.process,
            each.key,
            each.state,
            each.status,
            ago(each.since),
            waits_in_words(each.waits_for, heard.get(each.process, ())) or each.outcome,
        ]
        for each in found
    ]
    heads = ["process", "key", "state", "status", "since", "waits for"]
    empty = "No run fits." if process or status or search else "No process has run yet."
    table(heads, rows, empty=empty, wrap=["waits for"])


@app.command()
def show(process: Process, key: Key, project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """One run, the last of its key, with its history."""
    found, told = run(_one(project, process, key))
    if as_json:
        emit_json({**asdict(found), "history": [asdict(each) for each in told]})
        return
    heard = _heard(project).get(found.process, ())
    out.print(f"{plain(found.process)} {found.version}, {plain(found.key)}: {plain(found.state)}, {found.status}")
    if found.waits_for:
        until = f" until {found.waits_until:%Y-%m-%d %H:%M %Z}" if found.waits_until else ""
        out.print(f"waits for {plain(waits_in_words(found.waits_for, heard))}{until}", soft_wrap=True)
    if found.outcome:
        out.print(plain(found.outcome), soft_wrap=True)
    rows = [
        [f"{each.at:%Y-%m-%d %H:%M:%S}", each.kind, told_in_words(each.kind, each.words, heard), each.actor]
        for each in told
    ]
    table(["at", "what", "words", "by"], rows, empty="Nothing has happened yet.", wrap=["words"])


@app.command()
def tasks(
    project: ProjectFolder = HERE,
    team: Annotated[list[str] | None, typer.Option(help="Only those of this team; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """What waits for people, the most urgent first."""
    found = run(_tasks(project, team))
    if as_json:
        emit_json([asdict(each) for each in found])
        return
    rows = [
        [str(each.id), each.team, each.title, f"{each.process} {each.key}", _due(each), each.assigned_to]
        for each in found
    ]
    heads = ["task", "team", "title", "about", "due", "given to"]
    table(heads, rows, empty="Nothing waits for anybody.", wrap=["title"])


@app.command("decide")
def decide_task(
    id: Annotated[UUID, typer.Argument(help="The task, as `hilum processes tasks` names it.")],
    answer: Annotated[list[str], typer.Argument(help="The answer, as approved=true comment='as agreed'.")],
    who: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Answer a task. It needs a login, for who answers must be known."""
    login = login_of(who)
    if login is None:
        fail("Say who you are with --as USER: who decides must be known.")
    values = dict(_pair(each) for each in answer)
    run(_decide(project, login, id, values))
    _said(as_json, "decided", {"task": id})


@app.command("give")
def give_task(
    id: Annotated[UUID, typer.Argument(help="The task, as `hilum processes tasks` names it.")],
    to: Annotated[str, typer.Option(help="Who is to decide it; without it, its team again.")] = "",
    reason: Annotated[str, typer.Option(help="Why; the audit keeps it.")] = "",
    who: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Give a task to somebody who may decide it, or back to its team."""
    run(_give(project, who, id, to, reason))
    _said(as_json, f"the task is with {to or 'its team'} now", {"task": id, "to": to})


@app.command()
def cancel(
    process: Process,
    key: Key,
    reason: Reason = "",
    who: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Cancel a run: what it did is undone, and it ends."""
    run(_act(project, who, Permission.DISCARD, acts.cancel, process, key, reasoned(reason)))
    _said(as_json, f"{process} {key} is being cancelled", {"process": process, "key": key})


@app.command()
def repeat(
    process: Process,
    key: Key,
    reason: Reason = "",
    who: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Let a held run go on from the step at which it stopped."""
    run(_act(project, who, Permission.REPLAY, acts.repeat, process, key, reasoned(reason)))
    _said(as_json, f"{process} {key} goes on", {"process": process, "key": key})


@app.command()
def migrate(
    process: Process,
    version: Annotated[str, typer.Argument(help="The version that they are in.")],
    reason: Reason = "",
    who: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Move the open runs of an older version to the current one, which says how: `@….migrate("1.0")`."""
    current = next((p for p in processes_of(project_of(project)) if p.name == process and not p.retired), None)
    if current is None or version not in current.migrations:
        fail(f'No process {process} of this project says how runs of {version} go on: write @….migrate("{version}").')
    count = run(_act(project, who, Permission.REPLAY, acts.migrate, process, version, reasoned(reason)))
    _said(as_json, f"{count} runs go on in version {current.version}", {"runs": count, "version": current.version})


def _heard(folder: Path) -> dict[str, list[type[BaseModel]]]:
    """The types that each process hears, in any of its versions: they say how people call them."""
    try:
        project = project_of(folder)
    except SettingsError:  # what runs can be listed while a flow is being mended; then names of classes are split
        return {}
    found: dict[str, list[type[BaseModel]]] = {}
    for process in processes_of(project):
        found.setdefault(process.name, []).extend(each.type for each in process.heard.values())
    return found


def _said(as_json: bool, words: str, answer: dict[str, Any]) -> None:
    if as_json:
        emit_json(answer)
    else:
        out.print(plain(words), soft_wrap=True)


async def _runs(folder: Path, process: str, status: str, text: str, limit: int) -> list[RunRow]:
    async with journal(folder) as database, database.cold() as connection:
        return await store.runs(connection, process=process, status=status, text=text, limit=limit)


async def _one(folder: Path, process: str, key: str) -> tuple[RunRow, list[store.Told]]:
    async with journal(folder) as database, database.cold() as connection:
        found = await store.run_of(connection, process, key)
        if found is None:
            raise SettingsError(f"There is no run of {process} for {key}.")
        return found, await store.history(connection, found.id)


async def _tasks(folder: Path, teams: list[str] | None) -> list[Asked]:
    async with journal(folder) as database, database.cold() as connection:
        return await inbox(connection, teams=teams or None)


async def _decide(folder: Path, login: Any, id: UUID, values: dict[str, Any]) -> None:
    async with acting(folder, login, Permission.APPROVE) as (connection, who):
        found = await task(connection, id)
        if found is None:
            raise SettingsError("There is no such task.")
        held = PERMISSIONS[who.user.role] if who.user is not None else frozenset()
        try:
            form = _form(folder, found)
            answer = answer_of(form, {name: _typed(form, name, text) for name, text in values.items()})
            await decide(connection, id, answer, actor=who.name, permissions={str(each) for each in held})
        except Refused as error:
            raise SettingsError(str(error)) from None


async def _give(folder: Path, who: str, id: UUID, to: str, reason: str) -> None:
    async with acting(folder, login_of(who), Permission.ASSIGN) as (connection, person):
        try:
            await give(connection, id, to=to, actor=person.name, reason=reason)
        except Refused as error:
            raise SettingsError(str(error)) from None


def _form(folder: Path, found: Asked) -> type[BaseModel]:
    """The model of a task's answer, from the project's process. Raises `SettingsError`."""
    for process in processes_of(project_of(folder)):
        if process.name == found.process and found.form in process.forms:
            return process.forms[found.form]
    raise SettingsError(f"The form {found.form} is not in this project: {found.process} must name it with forms=(…).")


def _typed(form: type[BaseModel], name: str, text: str) -> Any:
    """What is more than one value may be typed as in the console: `corrections=total=81.00`; or as JSON."""
    schema = form.model_json_schema()["properties"].get(name, {})
    return typed.several(typed.kind_of(schema), text) if schema.get("type") in ("array", "object") else text


async def _act(folder: Path, who: str, permission: Permission, act: Any, process: str, what: str, reason: str) -> Any:
    async with acting(folder, login_of(who), permission) as (connection, person):
        try:
            return await act(connection, process, what, actor=person.name, reason=reason)
        except Refused as error:
            raise SettingsError(str(error)) from None


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        fail(f"“{text}” is no answer: write field=value.")
    return name, value


def _due(each: Asked) -> str:
    said = f"{each.due_at:%Y-%m-%d %H:%M}" if each.due_at else ""
    return f"{said}, now with {each.escalate_to}" if each.escalated_at else said

"""`hilum desk`: everything that waits for people in one list; one of it with its documents; how each team stands."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from hilum import cases, desk
from hilum.cases.side_by_side import SideBySide
from hilum.cases.working_hours import Shift, shifts_of
from hilum.cli.acting import As, acting, login_of
from hilum.cli.opening import HERE, ProjectFolder, journal, project_of, run, settings_of
from hilum.cli.output import AsJson, ago, emit_json, fail, out, plain, table, with_reason
from hilum.desk import Entry, Filter, Found, Move
from hilum.errors import SettingsError
from hilum.flow import Criticality
from hilum.flow.stakes import RANK
from hilum.journal.audit import record
from hilum.processes import processes_of, tasks
from hilum.processes.periods import duration
from hilum.security import Permission, Role, User

app = typer.Typer(help="The exception desk: cases and tasks in one list, with clocks, money and next moves.")

_LEVELS = {rank: each.value for each, rank in RANK.items()}


@app.callback(invoke_without_command=True)
def _desk(context: typer.Context, project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """What waits for people, the most pressing first; as `hilum desk list`."""
    if context.invoked_subcommand is None:
        _list(project, Filter(), 50, as_json)


@app.command("list")
def list_entries(
    team: Annotated[str, typer.Option(help="Only what this team was asked, or has since nobody acted.")] = "",
    what: Annotated[str, typer.Option(help="case or task.")] = "",
    person: Annotated[str, typer.Option(help="Only what this person has.")] = "",
    unassigned: Annotated[bool, typer.Option("--unassigned", help="Only what nobody has.")] = False,
    flow: Annotated[str, typer.Option(help="Only of this flow or process.")] = "",
    older: Annotated[str, typer.Option(help="Only what has waited longer, as P3D or PT4H.")] = "",
    due: Annotated[str, typer.Option(help="breached, or soon.")] = "",
    at_least: Annotated[str, typer.Option(help="Only with so much money at stake.")] = "",
    criticality: Annotated[str, typer.Option(help="At least: low, normal, high or vital.")] = "",
    search: Annotated[str, typer.Option(help="A part of what is told, or a whole identifier.")] = "",
    sort: Annotated[str, typer.Option(help=f"{', '.join(desk.SORTS)}.")] = "pressing",
    limit: Annotated[int, typer.Option(help="The most that are listed.", min=1, max=10_000)] = 50,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """What waits for people and fits."""
    wanted = Filter(
        team=team,
        what=_one_of(what, (desk.CASE, desk.TASK)),
        person=person,
        unassigned=unassigned,
        flow=flow,
        older=_period(older),
        due=_one_of(due, ("breached", "soon")),
        soon=settings_of(project).desk.soon,
        at_least=_amount(at_least),
        criticality=RANK[Criticality(_one_of(criticality, list(RANK)) or Criticality.LOW)],
        text=search,
        sort=_one_of(sort, list(desk.SORTS)),
    )
    _list(project, wanted, limit, as_json)


def _list(folder: Path, wanted: Filter, limit: int, as_json: bool) -> None:
    found = run(_found(folder, wanted, limit))
    if as_json:
        entries = [asdict(each) for each in found.entries]
        emit_json({"total": found.total, "breached": found.breached, "at_stake": found.at_stake, "entries": entries})
        return
    now = datetime.now(UTC)
    rows = [
        [
            each.id, _due(each, now), _LEVELS[each.criticality], _money(each), _with(each),
            with_reason(each.title, each.words), each.flow,
        ]
        for each in found.entries
    ]  # fmt: skip
    heads = ["entry", "due", "criticality", "at stake", "with", "what", "flow"]
    table(heads, rows, empty="Nothing waits for a person.", right=["at stake"], wrap=["what", "with"])
    if found.total:
        out.print(f"{found.total} wait, {found.breached} past their due time", soft_wrap=True)


async def _found(folder: Path, wanted: Filter, limit: int) -> Found:
    async with journal(folder) as database, database.cold() as connection:
        return await desk.find(connection, wanted, limit=limit)


@app.command()
def show(
    entry: Annotated[str, typer.Argument(help="Number of a case, or id of a task.")],
    reason: Annotated[str, typer.Option(help="Why the documents of a protected process are shown; audited.")] = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """One entry: why it waits, its documents side by side, and the moves that are legal now.

    What the documents of a protected process say is shown to who may see it, with a reason.
    """
    found, papers, moves = run(_one(project, entry, reason.strip(), as_user))
    if found is None:
        fail(f"Nothing of this name waits: {entry}. See: hilum desk")
    if as_json:
        told = papers.model_dump(mode="json") if papers is not None else None
        emit_json(asdict(found) | {"documents": told, "moves": [asdict(each) for each in moves]})
        return
    now = datetime.now(UTC)
    out.print(f"[bold]{plain(found.title)}[/]\n{plain(found.words)}", soft_wrap=True)
    facts = {"with": _with(found), "since": ago(found.opened_at), "due": _due(found, now), "at stake": _money(found),
             "criticality": _LEVELS[found.criticality], "flow": found.flow, "about": found.about}  # fmt: skip
    for name, value in facts.items():
        if value:
            out.print(f"[bold]{name:12}[/]{plain(value)}", soft_wrap=True)
    if papers is not None:
        rows = [[each.name, *_marked(each.values, each.marked)] for each in papers.members]
        table(["", *papers.documents], rows, empty="")
    table(["move", "what follows"], [[each.label, each.follows] for each in moves], empty="", wrap=["what follows"])


async def _one(
    folder: Path, name: str, reason: str, as_user: str
) -> tuple[Entry | None, SideBySide | None, list[Move]]:
    found, papers, moves = await _read(folder, name)
    if found is None or papers is None or not _protected(folder, found.flow):
        return found, papers, moves
    if not reason:
        return found, papers.hidden(), moves
    async with acting(folder, login_of(as_user), Permission.VIEW_PAYLOAD) as (connection, who):
        words = f"the documents of task {found.id}: {reason}"
        await record(connection, actor=who.name, action="view_payload", flow=found.flow, words=words)
    return found, papers, moves


def _protected(folder: Path, process: str) -> bool:
    """Are its documents masked? Those of a process that is not here are: nobody says that they may be seen."""
    known = [each for each in processes_of(project_of(folder)) if each.name == process]
    return not known or any(not each.data_class.open for each in known)


async def _read(folder: Path, name: str) -> tuple[Entry | None, SideBySide | None, list[Move]]:
    async with journal(folder) as database, database.cold() as connection:
        entries = (await desk.find(connection, Filter(text=name), limit=100)).entries
        found = next((each for each in entries if each.id == name), None)
        if found is None:
            return None, None, []
        if found.what == desk.TASK:
            asked = await tasks.task(connection, UUID(found.id))
            papers = await tasks.papers(connection, UUID(found.id))
            return found, papers, desk.moves_of_task(asked, _ANYBODY, "") if asked is not None else []
        case = await cases.case(connection, int(found.id))
        return found, None, desk.moves_of_case(case, _ANYBODY) if case is not None else []


_ANYBODY = User(
    name="",
    role=Role.ADMIN,
    disabled=False,
    created_at=datetime.min.replace(tzinfo=UTC),
    created_by="",
    last_login_at=None,
)
"""Which moves are legal does not depend on who asks here; who may make one is asked when it is made."""


@app.command()
def figures(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """How each team stands: open, past their due time, due soon, with nobody, and the median age."""
    found, shifts = run(_figures(project))
    works = {team: each.words for team, each in shifts.items()}
    if as_json:
        emit_json([asdict(each) | {"clocks_run": works.get(each.team, "")} for each in found])
        return
    rows = [
        [each.team, each.what, each.open, each.breached, each.soon, each.unassigned, each.escalated,
         str(timedelta(seconds=round(each.median_seconds))), works.get(each.team, "around the clock")]
        for each in found
    ]  # fmt: skip
    heads = ["team", "what", "open", "breached", "soon", "with nobody", "escalated", "median age",
             "clocks run"]  # fmt: skip
    table(heads, rows, empty="Nothing waits for a person.", right=heads[2:-1], wrap=["clocks run"])


async def _figures(folder: Path) -> tuple[list[desk.Figure], dict[str, Shift]]:
    async with journal(folder) as database, database.cold() as connection:
        found = await desk.figures(connection)
        return found, await shifts_of(connection, list(dict.fromkeys(each.team for each in found)))


def _one_of(value: str, known: Any) -> str:
    if value and value not in known:
        raise SettingsError(f"“{value}” is none of: {', '.join(known)}.")
    return value


def _period(text: str) -> timedelta | None:
    return duration(text) if text else None


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        raise SettingsError(f"“{text}” is no amount: write it as 1500 or 1500.50.") from None


def _due(each: Entry, now: datetime) -> str:
    if each.due_at is None:
        return ""
    told = f"{each.due_at:%Y-%m-%d %H:%M}"
    return f"breached, {told}" if each.breached(now) else told


def _money(each: Entry) -> str:
    return f"{each.at_stake} {each.currency}" if each.at_stake is not None else ""


def _with(each: Entry) -> str:
    team = f"{each.escalated_to}, from {each.team}" if each.escalated_to else each.team
    return f"{each.assigned_to} ({team})" if each.assigned_to else team


def _marked(values: tuple[str, ...], marked: tuple[int, ...]) -> list[str]:
    return [f"≠ {value}" if at in marked else value for at, value in enumerate(values)]

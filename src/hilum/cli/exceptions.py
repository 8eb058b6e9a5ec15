"""`hilum exceptions`: what waits for a person, and what a person may do."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from hilum.cases import Case, assign, case, cases, discard
from hilum.cli.messages import actor
from hilum.cli.opening import HERE, ProjectFolder, journal, opened, run
from hilum.cli.output import AsJson, ago, emit_json, fail, out, table
from hilum.flow import Project
from hilum.runtime.reports import Reporter

app = typer.Typer(help="What waits for a person: list, show, assign, discard. Replay with: hilum replay.")

Number = Annotated[int, typer.Argument(help="Number of the case.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit.")]


@app.command("list")
def list_cases(
    owner: Annotated[str, typer.Option(help="Only of this team.")] = "",
    category: Annotated[str, typer.Option(help="Only of this category.")] = "",
    flow: Annotated[str, typer.Option(help="Only of this flow.")] = "",
    closed: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the cases, the oldest first."""
    found = run(_cases(project, owner=owner, category=category, flow=flow, only_open=not closed))
    if as_json:
        emit_json([asdict(one) for one in found])
        return
    rows = [[c.id, ago(c.opened_at), c.owner, c.title, c.behind, c.assigned_to] for c in found]
    table(["case", "since", "owner", "what is wrong", "behind", "assigned"], rows, empty="Nothing waits for a person.")


async def _cases(folder: Path, **selection: Any) -> list[Case]:
    async with journal(folder) as database, database.cold() as connection:
        return await cases(connection, **selection)


@app.command()
def show(number: Number, project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """One case: what is wrong, what to do, who can."""
    found = run(_case(project, number))
    if found is None:
        fail(f"There is no case {number}.")
    if as_json:
        emit_json(asdict(found))
        return
    out.print(f"[bold]{found.title}[/]\n{found.words}\nNext: {found.next_step}")
    out.print(f"owner {found.owner}, {found.flow}, message {found.message_id}, {found.behind} wait behind it")
    if found.detail:
        out.print(found.detail, markup=False)


async def _case(folder: Path, number: int) -> Case | None:
    async with journal(folder) as database, database.cold() as connection:
        return await case(connection, number)


@app.command("assign")
def assign_case(
    number: Number,
    to: Annotated[str, typer.Argument(help="A person; empty: back to the team.")] = "",
    project: ProjectFolder = HERE,
) -> None:
    """Give a case to a person, or back to its team."""
    if not run(_assign(project, number, to)):
        fail(f"There is no open case {number}.")


async def _assign(folder: Path, number: int, to: str) -> bool:
    async with journal(folder) as database, database.transaction() as connection:
        return await assign(connection, number, to=to or None, actor=actor())


@app.command("discard")
def discard_message(
    message: Annotated[UUID, typer.Argument(help="Id of the message.")],
    reason: Reason = "",
    project: ProjectFolder = HERE,
) -> None:
    """End what is held of a message, for good; those behind it go on."""
    if not reason.strip():
        fail("Say why with --reason; it is kept in the audit.")
    out.print(run(_discard(project, message, reason)))


async def _discard(folder: Path, message: UUID, reason: str) -> str:
    async with opened(folder) as (project, database), database.transaction() as connection:
        return await discard(connection, message, actor=actor(), reason=reason, settled=_settled(project))


def _settled(project: Project) -> Any:
    reporter = Reporter(project.flows, project.settings.hub.lanes)
    return reporter.note

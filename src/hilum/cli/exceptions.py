"""`hilum exceptions`: what waits for a person, and what a person may do."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from hilum.cases import Case, assign, case, cases, discard
from hilum.cases.resolution import Settled
from hilum.cli.messages import actor, message_id
from hilum.cli.opening import HERE, ProjectFolder, journal, project_of, run
from hilum.cli.output import AsJson, ago, emit_json, fail, out, plain, table
from hilum.flow import Project

app = typer.Typer(help="What waits for a person: list, show, assign, discard. Replay with: hilum replay.")

Number = Annotated[int, typer.Argument(help="Number of the case.", min=1, max=2**63 - 1)]
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
    rows = [[str(c.id), ago(c.opened_at), c.owner, c.flow, c.title, c.behind, c.assigned_to] for c in found]
    columns = ["case", "since", "owner", "flow", "what is wrong", "behind", "assigned"]
    table(columns, rows, empty="Nothing waits for a person.", right=["case", "behind"], wrap=["what is wrong", "owner"])


async def _cases(folder: Path, **selection: Any) -> list[Case]:
    async with journal(folder) as database, database.cold() as connection:
        return await cases(connection, **selection)


@app.command()
def show(number: Number, project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """One case: what is wrong, what to do, who can."""
    found = run(_case(project, number))
    if found is None:
        fail(f"There is no case {number}. See: hilum exceptions list --all")
    if as_json:
        emit_json(asdict(found))
        return
    closed = "" if found.open else f" ({found.resolution} by {found.closed_by}, {ago(found.closed_at)})"
    out.print(f"[bold]{plain(found.title)}[/]{plain(closed)}\n{plain(found.words)}\nNext: {plain(found.next_step)}")
    facts = {
        "owner": found.owner,
        "assigned": found.assigned_to or "",
        "flow": found.flow,
        "message": str(found.message_id),
        "since": ago(found.opened_at),
        "behind": f"{found.behind} wait behind it" if found.behind else "",
    }
    for name, value in facts.items():
        if value:
            out.print(f"[bold]{name:9}[/]{plain(value)}", soft_wrap=True)
    if found.detail:
        out.print(plain(found.detail), soft_wrap=True)


async def _case(folder: Path, number: int) -> Case | None:
    async with journal(folder) as database, database.cold() as connection:
        return await case(connection, number)


@app.command("assign")
def assign_case(
    number: Number,
    to: Annotated[str, typer.Argument(help="A person; empty: back to the team.")] = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Give a case to a person, or back to its team."""
    if not run(_assign(project, number, to)):
        fail(f"There is no open case {number}. See: hilum exceptions list")
    if as_json:
        emit_json({"case": number, "assigned_to": to or None})
    else:
        out.print(plain(f"Case {number} is {to}'s now." if to else f"Case {number} is back with its team."))


async def _assign(folder: Path, number: int, to: str) -> bool:
    async with journal(folder) as database, database.transaction() as connection:
        return await assign(connection, number, to=to or None, actor=actor())


@app.command("discard")
def discard_message(
    message: Annotated[str, typer.Argument(help="Id of the message.")],
    reason: Reason = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """End what is held of a message, for good; those behind it go on."""
    if not reason.strip():
        fail("Say why with --reason; it is kept in the audit.")
    found = message_id(message)
    words = run(_discard(project, found, reason))
    if as_json:
        emit_json({"message_id": found, "words": words})
    else:
        out.print(plain(words))


async def _discard(folder: Path, message: UUID, reason: str) -> str:
    declared = project_of(folder)  # its flows say whom to tell what became of the message
    async with journal(folder) as database, database.transaction() as connection:
        return await discard(connection, message, actor=actor(), reason=reason, settled=_settled(declared))


def _settled(project: Project) -> Settled:
    from hilum.runtime.reports import Reporter  # the runtime takes long to load, and only a discard needs it

    reporter = Reporter(project.flows, project.settings.hub.lanes)
    return reporter.note

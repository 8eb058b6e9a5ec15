"""`hilum approvals`: what waits for a second person. It is approved or refused in the console, by login, never here."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hilum.cases import approvals
from hilum.cases.approvals import Approval
from hilum.cli.acting import As, Login, Reason, login_of, person, reasoned
from hilum.cli.opening import HERE, ProjectFolder, journal, run
from hilum.cli.output import AsJson, ago, emit_json, fail, out, plain, table

app = typer.Typer(help="What waits for a second person; decided in the console.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="Number of the request.", min=1, max=2**63 - 1)]


@app.command("list")
def list_approvals(
    everything: Annotated[bool, typer.Option("--all", help="Those that are decided, too.")] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the requests; those that expire first on top."""
    found = run(_list(project, not everything))
    if as_json:
        emit_json([asdict(one) for one in found])
        return
    rows = [[str(a.id), a.state, a.words, a.requested_by, a.role, ago(a.requested_at), a.reason] for a in found]
    columns = ["request", "state", "what", "by", "needs", "since", "why"]
    table(columns, rows, empty="Nothing waits for a second person.", right=["request"], wrap=["what", "why"])


async def _list(folder: Path, waiting: bool) -> list[Approval]:
    async with journal(folder) as database, database.cold() as connection:
        return await approvals.approvals(connection, waiting=waiting)


@app.command()
def withdraw(
    number: Number, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Take back what you asked for yourself. Needs --as."""
    login = login_of(as_user)
    if login is None:
        fail("Say who you are with --as USER: only whoever asked can withdraw it.")
    run(_withdraw(project, number, reasoned(reason), login))
    if as_json:
        emit_json({"approval": number, "state": "withdrawn"})
    else:
        out.print(plain(f"Request {number} is withdrawn."))


async def _withdraw(folder: Path, number: int, reason: str, login: Login) -> None:
    async with journal(folder) as database:
        who = await person(database, login)
        async with database.transaction() as connection:
            await approvals.withdraw(connection, number, by=who.name, reason=reason)

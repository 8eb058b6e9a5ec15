"""`hilum users`: who may use the console."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hilum import security
from hilum.cli.messages import actor
from hilum.cli.opening import HERE, ProjectFolder, journal, run
from hilum.cli.output import AsJson, ago, emit_json, out, plain, table
from hilum.security import Role, User

app = typer.Typer(help="Who may use the console.", no_args_is_help=True)


@app.command("list")
def list_users(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List the users."""
    found = run(_users(project))
    if as_json:
        emit_json([{"name": u.name, "role": u.role.value, "last_login": u.last_login_at} for u in found])
        return
    rows = [[u.name, u.role.value, ago(u.last_login_at)] for u in found]
    table(["user", "role", "last login"], rows, empty="No user yet; hilum serve shows a link to make the first one.")


async def _users(folder: Path) -> list[User]:
    async with journal(folder) as database, database.cold() as connection:
        return await security.users(connection)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name to log in with.")],
    password: Annotated[
        str,
        typer.Option(
            prompt=True, hide_input=True, confirmation_prompt=True, show_default=False, help="At least 12 characters."
        ),
    ] = "",
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.OPERATOR,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a user; the password is asked for."""
    run(_add(project, name, password, role))
    if as_json:
        emit_json({"name": name, "role": role.value})
    else:
        out.print(plain(f"{name} can log in as {role.value}."))


async def _add(folder: Path, name: str, password: str, role: Role) -> None:
    async with journal(folder) as database, database.transaction() as connection:
        await security.create_user(connection, name, password, role, created_by=actor())

"""`hilum db`: make and look at the journal's database."""

from __future__ import annotations

from pathlib import Path

import typer

from hilum.cli.opening import HERE, ProjectFolder, connected, run, settings_of
from hilum.cli.output import AsJson, emit_json, out
from hilum.runtime import prepare

app = typer.Typer(help="The journal's database.", no_args_is_help=True)


@app.callback()
def _db() -> None:
    """Keeps `migrate` a command of its own."""


@app.command()
def migrate(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Bring the tables up to this version of Hilum. Harmless to repeat."""
    applied = run(_migrate(project))
    if as_json:
        emit_json({"applied": applied})
    else:
        out.print("\n".join(f"applied {name}" for name in applied) or "Nothing to do: the database is up to date.")


async def _migrate(folder: Path) -> list[str]:
    settings = settings_of(folder)
    async with connected(settings) as database:
        return await prepare(database, lanes=settings.hub.lanes)

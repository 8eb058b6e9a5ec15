"""What most commands begin with: the project folder, the database, an event loop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from hilum.flow import Project, load_project
from hilum.postgres import Database, database_for
from hilum.runtime import prepare
from hilum.settings import load_settings

ProjectFolder = Annotated[
    Path, typer.Option("--project", "-p", help="The project folder.", envvar="HILUM_PROJECT", show_default="here")
]
HERE = Path()

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, on the fastest event loop there is."""
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop

    return uvloop.run(work)


@asynccontextmanager
async def journal(folder: Path) -> AsyncIterator[Database]:
    """The journal of a project, ready to use; the embedded server is left as it was found."""
    settings = load_settings(folder)
    database = await asyncio.to_thread(database_for, settings)
    try:
        await database.open()
        await prepare(database, lanes=settings.hub.lanes)
        yield database
    finally:
        await database.close()
        if database.embedded is not None:
            await asyncio.to_thread(database.embedded.stop)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Project, Database]]:
    """The project and its journal."""
    project = load_project(folder)
    async with journal(folder) as database:
        yield project, database

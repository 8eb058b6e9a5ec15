"""What most commands begin with: the project folder, the database, an event loop."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import psycopg
import typer
from psycopg.conninfo import conninfo_to_dict

from hilum.errors import DatabaseUnavailable, SettingsError
from hilum.journal.keyring import keyring_for
from hilum.postgres import Database, database_for
from hilum.settings import Settings, load_settings

if TYPE_CHECKING:
    from hilum.flow import Project

ProjectFolder = Annotated[
    Path, typer.Option("--project", "-p", help="The project folder.", envvar="HILUM_PROJECT", show_default="here")
]
HERE = Path()

_LOOK_EVERY = 1.0  # seconds between two attempts to reach a database that is waited for

log = logging.getLogger("hilum.database")

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, on the fastest event loop there is."""
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop

    return uvloop.run(work)


def settings_of(folder: Path) -> Settings:
    """The settings of a project folder. Raises `SettingsError`, also where the folder is no project.

    A mistyped folder must not become a project with an empty journal of its own.
    """
    folder = folder.resolve()  # texts and line numbers of errors then name the whole path
    if not folder.is_dir():
        raise SettingsError(f"There is no folder {folder}. Make a project with: hilum init {folder.name}")
    settings = load_settings(folder)
    named = settings.hub.database_url.get_secret_value()
    if not named and not (folder / "hilum.toml").is_file() and not (folder / "flows").is_dir():
        raise SettingsError(
            f"{folder} is no Hilum project (it has no hilum.toml): name one with --project, or make one with: "
            "hilum init my-hub"
        )
    return settings


def project_of(folder: Path) -> Project:
    """The project with its flows. Raises `SettingsError` that names the file and what is wrong with it."""
    from hilum.flow import load_project  # most commands ask the journal only, and need no flow and no connector

    settings_of(folder)
    return load_project(folder.resolve())


def database_of(settings: Settings) -> Database:
    """The database of these settings, not yet open; starts the embedded server where they name none. Blocks.

    Raises `SettingsError` for an URL that is none, without showing it: it may hold a password. Raises
    `DatabaseUnavailable`.
    """
    url = settings.hub.database_url.get_secret_value()
    if url:
        try:
            conninfo_to_dict(url)
        except psycopg.Error:
            raise SettingsError(
                "The database URL ([hub] database_url, HILUM_DATABASE_URL) cannot be read: write "
                "postgresql://user:password@host:5432/name, with special characters of the password as %XX."
            ) from None
    return database_for(settings)


@asynccontextmanager
async def connected(
    settings: Settings, *, patience: float = 0.0, stop: asyncio.Event | None = None
) -> AsyncIterator[Database]:
    """The open database of these settings; the embedded server is left as it was found.

    One that does not answer is waited for `patience` seconds, or until `stop` is set; then it is not open. Raises
    `SettingsError`, `DatabaseUnavailable`.
    """
    database = await asyncio.to_thread(database_of, settings)
    database.keyring = keyring_for(database, settings)
    try:
        await _open(database, patience, stop or asyncio.Event())
        yield database
    finally:
        try:
            await database.close()
        finally:
            if database.embedded is not None:
                await asyncio.to_thread(database.embedded.stop)


async def _open(database: Database, patience: float, stop: asyncio.Event) -> None:
    deadline = time.monotonic() + patience
    said = ""
    while not stop.is_set():
        try:
            await database.open()
        except DatabaseUnavailable as error:
            left = deadline - time.monotonic()
            if left <= 0:
                raise
            if str(error) != said:  # once, not every second
                log.warning("%s Waiting for it, up to %.0f seconds.", error, left)
            said = str(error)
        else:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_LOOK_EVERY, left)):
                await stop.wait()


@asynccontextmanager
async def journal(folder: Path) -> AsyncIterator[Database]:
    """The journal of a project, ready to use. One that is not there yet is made.

    One of an earlier version is left alone: `SettingsError` says what it lacks. A person who only asks for the status
    must not change the tables under the hubs that run.
    """
    settings = settings_of(folder)
    async with connected(settings) as database:
        missing, lanes = await _state(database)
        if missing and missing != migrations():
            raise SettingsError(
                f"The database was made by an earlier version of Hilum: it lacks {', '.join(sorted(missing))}. "
                "The next hilum serve applies that; or do it now with: hilum db migrate"
            )
        if missing or lanes != str(settings.hub.lanes):
            from hilum.runtime import prepare  # brings the whole hub with it, and is needed once in a journal's life

            await prepare(database, lanes=settings.hub.lanes)
        yield database


async def _state(database: Database) -> tuple[set[str], str]:
    """Which migrations are missing, and how many lanes the journal has (as text; empty: not yet said)."""
    async with database.cold() as connection:
        cursor = await connection.execute(
            "SELECT to_regclass('hilum.migration') IS NOT NULL, to_regclass('hilum.fact') IS NOT NULL"
        )
        if await cursor.fetchone() != (True, True):
            return migrations(), ""
        cursor = await connection.execute("SELECT component || '/' || name FROM migration")
        applied = {row[0] for row in await cursor.fetchall()}
        row = await (await connection.execute("SELECT value FROM fact WHERE name = 'lanes'")).fetchone()
        return migrations() - applied, row[0] if row else ""


def migrations() -> set[str]:
    """Every migration of this version, as `journal/001_tables`: from the files, without loading the packages."""
    return {
        f"{package.name}/{file.name.removesuffix('.sql')}"
        for package in files("hilum").iterdir()
        if package.joinpath("migrations").is_dir()
        for file in package.joinpath("migrations").iterdir()
        if file.name[0].isdigit() and file.name.endswith(".sql")
    }

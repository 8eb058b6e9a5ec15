"""`hilum doctor`: what is wrong with the set-up, in plain words."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from hilum.cli.opening import HERE, ProjectFolder, run
from hilum.cli.output import AsJson, emit_json, out
from hilum.connector import Destination
from hilum.errors import HilumError
from hilum.flow import Project, load_project
from hilum.journal import reading
from hilum.journal.tallies import counts
from hilum.postgres import Database, database_for
from hilum.runtime import prepare
from hilum.runtime.endpoints import build_endpoints
from hilum.runtime.intake import shared_sources

_CHECK_SECONDS = 15.0
_FREE_MB = 1024


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    what: str
    ok: bool
    words: str


def doctor(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Look at the project, the database, the ports and every destination, and say what is wrong and what to do."""
    checks = run(_examine(project))
    if as_json:
        emit_json([asdict(check) for check in checks])
    else:
        for check in checks:
            mark = "[green]✓[/]" if check.ok else "[red]✗[/]"
            out.print(f"{mark} [bold]{check.what}[/]  {check.words.replace('[', chr(92) + '[')}", soft_wrap=True)
    if not all(check.ok for check in checks):
        raise SystemExit(1)


async def _examine(folder: Path) -> list[Check]:
    try:
        project = load_project(folder)
    except HilumError as error:
        return [Check("project", False, str(error))]
    checks = [Check("project", True, f"{len(project.flows)} flows, {len(project.lookup.tables)} lookup tables")]
    if not project.flows:
        checks = [Check("project", False, f"There are no flows in {project.folder / 'flows'}.")]
    checks.append(_disk(project))
    running = await _database(project, checks)
    checks += await _sources(project, running)
    checks += await _destinations(project)
    return checks


def _disk(project: Project) -> Check:
    where = project.settings.data_dir
    while not where.exists():
        where = where.parent
    free_mb = shutil.disk_usage(where).free // (1024 * 1024)
    words = f"{free_mb} MB free at {where}"
    return Check("disk", free_mb >= _FREE_MB, words if free_mb >= _FREE_MB else f"{words}: make room")


async def _database(project: Project, checks: list[Check]) -> bool:
    """Look at the database; says whether a hub is running on it now."""
    database: Database | None = None
    try:
        database = await asyncio.to_thread(database_for, project.settings)
        await database.open()
        await prepare(database, lanes=project.settings.hub.lanes)
        kind = "embedded PostgreSQL" if database.embedded else "PostgreSQL"
        checks.append(Check("database", True, f"{kind} answers and its tables are up to date"))
        return await _journal(database, checks)
    except HilumError as error:
        checks.append(Check("database", False, str(error)))
        return False
    finally:
        if database is not None:
            await database.close()
            if database.embedded is not None:
                await asyncio.to_thread(database.embedded.stop)


async def _journal(database: Database, checks: list[Check]) -> bool:
    async with database.cold() as connection:
        workers = [w for w in await reading.workers(connection) if (datetime.now(UTC) - w.seen_at).total_seconds() < 10]
        words = f"{len(workers)} processes are running" if workers else "no hub is running (start it: hilum serve)"
        checks.append(Check("hub", True, words))
        held = sum(count.now for count in await counts(connection) if count.state == "held")
        checks.append(
            Check("exceptions", not held, f"{held} wait for a person: hilum exceptions list" if held else "none")
        )
        checks += [
            Check("destination", False, f"{pause.destination} is down: {pause.words}")
            for pause in await reading.pauses(connection)
        ]
    return bool(workers)


async def _sources(project: Project, running: bool) -> list[Check]:
    """Can every source be opened? Not asked while a hub runs: it has them open."""
    checks = []
    for source, flows in shared_sources(list(project.flows.values())):
        names = ", ".join(flow.name for flow in flows)
        if running:
            checks.append(Check("source", True, f"{source.address} for {names} (not tried: a hub is running)"))
            continue
        try:
            await source.open()
            checks.append(Check("source", True, f"{source.address} for {names}"))
        except (HilumError, OSError) as error:
            words = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            checks.append(Check("source", False, f"{source.address} for {names}: {words}"))
        finally:
            await source.close()
    return checks


async def _destinations(project: Project) -> list[Check]:
    try:
        destinations = build_endpoints(project.settings, project.flows.values())
    except HilumError as error:
        return [Check("destination", False, str(error))]
    return [await _ask(f"destination {name}", _round_trip(each)) for name, each in destinations.items()]


def _round_trip(destination: Destination) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        try:
            await destination.open()
            return await destination.check()
        finally:
            await destination.close()

    return ask


async def _ask(what: str, ask: Callable[[], Awaitable[str]]) -> Check:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return Check(what, True, await ask())
    except TimeoutError:
        return Check(what, False, f"no answer within {_CHECK_SECONDS:.0f} seconds")
    except HilumError as error:
        return Check(what, False, str(error))

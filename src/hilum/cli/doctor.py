"""`hilum doctor`: what is wrong with the set-up, in plain words."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from hilum.cli.checks import Check, comparison_checks, payload_checks
from hilum.cli.guards import taken
from hilum.cli.limits import open_files_allowed, open_files_needed, raise_open_files
from hilum.cli.logs import configure_logs
from hilum.cli.opening import HERE, ProjectFolder, connected, project_of, run
from hilum.cli.output import AsJson, emit_json, out, plain
from hilum.cli.server_checks import examine_server
from hilum.connector import Destination, Inspected
from hilum.errors import Down, HilumError, SettingsError
from hilum.flow import Project
from hilum.journal import overview
from hilum.journal.breakers import open_breakers
from hilum.journal.tallies import counts
from hilum.masterdata.ownership import load_matrix
from hilum.postgres import Database
from hilum.runtime import prepare
from hilum.runtime.endpoints import build_endpoints, furnish, read_only_endpoints
from hilum.runtime.inspecting import Users, needs_of, told, users_by_endpoint
from hilum.runtime.intake import shared_sources

_CHECK_SECONDS = 15.0
_FREE_MB = 1024
_SILENT_SECONDS = 10.0  # a process that was not seen for so long does not run any more


def doctor(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Look at the project, the database, the ports and every destination, and say what is wrong and what to do.

    Exit code 1 where anything is wrong.
    """
    configure_logs(level="ERROR")  # what a connector logs is in the findings already
    checks = run(_examine(project))
    if as_json:
        emit_json([asdict(check) for check in checks])
    else:
        for check in checks:
            mark = "[green]✓[/]" if check.ok else "[red]✗[/]"
            out.print(f"{mark} [bold]{plain(check.what)}[/]  {plain(check.words)}", soft_wrap=True)
    if not all(check.ok for check in checks):
        raise SystemExit(1)


async def _examine(folder: Path) -> list[Check]:
    try:
        project = project_of(folder)
    except HilumError as error:
        return [Check("project", False, str(error))]
    raise_open_files()  # as a hub does when it starts
    checks = [_flows(project), *_lookups(project), _ownership(project), _disk(project), _open_files(project)]
    running = await _database(project, checks)
    checks += await _sources(project, running)
    if not running:
        checks.append(_console(project))
    checks += await _destinations(project)
    return checks


def _flows(project: Project) -> Check:
    if not project.flows:
        return Check("project", False, f"there are no flows in {project.folder / 'flows'}")
    count = len(project.flows)
    return Check("project", True, f"{count} flow{'s' if count > 1 else ''}: {', '.join(sorted(project.flows))}")


def _lookups(project: Project) -> list[Check]:
    """Those that cannot be read stop the loading of the project already."""
    return [
        Check(f"lookup {name}", True, f"{len(table)} rows") for name, table in sorted(project.lookup.tables.items())
    ]


def _ownership(project: Project) -> Check:
    try:
        matrix = load_matrix(project)
    except SettingsError as error:
        return Check("ownership", False, str(error))
    return Check("ownership", True, f"{len(matrix.rules)} rules" if matrix.rules else "nothing is governed")


def _disk(project: Project) -> Check:
    where = project.settings.data_dir
    while not where.exists():
        where = where.parent
    if not os.access(where, os.W_OK):
        return Check("disk", False, f"{where} cannot be written by this user: change its owner, or set [hub] data_dir")
    free_mb = shutil.disk_usage(where).free // (1024 * 1024)
    words = f"{free_mb} MB free at {where}"
    return Check("disk", free_mb >= _FREE_MB, words if free_mb >= _FREE_MB else f"{words}: make room")


def _open_files(project: Project) -> Check:
    flows = list(project.flows.values())
    sources = [source for source, _ in shared_sources(flows)]
    endpoints = {target.endpoint for flow in flows for target in flow.every_target}
    needed = open_files_needed(sources, len(endpoints), project.settings.worker.parallel)
    allowed = open_files_allowed()
    words = f"up to {needed} connections and files at once"
    if allowed is None or needed <= allowed:
        return Check("open files", True, words)
    return Check(
        "open files", False, f"{words}, but only {allowed} are allowed: raise the limit (ulimit -Hn, LimitNOFILE)"
    )


async def _database(project: Project, checks: list[Check]) -> bool:
    """Look at the database; says whether a hub is running on it now."""
    try:
        async with connected(project.settings) as database:
            if not database.embedded:
                checks += await examine_server(database)
            await prepare(database, lanes=project.settings.hub.lanes)
            kind = "embedded PostgreSQL" if database.embedded else "PostgreSQL"
            checks.append(Check("database", True, f"{kind} answers and its tables are up to date"))
            checks += await payload_checks(database, project)
            checks += await comparison_checks(database, project)
            return await _journal(database, checks)
    except HilumError as error:
        checks.append(Check("database", False, str(error)))
        return False


def _console(project: Project) -> Check:
    """Is the console's port free? Not asked while a hub runs: it may have it."""
    port = project.settings.console.port
    try:
        taken(port, "the console", "[console] port, or --console-port of hilum serve")
    except SettingsError as error:
        return Check("console", False, str(error))
    return Check("console", True, f"port {port} is free" if port else "takes any free port")


async def _journal(database: Database, checks: list[Check]) -> bool:
    async with database.cold() as connection:
        workers = [
            w
            for w in await overview.workers(connection)
            if (datetime.now(UTC) - w.seen_at).total_seconds() < _SILENT_SECONDS
        ]
        names = ", ".join(worker.name for worker in workers)
        words = f"runs in {names}" if workers else "no hub is running (start it: hilum serve)"
        checks.append(Check("hub", True, words))
        held = sum(count.now for count in await counts(connection) if count.state == "held")
        checks.append(
            Check("exceptions", not held, f"{held} wait for a person: hilum exceptions list" if held else "none")
        )
        checks += [
            Check("destination", False, f"{pause.destination} is down: {pause.words}")
            for pause in await open_breakers(connection)
        ]
    return bool(workers)


async def _sources(project: Project, running: bool) -> list[Check]:
    """Can every source be opened, and is its stream there? While a hub runs it has the others open: not tried."""
    checks = []
    for source, flows in shared_sources(list(project.flows.values())):
        where = f"{source.address} for {', '.join(flow.name for flow in flows)}"
        if running and source.traits.answers:
            checks.append(Check("source", True, f"{where} (not tried: a hub is running)"))
            continue
        if source.in_hub:
            checks.append(Check("source", True, f"{where}: {await source.check()}"))
            continue
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                furnish(source, project.settings, None)
                await source.open()
                found = "" if source.traits.answers else f": {await source.check()}"
            checks.append(Check("source", True, f"{where}{found}"))
        except TimeoutError:
            checks.append(Check("source", False, f"{where}: no answer within {_CHECK_SECONDS:.0f} seconds"))
        except (HilumError, OSError) as error:
            words = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            words = words.removeprefix(f"cannot listen on {source.address}: ")
            checks.append(Check("source", False, f"{where}: {words}"))
        finally:
            await source.close()
    return checks


async def _destinations(project: Project) -> list[Check]:
    flows = project.flows.values()
    try:
        destinations = build_endpoints(project.settings, flows)
        destinations |= read_only_endpoints(project.settings, flows, None)
    except HilumError as error:
        return [Check("destination", False, str(error))]
    users = users_by_endpoint(flows)
    return [each for name in destinations for each in await _destination(name, destinations[name], users.get(name, {}))]


async def _destination(name: str, destination: Destination, users: Users) -> list[Check]:
    """What it answers; and of one that can be looked at, each thing that the flows need and it does not have."""
    what = f"destination {name}"
    if destination.in_hub:
        return [Check(what, True, await destination.check())]
    try:
        async with _opened(destination):
            answer = Check(what, True, await destination.check())
            if not isinstance(destination, Inspected):
                return [answer]
            found = await destination.inspect(users.keys(), {}, needs_of(name, users))
    except (HilumError, OSError) as error:
        return [Check(what, False, str(error))]
    return [answer, *(Check(what, False, words) for words in told(found, users))]


async def round_trip(destination: Destination) -> str:
    """What the far side says to one harmless question. Raises `Down`, `Rejected` or `SettingsError`."""
    async with _opened(destination):
        return await destination.check()


@asynccontextmanager
async def _opened(destination: Destination) -> AsyncIterator[None]:
    """Open it for a few seconds. Raises `Down` where that is too little, and what `open` raises."""
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await destination.open()
            yield
    except TimeoutError:
        raise Down(f"no answer within {_CHECK_SECONDS:.0f} seconds") from None
    finally:
        await destination.close()

"""`hilum serve`: run a hub until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import importlib
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hilum import desk
from hilum.cli.collecting import collect_rarely
from hilum.cli.limits import raise_open_files
from hilum.cli.logs import configure_logs
from hilum.cli.opening import HERE, ProjectFolder, connected, project_of, run
from hilum.cli.output import out, plain
from hilum.ending import cancel_all
from hilum.errors import Down, SettingsError
from hilum.flow import Project
from hilum.observe import Telemetry
from hilum.observe.indicators import Keeper, calendar_of
from hilum.observe.indicators.gauges import Gauges
from hilum.postgres import Database
from hilum.processes import processes_of
from hilum.reconcile import Reconciler, comparisons_of
from hilum.runtime import ROLES, Hub
from hilum.security import ensure_first_user

if TYPE_CHECKING:
    from hilum.processes.engine import Engine


def serve(
    project: ProjectFolder = HERE,
    roles: Annotated[
        str, typer.Option(help=f"Parts of the hub that this process runs, with commas: {', '.join(ROLES)}.")
    ] = ",".join(ROLES),
    console_port: Annotated[
        int | None, typer.Option(help="Port of the console; 0: any free one.", min=0, max=65535)
    ] = None,
    telemetry_port: Annotated[
        int | None,
        typer.Option(help="Port of /metrics and /health of this process; 0: any free one.", min=0, max=65535),
    ] = None,
    log_json: Annotated[bool | None, typer.Option("--log-json/--log-text", help="Form of the log lines.")] = None,
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Run the hub of a project folder until Ctrl-C or SIGTERM."""
    configure_logs(as_json=log_json, level=log_level.upper())
    chosen = {role.strip() for role in roles.split(",") if role.strip()}
    if not chosen or chosen - set(ROLES):
        raise SettingsError(f"--roles {roles}: choose from {', '.join(ROLES)}.")
    raise_open_files()
    run(_serve(project, chosen, Ports(console_port, telemetry_port)))


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports that were asked for on the command line; None: as the settings say."""

    console: int | None = None
    telemetry: int | None = None


async def _serve(folder: Path, roles: set[str], ports: Ports) -> None:
    project = project_of(folder)
    if not project.flows:
        raise SettingsError(f"There are no flows in {project.folder / 'flows'}. Make a project with: hilum init my-hub")
    stop = stop_on_signals()

    async def announce(hub: Hub, console: str | None, telemetry: str | None) -> None:
        for source in hub.sources:
            out.print(f"listening  {plain(source.address)}", soft_wrap=True)
        if telemetry:
            out.print(f"telemetry  {plain(telemetry)}", soft_wrap=True)
        if console:
            out.print(f"console    {plain(console)}", soft_wrap=True)
        out.print("hub is up")

    await serve_hub(project, roles, stop, announce, ports=ports)
    out.print("hub is down")


def stop_on_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set.

    A second signal ends what is waited for without patience, yet still lets go of the database and the ports: the
    calling task is cancelled. A third ends the process at once.
    """
    stop, loop, task = asyncio.Event(), asyncio.get_running_loop(), asyncio.current_task()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def signalled() -> None:
        if not stop.is_set():
            stop.set()
            return
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        if task is not None:
            task.cancel()

    for number in numbers:
        loop.add_signal_handler(number, signalled)
    return stop


NO_PORTS = Ports()


async def serve_hub(
    project: Project,
    roles: set[str],
    stop: asyncio.Event,
    ready: Callable[[Hub, str | None, str | None], Awaitable[None]],
    *,
    ports: Ports = NO_PORTS,
    prepare_database: Callable[[Database], Awaitable[None]] | None = None,
) -> None:
    """Start a hub and its console, call `ready`, and stop both when `stop` is set or a part fails.

    `ready` gets the hub and the addresses of console and telemetry, when they answer. A stop that comes during the
    start ends it before the next part is started; `ready` is then not called.
    """
    async with AsyncExitStack() as parts:  # each part is closed even when closing the one before it was cut short
        waiting = connected(project.settings, patience=project.settings.hub.database_wait_seconds, stop=stop)
        database = await parts.enter_async_context(waiting)
        settings = project.settings
        readers = [desk.measure, Gauges(calendar_of(settings)).measure]
        telemetry = Telemetry(settings.telemetry, settings.alerts, hub=settings.hub.name, readers=readers)
        hub = Hub(project, database, roles=roles, observer=telemetry.observer)
        parts.push_async_callback(telemetry.stop)
        parts.push_async_callback(hub.stop)  # first: what it still does is told too
        measured = None
        engine: Engine | None = None
        if not stop.is_set():
            await _start(hub)
            engine = await _start_engine(hub, parts)
            _start_counting(hub, parts)
            _start_comparing(hub, parts)
            measured = await telemetry.start(hub, port=ports.telemetry)
        if prepare_database is not None and not stop.is_set():
            await prepare_database(database)
        console: asyncio.Task[None] | None = None
        address = None
        if "console" in roles and not stop.is_set():
            console, address = await _start_console(hub, telemetry, stop, ports.console, parts)
        parts.callback(stop.set)
        if not stop.is_set():
            collect_rarely()
            await ready(hub, address, measured)
            await _until(stop, hub, console, engine)


async def _start(hub: Hub) -> None:
    """Start the hub. Raises `SettingsError` that says what to do where an address of its flows is taken."""
    try:
        await hub.start()
    except (Down, SettingsError) as error:
        cause = error.__cause__ or error.__context__
        if not isinstance(cause, OSError) or cause.errno != errno.EADDRINUSE:
            raise
        words = str(error).rstrip(".")
        raise SettingsError(
            f"{words}. Another hub or program has it: stop that one, or let the flow listen elsewhere."
        ) from error


async def _start_engine(hub: Hub, parts: AsyncExitStack) -> Engine | None:
    """The engine of the project's processes, where this process is a worker and there are any."""
    processes = processes_of(hub.project)
    if not processes or hub.share is None:
        return None
    # It brings a database library of its own, which hubs without processes do without.
    package = await asyncio.to_thread(importlib.import_module, "hilum.processes.engine")
    engine: Engine = package.Engine(hub.project, hub.database, processes, hub.share.leases.id)
    parts.push_async_callback(engine.stop)
    await engine.start()
    return engine


def _start_counting(hub: Hub, parts: AsyncExitStack) -> None:
    """The count of the indicators, where this process is a worker."""
    if hub.share is not None:
        keeper = Keeper(hub.database, hub.project.settings)
        parts.push_async_callback(keeper.stop)
        keeper.start()


def _start_comparing(hub: Hub, parts: AsyncExitStack) -> None:
    """The comparisons of the project by their calendars, where this process is a worker and there are any."""
    comparisons = comparisons_of(hub.project)
    if comparisons and hub.share is not None:
        reconciler = Reconciler(hub.database, hub.project, comparisons)
        parts.push_async_callback(reconciler.stop)
        reconciler.start()


async def _start_console(
    hub: Hub, telemetry: Telemetry, stop: asyncio.Event, port: int | None, parts: AsyncExitStack
) -> tuple[asyncio.Task[None], str]:
    """The console's task, and its address. `parts` gets what ends it."""
    # Its libraries take longer to load than everything else together: the hub works meanwhile, and commands that show
    # no page do without them.
    console = await asyncio.to_thread(importlib.import_module, "hilum.console")
    settings = hub.project.settings
    context = console.Context(
        database=hub.database,
        hub=settings.hub.name,
        project=replace(hub.project, flows=hub.flows),  # with the flows that report to senders
        settled=hub.settled,
        facts=hub.facts,
        telemetry=telemetry,
    )
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    wanted = settings.console.port if port is None else port
    serving = asyncio.create_task(
        console.serve_console(context, settings.console.host, wanted, stop, ready=listening.set_result)
    )
    parts.push_async_callback(_ended, serving)
    parts.callback(stop.set)
    either: list[asyncio.Future[Any]] = [serving, listening]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not listening.done():
        listening.cancel()
        await serving
        raise SettingsError("The console ended before it answered.")
    address = await listening
    setup = await ensure_first_user(hub.database)
    return serving, f"{address}{setup}  (make the first user there)" if setup else address


async def _ended(console: asyncio.Task[None]) -> None:
    """Wait until the console has ended; why it did is raised elsewhere."""
    await asyncio.gather(console, return_exceptions=True)


async def _until(stop: asyncio.Event, hub: Hub, console: asyncio.Task[None] | None, engine: Engine | None) -> None:
    """Wait for the stop, or for a part that fails; raises what that part raised."""
    stopping = asyncio.create_task(stop.wait())
    failing = asyncio.create_task(hub.failed())
    running = asyncio.create_task(engine.failed()) if engine else None
    parts = {stopping, failing} | ({console} if console else set()) | ({running} if running else set())
    try:
        done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        for part in done:
            await part
    finally:
        ours = [part for part in (stopping, failing, running) if part is not None]
        await cancel_all(ours)

"""`hilum demo`: a hub, a sandbox Odoo and a simulated hospital, and where to look."""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live

from hilum.cli.demo_view import Scene, announce, in_state, picture
from hilum.cli.doctor import round_trip
from hilum.cli.guards import alone, taken
from hilum.cli.logs import configure_logs
from hilum.cli.opening import project_of, run
from hilum.cli.output import out
from hilum.cli.serve import Ports, serve_hub, stop_on_signals
from hilum.ending import cancel_all
from hilum.errors import HilumError, SettingsError
from hilum.flow import Project
from hilum.journal.tallies import Count, counts
from hilum.postgres import Database
from hilum.runtime import ROLES, Hub
from hilum.runtime.endpoints import build_endpoints
from hilum.scaffold import write_demo
from hilum.security import Role, create_user, set_password, users
from hilum.simulator.hospital import Hospital, Sender, Shares
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.odoo.serving import keep_key, kept_key

_SHARES = Shares(duplicate=0.03, early=0.02, unmapped=0.01, malformed=0.005, unreadable=0.005)
_USER = "demo"
_REFRESH = 1.0  # seconds
_SETTLE = 3.0  # seconds that messages under way get before the last counts are shown
_ENDPOINT = "odoo.main"  # what the flows of the demo call their Odoo


@dataclass(slots=True)
class _Play:
    """One run of the demo."""

    folder: Path
    rate: float
    seconds: float | None
    console_port: int
    scene: Scene
    first: bool  # nothing is stored yet
    stop: asyncio.Event  # somebody wants it to end
    over: asyncio.Event = field(default_factory=asyncio.Event)  # the hospital is silent: the hub may stop
    hospital: Hospital = field(default_factory=lambda: Hospital(seed=1))
    acting: asyncio.Task[None] | None = None


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its project and its data.")] = Path(".hilum/demo"),
    rate: Annotated[float, typer.Option(help="Simulated messages a second.", min=0.01)] = 5.0,
    seconds: Annotated[
        float | None, typer.Option(help="Stop so many seconds after the hub is up; without it at Ctrl-C.", min=0.0)
    ] = None,
    mllp_port: Annotated[
        int, typer.Option(help="Port for HL7; 0: any free one.", envvar="MLLP_PORT", min=0, max=65535)
    ] = 2575,
    odoo_port: Annotated[int, typer.Option(help="Port of the sandbox Odoo; 0: any free one.", min=0, max=65535)] = 8069,
    console_port: Annotated[int, typer.Option(help="Port of the console; 0: any free one.", min=0, max=65535)] = 8642,
) -> None:
    """Run everything on this machine. With ODOO_URL, ODOO_DB and ODOO_KEY set, that Odoo is used, not the sandbox."""
    configure_logs(as_json=False, level="WARNING")
    os.environ["MLLP_PORT"] = str(mllp_port)
    if (folder / "hilum.toml").exists() and not any((folder / "flows").glob("demo_*.py")):
        raise SettingsError(f"{folder} is a project of another kind: choose another --folder for the demo.")
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder, "A demo"):
        taken(mllp_port, "HL7", "--mllp-port")
        taken(console_port, "the console", "--console-port")
        if not os.environ.get("ODOO_URL"):
            taken(odoo_port, "the sandbox Odoo", "--odoo-port")
        run(_demo(folder, rate, seconds, odoo_port, console_port))
    out.print("Everything is stopped. What was stored is kept; start again to go on.")


async def _demo(folder: Path, rate: float, seconds: float | None, odoo_port: int, console_port: int) -> None:
    stop = stop_on_signals()
    first = not (folder / "hilum.toml").exists()
    out.print("Starting an Odoo, the hub with its PostgreSQL, and a small hospital …")
    async with _odoo(folder, odoo_port) as scene:
        play = _Play(folder, rate, seconds, console_port, scene, first, stop)
        if first:
            await asyncio.to_thread(write_demo, folder, hospital=play.hospital)
        project = project_of(folder)
        if not scene.ours:
            await _ask_odoo(project)
        await _run(play, project)


async def _run(play: _Play, project: Project) -> None:
    """The hub, and the hospital that sends to it; both end when a stop is wanted or one of them fails."""

    async def user(database: Database) -> None:
        play.scene.password = await _user(database)

    async def ready(hub: Hub, console: str | None, telemetry: str | None) -> None:
        play.scene.console = (console or "").split()[0]
        announce(play.scene, first=play.first)
        play.acting = asyncio.create_task(_act(hub, play))
        play.acting.add_done_callback(lambda _: play.over.set())
        if play.seconds is not None:
            asyncio.get_running_loop().call_later(play.seconds, play.stop.set)

    watching = [asyncio.create_task(_stopped_early(play)), asyncio.create_task(_hub_ended(play))]
    try:
        ports = Ports(console=play.console_port)
        await serve_hub(project, set(ROLES), play.over, ready, ports=ports, prepare_database=user)
    except BaseException:  # why the hub ended is what must be said, not what the hospital says of it
        play.stop.set()
        await asyncio.gather(*([play.acting] if play.acting else []), return_exceptions=True)
        raise
    finally:
        await cancel_all(watching)
    if play.acting is not None:
        await play.acting


async def _stopped_early(play: _Play) -> None:
    """A stop before anybody acts: there is nothing to end in good order, the start is broken off."""
    await play.stop.wait()
    if play.acting is None:
        play.over.set()


async def _hub_ended(play: _Play) -> None:
    """Without a hub the hospital stops too."""
    await play.over.wait()
    play.stop.set()


@asynccontextmanager
async def _odoo(folder: Path, port: int) -> AsyncIterator[Scene]:
    """The Odoo that the environment names, or the sandbox; its place is in the environment then."""
    if url := os.environ.get("ODOO_URL"):
        yield Scene(odoo=url, ours=False, about_odoo="the Odoo that you named", folder=str(folder), user=_USER)
        return
    key_file = folder / "odoo.key"
    sandbox = SandboxOdoo(
        "19.0", "hilum", "127.0.0.1", port, state_file=folder / "odoo.state", api_key=kept_key(key_file)
    )
    async with sandbox:
        keep_key(key_file, sandbox.api_key)
        named = {
            "ODOO_URL": sandbox.url,
            "ODOO_DB": sandbox.database,
            "ODOO_LOGIN": sandbox.login,
            "ODOO_KEY": sandbox.api_key,
        }
        os.environ.update(named)
        try:
            yield Scene(
                odoo=sandbox.url,
                ours=True,
                about_odoo="a sandbox that behaves like Odoo 19",
                folder=str(folder),
                user=_USER,
            )
        finally:
            for name in named:
                os.environ.pop(name, None)


async def _ask_odoo(project: Project) -> None:
    """Raises `SettingsError` where the Odoo that the user named is none, or does not let us in."""
    destination = build_endpoints(project.settings, project.flows.values())[_ENDPOINT]
    try:
        await round_trip(destination)
    except HilumError as error:
        raise SettingsError(
            f"The Odoo of ODOO_URL cannot be used: {error} Correct ODOO_URL, ODOO_DB, ODOO_LOGIN and ODOO_KEY, or "
            "unset them: the demo then brings a sandbox Odoo."
        ) from None


async def _user(database: Database) -> str:
    """A user to look around with, with a new random password at each start."""
    password = secrets.token_urlsafe(12)
    async with database.transaction() as connection:
        if any(user.name == _USER for user in await users(connection)):
            await set_password(connection, _USER, password)
        else:
            await create_user(connection, _USER, password, Role.ADMIN, created_by="demo")
    return password


async def _act(hub: Hub, play: _Play) -> None:
    """Send the hospital's traffic, and show what comes of it, until a stop is wanted or the hub fails."""
    sent_before = play.folder / "simulated.txt"
    skip = int(sent_before.read_text() or 0) if sent_before.exists() else 0
    sender = Sender(mllp=_listener(hub), inbox=play.folder / "in", connections=4, rate=play.rate)
    play.scene.sent = sender.counts
    with Live(console=out, refresh_per_second=4) as live:
        play.scene.doing = "Messages are on their way; this is updated every second."
        showing = asyncio.create_task(_show(hub, play, live))
        try:
            if not skip:
                await _master_data(hub, play)
            await _send(sender, play, skip, sent_before)
            await _settled(hub, play)
        finally:
            await cancel_all([showing])
        play.scene.doing = ""
        play.scene.counts = await _counts(hub)
        live.update(picture(play.scene))
    out.print("" if out.is_terminal else "\n")  # in a file or a pipe the picture ends without an end of line


def _listener(hub: Hub) -> tuple[str, int]:
    """Where the hub takes HL7: its real port, also where any free one was asked for."""
    address = next(source.address for source in hub.sources if source.address.startswith("mllp://"))
    host, _, port = address.removeprefix("mllp://").rpartition(":")
    return host, int(port)


async def _send(sender: Sender, play: _Play, skip: int, sent_before: Path) -> None:
    """Send until a stop is wanted, and wait for the answers that are due. The next start goes on from there."""
    traffic = itertools.islice(play.hospital.traffic(shares=_SHARES), skip, None)
    sending = asyncio.create_task(sender.run(traffic))
    try:
        while not play.stop.is_set() and not sending.done():
            await _rest(play.stop, _REFRESH)
            await asyncio.to_thread(sent_before.write_text, str(skip + sender.counts.messages))
    finally:
        play.scene.doing = "Stopping: what is under way is finished first …"
        sender.stop()
        sent = await sending
        await asyncio.to_thread(sent_before.write_text, str(skip + sent.messages))


async def _settled(hub: Hub, play: _Play) -> None:
    """Wait a little until what was sent has arrived; what waits for its turn or for a person may take longer."""
    try:
        async with asyncio.timeout(_SETTLE):
            while not play.over.is_set() and _under_way(await _counts(hub)):
                await _rest(play.over, _REFRESH / 4)
    except TimeoutError:
        return


async def _show(hub: Hub, play: _Play, live: Live) -> None:
    while True:
        play.scene.counts = await _counts(hub)
        live.update(picture(play.scene))
        await asyncio.sleep(_REFRESH)


async def _counts(hub: Hub) -> list[Count]:
    async with hub.database.cold() as connection:
        return await counts(connection)


async def _master_data(hub: Hub, play: _Play) -> None:
    """Put the spreadsheets into their folders, each when the one before has arrived: items need their suppliers."""
    kinds = {"suppliers": "procurement.suppliers", "locations": "inventory.locations", "items": "inventory.items"}
    with tempfile.TemporaryDirectory() as name:
        written = {path.stem: path for path in await asyncio.to_thread(play.hospital.write_master_data, Path(name))}
        for kind in (*kinds, "counts"):
            await asyncio.to_thread(shutil.copy, written[kind], play.folder / "in" / kind / written[kind].name)
            while kind in kinds and not play.stop.is_set() and not await _arrived(hub, kinds[kind]):
                await _rest(play.stop, 0.1)


async def _arrived(hub: Hub, flow: str) -> bool:
    mine = [count for count in await _counts(hub) if count.flow == flow and not count.destination]
    return in_state(mine, "completed") > 0 and not _under_way(mine)


def _under_way(found: list[Count]) -> int:
    return in_state(found, "received") + in_state(found, "routed")


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until the stop."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return

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
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live
from rich.table import Table

from hilum.cli.logs import configure_logs
from hilum.cli.opening import run
from hilum.cli.output import out
from hilum.cli.serve import serve_hub, stop_on_signals
from hilum.flow import load_project
from hilum.journal.tallies import Count, counts
from hilum.postgres import Database
from hilum.runtime import ROLES, Hub
from hilum.scaffold import write_demo
from hilum.security import Role, create_user, set_password, users
from hilum.simulator.hospital import Counts, Hospital, Sender, Shares
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.odoo.serving import keep_key, kept_key

_SHARES = Shares(duplicate=0.03, early=0.02, unmapped=0.01, malformed=0.005, unreadable=0.005)
_USER = "demo"
_REFRESH = 1.0  # seconds


@dataclass(slots=True)
class _Scene:
    """What the terminal shows."""

    odoo: str
    login: str
    console: str = ""
    password: str = ""
    sent: Counts | None = None


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its project and its data.")] = Path(".hilum/demo"),
    rate: Annotated[float, typer.Option(help="Simulated messages a second.")] = 5.0,
    seconds: Annotated[float | None, typer.Option(help="Stop after so many seconds; without it at Ctrl-C.")] = None,
    mllp_port: Annotated[int, typer.Option(help="Port for HL7.", envvar="MLLP_PORT")] = 2575,
    odoo_port: Annotated[int, typer.Option(help="Port of the sandbox Odoo.")] = 8069,
    console_port: Annotated[int, typer.Option(help="Port of the console.")] = 8642,
) -> None:
    """Run everything on this machine. With ODOO_URL, ODOO_DB and ODOO_KEY set, that Odoo is used, not the sandbox."""
    configure_logs(as_json=False, level="WARNING")
    os.environ["MLLP_PORT"] = str(mllp_port)
    run(_demo(folder, rate, seconds, odoo_port, console_port))


async def _demo(folder: Path, rate: float, seconds: float | None, odoo_port: int, console_port: int) -> None:
    stop = stop_on_signals()
    hospital = Hospital(seed=1)
    first = not (folder / "hilum.toml").exists()
    out.print("Starting the hub, its PostgreSQL, Odoo and a small hospital …")
    async with _odoo(folder, odoo_port) as scene:
        if first:
            write_demo(folder, hospital=hospital)
        project = load_project(folder)

        async def user(database: Database) -> None:
            scene.password = await _user(database)

        async def ready(hub: Hub, console: str | None) -> None:
            scene.console = (console or "").split()[0]
            _announce(scene, first)
            acting.append(asyncio.create_task(_act(hub, hospital, folder, rate, scene, stop)))

        acting: list[asyncio.Task[None]] = []
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, stop.set)
        try:
            await serve_hub(project, set(ROLES), stop, ready, console_port=console_port, prepare_database=user)
        finally:
            await asyncio.gather(*acting)
    out.print("Everything is stopped. What was stored is kept; start again to go on.")


@asynccontextmanager
async def _odoo(folder: Path, port: int) -> AsyncIterator[_Scene]:
    """The Odoo that the environment names, or the sandbox; its place is in the environment then."""
    if url := os.environ.get("ODOO_URL"):
        yield _Scene(odoo=url, login="the Odoo that you named")
        return
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    key_file = folder / "odoo.key"
    sandbox = SandboxOdoo(
        "19.0", "hilum", "127.0.0.1", port, state_file=folder / "odoo.state", api_key=kept_key(key_file)
    )
    async with sandbox:
        keep_key(key_file, sandbox.api_key)
        os.environ.update(
            ODOO_URL=sandbox.url, ODOO_DB=sandbox.database, ODOO_LOGIN=sandbox.login, ODOO_KEY=sandbox.api_key
        )
        yield _Scene(odoo=sandbox.url, login="a sandbox that behaves like Odoo 19")


async def _user(database: Database) -> str:
    """A user to look around with, with a new random password at each start."""
    password = secrets.token_urlsafe(12)
    async with database.transaction() as connection:
        if any(user.name == _USER for user in await users(connection)):
            await set_password(connection, _USER, password)
        else:
            await create_user(connection, _USER, password, Role.ADMIN, created_by="demo")
    return password


def _announce(scene: _Scene, first: bool) -> None:
    out.print()
    out.print(f"  Console   [bold]{scene.console}[/]   user [bold]{_USER}[/]   password [bold]{scene.password}[/]")
    out.print(f"  Odoo      [bold]{scene.odoo}[/]   ({scene.login})")
    out.print("  " + ("The first messages are on their way." if first else "Going on from what is stored."))
    out.print("  Ctrl-C stops everything.\n")


async def _act(hub: Hub, hospital: Hospital, folder: Path, rate: float, scene: _Scene, stop: asyncio.Event) -> None:
    """Send the hospital's traffic, and show what comes of it."""
    sent_before = folder / "simulated.txt"
    skip = int(sent_before.read_text() or 0) if sent_before.exists() else 0
    port = int(os.environ["MLLP_PORT"])
    if not skip:
        await _master_data(hub, hospital, folder, stop)
    sender = Sender(mllp=("127.0.0.1", port), inbox=folder / "in", connections=4, rate=rate)
    traffic = itertools.islice(hospital.traffic(shares=_SHARES), skip, None)
    sending = asyncio.create_task(sender.run(traffic))
    with Live(console=out, refresh_per_second=4, transient=False) as live:
        while not stop.is_set():
            live.update(await _picture(hub, sender.counts))
            await _rest(stop, _REFRESH)
        live.update(await _picture(hub, sender.counts))
    sender.stop()
    scene.sent = await sending
    sent_before.write_text(str(skip + scene.sent.messages))


async def _master_data(hub: Hub, hospital: Hospital, folder: Path, stop: asyncio.Event) -> None:
    """Put the spreadsheets into their folders, each when the one before has arrived: items need their suppliers."""
    kinds = {"suppliers": "procurement.suppliers", "locations": "inventory.locations", "items": "inventory.items"}
    with tempfile.TemporaryDirectory() as name:
        written = {path.stem: path for path in await asyncio.to_thread(hospital.write_master_data, Path(name))}
        for kind in (*kinds, "counts"):
            await asyncio.to_thread(shutil.copy, written[kind], folder / "in" / kind / written[kind].name)
            while kind in kinds and not stop.is_set() and not await _arrived(hub, kinds[kind]):
                await _rest(stop, 0.1)


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


async def _arrived(hub: Hub, flow: str) -> bool:
    async with hub.database.cold() as connection:
        mine = [count for count in await counts(connection) if count.flow == flow and not count.destination]
    return _now(mine, "completed") > 0 and not _now(mine, "received") + _now(mine, "routed")


async def _picture(hub: Hub, sent: Counts) -> Table:
    async with hub.database.cold() as connection:
        found = await counts(connection)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("flow")
    for column in ("received", "completed", "under way", "held", "duplicates"):
        table.add_column(column, justify="right")
    for name in sorted({count.flow for count in found if count.flow}):
        mine = [count for count in found if count.flow == name and not count.destination]
        table.add_row(
            name,
            str(_entered(mine, "received")),
            str(_now(mine, "completed")),
            str(_now(mine, "received") + _now(mine, "routed")),
            str(_now(mine, "held")),
            str(_entered(mine, "duplicate")),
        )
    table.add_section()
    table.add_row(f"hospital sent {sent.sent}, hub took {sent.accepted}, refused {sent.refused}")
    return table


def _now(found: list[Count], state: str) -> int:
    return sum(count.now for count in found if count.state == state)


def _entered(found: list[Count], state: str) -> int:
    return sum(count.entered for count in found if count.state == state)

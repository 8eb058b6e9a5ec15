"""`hilum simulate month`: a month of three hospitals, from requisitions to payments, and what the hub made of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cli.month_folder import fresh
from hilum.cli.opening import connected, project_of, run
from hilum.cli.output import AsJson, emit_json, err, out, table
from hilum.cli.serve import stop_on_signals
from hilum.connectors.odoo.settings import OdooSettings
from hilum.encryption.sealing import key_text, new_key
from hilum.errors import SettingsError
from hilum.flow import Project
from hilum.formats.banking import Party
from hilum.postgres import Database
from hilum.processes import processes_of
from hilum.runtime import prepare
from hilum.scaffold import write_month
from hilum.simulator.month import Month, Trouble, World, books_of, differences, look, month_of, opened, read_books
from hilum.simulator.month import table as confusion
from hilum.simulator.month.findings import Findings, by_language
from hilum.simulator.month.hospitals import lookups
from hilum.simulator.month.hub import HubProcess
from hilum.simulator.month.suppliers import profile_of
from hilum.simulator.odoo import FaultKind, SandboxOdoo

_ACCOUNT = "BE68539007547034"
_LOST = 0.01  # of the sandbox's replies
_BROKEN_OFF = 130  # as shells call a command that was stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """The Odoo that it ends in."""

    url: str
    database: str
    login: str
    key: str
    journal: str
    sandbox: SandboxOdoo | None = None

    @property
    def environment(self) -> dict[str, str]:
        """For the hub's project."""
        return {
            "ODOO_URL": self.url, "ODOO_DB": self.database, "ODOO_LOGIN": self.login, "ODOO_KEY": self.key,
            "MONTH_JOURNAL": self.journal,
        }  # fmt: skip


def month(
    orders: Annotated[int, typer.Option(help="Orders in the month.", min=1, max=100_000)] = 200,
    suppliers: Annotated[int, typer.Option(help="Suppliers.", min=1, max=99)] = 40,
    days: Annotated[int, typer.Option(help="Days on which something is ordered.", min=1, max=28)] = 21,
    seed: Annotated[int, typer.Option(help="The same seed gives the same month.")] = 1,
    kills: Annotated[int, typer.Option(help="How often the hub is killed (kill -9).", min=0, max=1000)] = 0,
    every: Annotated[
        bool,
        typer.Option(
            "--every-trouble",
            help="The first orders have each trouble, equally often: with N times as many orders, N times.",
        ),
    ] = False,
    lost: Annotated[float, typer.Option(help="Share of the sandbox's replies that are lost.", min=0, max=0.2)] = _LOST,
    word: Annotated[
        str, typer.Option("--run", help="Begins every number, up to 3 letters and digits: new for each run on an Odoo.")
    ] = "M",
    odoo: Annotated[str, typer.Option(help="A real Odoo instead of the sandbox.", envvar="ODOO_URL")] = "",
    db: Annotated[str, typer.Option(help="Its database.", envvar="ODOO_DB")] = "",
    login: Annotated[str, typer.Option(help="Its user.", envvar="ODOO_LOGIN")] = "",
    key: Annotated[str, typer.Option(help="The user's API key.", envvar="ODOO_KEY")] = "",
    journal: Annotated[str, typer.Option(help="Short name of the bank's journal there.")] = "BNK1",
    folder: Annotated[
        Path | None, typer.Option(help="Where the project is made and kept; without it, one that is removed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play a month of three hospitals with all its troubles, and compare what came of it, to the cent.

    It has a hub, a PostgreSQL, suppliers, a bank and people of its own. The exit code is 1 where a trouble was not
    found, a clean order did not go straight through, or Odoo's books are not what they must be; 130 where Ctrl-C or
    SIGTERM has broken it off, which ends all that it has started.
    """
    if not (1 <= len(word) <= 3 and word.isalnum() and word.isascii()):
        raise SettingsError("--run: write one to three letters or digits.")
    kinds = [each for each in Trouble if each is not Trouble.NONE]
    # one after the other goes to the next supplier: so each trouble meets suppliers of every language
    troubles = [each for each in kinds for _ in range(max(1, orders // len(kinds)))] if every else None
    played = month_of(seed, orders=orders, vendors=suppliers, order_days=days, run=word.upper(), troubles=troubles)
    real = There(url=odoo, database=db, login=login, key=key, journal=journal) if odoo else None
    made = folder or Path(tempfile.mkdtemp(prefix="hilum-month-"))
    about = f"{orders} orders, {suppliers} suppliers, seed {seed}"
    try:
        with fresh(made, about) as became:
            result = run(_until_stopped(_play(played, made, real, kills=kills, seed=seed, lost=lost)))
            became(_outcome(result))
    finally:
        if folder is None:
            shutil.rmtree(made, ignore_errors=True)
    if result is None:
        if as_json:
            emit_json({"right": False, "broken_off": True})
        else:
            out.print("broken off: nothing was compared")
        raise typer.Exit(_BROKEN_OFF)
    if as_json:
        emit_json(result)
    else:
        _show(result)
    if not result["right"]:
        raise typer.Exit(1)


async def _until_stopped(playing: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any] | None:
    """What it came to; none: a signal has broken it off, and everything that it had started has ended."""
    stop, task = stop_on_signals(), asyncio.create_task(playing)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if task.done():
        return await task
    task.cancel()  # once: what ends it waits for the hub and for PostgreSQL
    with suppress(asyncio.CancelledError):
        return await task
    return None


def _outcome(result: dict[str, Any] | None) -> str:
    if result is None:
        return "it was broken off"
    return "all was as it must be" if result["right"] else "not all was as it must be"


async def _play(
    played: Month, folder: Path, real: There | None, *, kills: int, seed: int, lost: float
) -> dict[str, Any]:
    begun = time.monotonic()
    partners = {vendor.key: profile_of(vendor, folder / "mail") for vendor in played.vendors}
    tables = {**lookups(played), "bank_accounts": f"code,value\n{_ACCOUNT},{real.journal if real else 'BNK1'}\n"}
    write_month(folder, partners=partners, lookups=tables, name="month")
    async with _odoo(real, lost) as there:
        port = _free_port()
        environment = {**there.environment, "MONTH_PORT": str(port)}
        environment["HILUM_MASTER_KEY"] = os.environ.get("HILUM_MASTER_KEY") or key_text(new_key())
        os.environ.update(environment)  # the project is also read here, for its processes
        project = project_of(folder)
        async with connected(project.settings) as database:
            await prepare(database, lanes=project.settings.hub.lanes)
            world = _world(played, project, database, f"http://127.0.0.1:{port}", environment)
            world.kills, world.seed = kills, seed
            world.tell = lambda words: err.print(f"{time.monotonic() - begun:6.1f} s  {words}")
            await world.play()
            async with database.cold() as connection:
                found = await look(connection, played, folder)
        if there.sandbox is not None:
            there.sandbox.faults.clear()  # who reads the books is not who was to be disturbed
        settings = OdooSettings.model_validate({
            "url": there.url, "database": there.database, "login": there.login, "api_key": there.key
        })  # fmt: skip
        async with opened(settings) as client:
            wrong = differences(books_of(played), await read_books(client, played))
    return _result(played, found, wrong, seconds=time.monotonic() - begun, kills=world.hub.kills)


def _world(played: Month, project: Project, database: Database, url: str, environment: Mapping[str, str]) -> World:
    embedded = {} if os.environ.get("HILUM_DATABASE_URL") else {"HILUM_DATABASE_URL": database.url}
    return World(
        month=played,
        project=project.folder,
        hub=HubProcess(project.folder, {**environment, **embedded}),
        database=database,
        url=url,
        account=Party(name="Three hospitals", account=_ACCOUNT),
        forms={name: form for process in processes_of(project) for name, form in process.forms.items()},
    )


@asynccontextmanager
async def _odoo(real: There | None, lost: float) -> AsyncIterator[There]:
    """The one that was named, or a sandbox that loses some of its replies after it has done what was asked."""
    if real is not None:
        yield real
        return
    async with SandboxOdoo("19.0", "hilum") as box:
        if lost:
            box.faults.add(FaultKind.LOST_REPLY, probability=lost)
        yield There(
            url=box.url, database=box.database, login=box.login, key=box.api_key, journal="BNK1", sandbox=box
        )  # fmt: skip


def _free_port() -> int:
    """The hub must come back to the same one after it was killed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _result(played: Month, found: Findings, wrong: list[str], *, seconds: float, kills: int) -> dict[str, Any]:
    rows = confusion(played, found)
    missed = [f"{row.injected}: {row.count - row.right} of {row.count} not found as {row.wanted}" for row in rows
              if row.right != row.count]  # fmt: skip
    books = books_of(played)
    return {
        "right": not (wrong or missed or found.held),
        "orders": len(played.stories),
        "suppliers": len(played.vendors),
        "kills": kills,
        "seconds": round(seconds, 1),
        "questions": found.asked,
        "repetitions_recognised": found.repetitions,
        "table": [
            {"injected": row.injected, "count": row.count, "right": row.right, "found": dict(row.found)} for row in rows
        ],
        "partners": [
            {"speaks": name, "orders": count, "right": right}
            for name, (count, right) in by_language(played, found).items()
        ],
        "missed": missed,
        "held": found.held,
        "books": {
            "ledger": {name: str(amount) for name, amount in books.ledger.items()},
            "suppliers": len(books.owed),
            "items_in_stock": len(books.stock),
            "documents": len(books.documents),
            "differences": wrong,
        },
    }


def _show(result: dict[str, Any]) -> None:
    rows = [[each["injected"], each["count"], each["right"],
             ", ".join(f"{name} {n}" for name, n in each["found"].items())] for each in result["table"]]  # fmt: skip
    table(["injected", "times", "found right", "found as"], rows, empty="", right=["times", "found right"])
    out.print()
    spoken = [[each["speaks"], each["orders"], each["right"]] for each in result["partners"]]
    table(["suppliers speak", "orders", "found right"], spoken, empty="", right=["orders", "found right"])
    books = result["books"]
    out.print(
        f"\n{result['orders']} orders, {result['suppliers']} suppliers, {result['kills']} kills, "
        f"{result['questions']} questions to people, {result['repetitions_recognised']} repetitions recognised, "
        f"{result['seconds']} s",
        soft_wrap=True,
    )
    told = ", ".join(f"{name} {amount}" for name, amount in books["ledger"].items())
    out.print(f"ledger: {told}", soft_wrap=True)
    compared = f"{books['documents']} bills, {books['suppliers']} suppliers, {books['items_in_stock']} items in stores"
    out.print(f"compared to the cent: {compared}", soft_wrap=True)
    for words in (*result["missed"], *result["held"], *books["differences"]):
        out.print(f"  {words}", soft_wrap=True)
    out.print("all as it must be" if result["right"] else "not as it must be")

"""`hilum simulate`: traffic of a simulated hospital, at a chosen rate, with a share of trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from hilum.cli.month import month
from hilum.cli.opening import run
from hilum.cli.output import AsJson, emit_json, err, out
from hilum.cli.serve import stop_on_signals
from hilum.errors import SettingsError
from hilum.simulator.hospital import Counts, Event, Hospital, Sender, Shares

_CONNECT_SECONDS = 5.0

app = typer.Typer(help="Traffic of a simulated hospital; or a whole month of orders, bills and payments.")
app.command("month")(month)


@app.callback(invoke_without_command=True)
def simulate(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Where the hub listens for MLLP.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The hub's MLLP port.", min=1, max=65535)] = 2575,
    http: Annotated[str | None, typer.Option(help="Post the messages to this URL instead.")] = None,
    inbox: Annotated[
        Path | None, typer.Option(help="Folder for requisitions as files; else they are messages.")
    ] = None,
    count: Annotated[int | None, typer.Option(help="Messages to send; without it until Ctrl-C.", min=1)] = None,
    rate: Annotated[float, typer.Option(help="Messages a second; 0: as fast as the hub answers.", min=0.0)] = 5.0,
    connections: Annotated[int, typer.Option(help="Connections at the same time.", min=1, max=1000)] = 4,
    seed: Annotated[int, typer.Option(help="The same seed gives the same hospital and traffic.")] = 1,
    again: Annotated[
        str, typer.Option(help="Any word, put into every identifier: what was sent before is then not sent again.")
    ] = "",
    duplicates: Annotated[float, typer.Option(help="Share of messages sent twice.", min=0.0, max=1.0)] = 0.02,
    malformed: Annotated[float, typer.Option(help="Share of messages that are broken.", min=0.0, max=1.0)] = 0.005,
    unmapped: Annotated[
        float, typer.Option(help="Share of charges with a code that no table has.", min=0.0, max=1.0)
    ] = 0.005,
    late: Annotated[float, typer.Option(help="Share of admissions whose charges come first.", min=0.0, max=1.0)] = 0.01,
    as_json: AsJson = False,
) -> None:
    """Send what a hospital's systems have to tell: admissions, charges, requisitions, with a share of trouble."""
    if context.invoked_subcommand is not None:
        return
    if inbox is not None and not inbox.is_dir():
        raise SettingsError(f"--inbox {inbox}: there is no such folder.")
    shares = Shares(duplicate=duplicates, early=late, unmapped=unmapped, malformed=malformed)
    traffic = Hospital(seed).traffic(
        count=count, shares=shares, requisitions="csv" if inbox is not None else "hl7", run=again
    )
    sender = Sender(
        mllp=None if http else (host, port), http=http, inbox=inbox, connections=connections, rate=rate or None
    )
    where = _address(http) if http else (host, port)
    counts = run(_send(sender, traffic, where))
    if as_json:
        emit_json(asdict(counts))
        return
    for name, value in asdict(counts).items():
        out.print(f"{name:12} {value}")


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"--http {url}: write an address such as http://127.0.0.1:8080/hl7.")
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


async def _send(sender: Sender, traffic: Iterator[Event], where: tuple[str, int]) -> Counts:
    """Send until the traffic ends or a signal comes. Raises `SettingsError` where nobody listens."""
    stop = stop_on_signals()
    await _somebody_listens(*where)
    sending = asyncio.create_task(sender.run(traffic))
    stopping = asyncio.create_task(stop.wait())
    with _progress(sender.counts):
        await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        sender.stop()
        stopping.cancel()
        return await sending


async def _somebody_listens(host: str, port: int) -> None:
    """A hub that is restarted is waited for later on; but who begins with nobody there has named the wrong place."""
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        raise SettingsError(
            f"Nobody listens at {host}:{port}: start the hub (hilum serve), or name it with --host and --port."
        ) from None
    writer.close()


@contextmanager
def _progress(counts: Counts) -> Iterator[None]:
    """While this goes on, a terminal shows how far it is."""
    if not err.is_terminal:
        yield
        return

    class Line:
        """The counts as they are when the terminal is painted."""

        def __rich__(self) -> str:
            return f"sent {counts.sent}, taken {counts.accepted}, refused {counts.refused}  (Ctrl-C ends)"

    with err.status(Line()):
        yield

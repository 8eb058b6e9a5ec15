"""`hilum simulate`: traffic of a simulated hospital, at a chosen rate, with a share of trouble."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.opening import run
from hilum.cli.output import AsJson, emit_json, out
from hilum.cli.serve import stop_on_signals
from hilum.simulator.hospital import Counts, Hospital, Sender, Shares


def simulate(
    host: Annotated[str, typer.Option(help="Where the hub listens for MLLP.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The hub's MLLP port.")] = 2575,
    http: Annotated[str | None, typer.Option(help="Post the messages to this URL instead.")] = None,
    inbox: Annotated[Path | None, typer.Option(help="Folder for requisitions as files.")] = None,
    count: Annotated[int | None, typer.Option(help="Messages to send; without it until Ctrl-C.")] = None,
    rate: Annotated[float, typer.Option(help="Messages a second; 0: as fast as the hub answers.")] = 5.0,
    connections: Annotated[int, typer.Option(help="Connections at the same time.")] = 4,
    seed: Annotated[int, typer.Option(help="The same seed gives the same hospital and traffic.")] = 1,
    duplicates: Annotated[float, typer.Option(help="Share of messages sent twice.")] = 0.02,
    malformed: Annotated[float, typer.Option(help="Share of messages that are broken.")] = 0.005,
    unmapped: Annotated[float, typer.Option(help="Share of charges with a code that no table has.")] = 0.005,
    late: Annotated[float, typer.Option(help="Share of admissions whose charges come first.")] = 0.01,
    as_json: AsJson = False,
) -> None:
    """Send what a hospital's systems have to tell: admissions, charges, requisitions, with a share of trouble."""
    shares = Shares(duplicate=duplicates, early=late, unmapped=unmapped, malformed=malformed)
    counts = run(_send(host, port, http, inbox, count, rate, connections, seed, shares))
    if as_json:
        emit_json(asdict(counts))
        return
    for name, value in asdict(counts).items():
        out.print(f"{name:12} {value}")


async def _send(
    host: str,
    port: int,
    http: str | None,
    inbox: Path | None,
    count: int | None,
    rate: float,
    connections: int,
    seed: int,
    shares: Shares,
) -> Counts:
    stop = stop_on_signals()
    sender = Sender(
        mllp=None if http else (host, port), http=http, inbox=inbox, connections=connections, rate=rate or None
    )
    sending = asyncio.create_task(sender.run(Hospital(seed).traffic(count=count, shares=shares)))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
    sender.stop()
    stopping.cancel()
    return await sending

"""`hilum destinations`: which are in order or left alone, and stopping one or letting it go on."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cli.messages import actor
from hilum.cli.opening import HERE, ProjectFolder, journal, project_of, run
from hilum.cli.output import AsJson, ago, emit_json, fail, out, plain, table
from hilum.flow import Project
from hilum.journal.breakers import close_by_person, open_by_person
from hilum.journal.destinations import DestinationRow, destinations

app = typer.Typer(help="Destinations: list them, stop one (open its breaker), let it go on (close its breaker).")

Name = Annotated[str, typer.Argument(help="Name of the destination, for example odoo.main.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit.")]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@app.command("list")
def list_destinations(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List the destinations: state, since when and why, what waits, and how much goes there."""
    loaded = project_of(project)
    found = run(_list(project, loaded))
    if as_json:
        emit_json([_facts(loaded, row) for row in found])
        return
    rows = [
        [
            row.name,
            row.word,
            ago(row.breaker.since) if row.breaker else "",
            row.why,
            row.pending,
            row.waiting,
            ago(row.oldest) if row.oldest else "",
            f"{row.per_minute:.0f}",
            _limits(loaded, row.name),
        ]
        for row in found
    ]
    columns = ["destination", "state", "since", "why", "pending", "waiting", "oldest", "a minute", "limits"]
    right = ["pending", "waiting", "a minute"]
    table(columns, rows, empty="No flow delivers anywhere.", right=right, wrap=["why", "limits"])


async def _list(folder: Path, loaded: Project) -> list[DestinationRow]:
    async with journal(folder) as database, database.cold() as connection:
        return await destinations(connection, loaded.destinations)


def _facts(loaded: Project, row: DestinationRow) -> dict[str, Any]:
    return {
        "destination": row.name,
        "state": row.state.value,
        "since": row.breaker.since if row.breaker else None,
        "until": row.breaker.until if row.breaker else None,
        "words": row.breaker.words if row.breaker else "",
        "actor": row.breaker.actor if row.breaker else "",
        "pending": row.pending,
        "waiting": row.waiting,
        "oldest": row.oldest,
        "per_minute": row.per_minute,
        "limits": _limits(loaded, row.name),
    }


def _limits(loaded: Project, name: str) -> str:
    return loaded.limits_in_words(name, datetime.now(UTC))


@app.command("open")
def open_destination(
    name: Name,
    reason: Reason = "",
    span: Annotated[str, typer.Option("--for", help="How long, such as 30m, 2h, 1d; else until it is closed.")] = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Stop a destination: nothing is sent there; what is for it waits, in order, and uses up no attempt."""
    seconds = _seconds(span) if span else None
    _known(project, name, reason)
    run(_open(project, name, reason, seconds))
    if as_json:
        emit_json({"destination": name, "state": "open", "seconds": seconds})
        return
    until = f"for {span}; then one delivery finds out" if span else f"until: hilum destinations close {name} --reason …"
    out.print(plain(f"Nothing is sent to {name}, {until}."), soft_wrap=True)


async def _open(folder: Path, name: str, reason: str, seconds: float | None) -> None:
    async with journal(folder) as database, database.transaction() as connection:
        await open_by_person(connection, name, actor=actor(), reason=reason, seconds=seconds)


@app.command("close")
def close_destination(name: Name, reason: Reason = "", project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Let a destination go on: what waits is sent, slowly at first, in order."""
    _known(project, name, reason)
    done = run(_close(project, name, reason))
    if as_json:
        emit_json({"destination": name, "state": "closed", "changed": done})
    elif done:
        out.print(plain(f"What waits for {name} is sent again, slowly at first."), soft_wrap=True)
    else:
        out.print(plain(f"{name} is in order; there is nothing to let go on."), soft_wrap=True)


async def _close(folder: Path, name: str, reason: str) -> bool:
    async with journal(folder) as database, database.transaction() as connection:
        return await close_by_person(connection, name, actor=actor(), reason=reason)


def _known(folder: Path, name: str, reason: str) -> None:
    """Ends with what is wrong: an unknown name, or no reason."""
    if not reason.strip():
        fail("Say why with --reason; it is kept in the audit.")
    names = project_of(folder).destinations
    if name not in names:
        fail(f"No flow delivers to '{name}'. There are: {', '.join(names) or 'none'}.")


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not found or not float(found[1]):
        fail(f"'{text}' is not a length of time: write 30m, 2h or 1d.")
    return float(found[1]) * _UNITS[found[2]]

"""`hilum destinations`: which are in order or left alone, and stopping one or letting it go on."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cases import NotPossible, switches
from hilum.cases.approvals import request
from hilum.cli.acting import As, Login, Reason, login_of, person, policy_of
from hilum.cli.opening import HERE, ProjectFolder, journal, project_of, run
from hilum.cli.output import AsJson, ago, emit_json, fail, out, plain, table
from hilum.flow import Project
from hilum.journal.destinations import DestinationRow, destinations
from hilum.security import Permission

app = typer.Typer(help="Destinations: list them, stop one (open its breaker), let it go on (close its breaker).")

Name = Annotated[str, typer.Argument(help="Name of the destination, for example odoo.main.")]

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
            row.unknown,
            row.packing,
            _limits(loaded, row.name),
        ]
        for row in found
    ]
    columns = ["destination", "state", "since", "why", "pending", "waiting", "oldest", "a minute", "unknown"]
    columns += ["calls of a day", "limits"]
    right = ["pending", "waiting", "a minute", "unknown"]
    table(columns, rows, empty="No flow delivers anywhere.", right=right, wrap=["why", "calls of a day", "limits"])


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
        "unknown": row.unknown,
        "findings": list(row.state_there.findings) if row.state_there else [],
        "key_ends": row.state_there.key_ends if row.state_there else None,
        "calls": row.effort.calls if row.effort else None,
        "calls_saved": row.effort.saved if row.effort else None,
        "records_per_call": row.effort.per_call if row.effort else None,
        "limits": _limits(loaded, row.name),
    }


def _limits(loaded: Project, name: str) -> str:
    return loaded.limits_in_words(name, datetime.now(UTC))


@app.command("open")
def open_destination(
    name: Name,
    reason: Reason = "",
    span: Annotated[str, typer.Option("--for", help="How long, such as 30m, 2h, 1d; else until it is closed.")] = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Stop a destination: nothing is sent there; what is for it waits, in order, and uses up no attempt."""
    seconds = _seconds(span) if span else None
    _known(project, name, reason)
    subject = {"switch": "open", "destination": name, "seconds": seconds}
    _, request_number = run(_turn(project, subject, reason, login_of(as_user)))
    until = f"for {span}; then one delivery finds out" if span else f"until: hilum destinations close {name} --reason …"
    answer = {"destination": name, "state": "open", "seconds": seconds}
    _told(answer, f"Nothing is sent to {name}, {until}.", request_number, as_json)


@app.command("close")
def close_destination(
    name: Name, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Let a destination go on: what waits is sent, slowly at first, in order."""
    _known(project, name, reason)
    done, request_number = run(_turn(project, {"switch": "close", "destination": name}, reason, login_of(as_user)))
    words = (
        f"What waits for {name} is sent again, slowly at first."
        if done
        else f"{name} is in order; there is nothing to let go on."
    )
    _told({"destination": name, "state": "closed", "changed": done}, words, request_number, as_json)


def _told(answer: dict[str, Any], words: str, request_number: int | None, as_json: bool) -> None:
    if as_json:
        emit_json(answer if request_number is None else {**answer, "state": "waits", "approval": request_number})
    elif request_number is not None:
        out.print(f"It waits for a second person: approval {request_number}, in the console.")
    else:
        out.print(plain(words), soft_wrap=True)


async def _turn(folder: Path, subject: dict[str, Any], reason: str, login: Login | None) -> tuple[bool, int | None]:
    """Turn a breaker; was there something to turn? Or the number of the request, where the policy asks for one."""
    policy = policy_of(folder)
    demand = policy.demand_for(str(subject["destination"]))
    async with journal(folder) as database:
        who = await person(database, login)
        who.permitted(Permission.PAUSE)
        who.asked(demand)
        async with database.transaction() as connection:
            if demand is not None:
                number = await request(
                    connection, act="breaker", subject=subject, words=switches.in_words(subject), demand=demand,
                    policy=policy, by=who.name, reason=reason,
                )  # fmt: skip
                return True, number
            try:
                await switches.turn(connection, subject, by=who.name, reason=reason)
            except NotPossible:
                return False, None
    return True, None


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

"""`hilum exceptions`: what waits for a person, and what a person may do."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from hilum.cases import (
    Case,
    Group,
    Note,
    NotPossible,
    Selection,
    add_note,
    assign,
    case,
    cases,
    close_condition,
    described,
    discard,
    groups,
    hand_over,
    notes,
)
from hilum.cases.jobs import Asked, make, prepare
from hilum.cli.acting import As, DryRun, Login, Reason, acting, login_of, policy_of, reasoned
from hilum.cli.carrying import act, settled_of, tell
from hilum.cli.messages import message_id
from hilum.cli.opening import HERE, ProjectFolder, journal, run
from hilum.cli.options import Background, Rate
from hilum.cli.output import AsJson, ago, emit_json, fail, out, plain, table, with_reason
from hilum.journal import reading
from hilum.security import Permission

app = typer.Typer(help="What waits for a person: groups of like cases, single cases, and what may be done with them.")

NO_CASE = "No case is open. What processes ask people is on the desk: hilum desk list"

Number = Annotated[int, typer.Argument(help="Number of the case.", min=1, max=2**63 - 1)]


@app.command("list")
def list_cases(
    owner: Annotated[str, typer.Option(help="Only of this team.")] = "",
    category: Annotated[str, typer.Option(help="Only of this category.")] = "",
    flow: Annotated[str, typer.Option(help="Only of this flow.")] = "",
    closed: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the cases, the oldest first."""
    found = run(_cases(project, owner=owner, category=category, flow=flow, only_open=not closed))
    if as_json:
        emit_json([asdict(one) for one in found])
        return
    rows = [
        [str(c.id), ago(c.opened_at), c.owner, c.flow, with_reason(c.title, c.words), c.behind, c.assigned_to]
        for c in found
    ]
    columns = ["case", "since", "owner", "flow", "what is wrong", "behind", "assigned"]
    table(columns, rows, empty=NO_CASE, right=["case", "behind"], wrap=["what is wrong", "owner"])


async def _cases(folder: Path, **selection: Any) -> list[Case]:
    async with journal(folder) as database, database.cold() as connection:
        return await cases(connection, **selection)


@app.command()
def show(number: Number, project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """One case: what is wrong, what to do, who can."""
    found, written = run(_case(project, number))
    if found is None:
        fail(f"There is no case {number}. See: hilum exceptions list --all")
    if as_json:
        emit_json(asdict(found) | {"notes": [asdict(note) for note in written]})
        return
    closed = "" if found.open else f" ({found.resolution} by {found.closed_by}, {ago(found.closed_at)})"
    out.print(f"[bold]{plain(found.title)}[/]{plain(closed)}\n{plain(found.words)}\nNext: {plain(found.next_step)}")
    facts = {
        "owner": found.owner,
        "assigned": found.assigned_to or "",
        "flow": ", ".join(found.flows) or found.flow,
        "at": found.destination,
        "message": str(found.message_id or ""),
        "seen": f"{found.seen} times, the last {ago(found.seen_at)}" if found.seen_at else "",
        "since": ago(found.opened_at),
        "due": f"{found.due_at:%Y-%m-%d %H:%M %Z}" if found.due_at and found.open else "",
        "like it": f"hilum exceptions resolve {found.group_key}" if found.open and found.message_id else "",
        "close": f"hilum exceptions close {found.id} --reason …" if found.open and found.condition else "",
        "behind": f"{found.behind} wait behind it" if found.behind else "",
    }
    for name, value in facts.items():
        if value:
            out.print(f"[bold]{name:9}[/]{plain(value)}", soft_wrap=True)
    if found.misfits:
        points = [[each["what"], each["expected"], each["found"]] for each in found.misfits]
        table(["what", "expected", "found"], points, empty="")
    if found.detail:
        out.print(plain(found.detail), soft_wrap=True)
    for note in written:
        out.print(plain(f"{ago(note.at)}, {note.author}: {note.words}"), soft_wrap=True)


async def _case(folder: Path, number: int) -> tuple[Case | None, list[Note]]:
    async with journal(folder) as database, database.cold() as connection:
        return await case(connection, number), await notes(connection, number)


@app.command("groups")
def list_groups(
    owner: Annotated[str, typer.Option(help="Only of this team.")] = "",
    category: Annotated[str, typer.Option(help="Only of this category.")] = "",
    flow: Annotated[str, typer.Option(help="Only of this flow.")] = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List like cases together, the most vital first: how many wait for the same cause."""
    found = run(_groups(project, owner=owner, category=category, flow=flow))
    if as_json:
        emit_json([asdict(one) for one in found])
        return
    rows = [
        [g.key, g.count, g.behind, ago(g.oldest), g.owner, g.flow, described(g.category).title, g.title] for g in found
    ]
    columns = ["group", "cases", "behind", "since", "owner", "flow", "category", "what is wrong"]
    table(columns, rows, empty=NO_CASE, right=["cases", "behind"], wrap=["what is wrong"])


async def _groups(folder: Path, **selection: Any) -> list[Group]:
    async with journal(folder) as database, database.cold() as connection:
        return await groups(connection, **selection)


@app.command()
def resolve(
    group: Annotated[str, typer.Argument(help="The group; see: hilum exceptions groups.")],
    replay: Annotated[bool, typer.Option("--replay", help="Send again what is held of it.")] = False,
    discard: Annotated[bool, typer.Option("--discard", help="End what is held of it, for good.")] = False,
    assign_to: Annotated[str, typer.Option(help="Give its cases to this person.")] = "",
    rate: Rate = 0.0,
    reason: Reason = "",
    dry_run: DryRun = False,
    background: Background = False,
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Replay, discard or assign all like cases in one act. An interrupted one can be resumed."""
    chosen = [name for name, on in (("replay", replay), ("discard", discard), ("assign", bool(assign_to))) if on]
    if len(chosen) != 1:
        fail("Say one of --replay, --discard and --assign-to.")
    why = reason if dry_run else reasoned(reason)
    asked = Asked(act=chosen[0], selection=Selection(group=group), rate=rate, assign_to=assign_to or None)
    login = None if dry_run else login_of(as_user)
    answer = run(act(project, asked, reason=why, dry_run=dry_run, login=login, wait=not background))
    verbs = {"replay": "are on their way", "discard": "discarded", "assign": "assigned"}
    tell(answer, verbs[chosen[0]], as_json=as_json)


@app.command("assign")
def assign_case(
    number: Number,
    to: Annotated[str, typer.Argument(help="A person; empty: back to the team.")] = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Give a case to a person, or back to its team."""
    if not run(_assign(project, number, to, login_of(as_user))):
        fail(f"There is no open case {number}. See: hilum exceptions list")
    if as_json:
        emit_json({"case": number, "assigned_to": to or None})
    else:
        out.print(plain(f"Case {number} is {to}'s now." if to else f"Case {number} is back with its team."))


async def _assign(folder: Path, number: int, to: str, login: Login | None) -> bool:
    async with acting(folder, login, Permission.ASSIGN) as (connection, who):
        return await assign(connection, number, to=to or None, actor=who.name)


@app.command("hand-over")
def hand_over_case(
    number: Number, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Give a case to the flow's other owner: from business to technical, or back."""
    team = run(_hand_over(project, number, reasoned(reason), login_of(as_user)))
    if as_json:
        emit_json({"case": number, "owner": team})
    else:
        out.print(plain(f"Case {number} is with {team} now."))


async def _hand_over(folder: Path, number: int, reason: str, login: Login | None) -> str:
    async with acting(folder, login, Permission.ASSIGN) as (connection, who):
        return await hand_over(connection, number, actor=who.name, reason=reason)


@app.command("close")
def close_case(
    number: Number, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Close a case without a message: it stays closed until it is over, or something more is wrong there."""
    run(_close(project, number, reasoned(reason), login_of(as_user)))
    if as_json:
        emit_json({"case": number, "closed": True})
    else:
        out.print(f"Case {number} is closed.")


async def _close(folder: Path, number: int, reason: str, login: Login | None) -> None:
    async with acting(folder, login, Permission.PAUSE) as (connection, who):
        await close_condition(connection, number, actor=who.name, reason=reason)


@app.command()
def note(
    number: Number,
    words: Annotated[str, typer.Argument(help="What to write down.")],
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Write something down about a case, for whoever works on it next."""
    if not words.strip():
        fail("Say what to write down.")
    run(_note(project, number, words.strip(), login_of(as_user)))
    if as_json:
        emit_json({"case": number, "words": words})
    else:
        out.print(plain(f"Noted on case {number}."))


async def _note(folder: Path, number: int, words: str, login: Login | None) -> None:
    async with acting(folder, login, Permission.ASSIGN) as (connection, who):
        await add_note(connection, number, actor=who.name, words=words)


@app.command("discard")
def discard_message(
    message: Annotated[str, typer.Argument(help="Id of the message.")],
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """End what is held of a message, for good; those behind it go on."""
    found = message_id(message)
    words = run(_discard(project, found, reasoned(reason), login_of(as_user)))
    if as_json:
        emit_json({"message_id": found, "words": words})
    else:
        out.print(plain(words))


async def _discard(folder: Path, message: UUID, reason: str, login: Login | None) -> str:
    policy, settled = policy_of(folder), settled_of(folder)  # its flows say whom to tell what became of the message
    async with acting(folder, login, Permission.DISCARD) as (connection, who):
        row = await reading.message(connection, message)
        if row is None:
            raise NotPossible("There is no such message.")
        demand = policy.demand("discard", {row.flow: 1})
        who.asked(demand)
        if demand is None:
            return await discard(connection, message, actor=who.name, reason=reason, settled=settled)
        prepared = await prepare(connection, Asked(act="discard", selection=Selection(ids=(message,))))
        job = await make(connection, prepared, by=who.name, reason=reason, policy=policy)
        return f"Job {job.id} waits for a second person: approval {job.approval}, in the console."

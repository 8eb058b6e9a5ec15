"""`hilum flows`: what is declared, and the switches of a flow: stop, resume, hold a key, let pass."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hilum.cases import switches
from hilum.cases.approvals import request
from hilum.cli.acting import As, Login, Person, Reason, acting, login_of, policy_of, reasoned
from hilum.cli.flows import declared, list_flows, show_flow
from hilum.cli.messages import message_id
from hilum.cli.opening import HERE, ProjectFolder, journal, project_of, run
from hilum.cli.output import AsJson, ago, emit_json, fail, out, plain, table
from hilum.postgres import Connection
from hilum.security import Permission


class _Flows(TyperGroup):
    """`hilum flows NAME` shows that flow, as `hilum flows show NAME` does."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            return "show", self.commands["show"], args
        return super().resolve_command(ctx, args)


app = typer.Typer(cls=_Flows, help="Flows: what is declared, and switches to stop, hold and resume.")

FlowName = Annotated[str, typer.Argument(help="The flow.")]
What = Annotated[str, typer.Option(help="What to stop: intake, translation, or both.")]


@app.callback(invoke_without_command=True)
def flows(context: typer.Context, project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List the flows of the project, or show one."""
    if context.invoked_subcommand is None:
        list_flows(project, as_json)


app.command("list")(list_flows)
app.command("show")(show_flow)


@app.command()
def pause(
    name: FlowName,
    what: What = "both",
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Stop a flow: its senders are answered busy, and what is in waits in order. Holds within a second."""
    _switch(project, "pause", name, _parts(what), reasoned(reason), as_user, as_json)


@app.command()
def resume(
    name: FlowName,
    what: What = "both",
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Let a stopped flow go on."""
    _switch(project, "resume", name, _parts(what), reasoned(reason), as_user, as_json)


def _parts(what: str) -> list[str]:
    if what not in (*switches.BOTH, "both"):
        fail(f"'{what}' is no part of a flow: intake, translation or both.")
    return list(switches.BOTH) if what == "both" else [what]


def _switch(folder: Path, act: str, flow: str, what: list[str], reason: str, as_user: str, as_json: bool) -> None:
    if act == "pause":
        declared(project_of(folder), flow)
    words = run(_turn(folder, {"switch": act, "flow": flow, "what": what}, reason, login_of(as_user)))
    if as_json:
        emit_json({"flow": flow, "what": what, "words": words})
    else:
        out.print(plain(f"{words}."))


async def _turn(folder: Path, subject: dict[str, Any], reason: str, login: Login | None) -> str:
    policy = policy_of(folder)
    flow = str(subject["flow"])

    async def act(connection: Connection, who: Person) -> str:
        demand = policy.demand("pause", {flow: 1})
        who.asked(demand)
        if demand is None:
            return await switches.turn(connection, subject, by=who.name, reason=reason)
        words = f"{subject['switch']} {' and '.join(subject['what'])} of {flow}."
        number = await request(
            connection, act="pause", subject=subject, words=words, demand=demand, policy=policy, by=who.name,
            reason=reason,
        )  # fmt: skip
        return f"It waits for a second person: approval {number}, in the console"

    return str(await _as(folder, login, act))


@app.command("stopped")
def list_stopped(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List what people have stopped: flows, and keys that are held."""
    found, held = run(_stopped(project))
    if as_json:
        emit_json({"flows": [asdict(one) for one in found], "keys": [asdict(one) for one in held]})
        return
    rows = [[one.flow, one.what, "", ago(one.since), one.by, one.reason] for one in found]
    rows += [[one.stage.removeprefix("translate:"), f"key {one.key}", str(one.waiting), ago(one.since), one.by,
              one.reason] for one in held]  # fmt: skip
    table(["flow", "what", "waiting", "since", "by", "why"], rows, empty="Nothing is stopped.", wrap=["why"])


async def _stopped(folder: Path) -> tuple[list[switches.Switch], list[switches.KeyHold]]:
    async with journal(folder) as database, database.cold() as connection:
        return await switches.stopped(connection), await switches.key_holds(connection)


@app.command("hold-key")
def hold_key(
    name: FlowName,
    key: Annotated[str, typer.Argument(help="The ordering key.")],
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Hold one ordering key of a flow: its messages wait, in order, until it is freed."""
    declared(project_of(project), name)
    why = reasoned(reason)
    run(_as(project, login_of(as_user), lambda c, who: switches.hold_key(c, name, key, by=who.name, reason=why)))
    _told({"flow": name, "key": key, "held": True}, f"The key {key} of {name} is held.", as_json)


@app.command("free-key")
def free_key(
    name: FlowName,
    key: Annotated[str, typer.Argument(help="The ordering key.")],
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Free a held key: what waited behind it goes on, in order."""
    why = reasoned(reason)
    run(_as(project, login_of(as_user), lambda c, who: switches.free_key(c, name, key, by=who.name, reason=why)))
    _told({"flow": name, "key": key, "held": False}, f"The key {key} of {name} goes on.", as_json)


@app.command("let-pass")
def let_pass(
    message: Annotated[str, typer.Argument(help="Id of the held message.")],
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Let those behind a held message go on; it stays held itself, and comes after them when it is replayed."""
    found, why = message_id(message), reasoned(reason)
    count = run(_as(project, login_of(as_user), lambda c, who: switches.let_pass(c, found, by=who.name, reason=why)))
    _told({"message_id": found, "passed": count}, f"{count} that waited behind it go on.", as_json)


async def _as(folder: Path, login: Login | None, act: Callable[[Connection, Person], Awaitable[Any]]) -> Any:
    async with acting(folder, login, Permission.PAUSE) as (connection, who):
        return await act(connection, who)


def _told(answer: dict[str, Any], words: str, as_json: bool) -> None:
    if as_json:
        emit_json(answer)
    else:
        out.print(plain(words))

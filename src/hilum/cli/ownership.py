"""`hilum ownership`: who owns what, which changes did not count, and letting one through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from hilum import cases
from hilum.cli.acting import As, Login, Reason, acting, login_of, reasoned
from hilum.cli.messages import message_id
from hilum.cli.opening import HERE, ProjectFolder, journal, project_of, run
from hilum.cli.output import AsJson, ago, emit_json, out, plain, table
from hilum.journal.audit import record
from hilum.masterdata import sync
from hilum.masterdata.ownership import load_matrix
from hilum.masterdata.sync import RefusedChange
from hilum.security import Permission

app = typer.Typer(help="Who owns what, and which changes of others did not count.", no_args_is_help=True)


@app.command()
def show(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show the ownership matrix, as a hub reads it at its start."""
    loaded = project_of(project)
    matrix = load_matrix(loaded)
    rows = [
        [object_, field or "(all others)", facility or "(all)", rule.owner or "(nobody)", _policy(rule), rule.place]
        for (object_, field, facility), rule in matrix.rules.items()
    ]
    columns = ["object", "field", "facility", "owner", "changes of others", "place"]
    if as_json:
        emit_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    table(columns, rows, empty="Nothing is governed: there is no ownership.toml.")
    for flow in loaded.flows.values():
        for target in flow.every_target:
            if target.no_object:
                what = f"{flow.name} writes {', '.join(target.needs)} at {target.endpoint} beside it"
                out.print(plain(f"{what}: {target.no_object}"), soft_wrap=True)


def _policy(rule: Any) -> str:
    if rule.owner:
        return str(rule.others.value).replace("_", " ")
    return f"accepted; of two at once: {rule.conflict.value}"


@app.command()
def refused(
    verdict: Annotated[str, typer.Option(help="Only: ignored, refused, held, kept, won, stale, echo.")] = "",
    object_: Annotated[str, typer.Option("--object", help="Only of this kind: hilum.supplier.")] = "",
    key: Annotated[str, typer.Option(help="Only of the object with this business key.")] = "",
    message: Annotated[str, typer.Option(help="Only of this message, its echoes too.")] = "",
    values: Annotated[bool, typer.Option("--values", help="Show old and new values; audited, with --reason.")] = False,
    reason: Reason = "",
    limit: Annotated[int, typer.Option(help="The latest so many.", min=1, max=10_000)] = 50,
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List changes that did not count, or counted against another, field by field; the latest first."""
    wanted = {
        "verdict": verdict,
        "object_": object_,
        "key": key,
        "message_id": message_id(message) if message else None,
    }
    why = reasoned(reason) if values else ""
    found, known = run(_refused(project, wanted, limit, why, login_of(as_user) if values else None))
    if as_json:
        emit_json([asdict(each) | ({"values": known.get(each.id)} if values else {}) for each in found])
        return
    rows = [
        [ago(each.at), each.verdict, each.object, each.key, each.field, each.system, each.other, each.owner]
        + [known.get(each.id, {}).get(side, "") for side in (("old", "new") if values else ())]
        + [str(each.message_id)]
        for each in found
    ]
    columns = ["when", "what", "object", "key", "field", "changed by", "in force of", "owner"]
    table([*columns, *(("old", "new") if values else ()), "message"], rows, empty="Every change counted.")


async def _refused(
    folder: Path, wanted: Mapping[str, Any], limit: int, reason: str, login: Login | None
) -> tuple[list[RefusedChange], dict[int, Mapping[str, Any]]]:
    if not reason:
        async with journal(folder) as database, database.cold() as connection:
            return await sync.refused(connection, limit=limit, **wanted), {}
    async with acting(folder, login, Permission.VIEW_PAYLOAD) as (connection, who):
        found = await sync.refused(connection, limit=limit, **wanted)
        for each in {each.message_id: each for each in found}.values():
            await record(
                connection,
                actor=who.name,
                action="view_payload",
                flow=each.flow,
                message_id=each.message_id,
                words=reason,
            )
        return found, await sync.values_of(connection, [each.id for each in found])


@app.command()
def accept(
    message: Annotated[str, typer.Argument(help="Id of the held message.")],
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Let a change through that is held for a steward: it counts, and goes on its way."""
    found = message_id(message)
    count = run(_accept(project, found, reasoned(reason), login_of(as_user)))
    if as_json:
        emit_json({"message_id": found, "replayed": count})
    else:
        out.print(plain("The change counts and is on its way."))


async def _accept(folder: Path, message: UUID, reason: str, login: Login | None) -> int:
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        return await cases.let_through(connection, message, actor=who.name, reason=reason)

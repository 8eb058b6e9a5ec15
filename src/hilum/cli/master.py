"""`hilum master`: draft, review, publish and roll back items, suppliers, cost centres, the chart and locations."""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cli.acting import As, Login, Person, Reason, acting, login_of, reasoned
from hilum.cli.opening import HERE, ProjectFolder, journal, run
from hilum.cli.output import AsJson, ago, emit_json, fail, out, plain, table
from hilum.errors import SettingsError
from hilum.masterdata import publishing
from hilum.masterdata.publishing import KEY, Change, ChangeSet, Version, content_of, model_of
from hilum.postgres import Connection
from hilum.security import Permission

app = typer.Typer(help="Master data that is published when a second person agrees.", no_args_is_help=True)

Object = Annotated[str, typer.Argument(help="What: items, suppliers, cost_centres, chart, locations.")]
Number = Annotated[int, typer.Argument(help="Number of the change set.", min=1)]


@app.command("list")
def list_sets(
    object_: Annotated[str, typer.Argument(help="What; empty: all.", metavar="[OBJECT]")] = "",
    published: Annotated[bool, typer.Option("--versions", help="Published versions, instead.")] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the change sets, those that are not at their end first."""
    sets, versions = run(_list(project, object_))
    if as_json:
        emit_json([asdict(each) for each in (versions if published else sets)])
        return
    if published:
        rows = [[v.object, v.version, v.title, v.changes, v.author, v.reviewer, ago(v.published_at)] for v in versions]
        columns = ["object", "version", "title", "changes", "by", "approved by", "published"]
        table(columns, rows, empty="Nothing was published yet.", right=["version", "changes"], wrap=["title"])
        return
    rows = [[str(s.id), s.object, s.title, s.state, s.version, s.author, s.reviewer, ago(s.made_at)] for s in sets]
    columns = ["set", "object", "title", "state", "version", "by", "approved by", "made"]
    table(columns, rows, empty="There is no change set yet.", right=["set", "version"], wrap=["title"])


async def _list(folder: Path, object_: str) -> tuple[list[ChangeSet], list[Version]]:
    async with journal(folder) as database, database.cold() as connection:
        sets = await publishing.change_sets(connection, object_)
        return sets, await publishing.versions(connection, object_)


@app.command()
def draft(
    object_: Object,
    file: Annotated[Path, typer.Argument(help="CSV with the column code and others of the object.")],
    title: Annotated[str, typer.Option(help="What the changes are about.")] = "",
    whole: Annotated[bool, typer.Option("--whole", help="What is published and not in the file goes.")] = False,
    remove: Annotated[list[str] | None, typer.Option(help="Code of a record that goes; more than once.")] = None,
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Draft changes from a file. Nothing is published before another person has agreed."""
    if not file.is_file():
        fail(f"There is no file {file}.")
    contents = {**_read(object_, file), **dict.fromkeys(remove or ())}

    async def act(connection: Connection, who: Person) -> int:
        named = title or file.name
        return await publishing.draft(connection, object_, named, contents, author=who.name, whole=whole)

    made = run(_act(project, login_of(as_user), act))
    _said(made, f"Change set {made} is a draft. Next: hilum master diff {made}; hilum master submit {made}", as_json)


def _read(object_: str, file: Path) -> dict[str, dict[str, Any] | None]:
    """The rows of a file as content by key. Raises `SettingsError` that names every wrong line."""
    model_of(object_)
    found: dict[str, dict[str, Any] | None] = {}
    wrong = []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        for row in reader:
            try:
                content = content_of(object_, {k: v or "" for k, v in row.items() if k})
                if found.setdefault(content[KEY], content) is not content:
                    raise SettingsError(f"{KEY}: it is there twice")
            except SettingsError as error:
                wrong.append(f"{file.name}, line {reader.line_num}: {error}")
    if wrong:
        more = f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise SettingsError("; ".join(wrong[:5]) + more)
    return found


@app.command()
def submit(
    change_set: Number, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Ask another person to look at a draft. Needs --as: only then is it known that the other one is another."""
    login, why = _known(as_user, "whoever approves it must be somebody else"), reasoned(reason)
    run(_act(project, login, lambda c, who: publishing.submit(c, change_set, by=who.name, reason=why)))
    _said(change_set, f"Change set {change_set} waits for another person.", as_json)


@app.command()
def approve(
    change_set: Number,
    no: Annotated[bool, typer.Option("--refuse", help="Do not agree.")] = False,
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Agree to a change set of somebody else, or refuse it. Needs --as."""
    login, why = _known(as_user, "nobody approves what they asked for themselves"), reasoned(reason)

    async def act(connection: Connection, who: Person) -> None:
        if who.user is None:
            raise SettingsError("Only a user of the hub can agree.")
        decide = publishing.refuse if no else publishing.approve
        await decide(connection, change_set, user=who.user, reason=why)

    run(_act(project, login, act, Permission.APPROVE))
    next_step = "is refused." if no else f"is approved. Next: hilum master publish {change_set}"
    _said(change_set, f"Change set {change_set} {next_step}", as_json)


@app.command()
def publish(
    change_set: Number, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Publish what was approved: it becomes the next version, and the flows that subscribe deliver it."""
    why = reasoned(reason)
    version = run(
        _act(project, login_of(as_user), lambda c, who: publishing.publish(c, change_set, by=who.name, reason=why))
    )
    _said(version, f"It is version {version}.", as_json)


@app.command()
def withdraw(
    change_set: Number, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """End a change set unpublished."""
    why = reasoned(reason)
    run(_act(project, login_of(as_user), lambda c, who: publishing.withdraw(c, change_set, by=who.name, reason=why)))
    _said(change_set, f"Change set {change_set} is withdrawn.", as_json)


@app.command()
def rollback(
    object_: Object,
    version: Annotated[int, typer.Argument(help="The version to go back to; 0: to nothing.", min=0)],
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Draft the way back to an earlier version. It is reviewed like any change, and becomes a new version."""
    why = reasoned(reason)
    made = run(
        _act(project, login_of(as_user),
             lambda c, who: publishing.restore(c, object_, version, author=who.name, reason=why))
    )  # fmt: skip
    _said(made, f"Change set {made} goes back to version {version}. Next: hilum master submit {made}", as_json)


@app.command()
def diff(
    first: Annotated[str, typer.Argument(help="Number of a change set, or an object.", metavar="SET|OBJECT")],
    one: Annotated[int | None, typer.Argument(help="With an object: a version.", min=0)] = None,
    other: Annotated[int | None, typer.Argument(help="Another one; none: that in force.", min=0)] = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what a change set changes, or what differs between two versions, record by record."""
    found = run(_diff(project, first, one, other))
    if as_json:
        emit_json([asdict(each) for each in found])
        return
    rows = [
        [each.key, name, str((each.before or {}).get(name, "")), str((each.after or {}).get(name, ""))]
        for each in found
        for name in each.fields
    ]
    table(["code", "field", "before", "after"], rows, empty="Nothing differs.")


async def _diff(folder: Path, first: str, one: int | None, other: int | None) -> list[Change]:
    async with journal(folder) as database, database.cold() as connection:
        if first.isdigit():
            if await publishing.change_set(connection, int(first)) is None:
                raise SettingsError(f"There is no change set {first}.")
            return await publishing.changes(connection, int(first))
        model_of(first)
        latest = await publishing.latest(connection, first)
        before = one if one is not None else max(latest - 1, 0)
        return await publishing.difference(connection, first, before, latest if other is None else other)


def _known(as_user: str, why: str) -> Login:
    login = login_of(as_user)
    if login is None:
        fail(f"Say who you are with --as USER: {why}.")
    return login


async def _act(
    folder: Path,
    login: Login | None,
    act: Callable[[Connection, Person], Awaitable[Any]],
    permission: Permission = Permission.CURATE,
) -> Any:
    async with acting(folder, login, permission) as (connection, who):
        return await act(connection, who)


def _said(value: int, words: str, as_json: bool) -> None:
    if as_json:
        emit_json({"number": value})
    else:
        out.print(plain(words), soft_wrap=True)

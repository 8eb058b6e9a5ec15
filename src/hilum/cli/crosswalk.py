"""`hilum crosswalk`: which identifiers in many systems name one thing."""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.acting import As, DryRun, Login, Reason, acting, login_of, reasoned
from hilum.cli.opening import HERE, ProjectFolder, journal, run
from hilum.cli.output import AsJson, ago, emit_json, fail, number, out, plain, table
from hilum.errors import SettingsError
from hilum.masterdata import crosswalk
from hilum.masterdata.crosswalk import Found, HistoryRow, Identifier, Report, Thing, name_of, number_of
from hilum.security import Permission

app = typer.Typer(help="Which identifiers in many systems name one thing.", no_args_is_help=True)

Object = Annotated[str, typer.Argument(help="Kind of thing: item, supplier, location …", metavar="OBJECT")]
System = Annotated[str, typer.Argument(help="The system, as ownership.toml and the flows call it.")]
Ident = Annotated[str, typer.Argument(help="What that system calls it.", metavar="IDENTIFIER")]
Name = Annotated[str, typer.Argument(help="A thing, for example item-17.", metavar="THING")]


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="The beginning of an identifier, or a thing such as item-17.")] = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Find things by any identifier, with all that they are called elsewhere."""
    things = run(_find(project, text))
    if as_json:
        emit_json([asdict(thing) | {"name": thing.name} for thing in things])
        return
    rows = [
        [thing.name, each.system, each.identifier, _remark(thing, each)]
        for thing in things
        for each in thing.identifiers
    ]
    table(["thing", "system", "identifier", "remark"], rows, empty="Nothing is linked under this identifier.")


def _remark(thing: Thing, found: Found) -> str:
    merged = f"merged from {name_of(thing.object, found.golden)}" if found.golden != thing.number else ""
    return ", ".join(word for word in ("alias" if found.alias else "", merged) if word)


async def _find(folder: Path, text: str) -> list[Thing]:
    async with journal(folder) as database, database.cold() as connection:
        try:
            object_, wanted = number_of(text)
        except SettingsError:
            pass
        else:
            named = await crosswalk.thing(connection, wanted)
            if named is not None and named.object == object_:
                return [named]
        found = await crosswalk.search(connection, text)
        whole: dict[int, Thing] = {}
        for each in found:
            what = Identifier(object=each.object, system=each.system, identifier=each.identifier)
            thing = await crosswalk.find(connection, what)
            if thing is not None:
                whole.setdefault(thing.number, thing)
        return list(whole.values())


@app.command()
def link(
    object_: Object,
    system: System,
    identifier: Ident,
    to: Annotated[str, typer.Option(help="The thing that it names, such as item-17; none: a new one.")] = "",
    alias: Annotated[
        bool, typer.Option("--alias", help="The system knows it by this too, but calls it otherwise.")
    ] = False,
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Say that an identifier names a thing."""
    what = Identifier(object=object_, system=system, identifier=identifier)
    named = run(_link(project, what, _number(object_, to) if to else None, alias, reasoned(reason), login_of(as_user)))
    if as_json:
        emit_json({"thing": named})
    else:
        out.print(plain(f"The {what} is {named}."))


async def _link(folder: Path, what: Identifier, to: int | None, alias: bool, reason: str, login: Login | None) -> str:
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        found = await crosswalk.link(connection, what, to=to, actor=who.name, reason=reason, alias=alias)
    return name_of(what.object, found)


@app.command()
def unlink(
    object_: Object, system: System, identifier: Ident, reason: Reason = "", as_user: As = "",
    project: ProjectFolder = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say that an identifier names nothing any more. What it named stays in the history."""
    what = Identifier(object=object_, system=system, identifier=identifier)
    named = run(_unlink(project, what, reasoned(reason), login_of(as_user)))
    if as_json:
        emit_json({"thing": named})
    else:
        out.print(plain(f"The {what} is not {named} any more."))


async def _unlink(folder: Path, what: Identifier, reason: str, login: Login | None) -> str:
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        found = await crosswalk.unlink(connection, what, actor=who.name, reason=reason)
    return name_of(what.object, found)


@app.command()
def merge(
    thing: Name,
    into: Annotated[str, typer.Argument(help="The thing that it turned out to be.")],
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Say that one thing is another one. It can be undone: nothing of where it pointed is forgotten."""
    object_, wanted = number_of(thing)
    run(_merge(project, object_, wanted, _number(object_, into), reasoned(reason), login_of(as_user)))
    if as_json:
        emit_json({"thing": thing, "into": into})
    else:
        out.print(plain(f"{thing} is {into} now. To undo it: hilum crosswalk unmerge {thing}"))


async def _merge(folder: Path, object_: str, wanted: int, into: int, reason: str, login: Login | None) -> None:
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        await crosswalk.merge(connection, object_, wanted, into=into, actor=who.name, reason=reason)


@app.command()
def unmerge(
    thing: Name, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Undo a merge: everything points where it pointed before."""
    object_, wanted = number_of(thing)
    was = run(_unmerge(project, object_, wanted, reasoned(reason), login_of(as_user)))
    if as_json:
        emit_json({"thing": thing, "was": was})
    else:
        out.print(plain(f"{thing} stands for itself again; it was merged into {was}."))


async def _unmerge(folder: Path, object_: str, wanted: int, reason: str, login: Login | None) -> str:
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        return name_of(object_, await crosswalk.unmerge(connection, object_, wanted, actor=who.name, reason=reason))


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV: object, then a column for each system.")],
    reason: Reason = "",
    dry_run: DryRun = False,
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Link what a file says: all of it, or, where a row is wrong, nothing, with a report of every such row."""
    if not file.is_file():
        fail(f"There is no file {file}.")
    why = reason if dry_run else reasoned(reason)
    report = run(_import(project, file, why, dry_run, None if dry_run else login_of(as_user)))
    if as_json:
        emit_json(asdict(report))
    else:
        _told(report, file)
    if report.wrong:
        sys.exit(1)


async def _import(folder: Path, file: Path, reason: str, dry_run: bool, login: Login | None) -> Report:
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        await connection.execute("SET LOCAL statement_timeout = 0")
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return await crosswalk.import_csv(connection, lines, actor=who.name, reason=reason, dry_run=dry_run)


def _told(report: Report, file: Path) -> None:
    for problem in report.problems:
        out.print(plain(f"{file.name}, line {problem.line}: {problem.words}"), soft_wrap=True)
    found = (
        f"{number(report.rows)} rows: {number(report.things)} new things, "
        f"{number(report.identifiers)} new identifiers, {number(report.known)} known already"
    )
    if report.wrong:
        out.print(plain(f"{found}, {number(report.wrong)} rows that cannot be taken. Nothing was imported."))
    else:
        out.print(plain(f"{found}.{'' if report.imported else ' Nothing was imported: this was a dry run.'}"))


@app.command("export")
def export_file(
    file: Annotated[Path | None, typer.Argument(help="Where to; none: the standard output.")] = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Write the crosswalk as CSV, as an import takes it."""
    rows = run(_export(project))
    if file is None and as_json:
        head, *things = rows
        emit_json([dict(zip(head, row, strict=True)) for row in things])
        return
    if file is None:
        csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
        return
    with file.open("w", encoding="utf-8", newline="") as written:
        csv.writer(written, lineterminator="\n").writerows(rows)
    if as_json:
        emit_json({"file": str(file), "things": len(rows) - 1})
        return
    out.print(plain(f"{number(len(rows) - 1)} things are in {file}."))


async def _export(folder: Path) -> list[list[str]]:
    async with journal(folder) as database, database.cold() as connection:
        return await crosswalk.export_csv(connection)


@app.command()
def history(
    thing: Annotated[str, typer.Argument(help="A thing, such as item-17; empty: the latest changes of all.")] = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show who linked, unlinked, merged and unmerged what, when and why."""
    found = run(_history(project, number_of(thing)[1] if thing else None))
    if as_json:
        emit_json([asdict(row) for row in found])
        return
    rows = [
        [
            ago(row.at),
            row.actor,
            row.act,
            name_of(row.object, row.golden),
            row.system,
            row.identifier,
            name_of(row.object, row.other) if row.other else "",
            row.words,
        ]
        for row in found
    ]
    columns = ["when", "who", "what", "thing", "system", "identifier", "other", "why"]
    table(columns, rows, empty="Nothing was ever linked.", wrap=["why"])


async def _history(folder: Path, wanted: int | None) -> list[HistoryRow]:
    async with journal(folder) as database, database.cold() as connection:
        return await crosswalk.history(connection, number=wanted)


def _number(object_: str, name: str) -> int:
    """The number of a thing of this kind. Raises `SettingsError`."""
    kind, found = number_of(name)
    if kind != object_:
        raise SettingsError(f"{name} is of another kind than {object_}.")
    return found

"""`hilum lookups`: the lookup tables, what they lack, and changing those that are in the database."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cases.missing import Missing, add_and_release, missing, one
from hilum.cli.acting import As, DryRun, Login, Reason, acting, login_of, policy_of, reasoned
from hilum.cli.carrying import to_the_end
from hilum.cli.opening import HERE, ProjectFolder, journal, project_of, run
from hilum.cli.output import AsJson, ago, emit_json, fail, out, plain, table
from hilum.flow import Lookup
from hilum.flow.tables import Content, Row, read_csv, write_csv
from hilum.masterdata.lookups import Change, Difference, LiveLookups, Version, end_row, give_back, import_table, set_row
from hilum.masterdata.lookups import content as content_of
from hilum.masterdata.lookups import history as history_of
from hilum.masterdata.lookups import kept as kept_of
from hilum.security import Permission

app = typer.Typer(help="Lookup tables: list, show, set, import, export, history, and what they lack.")

TableName = Annotated[str, typer.Argument(help="The table.")]
Code = Annotated[str, typer.Argument(help="The code that comes in.")]
From = Annotated[str, typer.Option("--from", help="The first day (2026-03-31); without it: always.")]
To = Annotated[str, typer.Option("--to", help="The first day on which it does not hold any more; without it: none.")]


@app.command("list")
def list_tables(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List the tables, and where each is kept."""
    found = run(_tables(project))
    if as_json:
        emit_json(found)
        return
    rows = [[f["name"], f["place"], f["codes"], ", ".join(f["columns"]), ago(f["changed_at"]), f["changed_by"]]
            for f in found]  # fmt: skip
    columns = ["table", "kept in", "codes", "columns", "changed", "by"]
    table(columns, rows, empty="There are no lookup tables.", right=["codes"], wrap=["columns"])


async def _tables(folder: Path) -> list[dict[str, Any]]:
    lookup = project_of(folder).lookup
    async with journal(folder) as database, database.cold() as connection:
        kept = await kept_of(connection)
    found = [
        {"name": each.name, "place": "database", "codes": each.codes, "columns": each.columns,
         "changed_at": each.changed_at, "changed_by": each.changed_by}
        for each in kept
    ]  # fmt: skip
    names = {each.name for each in kept}
    for name, each in lookup.tables.items():
        changed = datetime.fromtimestamp(each.changed_at, UTC)
        if name not in names:
            found.append({"name": name, "place": f"lookups/{name}.csv", "codes": len(each), "columns": each.columns,
                          "changed_at": changed, "changed_by": ""})  # fmt: skip
    return sorted(found, key=lambda each: str(each["name"]))


@app.command()
def show(
    name: TableName,
    code: Annotated[str, typer.Argument(help="Only this code.")] = "",
    at: Annotated[str, typer.Option(help="As it holds on this day; without it: all days.")] = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what a table says: of all codes, or of one."""
    content = run(_content(project, name))
    day = _day(at, "--at")
    rows = [row for row in content.rows if (not code or row.code == code) and (day is None or row.holds(day))]
    if as_json:
        emit_json([{**row.cells, "valid_from": row.valid_from, "valid_to": row.valid_to} for row in rows])
        return
    cells = [[*(row.cells.get(each, "") for each in content.columns), row.valid_from or "", row.valid_to or ""]
             for row in rows]  # fmt: skip
    table([*content.columns, "from", "to"], cells, empty=f"The table {name} says nothing of that.")


async def _content(folder: Path, name: str) -> Content:
    """Of the database, or else of the file. Raises `SettingsError`."""
    lookup = project_of(folder).lookup
    async with journal(folder) as database, database.cold() as connection:
        found = await content_of(connection, name)
    if found.columns:
        return found
    lookup.table(name)  # says where there is none
    return _read(folder / "lookups" / f"{name}.csv")


def _read(file: Path) -> Content:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            return read_csv(opened, str(file))
    except UnicodeDecodeError:
        fail(f"{file} is not UTF-8.")


@app.command("set")
def set_code(
    name: TableName,
    code: Code,
    cells: Annotated[list[str], typer.Argument(help="COLUMN=VALUE for each; or VALUE for the second column.")],
    first: From = "",
    last: To = "",
    release: Annotated[bool, typer.Option("--release", help="Then send again all messages that wait for it.")] = False,
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Say what a code becomes, from now on or for some days. --release adds it and releases what waits for it."""
    why, login = reasoned(reason), login_of(as_user)
    row = Row(code=code.strip(), cells={}, valid_from=_day(first, "--from"), valid_to=_day(last, "--to"))
    answer = run(_set(project, name, row, cells, why, login, release=release))
    _told(answer, as_json)


async def _set(
    folder: Path, name: str, row: Row, cells: Sequence[str], why: str, login: Login | None, *, release: bool
) -> dict[str, Any]:
    lookup = project_of(folder).lookup
    if release and not row.holds(lookup.today):
        fail("What waits cannot be released by a row that does not hold today.")
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        row = replace(row, cells=_cells(cells, (await content_of(connection, name, codes=[])).columns))
        if not release:
            await set_row(connection, name, row, Change(actor=who.name, reason=why))
            return {"table": name, "code": row.code, "words": f"{name}: '{row.code}' is set."}
        who.permitted(Permission.REPLAY)
        lack = one(await missing(connection, [name], table=name, code=row.code), name, row.code)
        policy = policy_of(folder)
        prepared, job = await add_and_release(connection, lack, row, by=who.name, reason=why, policy=policy)
        who.asked(policy.demand("replay", prepared.by_flow))
    if job is not None and job.state == "running":
        async with journal(folder) as database:
            job = await to_the_end(database, job.id, None, by=who.name)
    done = f"job {job.id} ({job.state}) releases {job.total} messages" if job else "nothing waits for it any more"
    answer = {"table": name, "code": row.code, "job": asdict(job) if job else None}
    return answer | {"words": f"{name}: '{row.code}' is set, and {done}."}


def _cells(given: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """`item=GLOVE-M`, or `GLOVE-M` for the second column."""
    found = {}
    for text in given:
        column, sign, value = text.partition("=")
        if not sign or (column not in columns and columns):
            column, value = (columns[1] if columns else ""), text
        found[column] = value.strip()
    return found


@app.command()
def end(
    name: TableName,
    code: Code,
    first: From = "",
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """From a day on (today, if none is given) the table says nothing of a code."""
    why, login = reasoned(reason), login_of(as_user)
    run(_end(project, name, code.strip(), _day(first, "--from"), why, login))
    _told({"table": name, "code": code, "words": f"{name}: '{code}' ends."}, as_json)


async def _end(folder: Path, name: str, code: str, day: date | None, why: str, login: Login | None) -> None:
    today = project_of(folder).lookup.today
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        await end_row(connection, name, code, day or today, Change(actor=who.name, reason=why))


@app.command("import")
def import_file(
    name: TableName,
    file: Annotated[Path | None, typer.Argument(help="CSV file; without it: lookups/NAME.csv of the project.")] = None,
    whole: Annotated[bool, typer.Option("--replace", help="Codes that the file does not have end.")] = False,
    reason: Reason = "",
    dry_run: DryRun = False,
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Put a CSV file into the database: a new table, or new rows of one. A file of its name is not read any more."""
    why = reason if dry_run else reasoned(reason)
    content = _read(file or project / "lookups" / f"{name}.csv")
    login = None if dry_run else login_of(as_user)
    found = run(_import(project, name, content, why, login, whole=whole, dry_run=dry_run))
    words = f"{name}: {found.added} added, {found.changed} changed, {found.ended} ended, {found.same} as before."
    _told({"table": name, **asdict(found), "words": words + " Dry run: nothing was changed." * dry_run}, as_json)


class _Undone(Exception):
    """Ends the transaction of a dry run."""


async def _import(
    folder: Path, name: str, content: Content, why: str, login: Login | None, *, whole: bool, dry_run: bool
) -> Difference:
    found = Difference(added=0, changed=0, ended=0, same=0)
    try:
        async with acting(folder, login, Permission.CURATE) as (connection, who):
            change = Change(actor=who.name, reason=why)
            found = await import_table(connection, name, content, change, whole=whole)
            if dry_run:
                raise _Undone
    except _Undone:
        pass  # the counts are told, and nothing was written
    return found


@app.command()
def export(
    name: TableName,
    file: Annotated[
        Path | None, typer.Argument(help="CSV file to write; without it, or with -: the standard output.")
    ] = None,
    back: Annotated[
        bool, typer.Option("--to-file", help="Write lookups/NAME.csv of the project, which counts from then on.")
    ] = False,
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Write a table as CSV, to edit and import it; or give it back to the project's own file."""
    content = run(_content(project, name))
    if back:
        why, login = reasoned(reason), login_of(as_user)
        _write(content, project / "lookups" / f"{name}.csv")
        run(_give_back(project, name, why, login))
        _told({"table": name, "words": f"{name} is the file lookups/{name}.csv now."}, as_json)
    elif file is not None and str(file) != "-":
        _write(content, file)
        _told({"table": name, "words": f"{len(content.rows)} rows written to {file}."}, as_json)
    elif as_json:
        emit_json([{**row.cells, "valid_from": row.valid_from, "valid_to": row.valid_to} for row in content.rows])
    else:
        write_csv(content, sys.stdout)


def _write(content: Content, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(
        f"{file.name}.draft"
    )  # a hub that reads at this moment sees the whole file or the former one
    with draft.open("w", encoding="utf-8", newline="") as opened:
        write_csv(content, opened)
    draft.replace(file)


async def _give_back(folder: Path, name: str, why: str, login: Login | None) -> None:
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        await give_back(connection, name, Change(actor=who.name, reason=why))


@app.command()
def history(
    name: TableName,
    code: Annotated[str, typer.Argument(help="Only of this code.")] = "",
    limit: Annotated[int, typer.Option(help="The most rows to show.", min=1)] = 50,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show who said what of which code, when and why; the latest first."""
    found = run(_history(project, name, code, limit))
    if as_json:
        emit_json([asdict(each) for each in found])
        return
    rows = [
        [v.change, ago(v.made_at), v.made_by, v.code, _said(v), _days(v), v.reason,
         f"{ago(v.ended_at)} by {v.ended_by}: {v.ended_reason}" if v.ended_at else ""]
        for v in found
    ]  # fmt: skip
    columns = ["change", "when", "by", "code", "said", "days", "why", "until"]
    table(columns, rows, empty=f"The table {name} was never in the database.", wrap=["said", "why", "until"])


def _said(version: Version) -> str:
    return ", ".join(f"{column}={value}" for column, value in version.cells.items() if value and value != version.code)


def _days(version: Version) -> str:
    return f"{version.valid_from or ''} … {version.valid_to or ''}" if version.valid_from or version.valid_to else ""


async def _history(folder: Path, name: str, code: str, limit: int) -> list[Version]:
    async with journal(folder) as database, database.cold() as connection:
        return await history_of(connection, name, code, limit)


@app.command("missing")
def list_missing(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List the codes that messages wait for: the table, the source, how many wait."""
    flows = project_of(project).flows
    found = run(_missing(project))
    if as_json:
        emit_json([asdict(each) | {"sources": each.sources(flows)} for each in found])
        return
    rows = [[m.table, m.column, m.code, m.messages, m.behind, ", ".join(m.sources(flows) or m.flows), ago(m.oldest)]
            for m in found]  # fmt: skip
    columns = ["table", "column", "code", "waiting", "behind", "from", "since"]
    table(columns, rows, empty="No message waits for a code.", right=["waiting", "behind"], wrap=["from"])


async def _missing(folder: Path) -> list[Missing]:
    lookup: Lookup = project_of(folder).lookup
    async with journal(folder) as database:
        await LiveLookups(database, lookup).load()
        async with database.cold() as connection:
            return await missing(connection, lookup.tables)


def _day(text: str, option: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(f"{option}: '{text}' is no date; write 2026-03-31.")


def _told(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit_json(answer)
    else:
        out.print(plain(answer["words"]), soft_wrap=True)

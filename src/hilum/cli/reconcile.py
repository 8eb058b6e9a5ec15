"""`hilum reconcile`: compare two systems, and what differs between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cli.messages import actor
from hilum.cli.opening import HERE, ProjectFolder, journal, project_of, run
from hilum.cli.output import AsJson, ago, emit_json, fail, out, plain, table
from hilum.formats import write_delimited
from hilum.journal.audit import record
from hilum.reconcile import Comparison, Days, Kind, comparisons_of, store
from hilum.reconcile import run as compare
from hilum.reconcile.fields import grouped
from hilum.reconcile.store import DifferenceRow, RunRow, sums_of
from hilum.reconcile.words import COLUMNS, lines, result, sentence

app = typer.Typer(help="Compare two systems: what is missing, extra or different between them.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the comparison, as procurement.orders.")]
Of = Annotated[int | None, typer.Option("--run", help="As it was at this run; without it: as it is now.", min=1)]
Which = Annotated[Kind | None, typer.Option("--kind", help="Only differences of this kind.")]

SHOWN = 50
"""Differences that a table for people has; JSON and files have all."""

MOST = 1_000_000
"""Differences of one file."""


@app.command("list")
def list_comparisons(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List the comparisons of the project: when each runs, and what its last run came to."""
    declared, known = run(_latest(project))
    if as_json:
        emit_json([_declared(each) | {"last_run": _facts(known.get(each.name))} for each in declared])
        return
    rows = []
    for each in declared:
        last = known.get(each.name)
        when = each.when.words() if each.when is not None else "by hand"
        told = result(last, each.sides) if last is not None else "It has not run yet."
        rows.append([each.name, each.summary, when, ago(last.started_at) if last is not None else "", told])
    heads = ["comparison", "compares", "runs", "last run", "came to"]
    table(heads, rows, empty="This project declares no comparison.", wrap=["compares", "runs", "came to"])


@app.command("run")
def run_now(
    name: Name,
    since: Annotated[str, typer.Option("--from", help="The first day, 2026-03-01; without it: as declared.")] = "",
    until: Annotated[str, typer.Option("--to", help="The last day; without it: to the end.")] = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Compare now, and show what differs. Exit code 1 where anything does, 2 where a side could not be read."""
    last = _day(until, "--to")
    days = None
    if since or last:
        days = Days(since=_day(since, "--from"), until=last + timedelta(days=1) if last is not None else None)
    comparison, done, found = run(_run(project, name, days))
    _tell(comparison, done, found, as_json=as_json)
    if done.state != "done":
        raise SystemExit(2)
    if done.differences:
        raise SystemExit(1)


@app.command()
def show(
    name: Name, of_run: Of = None, kind: Which = None, project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Show what differs now, or what a run found: both values, since when, and where each is found."""
    comparison, done, found = run(_found(project, name, of_run, kind, SHOWN + 1 if not as_json else MOST))
    _tell(comparison, done, found, as_json=as_json)


@app.command()
def export(
    name: Name,
    file: Annotated[Path, typer.Argument(help="The file to write; its ending says the format: .csv or .xlsx.")],
    of_run: Of = None,
    kind: Which = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Write what differs into a spreadsheet: a line for each field, with both values."""
    if file.suffix.lower() not in (".csv", ".xlsx"):
        fail(f"{file}: write a .csv or an .xlsx.")
    _, _, found = run(_found(project, name, of_run, kind, MOST, noted=str(file)))
    rows = lines(found)
    if file.suffix.lower() == ".csv":
        written = write_delimited([{**row, "since": row["since"].isoformat()} for row in rows], COLUMNS)
    else:
        from hilum.formats.spreadsheets import write_xlsx

        written = write_xlsx(rows, COLUMNS, "Differences")
    file.write_bytes(written)
    if as_json:
        emit_json({"file": str(file), "differences": len(found), "lines": len(rows)})
        return
    out.print(f"{len(found)} differences in {len(rows)} lines: {plain(str(file))}", soft_wrap=True)


def _tell(comparison: Comparison, done: RunRow | None, found: Sequence[DifferenceRow], *, as_json: bool) -> None:
    if as_json:
        emit_json({**_declared(comparison), "run": _facts(done), "differences": [asdict(each) for each in found]})
        return
    if done is None:
        out.print("It has not run yet: hilum reconcile run " + plain(comparison.name))
        return
    out.print(plain(f"Run {done.id}, {_days(done)}: {result(done, comparison.sides)}"), soft_wrap=True)
    for name, of, here, there in sums_of(done):
        sides = f"{grouped(here)} in {comparison.sides[0]}, {grouped(there)} in {comparison.sides[1]}"
        out.print(plain(f"{name}{f', {of}' if of else ''}: {sides}"), soft_wrap=True)
    rows = [[each.key, each.kind.value, ago(each.since), each.runs, sentence(each, comparison.sides)]
            for each in found[:SHOWN]]  # fmt: skip
    table(["key", "kind", "since", "runs", "what differs"], rows, empty="Nothing differs.", right=["runs"],
          wrap=["what differs"])  # fmt: skip
    if len(found) > SHOWN:
        out.print(f"These are {SHOWN}; --json, or hilum reconcile export, has all.")


def _days(done: RunRow) -> str:
    first = f"from {done.since}" if done.since is not None else "from the beginning"
    return f"{first} to {done.until - timedelta(days=1)}" if done.until is not None else first


def _declared(comparison: Comparison) -> dict[str, Any]:
    return {
        "comparison": comparison.name, "version": comparison.version, "summary": comparison.summary,
        "sides": list(comparison.sides), "owner": comparison.owners.business,
        "runs": comparison.when.words() if comparison.when is not None else "by hand",
    }  # fmt: skip


def _facts(done: RunRow | None) -> dict[str, Any] | None:
    return asdict(done) if done is not None else None


def _day(text: str, option: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(f"{option} {text}: write a day as 2026-03-01.")


def _one(declared: Sequence[Comparison], name: str) -> Comparison:
    found = next((each for each in declared if each.name == name), None)
    if found is None:
        fail(f"There is no comparison “{name}”. There are: {', '.join(each.name for each in declared) or 'none'}.")
    return found


async def _latest(folder: Path) -> tuple[list[Comparison], dict[str, RunRow]]:
    declared = comparisons_of(project_of(folder))
    async with journal(folder) as database, database.cold() as connection:
        return declared, await store.latest(connection)


async def _run(folder: Path, name: str, days: Days | None) -> tuple[Comparison, RunRow, list[DifferenceRow]]:
    project = project_of(folder)
    comparison = _one(comparisons_of(project), name)
    async with journal(folder) as database:
        done = await compare(database, project, comparison, actor=actor(), days=days)
        async with database.cold() as connection:
            at = done.id if done.state == "done" else None
            return comparison, done, await store.found(connection, name, at, limit=MOST)


async def _found(
    folder: Path, name: str, number: int | None, kind: Kind | None, limit: int, *, noted: str = ""
) -> tuple[Comparison, RunRow | None, list[DifferenceRow]]:
    comparison = _one(comparisons_of(project_of(folder)), name)
    async with journal(folder) as database, database.transaction() as connection:
        if number is None:
            done = next(iter(await store.runs(connection, name, limit=1)), None)
        else:
            done = await store.run_of(connection, number)
            if done is None or done.comparison != name:
                fail(f"{name} has no run {number}.")
        found = await store.found(connection, name, number, kind=kind.value if kind else "", limit=limit)
        if noted:
            await record(connection, actor=actor(), action="export", words=f"{len(found)} differences of {name}")
        return comparison, done, found

"""`hilum edi`: trading partners, and what they were sent and have not acknowledged."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cli.acting import Reason
from hilum.cli.messages import actor
from hilum.cli.opening import HERE, ProjectFolder, journal, run, settings_of
from hilum.cli.output import AsJson, ago, emit_json, fail, out, plain, table
from hilum.journal.audit import record
from hilum.partners import FOLDER, Partners, arrivals, load_partners, register
from hilum.partners.words import called, counted, sentence

app = typer.Typer(help="Trading partners, and what they have not acknowledged.", no_args_is_help=True)

Partner = Annotated[str, typer.Argument(help="Key of the partner: the name of its file.", metavar="[PARTNER]")]


@app.command()
def partners(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List the profiles in `partners/*.toml`."""
    found = _partners(project)
    if as_json:
        emit_json([each.model_dump(mode="json", exclude={"send", "receive", "cxml"}) for each in found.values()])
        return
    rows = [
        [each.key, each.name, each.supplier, each.format, each.acknowledges, ", ".join(each.send) or "nothing"]
        for each in found.values()
    ]
    columns = ["partner", "name", "supplier", "format", "acknowledges", "routes"]
    table(columns, rows, empty=f"There is no profile; put one into {FOLDER}/.")


@app.command()
def outstanding(partner: Partner = "", project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List what was sent and is not acknowledged, and what was rejected; the oldest first."""
    known = _partners(project)
    found = run(_read(project, lambda c: register.outstanding(c, partner)))
    now = datetime.now(UTC)
    if as_json:
        emit_json([asdict(each) | {"words": sentence(known.get(each.partner), each, now)} for each in found])
        return
    rows = [
        [each.partner, each.number, called(each.code, each.document), ago(each.sent_at or each.drawn_at),
         sentence(known.get(each.partner), each, now)]
        for each in found
    ]  # fmt: skip
    columns = ["partner", "number", "document", "since", "what"]
    table(columns, rows, empty="Everything that was sent is acknowledged.", right=["number"])


@app.command()
def gaps(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List control numbers that were drawn over an hour ago and not sent: partners see a gap there."""
    found = run(_read(project, register.gaps))
    if as_json:
        emit_json([{"partner": partner, "number": number, "drawn_at": at} for partner, number, at in found])
        return
    rows = [[partner, number, ago(at)] for partner, number, at in found]
    table(["partner", "number", "drawn"], rows, empty="There is no gap.", right=["number"])


@app.command()
def missing(partner: Partner = "", project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List numbers of interchanges and groups that did not come, and those that came twice.

    Of partners whose profile says that they count (`counts`).
    """
    known = _partners(project)
    gone = run(_read(project, lambda c: arrivals.missing(c, partner)))
    twice = run(_read(project, lambda c: arrivals.repeated(c, partner)))
    now = datetime.now(UTC)
    if as_json:
        told = [asdict(each) | {"words": counted(known.get(each.partner), each, now)} for each in gone]
        emit_json({"missing": told, "repeated": [asdict(each) for each in twice]})
        return
    rows = [[each.partner, each.series, str(each), counted(known.get(each.partner), each, now)] for each in gone]
    rows += [
        [each.partner, each.series, str(each.number), f"Came in {each.times} more messages than {each.message_id}."]
        for each in twice
    ]
    columns = ["partner", "series", "number", "what"]
    table(columns, rows, empty="No number is missing, and none came twice.", right=["number"])


@app.command("give-up")
def give_up(
    partner: Annotated[str, typer.Argument(help="Key of the partner.")],
    number: Annotated[int, typer.Argument(help="A missing number; its whole range is given up.", min=0)],
    reason: Reason,
    series: Annotated[str, typer.Option(help="What is numbered: interchange, group, group PO.")] = arrivals.INTERCHANGE,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Say that missing numbers will not come: you know what became of them."""
    count = run(_give_up(project, partner, number, series, reason))
    if not count:
        fail(f"{series} {number} of {partner} is not missing.")
    if as_json:
        emit_json({"given_up": count})
        return
    out.print(plain(f"Given up: {count} of {series} of {partner}."))


@app.command()
def close(
    partner: Annotated[str, typer.Argument(help="Key of the partner.")],
    number: Annotated[int, typer.Argument(help="Control number of the interchange.", min=1)],
    reason: Reason,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """End the wait for an acknowledgement: you know what became of the documents of an interchange."""
    count = run(_close(project, partner, number, reason))
    if not count:
        fail(f"Nothing in interchange {number} to {partner} waits.")
    if as_json:
        emit_json({"closed": count})
        return
    out.print(plain(f"Closed: {count} documents of interchange {number}."))


async def _give_up(folder: Path, partner: str, number: int, series: str, reason: str) -> int:
    who = actor()
    async with journal(folder) as database, database.transaction() as connection:
        count = await arrivals.give_up(connection, partner, number, series=series, actor=who, reason=reason)
        if count:
            words = f"{partner}, {series} {number}: {reason}"
            await record(connection, actor=who, action="numbers_given_up", words=words)
        return count


async def _close(folder: Path, partner: str, number: int, reason: str) -> int:
    who = actor()
    async with journal(folder) as database, database.transaction() as connection:
        count = await register.close(connection, partner, number, actor=who, reason=reason)
        if count:
            words = f"{partner}, interchange {number}: {reason}"
            await record(connection, actor=who, action="acknowledgement_closed", words=words)
        return count


def _partners(folder: Path) -> Partners:
    return load_partners(settings_of(folder).folder / FOLDER)


async def _read(folder: Path, ask: Any) -> Any:
    async with journal(folder) as database, database.cold() as connection:
        return await ask(connection)

"""`hilum quality`: how good the data of each source and facility is, and what is to be put right."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cli.opening import HERE, ProjectFolder, journal, run, settings_of
from hilum.cli.output import AsJson, ago, emit_json, table
from hilum.flow import Lookup
from hilum.masterdata import publishing, quality
from hilum.masterdata.lookups import LiveLookups
from hilum.masterdata.quality import Day, Finding, Meter, Score, load_rules

app = typer.Typer(help="How good the data is, and what is to be put right.", no_args_is_help=True)

Object = Annotated[str, typer.Argument(help="Object: item, supplier …; empty: all.", metavar="[OBJECT]")]
Days = Annotated[int, typer.Option(help="So many days back.", min=1)]

_NAMES = {"items": "item", "suppliers": "supplier", "locations": "location", "cost_centres": "cost_centre"}


@app.command()
def scores(days: Days = 30, project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show the score of each object by source and facility, the worst first."""
    found: list[Score] = run(_read(project, lambda c: quality.scores(c, days=days)))
    if as_json:
        emit_json([asdict(each) | {"percent": each.percent} for each in found])
        return
    rows = [[s.object, s.source, s.facility, f"{s.percent:.1f} %", s.checked, s.failed] for s in found]
    columns = ["object", "source", "facility", "score", "checked", "failed"]
    table(columns, rows, empty=_NOTHING, right=["score", "checked", "failed"])


_NOTHING = "Nothing was checked yet: are there rules in quality.toml?"


@app.command()
def trend(object_: Object = "", days: Days = 30, project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show the score by day."""
    found: list[Day] = run(_read(project, lambda c: quality.trend(c, object_, days=days)))
    if as_json:
        emit_json([asdict(each) | {"percent": each.percent} for each in found])
        return
    rows = [[str(d.day), f"{d.percent:.1f} %", d.checked, d.failed] for d in found]
    table(["day", "score", "checked", "failed"], rows, empty=_NOTHING, right=["score", "checked", "failed"])


@app.command("list")
def work_list(object_: Object = "", project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List the records of which a rule does not hold; one goes when it comes again and is right."""
    found: list[Finding] = run(_read(project, lambda c: quality.work_list(c, object_)))
    if as_json:
        emit_json([asdict(each) for each in found])
        return
    rows = [[f.object, f.key, f.rule, f.source, f.facility, f.seen, ago(f.first_seen)] for f in found]
    columns = ["object", "record", "rule", "source", "facility", "seen", "since"]
    table(columns, rows, empty="Nothing is to be put right.", right=["seen"])


@app.command()
def published(
    object_: Annotated[str, typer.Argument(help="What: items, suppliers, cost_centres, locations.")],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Check the published version in force."""
    publishing.model_of(object_)
    run(_check(project, object_))
    scores(project=project, as_json=as_json, days=30)


async def _check(folder: Path, object_: str) -> None:
    rules = load_rules(folder / quality.FILE)
    lookup = Lookup(folder / "lookups", zone=settings_of(folder).hub.zone)
    name = _NAMES.get(object_, object_)
    async with journal(folder) as database:
        await LiveLookups(database, lookup).load()
        for rule in rules.get(name, []):
            if rule.check == "in_lookup":
                lookup.table(rule.value)  # a table that is not there is no fault of the data
        meter = Meter(rules, lookup)
        async with database.cold() as connection:
            content = await publishing.content(connection, object_)
        for key, each in content.items():
            meter.note("published", name, key, each)
        await meter.flush(database)


async def _read(folder: Path, ask: Any) -> Any:
    async with journal(folder) as database, database.cold() as connection:
        return await ask(connection)

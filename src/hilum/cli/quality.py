"""`hilum quality`: how good the data of each source and facility is, and what is to be put right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cli.opening import HERE, ProjectFolder, journal, run, settings_of
from hilum.cli.output import AsJson, ago, emit_json, table
from hilum.flow import Lookup
from hilum.masterdata import publishing, quality
from hilum.masterdata.lookups import LiveLookups
from hilum.masterdata.quality import About, By, Day, Finding, Meter, Score, load_rules

app = typer.Typer(help="How good the data is, and what is to be put right.", no_args_is_help=True)

Object = Annotated[str, typer.Argument(help="Object: item, supplier …; empty: all.", metavar="[OBJECT]")]
Days = Annotated[int, typer.Option(help="So many days back.", min=1)]
OfRule = Annotated[str, typer.Option("--rule", help="Only this rule, as `list` calls it: `barcode: gtin`.")]
Source = Annotated[str, typer.Option("--source", help="Only what came by this flow.")]
Facility = Annotated[
    str | None, typer.Option("--facility", help="Only of this facility; an empty one: where nobody says it.")
]


class ApartBy(StrEnum):
    """What the trend is told apart by."""

    RULE = "rule"
    SOURCE = "source"
    FACILITY = "facility"


_NAMES = {"items": "item", "suppliers": "supplier", "locations": "location", "cost_centres": "cost_centre"}
_NOTHING = "Nothing was checked yet: are there rules in quality.toml?"


@app.command()
def scores(
    object_: Object = "",
    by_rule: Annotated[bool, typer.Option("--by-rule", help="By rule, in place of source and facility.")] = False,
    rule: OfRule = "",
    source: Source = "",
    facility: Facility = None,
    days: Days = 30,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show the score of each object by source and facility, or by rule, the worst first."""
    about = About(object=object_, rule=rule, source=source, facility=facility)
    by: tuple[By, ...] = ("object", "rule") if by_rule else ("object", "source", "facility")
    _scores(project, about, by, days, as_json)


def _scores(project: Path, about: About, by: Sequence[By], days: int, as_json: bool) -> None:
    found: list[Score] = run(_read(project, lambda c: quality.scores(c, about, by=by, days=days)))
    if as_json:
        emit_json([asdict(each) | {"percent": each.percent} for each in found])
        return
    rows = [[*(getattr(s, name) for name in by), f"{s.percent:.1f} %", s.checked, s.failed] for s in found]
    table([*by, "score", "checked", "failed"], rows, empty=_NOTHING, right=["score", "checked", "failed"])


@app.command()
def trend(
    object_: Object = "",
    by: Annotated[ApartBy | None, typer.Option("--by", help="Told apart by rule, source or facility.")] = None,
    rule: OfRule = "",
    source: Source = "",
    facility: Facility = None,
    days: Days = 30,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show the score by day."""
    about = About(object=object_, rule=rule, source=source, facility=facility)
    apart: By | None = by.value if by is not None else None
    found: list[Day] = run(_read(project, lambda c: quality.trend(c, about, by=apart, days=days)))
    if as_json:
        emit_json([asdict(each) | {"percent": each.percent} for each in found])
        return
    rows = [[*([d.of] if apart else []), str(d.day), f"{d.percent:.1f} %", d.checked, d.failed] for d in found]
    heads = [*([apart] if apart else []), "day", "score", "checked", "failed"]
    table(heads, rows, empty=_NOTHING, right=["score", "checked", "failed"])


@app.command("list")
def work_list(
    object_: Object = "",
    rule: OfRule = "",
    source: Source = "",
    facility: Facility = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the records of which a rule does not hold; one goes when it comes again and is right."""
    about = About(object=object_, rule=rule, source=source, facility=facility)
    found: list[Finding] = run(_read(project, lambda c: quality.work_list(c, about)))
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
    _scores(project, quality.EVERYTHING, ("object", "source", "facility"), 30, as_json)


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

"""`hilum indicators`: what the business comes to by day, facility, supplier and category, down to the documents."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from hilum.cli.opening import HERE, ProjectFolder, journal, run, settings_of
from hilum.cli.output import AsJson, emit_json, fail, out, plain, table
from hilum.observe import indicators as business
from hilum.observe.indicators import INDICATORS, About, By, Contribution, Figure, Indicator
from hilum.observe.indicators.words import figure_row, lines, parts_words, to_csv, value_words
from hilum.postgres import Connection

app = typer.Typer(help="Indicators of the business, down to the documents.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help=f"One of {', '.join(INDICATORS)}.")]
Since = Annotated[str, typer.Option("--from", help="The first day, 2026-03-01; without it: 29 days before the last.")]
Until = Annotated[str, typer.Option("--to", help="The last day; without it: today.")]
Facility = Annotated[str | None, typer.Option(help="Only of this facility; an empty one: where nobody says it.")]
Supplier = Annotated[str | None, typer.Option(help="Only of this supplier.")]
Category = Annotated[str | None, typer.Option(help="Only of this category; an empty one: where nobody says it.")]
Currency = Annotated[str | None, typer.Option(help="Only amounts in this currency.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Answer as a CSV file.")]

SHOWN = 50
"""Documents that a table for people has; JSON and CSV have all."""

T = TypeVar("T")


class Apart(StrEnum):
    """What figures are told apart by."""

    DAY = "day"
    FACILITY = "facility"
    SUPPLIER = "supplier"
    CATEGORY = "category"


@app.command("list")
def list_indicators(
    since: Since = "",
    until: Until = "",
    facility: Facility = None,
    supplier: Supplier = None,
    category: Category = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show all indicators of the last 30 days, or of others."""
    about = _about(project, since, until, facility, supplier, category, None)
    found: list[Figure] = run(_read(project, lambda c: business.figures(c, about)))
    if as_json:
        emit_json([_defined(INDICATORS[each.indicator]) | figure_row(each, ()) for each in found])
        return
    rows = [[f.indicator, value_words(f), parts_words(f), INDICATORS[f.indicator].question] for f in found]
    table(["indicator", "value", "of", "asks"], rows, empty=_nothing(about), right=["value"], wrap=["asks"])


@app.command()
def show(
    name: Name,
    by: Annotated[list[Apart] | None, typer.Option("--by", help="Told apart by this; may be given again.")] = None,
    since: Since = "",
    until: Until = "",
    facility: Facility = None,
    supplier: Supplier = None,
    category: Category = None,
    currency: Currency = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show one indicator by day, or told apart otherwise, with its definition."""
    indicator = _known(name)
    about = _about(project, since, until, facility, supplier, category, currency)
    apart: Sequence[By] = [each.value for each in by or [Apart.DAY]]

    async def read(connection: Connection) -> tuple[list[Figure], date | None]:
        found = await business.figures(connection, about, indicators=[name], by=apart)
        return found, await business.first_open_day(connection)

    found, first_open = run(_read(project, read))
    rows = [figure_row(each, apart) for each in found]
    if as_csv:
        sys.stdout.write(to_csv(rows))
        return
    if as_json:
        emit_json({**_defined(indicator), "first_open_day": first_open, "figures": rows})
        return
    shown = [[*each.of, value_words(each), parts_words(each), each.facts] for each in found]
    table([*apart, "value", "of", "facts"], shown, empty=_nothing(about), right=["value", "facts"])
    out.print(plain(f"{indicator.numerator} / {indicator.denominator}, on the day {indicator.day}"))
    if first_open is not None:
        out.print(f"Days before {first_open} are closed; what comes late still corrects them.")


@app.command()
def documents(
    name: Name,
    since: Since = "",
    until: Until = "",
    facility: Facility = None,
    supplier: Supplier = None,
    category: Category = None,
    currency: Currency = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List the documents behind a figure, and what each adds to it: together they come to it exactly."""
    indicator = _known(name)
    about = _about(project, since, until, facility, supplier, category, currency)
    if as_csv or as_json:
        found: list[Contribution] = run(_read(project, lambda c: business.documents(c, indicator, about)))
    else:
        found = run(_read(project, lambda c: business.latest_documents(c, indicator, about, SHOWN + 1)))
    rows = lines(indicator, found)
    if as_csv:
        sys.stdout.write(to_csv(rows))
        return
    if as_json:
        emit_json(rows)
        return
    heads = ["day", "document", "line", "facility", "supplier", "category", "currency", "numerator", "denominator"]
    shown = [[str(row[head]) for head in heads] for row in rows[:SHOWN]]
    table(heads, shown, empty=_nothing(about), right=["line", "numerator", "denominator"])
    if len(rows) > SHOWN:
        out.print(f"These are the latest {SHOWN}; --csv or --json lists all.")


def _known(name: str) -> Indicator:
    if name not in INDICATORS:
        fail(f"There is no indicator “{name}”. There are: {', '.join(INDICATORS)}.")
    return INDICATORS[name]


def _about(
    project: Path, since: str, until: str, facility: str | None, supplier: str | None, category: str | None,
    currency: str | None,
) -> About:  # fmt: skip
    last = _day(until, "--to") or business.calendar_of(settings_of(project)).today()
    first = _day(since, "--from") or last - timedelta(days=29)
    return About(since=first, until=last, facility=facility, supplier=supplier, category=category, currency=currency)


def _day(text: str, option: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(f"{option} {text}: write a day as 2026-03-01.")


def _defined(indicator: Indicator) -> dict[str, Any]:
    return {
        "indicator": indicator.name, "question": indicator.question, "measure": indicator.measure.value,
        "numerator_is": indicator.numerator, "denominator_is": indicator.denominator, "counts": indicator.counts,
        "day_is": indicator.day,
    }  # fmt: skip


def _nothing(about: About) -> str:
    return f"Nothing was counted from {about.since} to {about.until}."


async def _read(project: Path, read: Callable[[Connection], Awaitable[T]]) -> T:
    async with journal(project) as database, database.cold() as connection:
        return await read(connection)

"""One indicator: its value and trend, its definition, told apart by whom, and the documents that it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from starlette.responses import RedirectResponse, Response

from hilum.console.components.bars import bars
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.indicators import BUSINESS, Asked, asked, by_day, indicator_link, shown_document
from hilum.console.links import RUNS, message_link, messages_link
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages.business import closed, filters
from hilum.console.shell import Page, add_page, heading, part
from hilum.console.words import number
from hilum.observe.indicators import (
    APART,
    INDICATORS,
    By,
    Contribution,
    Figure,
    Indicator,
    Measure,
    choices,
    figures,
    first_open_day,
    latest_documents,
)
from hilum.observe.indicators.words import amount_words, parts_words, span_words, value_words

SHOWN: Final = 200
"""Documents on the page, the latest; the CSV file has all."""

_GROUPS: Final = 25
"""Rows of a table that tells apart by whom: those with the most behind them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the page shows."""

    page: Page
    asked: Asked
    indicator: Indicator
    whole: Sequence[Figure]
    days: Sequence[Figure]
    apart: Mapping[By, Sequence[Figure]]
    behind: Sequence[Contribution]
    choices: Mapping[By, Sequence[str]]
    first_open: date | None


def add(context: Context, figures_: Figures) -> None:
    """The page at `/business/{name}`, with the filters of `/business`; `&day=2026-03-01` shows one day."""

    async def build(page: Page) -> Response | None:
        indicator = INDICATORS.get(page.request.path_params["name"])
        if indicator is None:
            return RedirectResponse(BUSINESS)
        wanted, named = asked(page), [indicator.name]
        if not indicator.of_money:
            wanted = replace(wanted, about=replace(wanted.about, currency=None))
        async with context.database.cold() as connection:
            found = _Found(
                page=page,
                asked=wanted,
                indicator=indicator,
                whole=await figures(connection, wanted.about, indicators=named),
                days=await figures(connection, wanted.about, indicators=named, by=["day"]),
                apart={by: await figures(connection, wanted.about, indicators=named, by=[by]) for by in APART},
                behind=await latest_documents(connection, indicator, wanted.about, SHOWN),
                choices={by: await choices(connection, wanted.about, by) for by in APART},
                first_open=await first_open_day(connection),
            )
        _show(found)
        return None

    add_page(f"{BUSINESS}/{{name}}", "Indicator", context, figures_, build)


def _show(found: _Found) -> None:
    indicator = found.indicator
    values = join(*(tag("p", tag("strong", value_words(each)), f" {_of(found, each)}") for each in found.whole))
    nothing = tag("p", tag("strong", "Nothing was counted in this time."))
    back = tag("p", tag("a", "All indicators", href=found.asked.link(BUSINESS, currency="")))
    heading(indicator.title, tag("p", indicator.question), values if found.whole else nothing,
            closed(found.first_open), back)  # fmt: skip
    part(filters(f"{BUSINESS}/{indicator.name}", found.asked, found.choices))
    for each in found.whole:
        mine = [day for day in found.days if day.currency == each.currency]
        title = f"By day, {each.currency}" if each.currency else "By day"
        part(join(tag("h2", title), bars(by_day(found.asked, mine, each.currency), indicator.title)), "section")
    for by in APART:
        if len(found.apart[by]) > len(found.whole):
            part(join(tag("h2", f"By {by}"), _apart(found, by)), "section")
    part(_definition(indicator), "section")
    part(join(tag("h2", "What it is made of"), _documents(found)), "section")


def _of(found: _Found, each: Figure) -> str:
    since, until = found.asked.about.since, found.asked.about.until
    days = f"on {since}" if since == until else f"from {since} to {until}"
    return f"{days}: {parts_words(each)}{_unit(found.indicator)}"


def _unit(indicator: Indicator) -> str:
    return " finished" if indicator.measure is Measure.DURATION else ""


def _apart(found: _Found, by: By) -> Html:
    most = sorted(found.apart[by], key=lambda each: (-each.denominator, each.of, each.currency))
    rows = []
    for each in most[:_GROUPS]:
        link = indicator_link(each.indicator, found.asked.only(by, each.of[0]), currency=each.currency)
        rows.append(
            row(tag("a", each.of[0] or "not said", href=link), num(value_words(each)), num(parts_words(each)),
                num(number(each.facts)))
        )  # fmt: skip
    shown = table((by.capitalize(), "Value>", "Of>", "Facts>"), rows, empty="Nothing.", label=f"By {by}")
    more = len(most) - _GROUPS
    return join(shown, tag("p", f"{number(more)} more have less behind them.") if more > 0 else None)


def _documents(found: _Found) -> Html:
    indicator = found.indicator
    heads = ("Day", "Document", "Line>", "Facility", "Supplier", "Category", *_part_heads(indicator), "Story")
    rows = [_document(found, each) for each in found.behind]
    csv = tag("a", "CSV file", href=found.asked.link("/business.csv", indicator=indicator.name),
              class_="button")  # fmt: skip
    told = [tag("p", "Together they come to the figure. ", csv, id="documents")] if found.behind else []
    more = sum(each.facts for each in found.whole) - len(found.behind)
    rest = tag("p", f"{number(more)} earlier ones are in the CSV file.") if more > 0 else None
    return join(*told, table(heads, rows, empty="Nothing.", label="Documents"), rest)


def _part_heads(indicator: Indicator) -> tuple[str, ...]:
    match indicator.measure:
        case Measure.DURATION:
            return ("Took>",)
        case Measure.MONEY:
            return ("Adds>", "Bought>")
    return ("Counts>", "Of>")


def _document(found: _Found, each: Contribution) -> Html:
    indicator, fact, parts = found.indicator, each.counted.fact, each.part
    told: list[Child] = [num(span_words(parts.numerator))]
    if indicator.measure is not Measure.DURATION:
        amounts = (parts.numerator, parts.denominator)
        told = [num(_amount(amount, fact.currency, indicator)) for amount in amounts]
    document = shown_document(found.page, fact)
    link: Child = tag("a", document, href=messages_link(q=document)) if document == fact.document else document
    place: list[Child] = [str(each.counted.day), link]
    whose = [num(str(fact.line) if fact.line else ""), fact.facility, fact.supplier, fact.category]
    return row(*place, *whose, *told, _story(each), data_row=True)


def _story(each: Contribution) -> Child:
    """Where one sees how it came about."""
    fact = each.counted.fact
    if fact.run_id is not None:
        return tag("a", "its run", href=f"{RUNS}/{fact.run_id}")
    return message_link(fact.message_id) if fact.message_id is not None else ""


def _amount(amount: Decimal, currency: str, indicator: Indicator) -> str:
    return f"{amount_words(amount)} {currency}" if indicator.of_money else f"{amount:.0f}"


def _definition(indicator: Indicator) -> Html:
    told = (
        ("Numerator", indicator.numerator),
        ("Denominator", indicator.denominator),
        ("Counts", indicator.counts),
        ("Day", indicator.day),
    )
    rows = [row(tag("strong", name), words) for name, words in told]
    return join(tag("h2", "Definition"), table(("Part", "What it is"), rows, empty="", label="Definition"))

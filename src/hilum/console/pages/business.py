"""Business: what the indicators come to, by day, facility, supplier and category; each leads to its own page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from hilum.console.components.bars import bars
from hilum.console.components.controls import filter_form, select
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.indicators import BUSINESS, NOWHERE, PERIODS, Asked, asked, by_day, indicator_link
from hilum.console.markup import Html, join, tag
from hilum.console.shell import Page, add_page, heading, part
from hilum.console.words import number
from hilum.observe.indicators import APART, INDICATORS, By, Figure, choices, figures, first_open_day
from hilum.observe.indicators.words import parts_words, value_words

_HEIGHT: Final = 32
_TOLD: Final = 4
"""Indicators that the first sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the page shows."""

    asked: Asked
    whole: Sequence[Figure]
    days: Sequence[Figure]
    choices: Mapping[By, Sequence[str]]
    first_open: date | None


def add(context: Context, figures_: Figures) -> None:
    """The page at `/business`; `?days=90&facility=NORTH&supplier=…&category=…` shows a part of it."""

    async def build(page: Page) -> None:
        wanted = asked(page)
        async with context.database.cold() as connection:
            found = _Found(
                asked=wanted,
                whole=await figures(connection, wanted.about),
                days=await figures(connection, wanted.about, by=["day"]),
                choices={by: await choices(connection, wanted.about, by) for by in APART},
                first_open=await first_open_day(connection),
            )
        heading("Business", tag("p", _answer(found)), closed(found.first_open))
        part(filters(BUSINESS, wanted, found.choices))
        part(_table(found), "section")

    add_page(BUSINESS, "Business", context, figures_, build)


def _answer(found: _Found) -> Html:
    """What they come to, in a sentence."""
    days = f"from {found.asked.about.since} to {found.asked.about.until}"
    if not found.whole:
        return tag("strong", f"Nothing was counted {days}.")
    told = [f"{INDICATORS[each.indicator].title} {value_words(each)}" for each in _first_of_each(found.whole)]
    return join(tag("strong", "; ".join(told[:_TOLD]), "."), f" All {days}.")


def _first_of_each(whole: Sequence[Figure]) -> list[Figure]:
    """Of an indicator in several currencies the one with the most money."""
    most: dict[str, Figure] = {}
    for each in whole:
        if each.indicator not in most or each.denominator > most[each.indicator].denominator:
            most[each.indicator] = each
    return list(most.values())


def closed(first_open: date | None) -> Html | None:
    """Up to when figures are final but for what comes late."""
    if first_open is None:
        return None
    return tag("p", f"Days before {first_open} are closed: only what comes late still changes them.")


def filters(path: str, wanted: Asked, known: Mapping[By, Sequence[str]]) -> Html:
    """Period, facility, supplier and category, in the address."""
    said = {by: wanted.query(by) for by in APART}
    periods = {str(days): words for days, words in PERIODS.items()}
    return filter_form(
        path,
        select("Period", "days", periods, str(wanted.days), every="30 days"),
        *(select(by.capitalize(), by, {v or NOWHERE: v or "not said" for v in known[by]}, said[by]) for by in APART),
        clear=bool(any(said.values()) or wanted.chosen),
    )


def _table(found: _Found) -> Html:
    rows = []
    for each in found.whole:
        indicator = INDICATORS[each.indicator]
        mine = [day for day in found.days if (day.indicator, day.currency) == (each.indicator, each.currency)]
        link = indicator_link(each.indicator, found.asked, currency=each.currency)
        chart = bars(by_day(found.asked, mine, each.currency), indicator.title, height=_HEIGHT)
        rows.append(
            row(
                [tag("a", indicator.title, href=link, data_open=True), tag("small", indicator.question)],
                num(tag("strong", value_words(each))),
                chart,
                num(parts_words(each)),
                num(tag("a", number(each.facts), href=f"{link}#documents")),
                data_row=True,
            )
        )
    heads = ("Indicator", "Value>", "By day", "Of>", "Facts>")
    empty = "Nothing was counted in this time. Runs of orders, bills, requisitions and suppliers are what is counted."
    return table(heads, rows, empty=empty, label="Indicators")

"""Data quality: the score of the last thirty days by day, by source and facility, and what is to be put right."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.console.components.age import ago
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.markup import Html, join, tag
from hilum.console.shell import Page, add_page, heading, part
from hilum.console.words import number, plural
from hilum.masterdata import quality
from hilum.masterdata.quality import Day, Finding, Score

_HEIGHT, _STEP = 48, 10


def add(context: Context, figures: Figures) -> None:
    """The page at `/master/quality`; `?object=item` shows one object."""

    async def build(page: Page) -> None:
        object_ = page.query("object")
        async with context.database.cold() as connection:
            scores = await quality.scores(connection)
            days = await quality.trend(connection, object_)
            found = await quality.work_list(connection, object_)
        told = f"{plural(len(found), 'record')} to be put right." if found else "Nothing is to be put right."
        heading("Data quality", tag("p", tag("strong", told)))
        part(join(tag("h2", "By day", _latest(days)), chart(days)), "section")
        part(join(tag("h2", "By source and facility"), _scores(scores)), "section")
        part(join(tag("h2", "To be put right"), _work(found)), "section")

    add_page("/master/quality", "Data quality", context, figures, build)


def _latest(days: Sequence[Day]) -> Html:
    return tag("small", f"{days[-1].percent:.1f} % on {days[-1].day}") if days else Html("")


def _scores(scores: Sequence[Score]) -> Html:
    heads = ("Object", "Source", "Facility", "Score>", "Checked>", "Failed>")
    empty = "Nothing was checked in the last 30 days. Rules are in quality.toml."
    return table(heads, [_score(each) for each in scores], empty=empty, label="Scores")


def _work(found: Sequence[Finding]) -> Html:
    return table(("Object", "Record", "Rule", "Source", "Facility", "Seen>", "Since"), [_finding(f) for f in found],
                 empty="Nothing.", label="Work list")  # fmt: skip


def _score(each: Score) -> Html:
    link = tag("a", each.object, href=f"/master/quality?object={each.object}")
    counts = (num(f"{each.percent:.1f} %"), num(number(each.checked)), num(number(each.failed)))
    return row(link, each.source, each.facility, *counts)


def _finding(each: Finding) -> Html:
    return row(each.object, each.key, each.rule, each.source, each.facility, num(each.seen), ago(each.first_seen))


def chart(days: Sequence[Day]) -> Html:
    """One bar a day, its height the score; in words for readers."""
    if not days:
        return tag("p", "No day yet.", class_="empty")
    words = "; ".join(f"{each.day}: {each.percent:.1f} %" for each in days)
    bars = [
        tag("rect", tag("title", f"{each.day}: {each.percent:.1f} %"), x=at * _STEP, y=_HEIGHT - height,
            width=_STEP - 2, height=height)
        for at, each in enumerate(days)
        if (height := max(1, round(each.percent / 100 * _HEIGHT)))
    ]  # fmt: skip
    width = len(days) * _STEP
    return tag("svg", tag("title", words), bars, class_="sparkline", role="img", aria_label=f"Score by day. {words}",
               viewBox=f"0 0 {width} {_HEIGHT}", width=width, height=_HEIGHT)  # fmt: skip

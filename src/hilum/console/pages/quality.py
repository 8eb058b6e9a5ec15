"""Data quality: the score by day, source, facility and rule, and what is to be put right; each part has an address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final
from urllib.parse import urlencode

from hilum.console.components.age import ago
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.markup import Html, join, tag
from hilum.console.shell import Page, add_page, heading, part
from hilum.console.words import number, plural
from hilum.masterdata import quality
from hilum.masterdata.quality import About, By, Day, Finding, Score

_HEIGHT, _STEP = 48, 10
_NOWHERE: Final = "~"
"""In an address: where nobody says the facility."""

_APART: Final[tuple[By, ...]] = ("source", "facility", "rule")
SHOWN: Final = 12
"""Charts in a row of small ones: those whose last day is the worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the page shows."""

    about: About
    to_do: int
    whole: Sequence[Day]
    apart: Sequence[tuple[By, Sequence[Day]]]
    scores: Sequence[Score]
    rules: Sequence[Score]
    findings: Sequence[Finding]


def add(context: Context, figures: Figures) -> None:
    """The page at `/master/quality`; `?object=item&rule=…&source=…&facility=NORTH` shows a part of it."""

    async def build(page: Page) -> None:
        about = _asked(page)
        async with context.database.cold() as connection:
            found = _Found(
                about=about,
                to_do=await quality.to_do(connection, about),
                whole=await quality.trend(connection, about),
                apart=[(by, await quality.trend(connection, about, by=by)) for by in _APART],
                scores=await quality.scores(connection, about),
                rules=await quality.scores(connection, about, by=("object", "rule")),
                findings=await quality.work_list(connection, about),
            )
        _show(found)

    add_page("/master/quality", "Data quality", context, figures, build)


def _asked(page: Page) -> About:
    facility = page.query("facility")
    return About(
        object=page.query("object"),
        rule=page.query("rule"),
        source=page.query("source"),
        facility=None if not facility else "" if facility == _NOWHERE else facility,
    )


def _show(found: _Found) -> None:
    told = f"{plural(found.to_do, 'record')} to be put right." if found.to_do else "Nothing is to be put right."
    heading("Data quality", tag("p", tag("strong", told)), _limits(found.about))
    part(join(tag("h2", "By day", _latest(found.whole)), chart(found.whole)), "section")
    for by, days in found.apart:
        if small := _small(found.about, by, days):
            part(join(tag("h2", f"By day and {by}"), small), "section")
    part(join(tag("h2", "By source and facility"), _scores(found.about, found.scores)), "section")
    part(join(tag("h2", "By rule"), _rules(found.about, found.rules)), "section")
    part(join(tag("h2", "To be put right"), _work(found)), "section")


def address(about: About) -> str:
    """Where this part of it is shown."""
    named = {"object": about.object, "rule": about.rule, "source": about.source}
    if about.facility is not None:
        named["facility"] = about.facility or _NOWHERE
    words = urlencode({name: value for name, value in named.items() if value})
    return f"/master/quality?{words}" if words else "/master/quality"


def _link(about: About, by: By, value: str) -> Html:
    """To the same, of this one only."""
    only = {"object": replace(about, object=value), "rule": replace(about, rule=value),
            "source": replace(about, source=value), "facility": replace(about, facility=value)}[by]  # fmt: skip
    return tag("a", value or "not said", href=address(only))


def _limits(about: About) -> Html | None:
    """What the page is limited to, each with a link to take it away."""
    without: dict[By, About] = {
        "object": replace(about, object=""), "rule": replace(about, rule=""), "source": replace(about, source=""),
        "facility": replace(about, facility=None),
    }  # fmt: skip
    values = {"object": about.object, "rule": about.rule, "source": about.source,
              "facility": "not said" if about.facility == "" else about.facility}  # fmt: skip
    links = [
        tag("a", f"{name} {values[name]} ×", href=address(wider), class_="thing",
            aria_label=f"{name} {values[name]}: show all")
        for name, wider in without.items()
        if values[name]
    ]  # fmt: skip
    return (
        tag("p", "Only ", [join(link, n + 1 < len(links) and " · ") for n, link in enumerate(links)]) if links else None
    )


def _latest(days: Sequence[Day]) -> Html:
    return tag("small", f"{days[-1].percent:.1f} % on {days[-1].day}") if days else Html("")


def _small(about: About, by: By, days: Iterable[Day]) -> Html | None:
    """A small chart for each, the worst first; none where there is only one."""
    each = [(of, list(some)) for of, some in groupby(days, lambda day: day.of)]
    if len(each) < 2:
        return None
    each.sort(key=lambda one: (one[1][-1].percent, one[0]))
    rows = [row(_link(about, by, of), chart(some), num(f"{some[-1].percent:.1f} %")) for of, some in each[:SHOWN]]
    shown = table((by.capitalize(), "By day", "Last day>"), rows, empty="", label=f"By day and {by}")
    more = len(each) - SHOWN
    return join(shown, tag("p", f"{number(more)} more are better than these.") if more > 0 else None)


def _scores(about: About, scores: Sequence[Score]) -> Html:
    heads = ("Object", "Source", "Facility", "Score>", "Checked>", "Failed>")
    rows = [
        row(_link(about, "object", each.object), _link(about, "source", each.source),
            _link(about, "facility", each.facility), *_counts(each))
        for each in scores
    ]  # fmt: skip
    empty = "Nothing was checked in the last 30 days. Rules are in quality.toml."
    return table(heads, rows, empty=empty, label="Scores")


def _rules(about: About, scores: Sequence[Score]) -> Html:
    rows = [
        row(_link(about, "object", each.object), _link(about, "rule", each.rule), *_counts(each)) for each in scores
    ]
    return table(("Object", "Rule", "Score>", "Checked>", "Failed>"), rows, empty="Nothing.", label="Scores by rule")


def _counts(each: Score) -> tuple[Html, Html, Html]:
    return num(f"{each.percent:.1f} %"), num(number(each.checked)), num(number(each.failed))


def _work(found: _Found) -> Html:
    heads = ("Object", "Record", "Rule", "Source", "Facility", "Seen>", "Since")
    rows = [_finding(found.about, each) for each in found.findings]
    shown = table(heads, rows, empty="Nothing.", label="Work list")
    more = found.to_do - len(found.findings)
    return join(shown, tag("p", f"{number(more)} more, seen longer ago.") if more > 0 else None)


def _finding(about: About, each: Finding) -> Html:
    return row(
        _link(about, "object", each.object), each.key, _link(about, "rule", each.rule),
        _link(about, "source", each.source), _link(about, "facility", each.facility), num(each.seen),
        ago(each.first_seen),
    )  # fmt: skip


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

"""Reconciliation: are the systems the same? Each comparison with its result and trend, and one with what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from nicegui import ui
from starlette.responses import RedirectResponse, Response

from hilum.console import comparing
from hilum.console.components.age import ago
from hilum.console.components.bars import Bar, bars
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, filter_form, reasons, search_box, select
from hilum.console.components.dialogs import Question, ask, bullets
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import COMPARISONS, cases_link, comparison_link, difference_link, message_link, with_query
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages.moves import why_not
from hilum.console.shell import Lookout, Page, Redraw, acting, add_page, follow, heading, part
from hilum.console.words import number, plural
from hilum.postgres import Connection
from hilum.reconcile import Comparison, Kind, asking, store
from hilum.reconcile.asking import Request
from hilum.reconcile.fields import grouped
from hilum.reconcile.store import DifferenceRow, RunRow, sums_of
from hilum.reconcile.words import result

SHOWN: Final = 200
"""Differences on the page, those that last longest; the CSV file has all."""

_RUNS: Final = 30
_HEIGHT: Final = 32
WORDS: Final[Mapping[Kind, str]] = {
    Kind.MISSING: "Missing", Kind.EXTRA: "Extra", Kind.DIFFERENT: "Different", Kind.DOUBLED: "More than once",
    Kind.UNREADABLE: "Unreadable",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    """A comparison with its runs, the latest first. It may be declared no more, or not here."""

    name: str
    declared: Comparison | None
    runs: Sequence[RunRow]

    @property
    def last(self) -> RunRow | None:
        return self.runs[0] if self.runs else None

    @property
    def sides(self) -> tuple[str, str]:
        return self.declared.sides if self.declared is not None else ("here", "there")

    @property
    def told(self) -> str:
        return result(self.last, self.sides) if self.last is not None else "It has not run yet."


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the page of a comparison shows."""

    one: _One
    then: RunRow | None  # the run that the address asks for
    found: Sequence[DifferenceRow]
    request: Request | None  # somebody wants it to be made now


def add(context: Context, figures: Figures) -> None:
    """The page at `/reconciliation`."""

    async def build(page: Page) -> None:
        declared = {each.name: each for each in context.comparisons}
        async with context.database.cold() as connection:
            names = sorted({*declared, *await store.latest(connection)})
            found = [await _one(connection, name, declared.get(name)) for name in names]
            accepted = sum((await store.accepted(connection)).values())
        heading("Reconciliation", tag("p", tag("strong", answer([each.last for each in found], accepted))))
        part(_list(found), "section")

    add_page(COMPARISONS, "Reconciliation", context, figures, build)


def add_one(context: Context, figures: Figures) -> None:
    """The page at `/reconciliation/{name}`; `?run=17` shows what a run found, `?kind=…&q=…` a part of it."""

    async def build(page: Page) -> Response | None:
        name = page.request.path_params["name"]
        declared = next((each for each in context.comparisons if each.name == name), None)

        async def look() -> _Seen:
            async with context.database.cold() as connection:
                one = await _one(connection, name, declared)
                then = next((each for each in one.runs if str(each.id) == page.query("run")), None)
                found = await read(connection, page, name, SHOWN + 1)
                return _Seen(one, then, found, (await asking.asked(connection)).get(name))

        if declared is None and (await look()).one.last is None:
            return RedirectResponse(COMPARISONS)
        await follow(page, ui.element("div"), look, partial(_show, page))
        return None

    add_page(f"{COMPARISONS}/{{name}}", "Comparison", context, figures, build)


async def read(connection: Connection, page: Lookout, name: str, limit: int) -> list[DifferenceRow]:
    """What the address asks for; what it says wrongly counts as not said."""
    query = page.query
    run = query("run")
    kind = query("kind") if query("kind") in {each.value for each in Kind} else ""
    return await store.found(
        connection, name, int(run) if run.isdecimal() and len(run) < 18 else None, kind=kind, key=query("q"),
        limit=limit,
    )  # fmt: skip


def answer(last: Sequence[RunRow | None], accepted: int = 0) -> str:
    """Do they agree, in a sentence. `accepted`: so much of what differs was accepted."""
    if not last:
        return "This hub compares nothing yet: declare a comparison beside the flows."
    failed = sum(each is not None and each.state == "failed" for each in last)
    apart = [each for each in last if each is not None and each.state == "done" and each.differences]
    said = []
    if apart:
        many, places = sum(each.differences for each in apart), plural(len(apart), "comparison")
        known = f", {number(accepted)} of them accepted" if accepted else ""
        said.append(f"{plural(many, 'thing')} {'differs' if many == 1 else 'differ'} in {places}{known}")
    if failed:
        said.append(f"{plural(failed, 'comparison')} could not be made")
    if said:
        return f"{'; '.join(said)}."
    waiting = sum(each is None for each in last)
    return "Everything that was compared agrees." if waiting < len(last) else "Nothing has been compared yet."


async def _one(connection: Connection, name: str, declared: Comparison | None) -> _One:
    return _One(name=name, declared=declared, runs=await store.runs(connection, name, limit=_RUNS))


def _list(found: Sequence[_One]) -> Html:
    rows = []
    for one in found:
        declared, last = one.declared, one.last
        about = declared.summary if declared is not None else "It is declared in no file of this hub."
        when = declared.when.words() if declared is not None and declared.when is not None else "by hand"
        link = tag("a", one.name, href=comparison_link(one.name), data_open=True)
        count = tag("a", number(last.differences), href=comparison_link(one.name)) if last is not None else ""
        rows.append(
            row(
                tag("td", link, tag("small", about), class_="wide"),
                _state(last),
                num(count),
                tag("td", one.told, class_="wide"),
                _trend(one),
                num(ago(last.started_at) if last is not None else ""),
                when,
                declared.owners.business if declared is not None else "",
                data_row=True,
            )
        )
    heads = ("Comparison", "", "Differ>", "Came to", "Trend", "Last run>", "Runs", "With")
    return table(heads, rows, empty="No comparison is declared.", label="Comparisons")


def _state(last: RunRow | None) -> Html:
    if last is None:
        return chip("Not yet", "off")
    if last.state == "failed":
        return chip("Failed", "hurt")
    if last.state == "running":
        return chip("Running", "flowing")
    return chip("Differ", "held") if last.differences else chip("Agree", "done")


def _trend(one: _One) -> Html:
    """One bar for each run, the latest at the right."""
    told = [
        Bar(f"{each.started_at:%Y-%m-%d %H:%M}", float(each.differences) if each.state == "done" else None,
            plural(each.differences, "difference"), with_query(comparison_link(one.name), run=str(each.id)))
        for each in reversed(one.runs)
    ]  # fmt: skip
    return bars(told, f"Differences of {one.name}", height=_HEIGHT)


async def _show(page: Page, seen: _Seen, draw: Redraw) -> None:
    one, then, found = seen.one, seen.then, seen.found
    declared, shown = one.declared, then or one.last
    lead = [tag("p", _state(shown), tag("strong", one.told if then is None else result(then, one.sides)))]
    if then is not None:
        back = tag("a", "as it is now", href=comparison_link(one.name))
        lead.append(tag("p", f"As run {then.id} found it, ", ago(then.started_at), ". See it ", back, "."))
    if declared is not None:
        when = declared.when.words() if declared.when is not None else f"by hand: hilum reconcile run {one.name}"
        lead.append(tag("p", f"{declared.summary}. Runs {when}. Its differences go to {declared.owners.business}. ",
                        tag("a", "Open cases", href=cases_link(category="reconcile.different"))))  # fmt: skip
    lead.append(tag("p", tag("a", "All comparisons", href=COMPARISONS)))
    heading(one.name, *lead)
    _running(page, seen, draw)
    if shown is not None and shown.sums:
        part(join(tag("h2", "What it comes to"), _sums(shown, one.sides)), "section")
    part(_filters(page, one.name))
    part(join(tag("h2", "What differs"), _differences(page, one, found)), "section")
    part(join(tag("h2", "Runs"), _trend(one), _runs(one)), "section")


def _running(page: Page, seen: _Seen, draw: Redraw) -> None:
    """Compare now, with a reason; or that somebody has asked for it."""
    name, request = seen.one.name, seen.request
    impossible = "" if seen.one.declared is not None else "It is declared in no file of this hub."
    if request is not None:
        impossible = f"{request.actor} has asked for a run; a worker makes it in a moment."
    refused = why_not(page, comparing.COMPARE, impossible)

    async def compare() -> None:
        lines = ["Both sides are read by a worker of this hub; nothing is changed on either of them.",
                 "Cases open and end by what it finds, as after a run of the calendar."]  # fmt: skip
        answered = await ask(page, Question(title=f"Compare {name} now", body=bullets(lines), do="Compare"))
        if answered is not None:
            page.say(await comparing.compare_now(page.visit, name, answered.reason))
            await draw()

    with ui.element("div").classes("acts"):
        Button("Run now…", acting(page, compare), why_not=refused)
    part(reasons([refused]))
    if request is not None:
        told = [chip("Asked for", "waiting"), f"{request.actor}, ", ago(request.asked_at), f": {request.reason}"]
        part(tag("p", told, class_="why"))


def _sums(run: RunRow, sides: tuple[str, str]) -> Html:
    rows = [
        row(name, of, num(grouped(here)), num(grouped(there)), num(grouped(here - there)))
        for name, of, here, there in sums_of(run)
    ]
    heads = ("Field", "In", f"{head_of(sides[0])}>", f"{head_of(sides[1])}>", "Apart>")
    return table(heads, rows, empty="Nothing.", label="Sums")


def head_of(side: str) -> str:
    """As the head of a column."""
    return f"{side[:1].upper()}{side[1:]}"


def _filters(page: Page, name: str) -> Html:
    kinds = {kind.value: words for kind, words in WORDS.items()}
    return filter_form(
        comparison_link(name),
        search_box("Key", "q", page.query("q"), "a part of the number"),
        select("What", "kind", kinds, page.query("kind")),
        clear=bool(page.query("q") or page.query("kind")),
    )


def _differences(page: Page, one: _One, found: Sequence[DifferenceRow]) -> Html:
    here, there = one.sides
    rows = [
        row(
            [
                tag("a", each.title, href=difference_link(one.name, each.id), data_open=True),
                tag("small", each.key, class_="mono"),
            ],
            [WORDS[each.kind], each.accepted_at is not None and tag("small", "accepted by ", each.accepted_by)],
            [[part_, tag("br")] for part_ in (apart.label for apart in each.apart)],
            [[apart.here, tag("br")] for apart in each.apart],
            [[apart.there, tag("br")] for apart in each.apart],
            tag("td", *(tag("small", apart.why) for apart in each.apart if apart.why), class_="wide"),
            num(ago(each.since)),
            num(number(each.runs)),
            found_at(each.here),
            found_at(each.there),
            data_row=True,
        )
        for each in found[:SHOWN]
    ]
    heads = ("What", "", "Field", head_of(here), head_of(there), "", "Since>", "Runs>", f"In {here}", f"In {there}")
    asked = {name: page.query(name) for name in ("run", "kind", "q")}
    files = [
        [
            tag(
                "a", f"{words} file", href=with_query(f"/reconciliation.{end}", name=one.name, **asked), class_="button"
            ),
            " ",
        ]
        for end, words in (("csv", "CSV"), ("xlsx", "XLSX"))
    ]
    told = tag("p", f"The {SHOWN} that last longest. " if len(found) > SHOWN else "", files) if found else None
    return join(told, table(heads, rows, empty="Nothing differs.", label="Differences"))


def found_at(where: str) -> Child:
    """A message is a link to its story; anything else is what people search for on that side."""
    try:
        return message_link(UUID(where))
    except ValueError:
        return tag("span", where, class_="mono") if where else ""


def _runs(one: _One) -> Html:
    rows = [
        row(
            num(tag("a", str(each.id), href=with_query(comparison_link(one.name), run=str(each.id)))),
            _state(each),
            num(ago(each.started_at)),
            _days(each),
            num(number(each.here)), num(number(each.there)), num(number(each.same)), num(number(each.differences)),
            num(number(each.on_the_way)),
            each.version,
            each.actor,
            tag("td", each.words, class_="wide"),
        )
        for each in one.runs
    ]  # fmt: skip
    sides = [f"{head_of(side)}>" for side in one.sides]
    heads = ("Run>", "", "Began>", "Days", *sides, "Agree>", "Differ>", "On the way>", "Version", "By", "")
    return table(heads, rows, empty="It has not run yet.", label="Runs")


def _days(run: RunRow) -> str:
    first = f"from {run.since}" if run.since is not None else "all"
    return f"{first} to {run.until - timedelta(days=1)}" if run.until is not None else first

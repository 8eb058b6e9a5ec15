"""Runs: where each run of each process is, since when, and what it waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hilum.console import words
from hilum.console.components.age import ago, span
from hilum.console.components.chip import run_chip
from hilum.console.components.controls import filter_form, search_box, select
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import RUNS, desk_link, run_link, runs_link
from hilum.console.markup import Child, Html, join, tag
from hilum.console.shell import Page, add_page, live, part
from hilum.processes import store
from hilum.processes.naming import waits_in_words
from hilum.processes.store import RunRow
from hilum.security import Permission

PAGE = 50
"""Rows on one page."""

NAMES = ("q", "process", "state", "status")
"""The filters in the address."""


@dataclass(frozen=True, slots=True)
class _Found:
    runs: list[RunRow]
    open: Mapping[tuple[str, str], int]  # by process and status


def add(context: Context, figures: Figures) -> None:
    """The page at `/workflows/runs`."""

    async def build(page: Page) -> None:
        async def read() -> _Found:
            async with context.database.cold() as connection:
                return _Found(await store.runs(connection, **_asked(page)), await store.counts(connection))

        found = await read()
        top = part(_heading(found), "heading")
        part(_filters(page))
        listed = part(_table(page, found))
        part(_paging(page, found.runs))
        live(page, read, {top: _heading, listed: lambda now: _table(page, now)})

    add_page(RUNS, "Runs", context, figures, build)


def _asked(page: Page) -> dict[str, Any]:
    """What the address asks for, for `store.runs`."""
    before: UUID | None = None
    try:
        before = UUID(page.query("before")) if page.query("before") else None
    except ValueError:
        page.say("The page to go on from is not known; this is the first one.", hurt=True)
    clean = {name: page.query(name).replace("\x00", "") for name in NAMES}
    hidden = [] if page.user.may(Permission.VIEW_PAYLOAD) else _protected(page.context)
    return {"process": clean["process"], "status": clean["status"], "state": clean["state"], "text": clean["q"],
            "protected": hidden, "before": before, "limit": PAGE + 1}  # fmt: skip


def _protected(context: Context) -> list[str]:
    return [each.name for each in context.processes if context.protects(each.name)]


def _heading(found: _Found) -> Html:
    return join(tag("h1", "Runs"), tag("div", tag("p", _answer(found.open)), class_="answer"))


def _answer(counts: Mapping[tuple[str, str], int]) -> Html:
    """What runs, and whether anything is stuck."""
    under_way, held = (sum(n for (_, s), n in counts.items() if s == status) for status in (store.RUNNING, store.HELD))
    if not under_way and not held:
        return join(tag("strong", "No run is open."))
    link = tag("a", words.plural(under_way, "run"), href=runs_link(status=store.RUNNING))
    going = join(link, " is under way." if under_way == 1 else " are under way.") if under_way else "None is under way."
    if not held:
        return join(tag("strong", "No run is held. "), going)
    is_, waits_ = ("is", "waits") if held == 1 else ("are", "wait")
    link = tag("a", words.plural(held, "run"), href=runs_link(status=store.HELD))
    stuck = join(link, f" {is_} held and {waits_} for a person. ")
    return join(tag("strong", stuck), going)


def _filters(page: Page) -> Html:
    processes = list(dict.fromkeys(each.name for each in page.context.processes))
    chosen = [each for each in page.context.processes if page.query("process") in ("", each.name)]
    states = list(dict.fromkeys(state for each in chosen for state in each.states.all))
    return filter_form(
        RUNS,
        search_box("About", "q", page.query("q"), "order, contract, or the id of a run"),
        select("Process", "process", {name: name for name in processes}, page.query("process")),
        select("State", "state", {state: state for state in states}, page.query("state")),
        select("Status", "status", {key: each.word for key, each in words.RUN_STATES.items()}, page.query("status")),
        clear=any(page.query(name) for name in NAMES),
    )


def _table(page: Page, found: _Found) -> Html:
    rows = [
        row(
            _about(page, each),
            tag("a", each.process, href=runs_link(process=each.process)),
            run_chip(each.status),
            each.state,
            num(span(each.since)),
            waits(page, each),
            num(ago(each.started_at)),
            data_row=True,
        )
        for each in found.runs[:PAGE]
    ]  # fmt: skip
    heads = ("About", "Process", "Status", "State", "In it for>", "Waits for, or how it ended", "Began>")
    filtered = any(page.query(name) for name in NAMES)
    empty = join("No run fits. ", tag("a", "Show all runs", href=RUNS)) if filtered else _nothing(page)
    return table(heads, rows, empty=empty, label="Runs")


def _nothing(page: Page) -> str:
    if not page.context.processes:
        return "This hub has no processes. A process stands beside the flows, in a file of flows/."
    return "No run has begun yet. One begins when a flow brings what starts it."


def _about(page: Page, run: RunRow) -> Child:
    link = run_link(run.id, page.masker(run.process)(run.key))
    return [tag("span", link, class_="key"), tag("small", _nth(run))]


def _nth(run: RunRow) -> str:
    return f"run {run.number} of it" if run.number > 1 else ""


def waits(page: Page, run: RunRow) -> Child:
    """What it waits for and until when; or what came of it."""
    if not run.open or run.status == store.HELD:
        return page.context.words(run.process, run.outcome, page.user)
    if not run.waits_for:
        return "nothing: it is at work"
    until = [tag("small", "its time is over ", ago(run.waits_until))] if run.waits_until else []
    return [waits_in_words(run.waits_for, page.context.heard(run.process, run.version)), until]


def _paging(page: Page, found: Sequence[RunRow]) -> Html:
    filters = {name: page.query(name) for name in NAMES}
    newest = tag("a", "Newest", href=runs_link(**filters), class_="button") if page.query("before") else None
    older = None
    if len(found) > PAGE:
        older = tag("a", "Older", href=runs_link(**filters, before=str(found[PAGE - 1].id)), class_="button")
    tasks = tag("a", "What runs ask of people is on the desk.", href=desk_link(what="task"))
    return join(tag("div", newest, older, class_="acts"), tag("p", tasks, class_="why"))

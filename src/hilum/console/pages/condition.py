"""A case without a message: what will make messages fail, or waits in a process; what was expected, found, to do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from nicegui import ui

from hilum import cases
from hilum.cases import Case
from hilum.console import small, words
from hilum.console.components.age import ago, span
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask
from hilum.console.components.pressing import criticality, due
from hilum.console.components.table import row, table
from hilum.console.links import case_link, comparison_link, difference_link, flow_link, runs_link
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages import difference, moves
from hilum.console.pages.handling import assigning, noting
from hilum.console.shell import Page, Redraw, acting, follow, part
from hilum.reconcile import store
from hilum.security import Permission


async def watched(page: Page, number: int) -> None:
    """Draw it, and again whenever it is seen once more, changes hands or ends."""

    async def read() -> Case | None:
        async with page.context.database.cold() as connection:
            return await cases.case(connection, number)

    await follow(page, ui.element("div"), read, partial(_contents, page))


async def _contents(page: Page, case: Case, draw: Redraw) -> None:
    part(join(tag("h1", case.title), tag("div", _answer(case), class_="answer")), "heading")
    if case.open:
        assigning(page, case, draw)
        _closing(page, case, draw)
    async with page.context.database.cold() as connection:
        written = await cases.notes(connection, case.id)
    shown = bool(case.comparison) and case.open and await _difference(page, case, draw)
    title = "What waits" if case.process else "What differs" if case.comparison else "What does not fit"
    if not shown:
        part(join(tag("h2", title), misfits([case], title=title)), "section")
    with ui.element("div").classes("pair"):
        part(join(tag("h2", "Facts"), tag("div", _facts(case), class_="card")), "section")
        with ui.element("div").classes("section"):
            noting(page, case, written, draw)


async def _difference(page: Page, case: Case, draw: Redraw) -> bool:
    """Both sides of what a comparison found, and the moves that are legal. False: it differs no more."""
    async with page.context.database.cold() as connection:
        key = case.condition.removeprefix(f"{case.category}: ")
        number = await store.open_difference(connection, case.comparison, key)
        found = await store.one_difference(connection, number) if number is not None else None
    if found is None:
        return False
    link = tag("a", "its page", href=difference_link(found.comparison, found.id))
    part(join(tag("h2", "Side by side ", tag("small", link)), difference.beside(page, found)), "section")
    await difference.acts(page, found, draw)
    return True


def _answer(case: Case) -> Html:
    if case.closed_at is not None:
        how = words.RESOLUTIONS.get(case.resolution or "", case.resolution)
        lasts = " It is still so, and stays closed until something more is wrong." if case.gone_at is None else ""
        closed = f"{case.closed_by} {how} it "
        return tag("p", chip("Closed", "done"), closed, ago(case.closed_at), f": {case.reason}{lasts}")
    what, ends = (chip("Will fail", "hurt"), tag("strong", case.destination)), "when it fits again"
    if case.process:
        what, ends = (chip("Held", "held"), Html("")), "when it goes on"
    elif case.comparison:
        what, ends = (chip("Differs", "held"), Html("")), "when a comparison finds the two the same"
    return join(
        tag("p", what[0], what[1], what[1] and ": ", case.words),
        tag("p", tag("strong", "What to do: "), case.next_step, class_="next"),
        tag("p", "Waits for ", tag("strong", case.assigned_to or case.owner), " for ", span(case.opened_at),
            f". It ends by itself {ends}."),
        tag("p", "Due ", due(case.due_at), ". ", criticality(case.criticality)),
    )  # fmt: skip


def misfits(found: Sequence[Case], *, named: bool = False, title: str = "What does not fit") -> Html:
    """What was expected and found. `named`: with the destination and the case of each."""
    rows = [
        row(
            *([case.destination, tag("a", f"Case {case.id}", href=case_link(case.id))] if named else []),
            _what(case, each["what"]),
            each["expected"],
            each["found"],
            *([] if case.process else [_flows(case)]),
            case.assigned_to or case.owner,
        )
        for case in found
        for each in case.misfits
    ]
    flows = () if found and found[0].process else ("Flows",)  # cases of processes are not listed with others
    heads = ("What", "Expected", "Found", *flows, "With")
    return table(("Destination", "Case", *heads) if named else heads, rows, empty="", label=title)


def _what(case: Case, what: str) -> Html:
    """What it is about; of a process, a link to its runs."""
    if case.process:
        return tag("a", what, href=runs_link(process=case.process, q=what), class_="mono")
    return tag("span", what, class_="mono")


def _flows(case: Case) -> list[Child]:
    names: list[Child] = []
    for name in case.flows:
        names += [", " if names else "", flow_link(name)]
    return names


def _closing(page: Page, case: Case, draw: Redraw) -> None:
    refused = moves.why_not(page, Permission.PAUSE)

    async def close() -> None:
        body = tag("p", "It stays closed until it is over, or something more is wrong there. Nothing else changes.")
        if (answer := await ask(page, Question(title=f"Close case {case.id}", body=body, do="Close"))) is not None:
            page.say(await small.close_condition(page.visit, case.id, answer.reason))
            await draw()

    with ui.element("div").classes("acts"):
        Button("Close…", acting(page, close), why_not=refused)
    ui.html(reasons([refused]), sanitize=False)


def _where(case: Case) -> list[tuple[str, Child]]:
    if case.process:
        return [("Process", tag("a", case.process, href=runs_link(process=case.process)))]
    if case.comparison:
        return [("Comparison", tag("a", case.comparison, href=comparison_link(case.comparison)))]
    flows = _flows(case) or "none of this hub"
    return [("Destination", tag("a", case.destination, href="/operations")), ("Flows", flows)]


def _facts(case: Case) -> Html:
    times = words.plural(case.seen, "look")
    rows: list[tuple[str, Child]] = [
        ("Case", f"{case.id}"),
        *_where(case),
        ("Category", [words.category(case.category), " ", tag("small", case.category, class_="mono")]),
        ("Owner", f"{case.owner} ({case.kind})"),
        ("Assigned to", case.assigned_to or "nobody yet"),
        ("Opened", ago(case.opened_at)),
        ("Seen", [f"at {times}, the last ", ago(case.seen_at or case.opened_at)]),
    ]
    return tag("dl", [[tag("dt", name), tag("dd", value)] for name, value in rows], class_="facts")

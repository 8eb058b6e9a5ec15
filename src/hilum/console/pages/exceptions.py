"""Exceptions: which cases are mine or my team's, what each needs, and many like ones done at once."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from nicegui import ui

from hilum import cases
from hilum.cases import BUSINESS, TECHNICAL, Case
from hilum.console import words
from hilum.console.components.age import span
from hilum.console.components.controls import Button, filter_form, reasons, select
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures, Snapshot
from hilum.console.links import case_link, flow_link
from hilum.console.markup import Html, join, tag
from hilum.console.masking import case_for, note_cases_seen
from hilum.console.pages import moves
from hilum.console.shell import Page, Repeated, acting, add_page, part
from hilum.security import Permission

SHOWN = 200
"""Cases on the page, the oldest first; filters find the others."""

_READ = 2000
"""Cases that are read at most, because two of the filters are applied after reading."""

MINE, NOBODY = "me", "nobody"


def add(context: Context, figures: Figures) -> None:
    """The page at `/exceptions`."""

    async def build(page: Page) -> None:
        content = ui.element("div")

        drawn: list[int] = []

        async def draw() -> None:
            found, snapshot = await _read(page), await figures.snapshot()
            await note_cases_seen(page.context, page.user, found[:SHOWN])
            drawn[:] = [case.id for case in found]
            content.clear()
            with content:
                _contents(page, found, snapshot, draw)

        async def look() -> None:
            # The rows stay as they are under the hand of whoever is selecting.
            if [case.id for case in await _read(page)] != drawn:
                again = tag("a", "Show the new list", href="")
                page.say(["Cases have come or gone since this list was drawn. ", again])

        await draw()
        Repeated(page, look)

    add_page("/exceptions", "Exceptions", context, figures, build)


async def _read(page: Page) -> list[Case]:
    who = page.query("assigned")
    async with page.context.database.cold() as connection:
        found = await cases.cases(
            connection,
            flow=page.query("flow").replace("\x00", ""),
            category=page.query("category").replace("\x00", ""),
            owner=page.query("owner").replace("\x00", ""),
            assigned_to=page.user.name if who == MINE else "",
            limit=_READ,
        )
    kind = page.query("kind")
    fitting = [c for c in found if (not kind or c.kind == kind) and (who != NOBODY or not c.assigned_to)]
    return [case_for(page.context, case, page.user) for case in fitting]


def _contents(page: Page, found: Sequence[Case], snapshot: Snapshot, draw: moves.Redraw) -> None:
    part(join(tag("h1", "Exceptions"), tag("div", tag("p", _answer(found)), class_="answer")), "heading")
    part(_filters(page, snapshot))
    if found:
        _bulk(page, found, draw)
    part(_table(found[:SHOWN], snapshot, filtered=len(page.request.query_params) > 0))


def _answer(found: Sequence[Case]) -> Html:
    if not found:
        return join(tag("strong", "Nothing waits for a person here."))
    waits = "waits" if len(found) == 1 else "wait"
    behind = sum(case.behind for case in found)
    more = f"; {words.plural(behind, 'message')} behind" if behind else ""
    cut = f" The oldest {SHOWN} are shown." if len(found) > SHOWN else ""
    count = f"{_READ} or more cases" if len(found) >= _READ else words.plural(len(found), "case")
    return join(
        tag("strong", count, f" {waits} for a person"), ", the oldest for ", span(found[0].opened_at), more, ".", cut
    )


def _filters(page: Page, snapshot: Snapshot) -> Html:
    owners = sorted({group.owner for group in snapshot.cases})
    categories = sorted({group.category for group in snapshot.cases})
    return filter_form(
        "/exceptions",
        select("Owner", "owner", {o: o for o in owners}, page.query("owner")),
        select("What", "category", {c: words.category(c) for c in categories}, page.query("category")),
        select("Kind", "kind", {BUSINESS: BUSINESS, TECHNICAL: TECHNICAL}, page.query("kind")),
        select("Flow", "flow", {f: f for f in snapshot.flows}, page.query("flow")),
        select("Assigned to", "assigned", {MINE: "me", NOBODY: "nobody yet"}, page.query("assigned"), every="anybody"),
        clear=bool(page.request.query_params),
    )


def _bulk(page: Page, found: Sequence[Case], draw: moves.Redraw) -> None:
    messages = {str(case.id): case.message_id for case in found[:SHOWN]}

    async def ticked() -> list[UUID]:
        numbers = await ui.run_javascript(
            "return [...document.querySelectorAll('input[data-tick]:checked')].map((box) => box.value)"
        )
        return [messages[number] for number in numbers if number in messages]

    async def replay() -> None:
        await moves.replay(page, await ticked(), draw)

    async def discard() -> None:
        await moves.discard(page, await _some(ticked), draw)

    no_replay = moves.why_not(page, Permission.REPLAY)
    no_discard = moves.why_not(page, Permission.DISCARD)
    with ui.element("div").classes("acts"):
        ui.html('<span data-ticked role="status">None selected</span>', sanitize=False)
        Button("Replay selected…", acting(page, replay), why_not=no_replay)
        Button("Discard selected…", acting(page, discard), why_not=no_discard)
    ui.html(reasons([no_replay, no_discard]), sanitize=False)


async def _some(ticked: moves.Ticked) -> list[UUID]:
    chosen = await ticked()
    if not chosen:
        raise cases.NotPossible("Nothing is selected.")
    return chosen


def _table(found: Sequence[Case], snapshot: Snapshot, *, filtered: bool) -> Html:
    lines = [_row(case) for case in found]
    tick_all = tag("input", type="checkbox", data_tick_all=True, aria_label="Select all that are shown")
    done = f"{words.plural(snapshot.resolved_today, 'case')} resolved today."
    empty = (
        join("Nothing here fits the filters. ", tag("a", "Show all open cases", href="/exceptions"))
        if filtered
        else (f"All clear. {done}")
    )
    heads = ("", "Waits for>", "What is wrong, and what to do", "Flow", "Owner", "Assigned to", "Behind it>")
    shown = table(heads, lines, empty=empty, label="Open cases")
    return Html(shown.replace('<th scope="col"></th>', f'<th scope="col">{tick_all}</th>', 1))


def _row(case: Case) -> Html:
    tick = tag("input", type="checkbox", value=case.id, data_tick=True, aria_label=f"Select case {case.id}")
    return row(
        tag("td", tick, class_="tick"),
        num(span(case.opened_at)),
        tag(
            "td",
            tag("a", case.title, href=case_link(case.id), data_open=True),
            tag("small", case.next_step),
            class_="wide",
        ),
        [flow_link(case.flow), tag("small", words.category(case.category))],
        [case.owner, tag("small", case.kind)],
        case.assigned_to or "",
        num(words.number(case.behind) if case.behind else ""),
        data_row=True,
    )

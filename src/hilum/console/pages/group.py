"""Like cases: what they have in common, what to do, and one act for all of them, with its dry run."""

from __future__ import annotations

from functools import partial

from nicegui import ui
from starlette.responses import Response

from hilum import cases
from hilum.cases import Group, Selection
from hilum.cases.jobs import ASSIGN, DISCARD, REPLAY, Asked
from hilum.cases.missing import UNMAPPED
from hilum.console import acts, words
from hilum.console.components.age import span
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask
from hilum.console.components.pressing import criticality, due
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import case_link, flow_link, message_link
from hilum.console.markup import Html, join, tag
from hilum.console.masking import group_for, note_cases_seen
from hilum.console.pages import door, moves
from hilum.console.pages.lookups import release_buttons
from hilum.console.shell import Page, Redraw, Repeated, acting, add_page, part
from hilum.security import Permission

SHOWN = 100
"""Cases of the group that are listed."""

TEAM = ""
"""The choice that gives cases back; no user can have this name."""


def add(context: Context, figures: Figures) -> None:
    """The page at `/exceptions/groups/{key}`."""

    async def build(page: Page) -> Response | None:
        key = page.request.path_params["key"].replace("\x00", "")
        if not await _read(page, key):
            return door.not_found("group of like cases", "/exceptions")
        content = ui.element("div")
        drawn: list[object] = []

        async def draw() -> None:
            group = await _read(page, key)
            drawn[:] = [group]
            content.clear()
            with content:
                await _contents(page, group, key, draw)

        async def look() -> None:
            if await _read(page, key) != drawn[0]:
                await draw()

        await draw()
        Repeated(page, look)
        return None

    add_page("/exceptions/groups/{key}", "Like cases", context, figures, build)


async def _read(page: Page, key: str) -> Group | None:
    async with page.context.database.cold() as connection:
        found = await cases.group(connection, key)
    return group_for(page.context, found, page.user) if found else None


async def _contents(page: Page, group: Group | None, key: str, draw: Redraw) -> None:
    if group is None:
        done = tag("p", "All of them are resolved. ", tag("a", "Back to the exceptions", href="/exceptions"))
        part(join(tag("h1", "Like cases"), tag("div", chip("Done", "done"), done, class_="answer")), "heading")
        return
    part(join(tag("h1", group.title), tag("div", _answer(group), class_="answer")), "heading")
    if group.category == UNMAPPED:
        await release_buttons(page, key, draw)
    if group.messages:
        _buttons(page, group, draw)
    async with page.context.database.cold() as connection:
        found = await cases.cases(connection, group=key, limit=SHOWN)
    await note_cases_seen(page.context, page.user, found)
    rows = [
        row(num(span(case.opened_at)), tag("a", f"Case {case.id}", href=case_link(case.id), data_open=True),
            message_link(case.message_id) if case.message_id else case.destination, due(case.due_at), case.owner,
            case.assigned_to or "",
            num(words.number(case.behind) if case.behind else ""), data_row=True)
        for case in found
    ]  # fmt: skip
    heads = ("Waits for>", "Case", "Message", "Due", "Owner", "Assigned to", "Behind it>")
    note = f"the first {SHOWN}" if group.count > SHOWN else ""
    listed = table(heads, rows, empty="", label="Cases of the group")
    part(join(tag("h2", "Cases", note and tag("small", note)), listed), "section")


def _answer(group: Group) -> Html:
    behind = f", {words.plural(group.behind, 'more')} behind them".replace("mores", "more") if group.behind else ""
    count, noun = (group.conditions, "case") if group.conditions else (group.messages, "message")
    waits = "waits" if count == 1 else "wait"
    return join(
        tag("p", chip("Held", "held"), tag("strong", words.plural(count, noun), f" {waits} for this"),
            behind, ", the oldest for ", span(group.oldest), ". ", criticality(group.criticality)),
        tag("p", flow_link(group.flow), f" to {group.destination}" if group.destination else "", ": ", group.words),
        tag("p", tag("strong", "What to do: "), group.next_step, class_="next"),
        tag("p", "Owner: ", tag("strong", group.owner), f" ({group.kind}). ",
            tag("a", "Show them in the list", href=f"/exceptions?group={group.key}")),
    )  # fmt: skip


def _buttons(page: Page, group: Group, draw: Redraw) -> None:
    no_replay = moves.why_not(page, Permission.REPLAY)
    no_discard = moves.why_not(page, Permission.DISCARD)
    no_assign = moves.why_not(page, Permission.ASSIGN)
    selection = Selection(group=group.key)

    async def assign() -> None:
        async with page.context.database.cold() as connection:
            able = [user.name for user in await acts.able(connection)]
        options = {TEAM: f"the team: {group.owner}", **{name: name for name in able}}
        body = tag("p", f"All {words.plural(group.count, 'case')} of this group.")
        answer = await ask(page, Question(title="Assign all", body=body, do="Assign", options=options))
        if answer is not None:
            asked = Asked(act=ASSIGN, selection=selection, assign_to=answer.choice or None)
            await moves.begin(page, asked, draw, reason=answer.reason)

    with ui.element("div").classes("acts"):
        Button(
            "Replay all…",
            acting(page, partial(moves.begin, page, Asked(act=REPLAY, selection=selection), draw)),
            look="primary",
            why_not=no_replay,
        )
        Button(
            "Discard all…",
            acting(page, partial(moves.begin, page, Asked(act=DISCARD, selection=selection), draw)),
            look="danger",
            why_not=no_discard,
        )
        Button("Assign all…", acting(page, assign), why_not=no_assign)  # fmt: skip
    ui.html(reasons([no_replay, no_discard, no_assign]), sanitize=False)

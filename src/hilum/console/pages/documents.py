"""The documents that a task or a case is about, side by side; protected ones are shown with a reason, audited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from nicegui import ui

from hilum.cases import Case
from hilum.cases.side_by_side import Member, SideBySide, compared
from hilum.console import curating, workflows
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask, bullets
from hilum.console.components.side_by_side import in_words, side_by_side
from hilum.console.markup import Html, join, tag
from hilum.console.pages import arrivals, ownership
from hilum.console.pages.moves import why_not
from hilum.console.shell import Page, Redraw, acting, part
from hilum.errors import Ambiguous, NotOwner, SettingsError, Undecided
from hilum.masterdata import matching, sync
from hilum.masterdata.sync import RefusedChange
from hilum.processes import tasks
from hilum.processes.tasks import Asked
from hilum.security import Permission


async def of_task(page: Page, found: Asked) -> None:
    """Those that the process put beside each other; nothing where it put none."""
    async with page.context.database.cold() as connection:
        papers = await tasks.papers(connection, found.id)
    if papers is None:
        return
    with ui.element("div").classes("section"):
        if page.context.may_see(found.process, page.user) and not page.context.protects(found.process):
            part(_shown(papers))
            return
        place = part(_shown(papers.hidden()))
        refused = why_not(page, Permission.VIEW_PAYLOAD)

        async def show() -> None:
            body = bullets(["What the documents say is shown to you until the page changes.", "It is in the audit."])
            answer = await ask(page, Question(title="Show the documents", body=body, do="Show"))
            if answer is not None:
                place.set_content(_shown(await workflows.view_papers(page.visit, found, answer.reason)))

        with ui.element("div").classes("acts"):
            Button("Show the documents…", acting(page, show), why_not=refused)
        ui.html(reasons([refused]), sanitize=False)


def _shown(papers: SideBySide) -> Html:
    return join(tag("h2", "Documents ", tag("small", in_words(papers))), side_by_side(papers))


async def of_case(page: Page, case: Case, draw: Redraw) -> None:
    """Of master data: theirs and ours, with the answers that a steward may give. Other cases have their payload."""
    if case.category in (Undecided.category, NotOwner.category) and case.message_id is not None:
        await _theirs_and_ours(page, case, draw)
    elif case.open and case.category == Ambiguous.category:
        await _arrived(page, case, draw)


async def _theirs_and_ours(page: Page, case: Case, draw: Redraw) -> None:
    async with page.context.database.cold() as connection:
        changes = [
            each
            for each in await sync.refused(connection, message_id=case.message_id)
            if each.verdict in ("held", "refused", "kept", "ignored")
        ]
        open_ = not page.context.protects(case.flow)
        values = await sync.values_of(connection, [each.id for each in changes]) if open_ else {}
    if not changes:
        return
    with ui.element("div").classes("section"):
        place = part(_changes(changes, values))
        hidden = why_not(page, Permission.VIEW_PAYLOAD)

        async def show() -> None:
            body = bullets(["The old and the new values are shown to you until the page changes.",
                            "That you saw them is in the audit of the message."])  # fmt: skip
            answer = await ask(page, Question(title="Show the values", body=body, do="Show"))
            if answer is not None:
                seen = await curating.refused_values(page.visit, changes, answer.reason)
                place.set_content(_changes(changes, seen))

        with ui.element("div").classes("acts"):
            if case.open and case.category == Undecided.category:
                refused = why_not(page, Permission.CURATE)
                let = acting(page, partial(ownership.let_through, page, case, draw))
                Button("Let it through…", let, look="primary", why_not=refused)
            if not values:
                Button("Show the values…", acting(page, show), why_not=hidden)
        ui.html(reasons([why_not(page, Permission.CURATE), "" if values else hidden]), sanitize=False)


def _changes(changes: Sequence[RefusedChange], values: Mapping[int, Mapping[str, Any]]) -> Html:
    theirs = ", ".join(dict.fromkeys(each.system for each in changes))
    ours = ", ".join(dict.fromkeys(each.other or each.owner for each in changes if each.other or each.owner))
    members = []
    for each in changes:
        said = values.get(each.id)
        two = tuple(_text(said.get(side)) if said is not None else "•••" for side in ("new", "old"))
        name = f"{each.field or 'all of it'} (owner: {each.owner or 'nobody'})"
        members.append(compared(name, two) if said is not None else Member(name=name, values=two, marked=(0, 1)))
    documents = (f"Theirs: {theirs}", f"Ours: in force{f', of {ours}' if ours else ''}")
    papers = SideBySide(documents=documents, members=tuple(members))
    return join(tag("h2", "Theirs and ours ", tag("small", in_words(papers))), side_by_side(papers))


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:300]


async def _arrived(page: Page, case: Case, draw: Redraw) -> None:
    number = case.cause.rpartition(" ")[2]
    if not number.isdecimal():
        return
    async with page.context.database.cold() as connection:
        try:
            about = await matching.arrival(connection, int(number))
        except SettingsError:  # it was answered and forgotten meanwhile
            return
        if about.state != "open":
            return
        one = await arrivals.waiting_for(connection, about)
    arrivals.show(page, one, draw)

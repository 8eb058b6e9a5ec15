"""Refused changes: what systems changed and did not own, field by field, and what a steward is asked to decide."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from hilum import cases
from hilum.console import curating
from hilum.console.components.age import ago
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask, bullets
from hilum.console.components.table import row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import case_link, message_link
from hilum.console.markup import Html, join, tag
from hilum.console.pages.moves import Redraw, why_not
from hilum.console.shell import Page, Repeated, acting, add_page, part
from hilum.console.words import plural
from hilum.errors import Undecided
from hilum.masterdata import sync
from hilum.masterdata.sync import RefusedChange
from hilum.security import Permission

VERDICTS = {
    "ignored": ("Ignored", "off"),
    "refused": ("Refused", "held"),
    "held": ("A steward decides", "held"),
    "kept": ("Lost to another", "off"),
    "won": ("Won over another", "done"),
    "accepted": ("Let through", "done"),
    "stale": ("Out of date", "off"),
    "echo": ("Echo", "off"),
}
"""What was decided, in words, and its colour."""

Found = tuple[list[RefusedChange], list[cases.Case]]


def add(context: Context, figures: Figures) -> None:
    """The page at `/refused-changes`; filters `object`, `key`, `verdict` in the address."""

    async def build(page: Page) -> None:
        content = ui.element("div")
        drawn: list[object] = []

        async def read() -> Found:
            async with context.database.cold() as connection:
                found = await sync.refused(
                    connection, object_=page.query("object"), key=page.query("key"), verdict=page.query("verdict")
                )
                return found, await cases.cases(connection, category=Undecided.category)

        async def draw() -> None:
            found = await read()
            if list(found) == drawn:
                return
            drawn[:] = found
            content.clear()
            with content:
                _contents(page, *found, draw)

        await draw()
        Repeated(page, draw)

    add_page("/refused-changes", "Refused changes", context, figures, build)


def _contents(page: Page, found: list[RefusedChange], waiting: list[cases.Case], draw: Redraw) -> None:
    if waiting:
        count = plural(len(waiting), "change")
        told = f"{count} {'waits' if len(waiting) == 1 else 'wait'} for a steward."
    else:
        told = "No change waits for a steward."
    part(join(tag("h1", "Refused changes"), tag("div", tag("p", tag("strong", told)), class_="answer")), "heading")
    refusal = why_not(page, Permission.CURATE)
    for each in waiting:
        with ui.element("section").classes("card request"):
            words = page.context.words(each.flow, each.words, page.user)
            part(join(tag("p", tag("a", f"Case {each.id}", href=case_link(each.id)), ": ", words)))
            with ui.element("div").classes("acts"):
                let = acting(page, partial(_let_through, page, each, draw))
                Button("Let it through…", let, look="primary", why_not=refusal)
    if waiting:
        ui.html(reasons([refusal]), sanitize=False)
    part(_table(page, found), "section")


async def _let_through(page: Page, found: cases.Case, draw: Redraw) -> None:
    body = bullets(["The change counts from now on, although another system owns it or changed it at the same time.",
                    "The message goes on its way; the other systems are told."])  # fmt: skip
    answer = await ask(page, Question(title="Let this change through", body=body, do="Let it through"))
    if answer is None:
        return
    if found.message_id is not None:  # cases of this category always have one
        page.say(await curating.let_through(page.visit, found.message_id, answer.reason))
    await draw()


def _table(page: Page, found: list[RefusedChange]) -> Html:
    rows = []
    for each in found:
        words, look = VERDICTS[each.verdict]
        rows.append(
            row(
                chip(words, look),
                each.object.removeprefix("hilum."),
                page.context.identifier(each.flow, each.key, page.user),
                each.field or "all of it",
                each.system,
                each.other,
                each.owner or "nobody",
                message_link(each.message_id),
                ago(each.at),
            )
        )
    heads = ("", "Object", "Key", "Field", "Changed by", "In force of", "Owner", "Message", "When")
    note = tag("small", "values are with the message, for those who may see them")
    empty = "Every change counted."
    return join(tag("h2", "Decided", note), table(heads, rows, empty=empty, label="Refused changes"))

"""Ownership: who owns which field, what systems changed and did not own, and what a steward is asked to decide."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

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
from hilum.console.links import case_link, message_link, with_query
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages.moves import why_not
from hilum.console.shell import Page, Redraw, acting, add_page, follow, part
from hilum.console.words import plural
from hilum.errors import SettingsError, Undecided
from hilum.flow import Project
from hilum.masterdata import sync
from hilum.masterdata.ownership import FILE, Conflict, Others, Rule, load_matrix
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

SHOWN = 50
"""Changes whose values are shown at once."""

Found = tuple[list[RefusedChange], list[cases.Case]]


def add(context: Context, figures: Figures) -> None:
    """The page at `/master/ownership`; filters `object`, `key`, `verdict` in the address."""

    async def build(page: Page) -> None:
        async def read() -> Found:
            async with context.database.cold() as connection:
                found = await sync.refused(
                    connection, object_=page.query("object"), key=page.query("key"), verdict=page.query("verdict")
                )
                return found, await cases.cases(connection, category=Undecided.category)

        async def show(found: Found, draw: Redraw) -> None:
            _contents(page, *found, draw)

        await follow(page, ui.element("div"), read, show)

    add_page("/master/ownership", "Ownership", context, figures, build)


def _contents(page: Page, found: list[RefusedChange], waiting: list[cases.Case], draw: Redraw) -> None:
    if waiting:
        count = plural(len(waiting), "change")
        told = f"{count} {'waits' if len(waiting) == 1 else 'wait'} for a steward."
    else:
        told = "No change waits for a steward."
    part(join(tag("h1", "Ownership"), tag("div", tag("p", tag("strong", told)), class_="answer")), "heading")
    refusal = why_not(page, Permission.CURATE)
    for each in waiting:
        with ui.element("section").classes("card request"):
            words = page.context.words(each.flow, each.words, page.user)
            part(join(tag("p", tag("a", f"Case {each.id}", href=case_link(each.id)), ": ", words)))
            with ui.element("div").classes("acts"):
                let = acting(page, partial(let_through, page, each, draw))
                Button("Let it through…", let, look="primary", why_not=refusal)
    if waiting:
        ui.html(reasons([refusal]), sanitize=False)
    part(_matrix(page.context.project), "section")
    place = part(_table(page, found, {}), "section")
    if found:
        hidden = why_not(page, Permission.VIEW_PAYLOAD)
        with ui.element("div").classes("acts"):
            Button("Show the values…", acting(page, partial(_show, page, found, place)), why_not=hidden)
        ui.html(reasons([hidden]), sanitize=False)


async def _show(page: Page, found: list[RefusedChange], place: ui.html) -> None:
    """The old and new values, with a reason, audited."""
    latest = found[:SHOWN]
    messages = len({each.message_id for each in latest})
    body = bullets([f"What {plural(len(latest), 'change')} said is shown to you until the page changes.",
                    f"That you saw it is in the audit of {plural(messages, 'message')}."])  # fmt: skip
    answer = await ask(page, Question(title="Show the old and new values", body=body, do="Show"))
    if answer is not None:
        values = await curating.refused_values(page.visit, latest, answer.reason)
        place.set_content(_table(page, latest, values))


async def let_through(page: Page, found: cases.Case, draw: Redraw) -> None:
    """Ask why, and let the change that a case is about count."""
    body = bullets(["The change counts from now on, although another system owns it or changed it at the same time.",
                    "The message goes on its way; the other systems are told."])  # fmt: skip
    answer = await ask(page, Question(title="Let this change through", body=body, do="Let it through"))
    if answer is None:
        return
    if found.message_id is not None:  # cases of this category always have one
        page.say(await curating.let_through(page.visit, found.message_id, answer.reason))
    await draw()


OTHERS = {
    Others.REFUSE: "refused: the message is held with a case",
    Others.HOLD: "held: a steward may let it through",
    Others.IGNORE: "left out: the rest of the message goes on",
    Others.ACCEPT_IF_EMPTY: "taken where nothing is in force yet, else left out",
}
"""What becomes of the change of a system that does not own the field."""

CONFLICTS = {Conflict.NEWEST: "the newest counts", Conflict.HOLD: "a steward decides"}
"""What follows where nobody owns a field and two systems change it at once."""


def _matrix(project: Project | None) -> Html:
    """The matrix as it is written now; a hub reads it when it starts."""
    if project is None:
        return Html("")
    try:
        matrix = load_matrix(project)
    except SettingsError as error:
        return join(tag("h2", "Who owns what"), tag("p", str(error), class_="alert", role="alert"))
    divided = {object_ for object_, field, _ in matrix.rules if field}
    rows = [
        row(
            tag("a", object_.removeprefix("hilum."), href=with_query("/master/ownership", object=object_)),
            field or ("all other fields" if object_ in divided else "all fields"),
            facility or "all",
            tag("strong", rule.owner) if rule.owner else "nobody: every system may change it",
            OTHERS[rule.others] if rule.owner else CONFLICTS[rule.conflict],
            tag("small", rule.place),
        )
        for (object_, field, facility), rule in sorted(matrix.rules.items(), key=_by_object)
    ]
    systems = "; ".join(f"{name}: {', '.join(endpoints) or 'none'}" for name, endpoints in matrix.systems.items())
    heads = ("Object", "Field", "Facility", "Owner", "A change by another system", "Written in")
    empty = f"Nobody owns anything: there is no {FILE} in the project, and every change counts."
    return join(
        tag("h2", "Who owns what", tag("small", f"{FILE} of the project")),
        table(heads, rows, empty=empty, label="Ownership matrix"),
        systems and tag("p", f"Systems and their endpoints: {systems}.", class_="why"),
    )


def _by_object(line: tuple[tuple[str, str, str], Rule]) -> tuple[str, bool, str, str]:
    """The line for all other fields comes after those that name one."""
    object_, field, facility = line[0]
    return object_, not field, field, facility


def _table(page: Page, found: list[RefusedChange], values: Mapping[int, Mapping[str, Any]]) -> Html:
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
                *(_value(values.get(each.id), side) for side in (("old", "new") if values else ())),
                message_link(each.message_id),
                ago(each.at),
            )
        )
    shown = ("In force", "Changed to") if values else ()
    heads = ("", "Object", "Key", "Field", "Changed by", "In force of", "Owner", *shown, "Message", "When")
    note = tag("small", "" if values else "without values, which are sealed")
    empty = "Every change counted."
    return join(tag("h2", "Changes that did not count", note), table(heads, rows, empty=empty, label="Refused changes"))


def _value(values: Mapping[str, Any] | None, side: str) -> Child:
    """One side of a change; gone when its message was erased."""
    if values is None:
        return tag("small", "erased")
    value = values.get(side)
    return tag("small", "nothing") if value in (None, "") else str(value)

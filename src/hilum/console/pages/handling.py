"""What may be done with any case: take it, assign it, hand it over, write something down."""

from __future__ import annotations

from nicegui import ui

from hilum.cases import Case, Note
from hilum.console import acts, small
from hilum.console.components.age import ago
from hilum.console.components.controls import Button, Field, reasons
from hilum.console.components.dialogs import Question, ask
from hilum.console.markup import join, tag
from hilum.console.pages import moves
from hilum.console.shell import Page, Redraw, acting, part
from hilum.security import Permission

TEAM = ""
"""The choice that gives a case back; no user can have this name."""


def noting(page: Page, case: Case, written: list[Note], draw: Redraw) -> None:
    """What people wrote down, and a place for more."""
    lines = [
        tag("li", tag("p", page.context.words(case.flow, note.words, page.user)),
            tag("small", f"{note.author}, ", ago(note.at)))
        for note in written
    ]  # fmt: skip
    part(join(tag("h2", "Notes"), tag("ul", lines, class_="notes") if lines else tag("p", "None yet.")))
    no_assign = moves.why_not(page, Permission.ASSIGN)
    field = Field("New note", lines=3, look="plain", hint="For whoever works on it next. No patient data, please.")

    async def add_note() -> None:
        page.say(await small.note(page.visit, case.id, field.value))
        await draw()

    Button("Write it down", acting(page, add_note), why_not=no_assign)


def assigning(page: Page, case: Case, draw: Redraw) -> None:
    """Whose it is, and the buttons that change that."""
    no_assign = moves.why_not(page, Permission.ASSIGN)
    mine = case.assigned_to == page.user.name

    async def take() -> None:
        page.say(await acts.assign(page.visit, case.id, None if mine else page.user.name))
        await draw()

    async def give() -> None:
        answer = await ask(page, await _to_whom(page, case))
        if answer is not None:
            page.say(await acts.assign(page.visit, case.id, answer.choice or None))
            await draw()

    async def hand_over() -> None:
        body = tag("p", f"The case goes from {case.owner} to {case.other_owner}, the flow's other owner.")
        question = Question(title="Hand over", body=body, do="Hand over")
        if (answer := await ask(page, question)) is not None:
            page.say(await small.hand_over(page.visit, case.id, answer.reason))
            await draw()

    with ui.element("div").classes("acts"):
        Button("Give it back to the team" if mine else "Take it", acting(page, take), why_not=no_assign)
        Button("Assign…", acting(page, give), why_not=no_assign)
        if case.other_owner:
            Button(f"Hand over to {case.other_owner}…", acting(page, hand_over), why_not=no_assign)
    ui.html(reasons([no_assign]), sanitize=False)


async def _to_whom(page: Page, case: Case) -> Question:
    async with page.context.database.cold() as connection:
        able = [user.name for user in await acts.able(connection)]
    options = {TEAM: f"the team: {case.owner}", **{name: name for name in able}}
    body = tag("p", "They find it under Exceptions, assigned to me.")
    return Question(title=f"Assign case {case.id}", body=body, do="Assign", reason="", options=options)

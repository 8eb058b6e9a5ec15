"""One task: what is asked, the documents side by side, the answers that are legal, its history, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from nicegui import ui
from starlette.responses import Response

from hilum import desk, processes
from hilum.cases import working_hours
from hilum.cases.working_hours import Shift
from hilum.console import workflows
from hilum.console.components.age import ago
from hilum.console.components.answer_form import AnswerForm
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask
from hilum.console.components.pressing import criticality, due, money, within
from hilum.console.components.run_story import run_story
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import DESK, TASKS, run_link
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages import documents, door
from hilum.console.pages.desk import soon_of
from hilum.console.pages.moves import why_not
from hilum.console.shell import Page, Redraw, Repeated, acting, add_page, in_turn, part
from hilum.processes import store
from hilum.processes.store import RunRow, Sent, Told
from hilum.processes.tasks import Asked, Unfit, task
from hilum.security import Permission, User, users, who_can

BACK = ""
"""The choice that gives a task back to its team; no user can have this name."""


def add(context: Context, figures: Figures) -> None:
    """The page at `/workflows/tasks/{id}`."""

    async def build(page: Page) -> Response | None:
        try:
            id = UUID(str(page.request.path_params["id"]))
        except ValueError:
            return door.not_found("task", DESK)
        found = await _read(context, id)
        if found is None:
            return door.not_found("task", DESK)
        version = await workflows.version_of(context, found)
        content = ui.element("div")
        drawn = [found]

        async def put() -> None:
            now = await _read(context, id)
            if now is not None:
                drawn[:] = [now]
                async with context.database.cold() as connection:
                    able = processes.able(now, await users(connection))
                    run = await store.run_by_id(connection, now.run_id)
                    told, sent = await store.history(connection, now.run_id), await store.sent(connection, now.run_id)
                content.clear()
                with content:
                    await _contents(page, _Shown(now, version, able, run, told, sent), draw)

        draw = in_turn(put)

        async def look() -> None:  # only a change draws it again: somebody may be typing
            if [await _read(context, id)] != drawn:
                await draw()

        await draw()
        Repeated(page, look)
        return None

    add_page(f"{TASKS}/{{id}}", "Task", context, figures, build)


async def _read(context: Context, id: UUID) -> Asked | None:
    async with context.database.cold() as connection:
        return await task(connection, id)


async def _shift(page: Page, found: Asked) -> Shift | None:
    async with page.context.database.cold() as connection:
        return await working_hours.shift(connection, found.team, found.criticality)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the page shows."""

    task: Asked
    version: str
    able: list[User]  # who may decide it
    run: RunRow | None
    told: list[Told]
    sent: list[Sent]


async def _contents(page: Page, shown: _Shown, draw: Redraw) -> None:
    found, shift = shown.task, await _shift(page, shown.task)
    part(join(tag("h1", found.title), tag("div", _answer(page, found, shift), class_="answer")), "heading")
    if found.open:
        _giving(page, found, shown.able, draw)
    await documents.of_task(page, found)
    with ui.element("div").classes("pair"):
        with ui.element("div").classes("section"):
            if found.open:
                _deciding(page, found, shown.version, draw)
            part(_states(page.context, shown))
        part(join(tag("h2", "Facts"), tag("div", _facts(page, found, shown.able), class_="card")), "section")
    quoted = partial(page.context.words, found.process, user=page.user)
    part(
        join(tag("h2", "History"), run_story(shown.told, shown.sent, quoted, page.context.heard(found.process))),
        "section",
    )


def _states(context: Context, shown: _Shown) -> Html:
    """Where its run is, and what is legal from there."""
    run = shown.run
    process = context.process(run.process, run.version) if run is not None else None
    if run is None or process is None or not run.open:
        return Html("")
    after = process.states.after(run.state)
    legal = [tag("strong", after[0]), *([", ", tag("strong", each)] for each in after[1:])] if after else ["nothing"]
    told = ["The ", process.states.name, " is in the state ", tag("strong", run.state), "; from there it may become "]
    return tag("p", told, legal, ".", class_="why")


def with_whom(found: Asked) -> Html:
    """The team that was asked; or who has it since nobody decided."""
    if found.escalated_at is None:
        return join(found.team, found.reminded_at and tag("small", "reminded"))
    return join(chip("Escalated", "hurt"), " ", found.escalate_to, " ", tag("small", "from ", found.team))


def _answer(page: Page, found: Asked, shift: Shift | None) -> Html:
    if found.decided_at is not None:
        return tag("p", chip("Decided", "done"), f"{found.decided_by} decided it ", ago(found.decided_at), ".")
    if found.withdrawn_at is not None:
        return tag(
            "p", chip("Not needed", "off"), "Its run ended before anybody decided, ", ago(found.withdrawn_at), "."
        )
    return join(
        found.words and tag("p", found.words),
        tag("p", chip("Waits", "waiting"), " for ", tag("strong", found.assigned_to or with_whom(found)), ". Due ",
            due(found.due_at, soon_of(page.context)), within(shift), "."),
        tag("p", criticality(found.criticality), found.at_stake is not None and
            [" ", tag("strong", money(found.at_stake, found.currency)), " at stake."]),
    )  # fmt: skip


def _giving(page: Page, found: Asked, able: list[User], draw: Redraw) -> None:
    refused = why_not(page, Permission.ASSIGN)
    mine = found.assigned_to == page.user.name
    cannot = "" if page.user.name in [each.name for each in able] else "Take: you could not decide it."

    async def take() -> None:
        page.say(await workflows.give_task(page.visit, found.id, page.user.name))
        await draw()

    async def back() -> None:
        page.say(await workflows.give_task(page.visit, found.id, BACK))
        await draw()

    async def give() -> None:
        options = {each.name: each.name for each in able if each.name != found.assigned_to}
        if not options:
            page.say("Nobody else may decide it.", hurt=True)
            return
        body = tag("p", "They find it under Tasks, given to me. Until they give it back, nobody else can decide it.")
        question = Question(title="Give this task", body=body, do="Give", options=options)
        if (answer := await ask(page, question)) is not None:
            page.say(await workflows.give_task(page.visit, found.id, answer.choice, answer.reason))
            await draw()

    with ui.element("div").classes("section"), ui.element("div").classes("acts"):
        if not mine:
            Button("Take it", acting(page, take), why_not=refused or cannot)
        Button("Give…", acting(page, give), why_not=refused)
        if found.assigned_to:
            Button("Back to the team", acting(page, back), why_not=refused)
    ui.html(reasons([refused or (cannot if not mine else "")]), sanitize=False)


def _deciding(page: Page, found: Asked, version: str, draw: Redraw) -> None:
    ui.html(tag("h2", "Your answer"), sanitize=False)
    fields = workflows.form_fields(page.context, found, version)
    refused = workflows.why_not_decide(found, page.user)
    if fields is None:
        refused = refused or workflows.why_no_form(found, version)
    choice = desk.choice_of(found.fields, fields or ())
    form = AnswerForm(found.fields, fields or (), without=choice.field if choice else "")
    problem = ui.html("", sanitize=False).props('aria-live="assertive"')

    async def decide(chosen: str = "") -> None:
        problem.set_content("")
        given = {choice.field: chosen} if choice else {}
        try:
            said = await workflows.decide(page.visit, found, version, form.values() | given)
        except Unfit as wrong:
            rest = form.say(wrong.fields) or "Something in the answer does not fit; see above."
            problem.set_content(tag("p", rest, class_="alert", role="alert"))
            return
        page.say(said)
        await draw()

    will = "The run goes on with your answer at once; it cannot be taken back. The audit keeps who decided."
    ui.html(tag("p", will, class_="why"), sanitize=False)
    with ui.element("div").classes("acts"):
        if choice is None:
            Button("Decide", acting(page, decide), look="primary", why_not=refused)
        for at, move in enumerate(desk.moves_of_task(found, page.user, refused) if choice else ()):
            look = "" if at else "primary"
            Button(move.label, acting(page, partial(decide, move.key)), look=look, why_not=move.why_not)
    if choice is not None:
        ui.html(_meanings(choice), sanitize=False)
    ui.html(reasons([refused]), sanitize=False)


def _meanings(choice: desk.Choice) -> Html:
    """What each answer does."""
    told = [(desk.label_of(choice, value), follows) for value, follows in choice.options.items() if follows]
    if not told:
        return Html("")
    return tag("dl", [[tag("dt", label), tag("dd", follows)] for label, follows in told], class_="facts meanings")


def _facts(page: Page, found: Asked, able: list[User]) -> Html:
    known = [permission for permission in Permission if permission == found.permission]
    who = f"{who_can(known[0])} ({found.permission})" if known else f"nobody: no role has “{found.permission}”"
    names = ", ".join(each.name for each in able) or "nobody of the users here"
    rows: list[tuple[str, Child]] = [
        ("About", [run_link(found.run_id, page.masker(found.process)(found.key)), found.process]),
        ("Asked", ago(found.asked_at)),
        ("Due", due(found.due_at) or "at no set time"),
        ("Team", with_whom(found)),
        ("Given to", found.assigned_to or "nobody yet"),
        ("At stake", money(found.at_stake, found.currency) or "no amount is known"),
        ("May decide", f"{who}: {names}"),
    ]
    if found.not_by:
        rows.append(("Must not decide", f"{', '.join(found.not_by)}, who had a part in what it is about"))
    if found.reminded_at:
        rows.append(("Reminded", ago(found.reminded_at)))
    if found.escalated_at:
        rows.append(("Escalated", [ago(found.escalated_at), f" to {found.escalate_to}"]))
    return tag("dl", [[tag("dt", name), tag("dd", value)] for name, value in rows], class_="facts")

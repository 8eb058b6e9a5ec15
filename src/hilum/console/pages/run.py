"""One run: where it is, since when, what it waits for; its states as a drawing, its history, and what may be done."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from nicegui import ui
from starlette.responses import Response

from hilum.console import workflows
from hilum.console.components.age import ago, span
from hilum.console.components.chip import run_chip
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask, bullets
from hilum.console.components.pressing import due
from hilum.console.components.run_story import messages_of, run_story
from hilum.console.components.state_model import Move, drawing
from hilum.console.components.table import row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import RUNS, flow_link, message_link, messages_link, runs_link, task_link
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages import door
from hilum.console.shell import Page, Redraw, acting, add_page, follow, part
from hilum.processes import store
from hilum.processes.naming import waits_in_words
from hilum.processes.store import Document, RunRow, Sent, Told
from hilum.processes.tasks import Asked, open_of
from hilum.security import Permission, who_can


@dataclass(frozen=True, slots=True)
class _Found:
    run: RunRow
    told: list[Told]
    sent: list[Sent]
    documents: list[Document]
    tasks: list[Asked]


def add(context: Context, figures: Figures) -> None:
    """The page at `/workflows/runs/{id}`."""

    async def build(page: Page) -> Response | None:
        try:
            id = UUID(str(page.request.path_params["id"]))
        except ValueError:
            return door.not_found("run", RUNS)
        if await _read(context, id) is None:
            return door.not_found("run", RUNS)

        async def show(found: _Found, draw: Redraw) -> None:
            _contents(page, found, draw)

        await follow(page, ui.element("div"), partial(_read, context, id), show)
        return None

    add_page(f"{RUNS}/{{id}}", "Run", context, figures, build)


async def _read(context: Context, id: UUID) -> _Found | None:
    async with context.database.cold() as connection:
        run = await store.run_by_id(connection, id)
        if run is None:
            return None
        told, sent = await store.history(connection, id), await store.sent(connection, id)
        documents = await store.documents(connection, messages_of([], sent))
        return _Found(run, told, sent, documents, await open_of(connection, id))


def _contents(page: Page, found: _Found, draw: Redraw) -> None:
    run = found.run
    process = page.context.process(run.process, run.version)
    what = process.summary if process is not None else run.process
    part(join(tag("h1", page.masker(run.process)(run.key), tag("small", what)),
              tag("div", _answer(page, found), class_="answer")), "heading")  # fmt: skip
    _acts(page, run, draw)
    part(join(tag("h2", "States"), _model(page.context, found)), "section")
    shown = partial(page.context.words, run.process, user=page.user)
    heard = page.context.heard(run.process, run.version)
    with ui.element("div").classes("pair"):
        part(join(tag("h2", "History"), run_story(found.told, found.sent, shown, heard)), "section")
        with ui.element("div").classes("section"):
            part(join(tag("h2", "Documents"), _documents(page, found)), "section")
            part(join(tag("h2", "Facts"), tag("div", _facts(page, run), class_="card")), "section")


def _answer(page: Page, found: _Found) -> Html:
    run = found.run
    chip = run_chip(run.status)
    if not run.open:
        outcome = page.context.words(run.process, run.outcome, page.user)
        return tag(
            "p", chip, "It ended ", ago(run.ended_at), " in the state ", tag("strong", run.state), f": {outcome}"
        )
    where = ["It is in the state ", tag("strong", run.state), " for ", span(run.since), "."]
    if run.status == store.HELD:
        why = page.context.words(run.process, run.outcome, page.user)
        lines: list[Child] = [tag("p", chip, why), tag("p", where), tag("p", tag("strong", "What to do: "),
            "mend what held it, then repeat it; or cancel it.", class_="next")]  # fmt: skip
    else:
        until: Child = ["; its time is over ", ago(run.waits_until)] if run.waits_until else ""
        words = waits_in_words(run.waits_for, page.context.heard(run.process, run.version))
        waits = ["It waits for ", tag("strong", words), until, "."] if words else "It is at work."
        lines = [tag("p", chip, where), tag("p", waits)]
    for each in found.tasks:
        with_ = each.assigned_to or (each.escalate_to if each.escalated_at else each.team)
        lines.append(tag("p", "Task: ", task_link(each.id, each.title), ", with ", tag("strong", with_), ", due ",
                         due(each.due_at), class_="next"))  # fmt: skip
    return join(lines)


def _acts(page: Page, run: RunRow, draw: Redraw) -> None:
    no_repeat = _why_not(page, "Repeat", workflows.REPEAT, "" if run.status == store.HELD else "it is not held.")
    no_cancel = _why_not(page, "Cancel", workflows.CANCEL, "" if run.open else "it has ended.")
    with ui.element("div").classes("section"):
        with ui.element("div").classes("acts"):
            Button("Repeat…", acting(page, partial(_repeat, page, run, draw)), why_not=no_repeat,
                   look="primary" if run.status == store.HELD else "")  # fmt: skip
            Button("Cancel…", acting(page, partial(_cancel, page, run, draw)), look="danger", why_not=no_cancel)
        ui.html(reasons([no_repeat, no_cancel]), sanitize=False)


def _why_not(page: Page, act: str, needed: Permission, impossible: str) -> str:
    """Why a button is disabled, in the words of the button; empty: it is not."""
    why = impossible if page.user.may(needed) else f"needs the role {who_can(needed)}."
    return f"{act}: {why}" if why else ""


async def _repeat(page: Page, run: RunRow, draw: Redraw) -> None:
    body = bullets(["It goes on from the step at which it stopped, with the code that the hub has now.",
                    "What it did before is not done again. If the cause is not mended, it is held again."])  # fmt: skip
    answer = await ask(page, Question(title="Repeat this run", body=body, do="Repeat"))
    if answer is not None:
        page.say(await workflows.repeat_run(page.visit, run, answer.reason))
        await draw()


async def _cancel(page: Page, run: RunRow, draw: Redraw) -> None:
    lines = ["What it did is undone, the last first, as its process says; then it ends. It cannot be taken back.",
             "What it asks of people is not needed any more."]  # fmt: skip
    if run.status == store.HELD:
        lines.append(
            "It is held, so it is repeated first from where it stopped. What held it may hold it again: mend that."
        )
    question = Question(title="Cancel this run", body=bullets(lines), do="Cancel the run", look="danger")
    answer = await ask(page, question)
    if answer is not None:
        page.say(await workflows.cancel_run(page.visit, run, answer.reason))
        await draw()


def _model(context: Context, found: _Found) -> Html:
    run = found.run
    process = context.process(run.process, run.version)
    way = list(dict.fromkeys(_way(found.told)))
    if process is None:
        return tag("p", f"{run.process} {run.version} is not in this hub's project. It is in the state {run.state}.")
    states = process.states
    moves = {state: states.after(state) for state in states.all}
    if run.state not in moves:
        return tag("p", f"It is in the state {run.state}, which version {run.version} does not have any more.")
    legend = tag("p", "Filled: where it is. Thick: the way that it took. Thin: where it may go.", class_="why")
    return join(drawing(moves, run.state, way), legend)


def _way(told: list[Told]) -> list[Move]:
    """The moves that it made."""
    moved = [each.words.partition(" → ") for each in told if each.kind == "moved"]
    return [(one, two) for one, sign, two in moved if sign]


def _documents(page: Page, found: _Found) -> Html:
    """What receivers made of its commands, and of what it sent nothing is known yet."""
    rows = [
        row(page.masker(each.flow)(each.reference), [each.destination, tag("small", each.operation)],
            flow_link(each.flow), message_link(each.message_id))
        for each in found.documents
    ]  # fmt: skip
    heads = ("Document", "Where", "Flow", "Message")
    empty = "No receiver has named anything that it made for this run yet."
    return table(heads, rows, empty=empty, label="Documents")


def _facts(page: Page, run: RunRow) -> Html:
    shown = page.masker(run.process)(run.key)
    everything = tag("a", "all that has this identifier", href=messages_link(q=shown)) if shown == run.key else ""
    rows: list[tuple[str, Child]] = [
        ("About", [tag("span", shown, class_="mono"), everything]),
        ("Process", tag("a", f"{run.process} {run.version}", href=runs_link(process=run.process))),
        ("Began", ago(run.started_at)),
        ("Run", tag("span", str(run.id), class_="mono")),
    ]
    if run.number > 1:
        rows.append(("Before", tag("a", f"{run.number - 1} earlier", href=runs_link(process=run.process, q=shown))))
    if run.came_from:
        rows.append(("Moved from", f"version {run.came_from}"))
    return tag("dl", [[tag("dt", name), tag("dd", value)] for name, value in rows], class_="facts")

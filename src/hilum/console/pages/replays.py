"""Replays: acts on many messages as jobs, with their progress; and a new replay by filter and time, dry run first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from nicegui import ui
from starlette.responses import Response

from hilum.cases import CATEGORIES, NotPossible, Selection, jobs
from hilum.cases.jobs import REPLAY, Asked, Job, Tally
from hilum.console import many, words
from hilum.console.components.age import ago
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, Choice, Field, reasons
from hilum.console.components.dialogs import Question, ask
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import approval_link, job_link
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages import door, moves
from hilum.console.shell import Page, Redraw, Repeated, acting, add_page, heading, live, part
from hilum.message import Priority
from hilum.security import Permission

SHOWN = 100

PERIODS = {"1": "the last hour", "24": "the last 24 hours", "168": "the last 7 days", "720": "the last 30 days"}
"""Hours → words."""

_BIGGEST = 2**63 - 1


def add(context: Context, figures: Figures) -> None:
    """The page at `/replays`."""

    async def build(page: Page) -> None:
        async def read() -> list[Job]:
            async with context.database.cold() as connection:
                return await jobs.jobs(connection, limit=SHOWN)

        found = await read()
        heading("Replays", tag("p", "Acts on many messages: each one is planned, carried out in batches, and told."))
        place = part(_table(found), "section")
        await _new(page)
        live(page, read, {place: _table})

    add_page("/replays", "Replays", context, figures, build)


def _table(found: list[Job]) -> Html:
    rows = [
        row(
            tag("a", f"Job {job.id}", href=job_link(job.id), data_open=True),
            [f"{words.JOB_ACTS[job.act]} {words.number(job.total)}", tag("small", job.selection)],
            job_chip(job.state),
            tag("td", bar(job)),
            job.made_by,
            ago(job.made_at),
            job.reason,
            data_row=True,
        )
        for job in found
    ]
    heads = ("Job", "What", "State", "Progress", "By", "Begun", "Why")
    empty = "No act on many messages yet. Begin one below, or from a group of like cases."
    return join(tag("h2", "Jobs"), table(heads, rows, empty=empty, label="Jobs"))


def job_chip(state: str) -> Html:
    """The state of a job."""
    word, look = words.JOB_STATES.get(state, (state, "off"))
    return chip(word, look)


def bar(job: Job) -> Html:
    """How far it is, as a bar with its words."""
    told = f"{words.number(job.settled)} of {words.number(job.total)}"
    return join(tag("progress", told, value=job.settled, max=max(job.total, 1), aria_label=told), tag("small", told))


async def _new(page: Page) -> None:
    no_replay = moves.why_not(page, Permission.REPLAY)
    flows = {"": "any flow", **{name: name for name in (await page.figures.snapshot()).flows}}
    places = sorted({target.endpoint for flow in page.context.flows.values() for target in flow.targets})
    categories = {"": "any category", **{key: each.title for key, each in CATEGORIES.items()}}
    states = {"held": "held", "completed": "completed", "discarded": "discarded"}
    ui.html(tag("h2", "New replay"), sanitize=False)
    with ui.element("div").classes("form card"):
        flow = Choice("Flow", flows)
        state = Choice("State", states, value="held")
        category = Choice("Category of its case", categories)
        period = Choice("Received in", {"": "any time", **PERIODS}, value="24")
        identifier = Field("Identifier", hint="A whole identifier: account, order, control id. May be empty.")
        to = Choice("Send to", {"": "wherever it goes", **{place: f"only {place}" for place in places}})
        priority = Choice("Priority", {"bulk": "bulk: never delays others", "": "as the flow says"}, value="bulk")
        rate = Field("Messages a second", hint="Empty: as fast as it goes without delaying others.")

        async def look() -> None:
            since = datetime.now(UTC) - timedelta(hours=int(period.value)) if period.value else None
            held = state.value == "held"
            selection = Selection(
                flow=flow.value, state=state.value, category=category.value if held else "", since=since,
                identifier=identifier.value.strip().replace("\x00", ""),
            )  # fmt: skip
            asked = Asked(act=REPLAY, selection=selection, destination=to.value, rate=_rate(rate.value),
                          priority=Priority(priority.value) if priority.value else None)  # fmt: skip
            await moves.begin(page, asked, _nothing)

        Button("Look what it would do…", acting(page, look), look="primary", why_not=no_replay)
    ui.html(reasons([no_replay]), sanitize=False)


async def _nothing() -> None:
    """The page follows by itself."""


def _rate(text: str) -> float:
    try:
        found = float(text.strip().replace(",", ".") or 0)
    except ValueError:
        raise NotPossible("Messages a second: write a number, or leave it empty.") from None
    if not 0 <= found <= 10_000:
        raise NotPossible("Messages a second: between 0 and 10 000.")
    return found


def add_one(context: Context, figures: Figures) -> None:
    """The page at `/replays/{number}`."""

    async def build(page: Page) -> Response | None:
        number = page.request.path_params["number"]
        if not number.isdecimal() or int(number) > _BIGGEST:
            return door.not_found("replay", "/replays")

        async def read() -> tuple[Job | None, list[Tally]]:
            async with context.database.cold() as connection:
                return await jobs.job(connection, int(number)), await jobs.progress(connection, int(number))

        if (await read())[0] is None:
            return door.not_found("replay", "/replays")
        top, acts, below = ui.element("div"), ui.element("div"), ui.element("div")
        drawn: list[object] = []

        async def draw() -> None:
            found = await read()
            if found == tuple(drawn) or found[0] is None:
                return
            drawn[:] = found
            for place in (top, acts, below):
                place.clear()
            with top:
                part(_answer(found[0]), "heading")
            with acts:
                _buttons(page, found[0], draw)
            with below:
                part(_tallies(found[1]), "section")

        await draw()
        Repeated(page, draw)
        return None

    add_page("/replays/{number}", "Replay", context, figures, build)


def _answer(job: Job) -> Html:
    lines: list[Child] = [
        [job_chip(job.state), f"{words.JOB_ACTS[job.act]} {words.plural(job.total, 'message')}: {job.selection}"],
        bar(job),
        [f"{job.made_by}, ", ago(job.made_at), f": {job.reason}"],
    ]
    if job.state == jobs.WAITING and job.approval:
        lines.append(["It waits for a second person: ", tag("a", "Approvals", href=approval_link(job.approval)), "."])
    if job.moved_on:
        lines.append(f"{words.plural(job.moved_on, 'message')} had moved on and were left alone.")
    if job.failed:
        lines.append(f"{words.plural(job.failed, 'message')} could not be done.")
    if job.words:
        lines.append(job.words)
    pace = f" at {job.rate:g} a second" if job.rate else ""
    lines.append(tag("small", f"Priority: {job.priority or 'as each has it'}{pace}."))
    return join(tag("h1", f"Job {job.id}"), tag("div", [tag("p", line) for line in lines], class_="answer"))


def _tallies(found: list[Tally]) -> Html:
    rows = [
        row(num(words.number(each.count)), each.flow, words.STEP_ACTIONS.get(each.action, each.action),
            words.ITEM_STATES.get(each.state, each.state), each.words)
        for each in found
    ]  # fmt: skip
    heads = ("Messages>", "Flow", "What", "State", "Why")
    empty = "Its list was cleared away; the counts above stay."
    return join(tag("h2", "Messages"), table(heads, rows, empty=empty, label="What became of them"))


def _buttons(page: Page, job: Job, draw: Redraw) -> None:
    no = moves.why_not(page, many.needed(job.act))

    async def move(how: str, title: str, words_: str) -> None:
        look = "danger" if how == "cancel" else "primary"
        answer = await ask(page, Question(title=title, body=tag("p", words_), do=title.split()[0], look=look))
        if answer is not None:
            page.say(await many.move(page.visit, job.id, how, answer.reason))
            await draw()

    kinds = {
        "pause": ("Pause the job", "It stops after the batch under way, and can go on later.", (jobs.RUNNING,)),
        "resume": ("Resume the job", "It goes on where it stopped.", (jobs.PAUSED, jobs.PLANNED)),
        "cancel": ("Cancel the job", "It ends; what is done stays done.", jobs.OPEN),
    }
    with ui.element("div").classes("acts"):
        for how, (title, words_, states) in kinds.items():
            if job.state in states:
                look = "danger" if how == "cancel" else ""
                Button(f"{title.split()[0]}…", acting(page, partial(move, how, title, words_)), look=look, why_not=no)

"""One onboarding: its phases, what each did or will do; begin the next one, or undo the last."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from nicegui import ui
from starlette.responses import Response

from hilum.console import curating
from hilum.console.components.age import ago
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask, bullets
from hilum.console.components.table import row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.markup import Html, join, tag
from hilum.console.pages import door
from hilum.console.pages.moves import why_not
from hilum.console.pages.onboarding import PATH
from hilum.console.pages.onboarding_file import SHOWN, WHAT
from hilum.console.shell import Page, Redraw, acting, add_page, part
from hilum.console.words import plural
from hilum.errors import SettingsError
from hilum.masterdata import onboarding
from hilum.masterdata.onboarding import Onboarding, StepRow
from hilum.security import Permission

STATES = {"waits": ("Waits", "waiting"), "done": ("Done", "done"), "known": ("Was so before", "off")}
"""State of a step, in words, and its colour."""

MOST_TOLD = 8
"""Steps that a question names one by one."""


def add(context: Context, figures: Figures) -> None:
    """The page at `/master/onboarding/{kind}/{code}`."""

    async def build(page: Page) -> Response | None:
        kind, code = (str(page.request.path_params[name]) for name in ("kind", "code"))
        content = ui.element("div")

        async def draw() -> None:
            async with context.database.cold() as connection:
                found = await onboarding.onboarding(connection, kind, code)
                steps = await onboarding.steps(connection, found.id)
            content.clear()
            with content:
                _contents(page, found, steps, draw)

        try:
            await draw()
        except SettingsError:
            return door.not_found("onboarding", PATH)
        return None

    add_page(f"{PATH}/{{kind}}/{{code}}", "Onboarding", context, figures, build)


def _contents(page: Page, found: Onboarding, steps: list[StepRow], draw: Redraw) -> None:
    lead = [tag("p", tag("strong", _told(found, steps))), tag("p", f"{found.kind}, filed by {found.made_by} ",
            ago(found.made_at), ".")]  # fmt: skip
    part(join(tag("h1", f"{found.title} ({found.code})"), tag("div", lead, class_="answer")), "heading")
    refused = next((why for each in (Permission.CURATE, Permission.PAUSE) if (why := why_not(page, each))), "")
    coming = _coming(steps)
    with ui.element("div").classes("section"):
        with ui.element("div").classes("acts"):
            if coming:
                act = acting(page, partial(_move, page, found, coming, draw))
                Button(f"Begin phase {coming[0].phase}…", act, look="primary", why_not=refused)
            if found.done:
                begun = [each for each in reversed(steps) if each.phase == found.done and each.state == "done"]
                act = acting(page, partial(_move, page, found, begun, draw, back=True))
                Button(f"Undo phase {found.done}…", act, look="danger", why_not=refused)
        ui.html(reasons([refused]), sanitize=False)
    for phase in sorted({each.phase for each in steps}):
        part(_phase(phase, [each for each in steps if each.phase == phase]), "section")


def _coming(steps: Sequence[StepRow]) -> list[StepRow]:
    """The steps of the next phase; none where all have begun."""
    waiting = [each for each in steps if each.state == "waits"]
    return [each for each in waiting if each.phase == waiting[0].phase]


def _told(found: Onboarding, steps: Sequence[StepRow]) -> str:
    coming = _coming(steps)
    if not coming:
        return f"All of it has begun: {plural(found.phases, 'phase')}."
    begun = f"Phase {found.done} of {found.phases} has begun" if found.done else "No phase has begun"
    return f"{begun}; phase {coming[0].phase} is next."


def _phase(phase: int, steps: list[StepRow]) -> Html:
    rows = [row(chip(*STATES[each.state]), WHAT[each.act], each.words()) for each in steps[:SHOWN]]
    more = len(steps) > SHOWN and tag("p", f"The first {SHOWN} are shown.", class_="why")
    title = tag("h2", f"Phase {phase}", tag("small", plural(len(steps), "step")))
    return join(title, table(("", "What", "Step"), rows, empty="", label=f"Phase {phase}"), more)


async def _move(page: Page, found: Onboarding, steps: list[StepRow], draw: Redraw, *, back: bool = False) -> None:
    phase = found.done if back else steps[0].phase
    title = f"Undo phase {phase}" if back else f"Begin phase {phase}"
    named = [each.words() for each in steps[:MOST_TOLD]]
    rest = len(steps) - len(named)
    head = "Undone, all of it or nothing:" if back else "Done, all of it or nothing:"
    body = join(tag("p", head), bullets([*named, *([f"and {plural(rest, 'step')} more"] if rest else [])]))
    answer = await ask(page, Question(title=title, body=body, do=title, look="danger" if back else "primary"))
    if answer is not None:
        move = curating.undo_phase if back else curating.begin_phase
        page.say(await move(page.visit, found.kind, found.code, answer.reason))
        await draw()

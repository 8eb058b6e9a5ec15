"""A workbook that was handed in: what is wrong with it, row by row, or what each phase would do; and taking it in."""

from __future__ import annotations

import asyncio
import io
from functools import partial

from nicegui import ui
from starlette.responses import Response

from hilum.console import curating
from hilum.console.components.age import ago
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask, bullets
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages import door
from hilum.console.pages.moves import why_not
from hilum.console.pages.onboarding import PATH
from hilum.console.shell import Page, Redraw, acting, add_page, part
from hilum.console.words import number, plural
from hilum.errors import SettingsError
from hilum.masterdata import onboarding
from hilum.masterdata.onboarding import HandedIn, Plan, Problem, Step
from hilum.postgres import Connection
from hilum.security import Permission

SHOWN = 200
"""Problems, and steps of a phase, that are listed."""

WHAT = {"lookup": "Code", "crosswalk": "Identifier", "publish": "Master data", "flow": "Flow"}
"""Kinds of steps, for people."""


def add(context: Context, figures: Figures) -> None:
    """The page at `/master/onboarding/files/{number}`: the report, made against what is there now."""

    async def build(page: Page) -> Response | None:
        text = str(page.request.path_params["number"])
        wanted = int(text) if text.isdigit() and len(text) < 18 else 0
        async with context.database.cold() as connection:
            if await onboarding.kept_workbook(connection, wanted) is None:
                return door.not_found("workbook", PATH)
        content = ui.element("div")

        async def draw() -> None:
            async with context.database.cold() as connection:
                found = await onboarding.kept_workbook(connection, wanted)
                report = None if found is None else await checked(connection, context, found)
            content.clear()
            if found is not None and report is not None:
                with content:
                    _contents(page, found, report, draw)

        await draw()
        return None

    add_page(f"{PATH}/files/{{number}}", "Workbook", context, figures, build)


async def checked(connection: Connection, context: Context, found: HandedIn) -> Plan | str:
    """What a workbook would do, or why it cannot be read."""
    try:
        book = await asyncio.to_thread(onboarding.read, io.BytesIO(found.body), found.name)
    except SettingsError as error:
        return str(error)
    return await onboarding.check(connection, found.kind, book, context.flows)


def _contents(page: Page, found: HandedIn, report: Plan | str, draw: Redraw) -> None:
    lead = [tag("p", tag("strong", _told(found, report))),
            tag("p", f"{found.kind}, handed in by {found.actor} ", ago(found.at), ".")]  # fmt: skip
    part(join(tag("h1", found.name), tag("div", lead, class_="answer")), "heading")
    if isinstance(report, str):
        return
    if report.problems:
        part(_problems(report.problems), "section")
        return
    taken = "Take it in: it was taken in already." if found.onboarding_id else ""
    refused = [why_not(page, Permission.CURATE, taken), why_not(page, Permission.PAUSE)]
    with ui.element("div").classes("section"):
        with ui.element("div").classes("acts"):
            act = acting(page, partial(_take_in, page, found, report, draw))
            Button("Take it in…", act, look="primary", why_not=next((why for why in refused if why), ""))
        ui.html(reasons(refused), sanitize=False)
    for phase in sorted({each.phase for each in report.steps}):
        part(_phase(phase, [each for each in report.steps if each.phase == phase]), "section")


def _told(found: HandedIn, report: Plan | str) -> Child:
    if isinstance(report, str):
        return report
    if report.problems:
        rows = len({(each.sheet, each.row) for each in report.problems})
        return f"{plural(len(report.problems), 'problem')} in {plural(rows, 'row')}: nothing can be taken in yet."
    if found.onboarding_id:
        done = tag("a", report.code, href=f"{PATH}/{report.kind}/{report.code}")
        return [f"{report.title} was taken in: ", done, "."]
    phases = len({each.phase for each in report.steps})
    return f"{report.title} ({report.code}) can be taken in, in {plural(phases, 'phase')}. Nothing was changed yet."


def _problems(problems: list[Problem]) -> Html:
    rows = [
        row(each.sheet, num(each.row or "—"), tag("span", each.column, class_="mono"), each.why, each.do)
        for each in problems[:SHOWN]
    ]
    more = len(problems) > SHOWN and tag("p", f"The first {SHOWN} of {number(len(problems))}.", class_="why")
    again = tag("p", "Correct the workbook, and hand it in again.", class_="why")
    heads = ("Sheet", "Row>", "Column", "What is wrong", "What to do")
    return join(tag("h2", "What is wrong"), table(heads, rows, empty="", label="Problems"), more, again)


def _phase(phase: int, steps: list[Step]) -> Html:
    rows = [row(WHAT[each.act], each.words()) for each in steps[:SHOWN]]
    note = tag("small", f"what beginning it would do: {plural(len(steps), 'step')}")
    more = len(steps) > SHOWN and tag("p", f"The first {SHOWN} are shown.", class_="why")
    return join(
        tag("h2", f"Phase {phase}", note), table(("What", "Step"), rows, empty="", label=f"Phase {phase}"), more
    )


async def _take_in(page: Page, found: HandedIn, report: Plan, draw: Redraw) -> None:
    flows = [each.subject["flow"] for each in report.steps if each.act == "flow"]
    stops = f"Stopped until their phase begins: {', '.join(flows)}. Their senders keep what they have."
    lines = ["The phases are filed; none of them begins yet.", *([stops] if flows else []),
             "It can be filed again as long as no phase has begun."]  # fmt: skip
    answer = await ask(page, Question(title=f"Take in {report.title}", body=bullets(lines), do="Take it in"))
    if answer is not None:
        page.say(await curating.take_in(page.visit, found.id, report.kind, answer.reason))
        await draw()

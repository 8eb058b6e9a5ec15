"""Approvals: what waits for a second person, decided here by somebody else than who asked."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from hilum.cases import approvals
from hilum.cases.approvals import WAITING, Approval
from hilum.console import many, words
from hilum.console.components.age import ago
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask, bullets
from hilum.console.components.table import row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import job_link
from hilum.console.markup import Child, Html, join, tag
from hilum.console.shell import Page, Redraw, acting, add_page, follow, part

SHOWN = 50
"""Decided requests on the page."""


def add(context: Context, figures: Figures) -> None:
    """The page at `/approvals`."""

    async def build(page: Page) -> None:
        async def read() -> tuple[list[Approval], list[Approval]]:
            async with context.database.cold() as connection:
                waiting = await approvals.approvals(connection)
                latest = await approvals.approvals(connection, waiting=False, limit=SHOWN)
            return waiting, [each for each in latest if each.state != WAITING]

        async def show(found: tuple[list[Approval], list[Approval]], draw: Redraw) -> None:
            _contents(page, *found, draw)

        await follow(page, ui.element("div"), read, show)

    add_page("/approvals", "Approvals", context, figures, build)


def _contents(page: Page, waiting: list[Approval], decided: list[Approval], draw: Redraw) -> None:
    mine = [each for each in waiting if not each.why_not(page.user)]
    asked = [each for each in waiting if each.requested_by == page.user.name]
    others = [each for each in waiting if each not in mine and each not in asked]
    count = words.plural(len(mine), "request")
    told = f"{count} {'waits' if len(mine) == 1 else 'wait'} for your approval." if mine else _NOTHING
    part(join(tag("h1", "Approvals"), tag("div", tag("p", tag("strong", told)), class_="answer")), "heading")
    for title, found in (("Waiting for your approval", mine), ("Asked by you", asked), ("Waiting for others", others)):
        if found:
            ui.html(tag("h2", title), sanitize=False)
            for each in found:
                _request(page, each, draw)
    part(_decided(decided), "section")


_NOTHING = "Nothing waits for your approval."


def _request(page: Page, found: Approval, draw: Redraw) -> None:
    why_not = found.why_not(page.user)
    with ui.element("section").classes("card request").props(f'id="request-{found.id}"'):
        part(_told(found))
        with ui.element("div").classes("acts"):
            if found.requested_by == page.user.name:
                Button("Withdraw…", acting(page, partial(_decide, page, found, "withdraw", draw)))
            else:
                Button("Approve…", acting(page, partial(_decide, page, found, "approve", draw)), look="primary",
                       why_not=why_not)  # fmt: skip
                Button("Refuse…", acting(page, partial(_decide, page, found, "refuse", draw)), why_not=why_not)
        ui.html(reasons([why_not]), sanitize=False)


def _told(found: Approval) -> Html:
    link: Child = None
    if "job" in found.subject:
        link = tag("a", "Look at the job", href=job_link(int(found.subject["job"])))
    elif "draft" in found.subject:
        link = join(tag("a", "the original", href=f"/messages/{found.subject['message']}"), " and ",
                    tag("a", "the edited message", href=f"/messages/{found.subject['draft']}"))  # fmt: skip
    return join(
        tag("p", tag("strong", f"{found.id}: {found.words}"), " ", link),
        tag("p", f"{found.requested_by} asked ", ago(found.requested_at), f": {found.reason}"),
        tag("p", tag("small", found.why, " It expires ", ago(found.expires_at), ".")),
    )


_QUESTIONS = {
    "approve": ("Approve", ("It is done at once, in the name of whoever asked.", "Your approval is in the audit.")),
    "refuse": ("Refuse", ("It is not done.", "Whoever asked sees your reason.")),
    "withdraw": ("Withdraw", ("It is not done.",)),
}
_ACTS = {"approve": many.approve, "refuse": many.refuse, "withdraw": many.withdraw}


async def _decide(page: Page, found: Approval, how: str, draw: Redraw) -> None:
    title, lines = _QUESTIONS[how]
    body = join(tag("p", found.words), bullets(lines))
    answer = await ask(page, Question(title=f"{title} request {found.id}", body=body, do=title))
    if answer is not None:
        page.say(await _ACTS[how](page.visit, found.id, answer.reason))
        await draw()


_LOOKS = {"used": ("Approved and done", "done"), "refused": ("Refused", "held"), "withdrawn": ("Withdrawn", "off"),
          "expired": ("Expired", "off")}  # fmt: skip


def _decided(found: list[Approval]) -> Html:
    rows = [
        row(each.id, chip(*_LOOKS.get(each.state, (each.state, "off"))), each.words, each.requested_by,
            each.decided_by or "", each.decision, ago(each.decided_at))
        for each in found
    ]  # fmt: skip
    heads = ("Request", "", "What", "Asked by", "Decided by", "Why", "When")
    return join(tag("h2", "Decided"), table(heads, rows, empty="None yet.", label="Decided requests"))

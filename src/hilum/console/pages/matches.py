"""Matches to review: two records side by side, what each field says, and the question whether they are one thing."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from hilum.console.acts import allowed, reasoned
from hilum.console.components.age import ago
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question as Asking
from hilum.console.components.dialogs import ask, bullets
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages.moves import Redraw, why_not
from hilum.console.shell import Page, acting, add_page, part
from hilum.console.words import plural
from hilum.journal.audit import record
from hilum.masterdata import matching
from hilum.masterdata.matching import Question, kind_of
from hilum.security import Permission

SHOWN = 20
"""Questions on one page; the next come when these are answered."""


def add(context: Context, figures: Figures) -> None:
    """The page at `/master/matches`; `?object=supplier` shows one kind."""

    async def build(page: Page) -> None:
        content = ui.element("div")
        object_ = page.query("object")

        async def draw() -> None:
            async with context.database.cold() as connection:
                counts = await matching.counts(connection)
                waiting = await matching.questions(connection, object_, limit=SHOWN)
                decided = await matching.questions(connection, object_, decided=True, limit=SHOWN)
            content.clear()
            with content:
                _contents(page, counts, waiting, decided, draw)

        await draw()

    add_page("/master/matches", "Matches to review", context, figures, build)


def _contents(
    page: Page, counts: dict[str, int], waiting: list[Question], decided: list[Question], draw: Redraw
) -> None:
    total = sum(counts.values())
    told = f"{plural(total, 'pair')} may be one thing: are they?" if total else "Nothing waits for an answer."
    kinds = [tag("a", f"{name} {count}", href=f"/master/matches?object={name}") for name, count in counts.items()]
    links = tag("p", [join(link, " ") for link in kinds]) if kinds else None
    part(
        join(tag("h1", "Matches to review"), tag("div", tag("p", tag("strong", told)), links, class_="answer")),
        "heading",
    )
    for each in waiting:
        _question(page, each, draw)
    part(_decided(decided), "section")


def _question(page: Page, found: Question, draw: Redraw) -> None:
    refused = why_not(page, Permission.CURATE)
    needed = kind_of(found.object).shown_with
    hidden = needed is not None
    with ui.element("section").classes("card request").props(f'id="question-{found.id}"'):
        place = part(_told(found, hidden=hidden))
        with ui.element("div").classes("acts"):
            if needed is not None:
                Button("Show the values…", acting(page, partial(_show, page, found, needed, place)),
                       why_not=why_not(page, needed))  # fmt: skip
            Button(
                "The same…", acting(page, partial(_decide, page, found, True, draw)), look="primary", why_not=refused
            )
            Button("Different…", acting(page, partial(_decide, page, found, False, draw)), why_not=refused)
        ui.html(reasons([refused]), sanitize=False)


def _told(found: Question, *, hidden: bool) -> Html:
    left, right = found.left_values or {}, found.right_values or {}
    rows = [
        row(
            tag("b", each["field"].replace("_", " ")),
            _value(left.get(each["field"], ""), hidden),
            _value(right.get(each["field"], ""), hidden),
            num("—" if each["likeness"] is None else f"{each['likeness']:.0%}"),
            num(f"{each['bits']:+.0f}" if each["bits"] else "0"),
        )
        for each in found.evidence or ()
    ]
    heads = ("Field", f"{found.left_system} {found.left_identifier}", f"{found.right_system} {found.right_identifier}",
             "Alike>", "Says>")  # fmt: skip
    title = tag("p", tag("strong", f"{found.id}: {found.object.replace('_', ' ')}, {found.score:.1%} likely the same"))
    return join(title, table(heads, rows, empty="", label=f"Question {found.id}"))


def _value(text: str, hidden: bool) -> Child:
    return ("•••" if hidden else text) if text else tag("small", "not said")


async def _show(page: Page, found: Question, needed: Permission, place: ui.html) -> None:
    """Protected values, with a reason, audited."""
    body = bullets(["What the two records say of a person is shown to you.", "It is in the audit."])
    asking = Asking(title=f"Show the values of question {found.id}", do="Show", body=body)
    answer = await ask(page, asking)
    if answer is None:
        return
    user = await allowed(page.visit, needed)
    async with page.context.database.transaction() as connection:
        words = f"question {found.id}: {reasoned(answer.reason)}"
        await record(connection, actor=user.name, action="view_match", words=words)
    place.set_content(_told(found, hidden=False))


async def _decide(page: Page, found: Question, same: bool, draw: Redraw) -> None:
    name = f"The {found.left} and the {found.right}"
    lines = (
        [f"{name} become one thing in the crosswalk.", "It can be undone: hilum crosswalk unlink, unmerge."]
        if same
        else [f"{name} stay apart.", "Nobody is asked about them again."]
    )
    answer = await ask(page, Asking(title="The same" if same else "Different", body=bullets(lines), do="Decide"))
    if answer is None:
        return
    user = await allowed(page.visit, Permission.CURATE)
    async with page.context.database.transaction() as connection:
        done = await matching.decide(connection, found.id, same=same, actor=user.name, reason=reasoned(answer.reason))
    page.say(done)
    await draw()


def _decided(found: list[Question]) -> Html:
    rows = [
        row(each.id, str(each.left), str(each.right), each.state, each.decided_by, each.reason, ago(each.decided_at))
        for each in found
    ]
    heads = ("Question", "One", "Other", "They are", "Decided by", "Why", "When")
    return join(tag("h2", "Decided by people"), table(heads, rows, empty="None yet.", label="Decided questions"))

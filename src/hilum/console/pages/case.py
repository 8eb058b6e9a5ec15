"""One case: what is wrong, what to do, what may be done, and the whole story behind it."""

from __future__ import annotations

from nicegui import ui
from starlette.responses import Response

from hilum import cases
from hilum.cases import Case, Note
from hilum.console import acts, small, words
from hilum.console.components.age import ago, span
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, Field, reasons
from hilum.console.components.dialogs import Question, ask
from hilum.console.components.pressing import criticality, due
from hilum.console.components.story import story
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import flow_link, group_link, message_link
from hilum.console.markup import Child, Html, join, tag
from hilum.console.masking import case_for
from hilum.console.pages import door, moves
from hilum.console.pages.message import Found, read, watched
from hilum.console.shell import Page, acting, add_page, part
from hilum.journal.reading import Trace
from hilum.security import Permission

TEAM = ""
"""The choice that gives a case back; no user can have this name."""

_BIGGEST = 2**63 - 1


def add(context: Context, figures: Figures) -> None:
    """The page at `/exceptions/{number}`."""

    async def build(page: Page) -> Response | None:
        number = page.request.path_params["number"]
        if not number.isdecimal() or int(number) > _BIGGEST:
            return door.not_found("case", "/exceptions")
        async with context.database.cold() as connection:
            case = await cases.case(connection, int(number))
        if case is None or await read(context, case.message_id) is None:
            return door.not_found("case", "/exceptions")

        async def top(found: Found, draw: moves.Redraw) -> None:
            this = next((one for one in found[1] if one.id == int(number)), case_for(context, case, page.user))
            await _top(page, this, *found, draw)

        await watched(page, case.message_id, top)
        return None

    add_page("/exceptions/{number}", "Case", context, figures, build)


async def _top(page: Page, case: Case, trace: Trace, all_cases: list[Case], draw: moves.Redraw) -> None:
    part(join(tag("h1", case.title), tag("div", _answer(case), class_="answer")), "heading")
    if case.open:
        _assigning(page, case, draw)
        moves.buttons(page, trace, draw)
    async with page.context.database.cold() as connection:
        written = await cases.notes(connection, case.id)
    with ui.element("div").classes("pair"):
        part(join(tag("h2", "Story"), story(trace, all_cases, page.masker(case.flow))), "section")
        with ui.element("div").classes("section"):
            part(join(tag("h2", "Facts"), tag("div", _facts(case), class_="card")), "section")
            _notes(page, case, written, draw)


def _notes(page: Page, case: Case, written: list[Note], draw: moves.Redraw) -> None:
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


def _answer(case: Case) -> Html:
    if case.closed_at is not None:
        how = words.RESOLUTIONS.get(case.resolution or "", case.resolution)
        return tag("p", chip("Closed", "done"), f"{case.closed_by} {how} it ", ago(case.closed_at), f": {case.reason}")
    behind = (
        f"{words.plural(case.behind, 'message')} of the same key {'waits' if case.behind == 1 else 'wait'} behind it."
    )
    return join(
        tag("p", chip("Held", "held"), case.words),
        tag("p", tag("strong", "What to do: "), case.next_step, class_="next"),
        tag("p", "Waits for ", tag("strong", case.assigned_to or case.owner), " for ", span(case.opened_at), ". ",
            (case.behind and behind) or None),
        tag("p", "Due ", due(case.due_at), ". ", criticality(case.criticality), " ",
            tag("a", "Like cases", href=group_link(case.group_key))) if case.group_key else None,
    )  # fmt: skip


def _assigning(page: Page, case: Case, draw: moves.Redraw) -> None:
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


def _facts(case: Case) -> Html:
    place: Child = f"delivery {case.ordinal} to {case.destination}" if case.ordinal >= 0 else "the message as a whole"
    rows: list[tuple[str, Child]] = [
        ("Case", f"{case.id}"),
        ("Message", message_link(case.message_id)),
        ("Held", place),
        ("Flow", flow_link(case.flow)),
        ("Category", [words.category(case.category), " ", tag("small", case.category, class_="mono")]),
        ("Owner", f"{case.owner} ({case.kind})"),
        ("Assigned to", case.assigned_to or "nobody yet"),
        ("Opened", ago(case.opened_at)),
    ]
    listed = tag("dl", [[tag("dt", name), tag("dd", value)] for name, value in rows], class_="facts")
    if not case.detail:
        return listed
    return join(listed, tag("details", tag("summary", "For technicians"), tag("pre", case.detail, class_="payload")))

"""One case: what is wrong, what to do, what may be done, and the whole story behind it."""

from __future__ import annotations

from uuid import UUID

from nicegui import ui
from starlette.responses import Response

from hilum import cases
from hilum.cases import Case, working_hours
from hilum.cases.working_hours import Shift
from hilum.console import words
from hilum.console.components.age import ago, span
from hilum.console.components.chip import chip
from hilum.console.components.pressing import criticality, due, money, within
from hilum.console.components.story import story
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import flow_link, group_link, message_link
from hilum.console.markup import Child, Html, join, tag
from hilum.console.masking import case_for
from hilum.console.pages import condition, documents, door, moves
from hilum.console.pages.desk import soon_of
from hilum.console.pages.handling import assigning, noting
from hilum.console.pages.message import Found, read, watched
from hilum.console.shell import Page, Redraw, add_page, part
from hilum.journal.reading import Trace

_BIGGEST = 2**63 - 1


def add(context: Context, figures: Figures) -> None:
    """The page at `/exceptions/{number}`."""

    async def build(page: Page) -> Response | None:
        number = page.request.path_params["number"]
        if not number.isdecimal() or int(number) > _BIGGEST:
            return door.not_found("case", "/exceptions")
        async with context.database.cold() as connection:
            case = await cases.case(connection, int(number))
        if case is None:
            return door.not_found("case", "/exceptions")
        if case.message_id is None:
            await condition.watched(page, case.id)
            return None
        return await _of_message(page, case, case.message_id)

    async def _of_message(page: Page, case: Case, message_id: UUID) -> Response | None:
        if await read(context, message_id) is None:
            return door.not_found("case", "/exceptions")

        async def top(found: Found, draw: Redraw) -> None:
            this = next((one for one in found[1] if one.id == case.id), case_for(context, case, page.user))
            await _top(page, this, *found, draw)

        await watched(page, message_id, top)
        return None

    add_page("/exceptions/{number}", "Case", context, figures, build)


async def _top(page: Page, case: Case, trace: Trace, all_cases: list[Case], draw: Redraw) -> None:
    async with page.context.database.cold() as connection:
        shift = await working_hours.shift(connection, case.owner, case.criticality)
    part(join(tag("h1", case.title), tag("div", _answer(page, case, shift), class_="answer")), "heading")
    if case.open:
        assigning(page, case, draw)
        moves.buttons(page, trace, draw)
    await documents.of_case(page, case, draw)
    async with page.context.database.cold() as connection:
        written = await cases.notes(connection, case.id)
    with ui.element("div").classes("pair"):
        part(join(tag("h2", "Story"), story(trace, all_cases, page.masker(case.flow))), "section")
        with ui.element("div").classes("section"):
            part(join(tag("h2", "Facts"), tag("div", _facts(case), class_="card")), "section")
            noting(page, case, written, draw)


def _answer(page: Page, case: Case, shift: Shift | None) -> Html:
    if case.closed_at is not None:
        how = words.RESOLUTIONS.get(case.resolution or "", case.resolution)
        return tag("p", chip("Closed", "done"), f"{case.closed_by} {how} it ", ago(case.closed_at), f": {case.reason}")
    behind = (
        f"{words.plural(case.behind, 'message')} of the same key {'waits' if case.behind == 1 else 'wait'} behind it."
    )
    return join(
        tag("p", chip("Held", "held"), case.words),
        tag("p", tag("strong", "What to do: "), case.next_step, class_="next"),
        tag("p", "Waits for ", tag("strong", case.assigned_to or with_team(case)), " for ", span(case.opened_at), ". ",
            (case.behind and behind) or None),
        tag("p", "Due ", due(case.due_at, soon_of(page.context)), within(shift), ". ", criticality(case.criticality),
            case.at_stake is not None and [" ", tag("strong", money(case.at_stake, case.currency)), " at stake. "],
            case.group_key and [" ", tag("a", "Like cases", href=group_link(case.group_key))]),
    )  # fmt: skip


def with_team(case: Case) -> Html:
    """The team; or who has it too since nobody acted."""
    if not case.escalated_to:
        return join(case.owner)
    return join(chip("Escalated", "hurt"), " ", case.escalated_to, " (from ", case.owner, ")")


def _facts(case: Case) -> Html:
    place: Child = f"delivery {case.ordinal} to {case.destination}" if case.ordinal >= 0 else "the message as a whole"
    rows: list[tuple[str, Child]] = [
        ("Case", f"{case.id}"),
        ("Message", message_link(case.message_id) if case.message_id else ""),
        ("Held", place),
        ("Flow", flow_link(case.flow)),
        ("Category", [words.category(case.category), " ", tag("small", case.category, class_="mono")]),
        ("Owner", f"{case.owner} ({case.kind})"),
        ("Assigned to", case.assigned_to or "nobody yet"),
        ("Opened", ago(case.opened_at)),
        ("At stake", money(case.at_stake, case.currency) or "no amount is known"),
    ]
    if case.escalated_at is not None:
        rows.append(("Escalated", [ago(case.escalated_at), f" to {case.escalated_to}"]))
    listed = tag("dl", [[tag("dt", name), tag("dd", value)] for name, value in rows], class_="facts")
    if not case.detail:
        return listed
    return join(listed, tag("details", tag("summary", "For technicians"), tag("pre", case.detail, class_="payload")))

"""One thing that differs between two systems: both sides beside each other, and what may be done about it."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from nicegui import ui
from starlette.responses import Response

from hilum.cases.side_by_side import Member, SideBySide, member
from hilum.console import comparing
from hilum.console.components.age import ago
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask, bullets
from hilum.console.components.side_by_side import side_by_side
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import COMPARISONS, case_link, comparison_link
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages import door, moves
from hilum.console.pages.comparisons import WORDS, found_at, head_of
from hilum.console.pages.moves import why_not
from hilum.console.shell import Page, Redraw, acting, add_page, follow, part
from hilum.console.words import plural
from hilum.reconcile import Accepted, Kind, accepting, store
from hilum.reconcile.store import DifferenceRow
from hilum.reconcile.words import sentence
from hilum.security import Permission

SAID = {Accepted.THEIRS: "the other side is right", Accepted.KNOWN: "both stay as they are"}


def add(context: Context, figures: Figures) -> None:
    """The page at `/reconciliation/{name}/differences/{number}`."""

    async def build(page: Page) -> Response | None:
        name, number = page.request.path_params["name"], page.request.path_params["number"]
        if not number.isdecimal() or len(number) > 18:
            return door.not_found("difference", COMPARISONS)

        async def look() -> DifferenceRow | None:
            async with context.database.cold() as connection:
                found = await store.one_difference(connection, int(number))
            return found if found is not None and found.comparison == name else None

        if await look() is None:
            return door.not_found("difference", COMPARISONS)
        await follow(page, ui.element("div"), look, partial(_contents, page))
        return None

    add_page(f"{COMPARISONS}/{{name}}/differences/{{number}}", "Difference", context, figures, build)


def _sides(page: Page, found: DifferenceRow) -> tuple[str, str]:
    declared = next((each for each in page.context.comparisons if each.name == found.comparison), None)
    return declared.sides if declared is not None else ("here", "there")


async def _contents(page: Page, found: DifferenceRow, draw: Redraw) -> None:
    async with page.context.database.cold() as connection:
        case = await accepting.case_of(connection, found)
    part(join(tag("h1", found.title), tag("div", _answer(page, found, case), class_="answer")), "heading")
    part(join(tag("h2", "Side by side"), beside(page, found)), "section")
    await acts(page, found, draw)
    part(join(tag("h2", "Facts"), tag("div", _facts(page, found), class_="card")), "section")


def _answer(page: Page, found: DifferenceRow, case: int | None) -> Html:
    said = tag("p", f"{sentence(found, _sides(page, found))}.")
    link = tag("a", found.comparison, href=comparison_link(found.comparison))
    if found.ended_at is not None:
        return join(tag("p", chip("Ended", "done"), "It was so until ", ago(found.ended_at), ", in ", link, "."), said)
    if found.accepted_at is not None:
        as_ = SAID.get(Accepted(found.accepted_as), found.accepted_as)
        told = f"{found.accepted_by} accepted it ({as_}) "
        return join(tag("p", chip("Accepted", "done"), told, ago(found.accepted_at), f": {found.accepted_why}"), said)
    lasts = [chip("Differs", "held"), "Found in ", tag("strong", plural(found.runs, "run")), " of ", link, ", since ",
             ago(found.since), "."]  # fmt: skip
    open_ = [" ", tag("a", f"Case {case}", href=case_link(case))] if case is not None else None
    return join(tag("p", lasts, open_), said)


def beside(page: Page, found: DifferenceRow) -> Html:
    """What each side says, field by field."""
    here, there = _sides(page, found)
    rows: list[Member] = [
        member(each.label, _bare(each.here), _bare(each.there), marked=(0, 1)) for each in found.apart
    ]
    if found.kind in (Kind.MISSING, Kind.EXTRA):
        lone = found.kind is Kind.MISSING
        rows = [member("Is there", "yes" if lone else "no", "no" if lone else "yes", marked=(0, 1)),
                *(member(each.label, _bare(each.here), _bare(each.there)) for each in found.apart)]  # fmt: skip
    papers = SideBySide(documents=(head_of(here), head_of(there)), members=tuple(rows))
    return side_by_side(papers, label="Both sides")


def _bare(text: str) -> str:
    return "" if text == "—" else text


async def acts(page: Page, found: DifferenceRow, draw: Redraw) -> None:
    """The legal next moves: send it again, accept what the other side says, accept it as it is, or take that back."""
    if found.ended_at is not None:
        return
    refused = why_not(page, comparing.ACCEPT)
    message = _message(found.here)
    sending = "" if message is not None else "Send again: the hub has no message of it; correct it where it belongs."
    no_sending = why_not(page, Permission.REPLAY, sending)
    here, there = _sides(page, found)

    async def send() -> None:
        if message is not None:
            await moves.replay(page, [message], draw)

    async def accept(as_: Accepted) -> None:
        answer = await ask(page, _question(as_, here, there))
        if answer is not None:
            page.say(await comparing.accept(page.visit, found.id, as_, answer.reason))
            await draw()

    async def take_back() -> None:
        body = tag("p", "The next run that finds it opens a case of it again.")
        answer = await ask(page, Question(title="Not accepted any more", body=body, do="Take back"))
        if answer is not None:
            page.say(await comparing.take_back(page.visit, found.id, answer.reason))
            await draw()

    with ui.element("div").classes("acts"):
        Button("Send again…", acting(page, send), look="primary", why_not=no_sending)
        if found.accepted_at is None:
            Button(f"{head_of(there)} is right…", acting(page, partial(accept, Accepted.THEIRS)), why_not=refused)
            Button("Accept…", acting(page, partial(accept, Accepted.KNOWN)), why_not=refused)
        else:
            Button("Take back…", acting(page, take_back), why_not=refused)
    part(reasons([no_sending, refused]))


def _question(as_: Accepted, here: str, there: str) -> Question:
    common = ["Its case, if there is one, is closed with your reason.",
              "It is work again by itself as soon as something else differs of it."]  # fmt: skip
    if as_ is Accepted.THEIRS:
        first = f"{head_of(there)} stays as it is. Nothing is sent; who keeps {here} corrects it there."
        return Question(title=f"{head_of(there)} is right", body=bullets([first, *common]), do="Accept")
    first = "Both sides stay as they are, for the reason that you give."
    return Question(title="Accept the difference", body=bullets([first, *common]), do="Accept")


def _nowhere(lacking: bool) -> str:
    return "it is not there" if lacking else "no place is told"


def _message(where: str) -> UUID | None:
    try:
        return UUID(where)
    except ValueError:
        return None


def _facts(page: Page, found: DifferenceRow) -> Html:
    here, there = _sides(page, found)
    rows: list[tuple[str, Child]] = [
        ("Key", tag("span", found.key, class_="mono")),
        ("What", WORDS[found.kind]),
        ("Day", str(found.on_day or "none")),
        ("Differs since", ago(found.since)),
        (f"In {here}", found_at(found.here) or _nowhere(found.kind is Kind.EXTRA)),
        (f"In {there}", found_at(found.there) or _nowhere(found.kind is Kind.MISSING)),
        *((f"Why: {each.label}", each.why) for each in found.apart if each.why),
    ]
    return tag("dl", [[tag("dt", name), tag("dd", value)] for name, value in rows], class_="facts")

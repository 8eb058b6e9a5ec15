"""Matches to review: records side by side, what each field says, and the question whether they are one thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

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
from hilum.console.pages import arrivals
from hilum.console.pages.moves import why_not
from hilum.console.shell import Page, Redraw, acting, add_page, part
from hilum.console.words import plural
from hilum.journal.audit import record
from hilum.masterdata import matching
from hilum.masterdata.matching import Question, Values, kind_of
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
                counts = Counter(await matching.counts(connection)) + Counter(
                    await matching.arrivals_waiting(connection)
                )
                arrived = await arrivals.found(connection, object_, SHOWN)
                answered = await matching.arrivals(connection, object_, decided=True, limit=SHOWN)
                waiting = await matching.questions(connection, object_, limit=SHOWN)
                decided = await matching.questions(connection, object_, decided=True, limit=SHOWN)
                free = [each.place for each in waiting if each.place and not kind_of(each.object).of_persons]
                values = await matching.read(connection, free)
            content.clear()
            with content:
                _heading(page, counts)
                for one in arrived:
                    arrivals.show(page, one, draw)
                for each in waiting:
                    _question(page, each, values.get(each.place) if each.place else None, draw)
                part(join(arrivals.decided(page, answered), _decided(page, decided)), "section")

        await draw()

    add_page("/master/matches", "Matches to review", context, figures, build)


def _heading(page: Page, counts: Mapping[str, int]) -> None:
    total = sum(counts.values())
    told = f"{plural(total, 'question')}: are they one thing?" if total else "Nothing waits for an answer."
    kinds = [
        tag("a", f"{name.replace('_', ' ')} {count}", href=f"/master/matches?object={name}", class_="thing")
        for name, count in sorted(counts.items())
    ]
    if page.query("object"):
        kinds.append(tag("a", "all", href="/master/matches"))
    links = tag("p", [join(link, n + 1 < len(kinds) and " · ") for n, link in enumerate(kinds)]) if kinds else None
    part(
        join(tag("h1", "Matches to review"), tag("div", tag("p", tag("strong", told)), links, class_="answer")),
        "heading",
    )


def _question(page: Page, found: Question, values: Values | None, draw: Redraw) -> None:
    refused = why_not(page, Permission.CURATE)
    needed = kind_of(found.object).shown_with
    with ui.element("section").classes("card request").props(f'id="question-{found.id}"'):
        place = part(_told(page, found, values))
        with ui.element("div").classes("acts"):
            if needed is not None:
                Button("Show the values…", acting(page, partial(_show, page, found, needed, place)),
                       why_not=why_not(page, needed))  # fmt: skip
            Button(
                "The same…", acting(page, partial(_decide, page, found, True, draw)), look="primary", why_not=refused
            )
            Button("Different…", acting(page, partial(_decide, page, found, False, draw)), why_not=refused)
        ui.html(reasons([refused]), sanitize=False)


def _told(page: Page, found: Question, values: Values | None) -> Html:
    """Without the values: that there are some, and how much they are alike."""
    rows = [
        row(
            tag("b", each["field"].replace("_", " ")),
            num("—" if each["likeness"] is None else f"{each['likeness']:.0%}"),
            *(_value(each, values.left if values else None), _value(each, values.right if values else None)),
            num(f"{each['bits']:+.0f}" if each["bits"] else "0"),
        )
        for each in found.evidence or ()
    ]
    left, right = _names(page, found)
    likely = "more than 99.9%" if found.score > 0.999 else f"{found.score:.1%}"
    title = tag("p", tag("strong", f"{found.id}: {found.object.replace('_', ' ')}, {likely} likely the same"))
    once = found.one_to_one and tag("p", "Each list has each thing once: where these are one, neither is another.")
    heads = ("Field", "Alike>", left, right, "Evidence, bits>")
    return join(title, tag("p", why_asked(found)), once, table(heads, rows, empty="", label=f"Question {found.id}"))


def why_asked(found: Question) -> str:
    """Why the hub does not decide alone, as far as the fields say."""
    kind, said = kind_of(found.object), {each["field"]: each["likeness"] for each in found.evidence or ()}
    differ = [name for name in kind.against if said.get(name) == 0]
    unsure = [name for name in kind.sure if said.get(name) != 1 and name not in differ]
    lines = []
    if differ:
        lines.append(f"Contradicting: {', '.join(differ)}.")
    if unsure:
        lines.append(f"Not wholly equal on both sides: {', '.join(unsure)}.")
    if found.score >= kind.same and not lines:
        lines.append("Another record resembles one of them, or the crosswalk knows both as two things already.")
    return " ".join(lines).replace("_", " ")


def _value(evidence: Mapping[str, Any], values: Mapping[str, str] | None) -> Child:
    if values is None:
        return "•••" if evidence["likeness"] is not None else "—"
    return values.get(evidence["field"]) or tag("small", "not said")


def _names(page: Page, found: Question) -> tuple[str, str]:
    """What the two systems call them, as this user may see it."""
    shown = partial(page.context.name_of_thing, found.object, user=page.user)
    return (f"{found.left_system} {shown(found.left_identifier)}",
            f"{found.right_system} {shown(found.right_identifier)}")  # fmt: skip


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
        values = await matching.read(connection, [found.place] if found.place else [])
    shown = values.get(found.place) if found.place else None
    if shown is None:
        page.say("The values of this question cannot be read any more: it was answered, or its key is gone.", hurt=True)
    else:
        place.set_content(_told(page, found, shown))


async def _decide(page: Page, found: Question, same: bool, draw: Redraw) -> None:
    left, right = _names(page, found)
    name = f"{left} and {right}"
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


def _decided(page: Page, found: list[Question]) -> Html:
    rows = [
        row(each.id, each.object.replace("_", " "), *_names(page, each), each.state, each.decided_by, each.reason,
            ago(each.decided_at))
        for each in found
    ]  # fmt: skip
    heads = ("Question", "What", "One", "Other", "They are", "Decided by", "Why", "When")
    return join(tag("h2", "Decided by people"), table(heads, rows, empty="None yet.", label="Decided questions"))

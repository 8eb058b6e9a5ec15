"""Arrivals: a record that a flow brought beside the known things that it may be, and the question which one it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from nicegui import ui

from hilum.cases.arrivals import waiting
from hilum.console import curating
from hilum.console.acts import allowed, reasoned
from hilum.console.components.age import ago
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question as Asking
from hilum.console.components.dialogs import ask, bullets
from hilum.console.components.table import num, row, table
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages.moves import why_not
from hilum.console.shell import Page, Redraw, acting, part
from hilum.console.words import plural
from hilum.journal.audit import record
from hilum.masterdata import matching
from hilum.masterdata.matching import Arrival, Like, Values, kind_of
from hilum.postgres import Connection
from hilum.security import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One arrival, what it may be, and how many messages wait for the answer."""

    arrival: Arrival
    likes: Sequence[Like]
    messages: int
    values: Mapping[UUID, Values]  # by place; empty where they are protected


async def found(connection: Connection, object_: str, limit: int) -> list[Waiting]:
    """What waits, the longest first."""
    arrivals = await matching.arrivals(connection, object_, limit=limit)
    messages = await waiting(connection, [each.id for each in arrivals])
    return [await _waiting(connection, each, messages.get(each.id, 0)) for each in arrivals]


async def waiting_for(connection: Connection, arrival: Arrival) -> Waiting:
    """One that waits."""
    return await _waiting(connection, arrival, (await waiting(connection, [arrival.id])).get(arrival.id, 0))


async def _waiting(connection: Connection, arrival: Arrival, messages: int) -> Waiting:
    likes = await matching.likes(connection, arrival)
    hidden = kind_of(arrival.object).of_persons
    values = {} if hidden else await matching.read(connection, _places(likes))
    return Waiting(arrival=arrival, likes=likes, messages=messages, values=values)


def _places(likes: Sequence[Like]) -> list[UUID]:
    return [each.question.place for each in likes if each.question.place is not None]


def show(page: Page, one: Waiting, draw: Redraw) -> None:
    """The card of one arrival."""
    refused, needed = why_not(page, Permission.CURATE), kind_of(one.arrival.object).shown_with
    refused = refused or why_not(page, Permission.REPLAY)
    with ui.element("section").classes("card request").props(f'id="arrival-{one.arrival.id}"'):
        place = part(_told(page, one, one.values))
        with ui.element("div").classes("acts"):
            if needed is not None:
                Button("Show the values…", acting(page, partial(_show_values, page, one, needed, place)),
                       why_not=why_not(page, needed))  # fmt: skip
            for like in one.likes:
                answer = acting(page, partial(_answer, page, one, like, draw))
                Button(f"The same as {like.name}…", answer, look="primary", why_not=refused)
            Button("It is new…", acting(page, partial(_answer, page, one, None, draw)), why_not=refused)
        ui.html(reasons([refused]), sanitize=False)


def _told(page: Page, one: Waiting, values: Mapping[UUID, Values]) -> Html:
    about = one.arrival
    shown = page.context.name_of_thing(about.object, about.identifier, page.user)
    what = f"Arrival {about.id}: {about.object.replace('_', ' ')} {about.system} {shown}"
    wait = "1 message waits" if one.messages == 1 else f"{plural(one.messages, 'message')} wait"
    lead = tag("p", f"{wait} for the answer. It came by {about.flow}, ", ago(about.asked_at), ".")
    heads = ["Field", f"{about.system} {shown}"]
    for like in one.likes:
        heads += [f"{like.name}, {_likely(like)}", "Alike>"]
    rows = [_row(name, one, values) for name in _fields(one.likes)]
    return join(tag("p", tag("strong", what)), lead, table(heads, rows, empty="", label=f"Arrival {about.id}"))


def _likely(like: Like) -> str:
    score = like.question.score
    return "more than 99.9% likely" if score > 0.999 else f"{score:.1%} likely"


def _fields(likes: Sequence[Like]) -> list[str]:
    return list(dict.fromkeys(each["field"] for like in likes for each in like.question.evidence or ()))


def _row(name: str, one: Waiting, values: Mapping[UUID, Values]) -> Html:
    arrived: Child = "—"
    cells: list[Child] = []
    for like in one.likes:
        question = like.question
        evidence = next(each for each in question.evidence or () if each["field"] == name)
        two = values.get(question.place) if question.place is not None else None
        first = question.left == one.arrival.what
        if two is None:
            mine = theirs = "•••" if evidence["likeness"] is not None else "—"
        else:
            sides = (two.left, two.right) if first else (two.right, two.left)
            mine, theirs = (each.get(name, "—") for each in sides)
        arrived = mine if mine != "—" else arrived
        cells += [theirs, num("—" if evidence["likeness"] is None else f"{evidence['likeness']:.0%}")]
    return row(tag("b", name.replace("_", " ")), arrived, *cells)


async def _show_values(page: Page, one: Waiting, needed: Permission, place: ui.html) -> None:
    """Protected values, with a reason, audited."""
    body = bullets(["What the records say of persons is shown to you.", "It is in the audit."])
    answer = await ask(page, Asking(title=f"Show the values of arrival {one.arrival.id}", do="Show", body=body))
    if answer is None:
        return
    user = await allowed(page.visit, needed)
    async with page.context.database.transaction() as connection:
        words = f"arrival {one.arrival.id}: {reasoned(answer.reason)}"
        await record(connection, actor=user.name, action="view_match", words=words)
        values = await matching.read(connection, _places(one.likes))
    if values:
        place.set_content(_told(page, one, values))
    else:
        page.say("The values of this arrival cannot be read any more: it was answered, or a key is gone.", hurt=True)


async def _answer(page: Page, one: Waiting, like: Like | None, draw: Redraw) -> None:
    about = one.arrival
    name = f"{about.system} {page.context.name_of_thing(about.object, about.identifier, page.user)}"
    lines = [
        f"{name} becomes a name of {like.name}." if like else f"{name} becomes a new {about.object.replace('_', ' ')}.",
        f"{plural(one.messages, 'message')} that waited will go on, in their order.",
        "It can be undone in the crosswalk: unlink, merge, unmerge. What was delivered stays delivered.",
    ]
    title = f"The same as {like.name}" if like else "It is new"
    answer = await ask(page, Asking(title=title, body=bullets(lines), do="Decide"))
    if answer is None:
        return
    golden = like.golden if like else None
    page.say(await curating.answer_arrival(page.visit, about.id, golden, answer.reason))
    await draw()


def decided(page: Page, answered: Sequence[Arrival]) -> Html:
    """What people said of arrivals lately."""
    rows = [
        row(each.id, each.object.replace("_", " "), each.system,
            page.context.name_of_thing(each.object, each.identifier, page.user), each.state, each.decided_by,
            each.reason, ago(each.decided_at))
        for each in answered
    ]  # fmt: skip
    heads = ("Arrival", "What", "System", "Identifier", "It is", "Decided by", "Why", "When")
    return join(tag("h2", "Arrivals that were answered"), table(heads, rows, empty="None yet.", label="Answered"))

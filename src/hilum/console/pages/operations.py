"""Operations: which destinations are in order, what waits for them, and stopping one or letting it go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from nicegui import ui

from hilum import cases
from hilum.cases import Case
from hilum.connector import KEY_WARNING
from hilum.console import acts
from hilum.console.components.age import clock, span
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask, bullets
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.markup import Html, join, tag
from hilum.console.pages import feeds
from hilum.console.pages.condition import misfits
from hilum.console.pages.moves import why_not
from hilum.console.shell import Page, Repeated, acting, add_page, part
from hilum.console.words import number, plural
from hilum.journal.breakers import BreakerState
from hilum.journal.destinations import DestinationRow, destinations
from hilum.journal.endpoint_states import EndpointState
from hilum.runtime.feeds import FeedRow
from hilum.runtime.feeds import feeds as runtime_feeds
from hilum.security import Permission

_LOOKS = {"in order": "done", "being tried": "waiting", "stopped": "held", "down": "hurt"}

SPANS = {"": "until somebody lets it go on", "1800": "30 minutes", "7200": "2 hours", "28800": "8 hours"}
"""How long a destination may be stopped: seconds, and words."""


def add(context: Context, figures: Figures) -> None:
    """The page at `/operations`."""

    async def read() -> tuple[list[DestinationRow], list[Case], list[FeedRow]]:
        project = context.project
        names, flows = (project.destinations, project.flows.values()) if project else ((), None)
        async with context.database.cold() as connection:
            return (
                await destinations(connection, names),
                await cases.conditions(connection),
                await runtime_feeds(connection, flows),
            )

    async def build(page: Page) -> None:
        found, conditions, watched = await read()
        with ui.element("div").classes("heading"):
            ui.html("<h1>Operations</h1>", sanitize=False)
            answers = part(answer(found, watched), "answer")
        place = part(_table(found, context), "section")
        unfit = part(_unfit(conditions), "section")
        taken = part(feeds.section(watched), "section")
        buttons = ui.element("div").classes("section")
        shown: list[tuple[str, bool]] = []

        async def look() -> None:
            now, conditions, watched = await read()
            answers.set_content(answer(now, watched))
            place.set_content(_table(now, context))
            unfit.set_content(_unfit(conditions))
            taken.set_content(feeds.section(watched))
            states = [(each.name, each.state is BreakerState.CLOSED) for each in now]
            if states != shown:  # not at each look: a button under the hand would go away
                shown[:] = states
                buttons.clear()
                with buttons:
                    _acts(page, now, look)

        await look()
        Repeated(page, look)

    add_page("/operations", "Operations", context, figures, build)


def answer(found: list[DestinationRow], watched: list[FeedRow]) -> Html:
    """The answer in sentences: what is left alone or not seen, or that all are in order."""
    alone = [each for each in found if each.state is not BreakerState.CLOSED]
    unknown = [
        tag("p", chip("Unknown", "held"), tag("strong", each.name), ": of ", tag("strong", number(each.unknown)),
            " effects nobody knows whether they are there. The hub asks before it repeats anything.")
        for each in found if each.unknown
    ]  # fmt: skip
    unknown += [
        tag("p", chip("Will fail", "hurt"), tag("strong", each.name), ": ", finding)
        for each in found if each.state_there for finding in _warnings(each.state_there)
    ]  # fmt: skip
    unknown += feeds.silent(watched)
    if not alone:
        return join([*unknown, tag("p", chip("Fine", "done"), tag("strong", "Every destination is in order."))])
    return join(
        [
            *unknown,
            *[
            tag("p", chip(each.word.capitalize(), _LOOKS[each.word]), tag("strong", each.name), f" is {each.word}",
                " since ", clock(each.breaker.since) if each.breaker else "", f": {each.why}.")
            for each in alone
            ],
        ]
    )  # fmt: skip


def _warnings(state: EndpointState) -> list[str]:
    """What does not fit there, and a key that ends soon."""
    ends = state.key_ends
    if ends is None or ends - datetime.now(UTC) > KEY_WARNING:
        return list(state.findings)
    return [*state.findings, f"its key ends on {ends:%Y-%m-%d}; make a new one and set it."]


def _unfit(conditions: list[Case]) -> Html:
    """What was expected of destinations and found there, with the case of each."""
    conditions = [each for each in conditions if not (each.process or each.comparison)]
    if not conditions:
        return Html("")
    note = tag("small", "looked at when the hub starts and every six hours")
    return join(tag("h2", "What does not fit", note), misfits(conditions, named=True))


def _table(found: list[DestinationRow], context: Context) -> Html:
    project, now = context.project, datetime.now(UTC)
    rows = [
        row(
            chip(each.word.capitalize(), _LOOKS[each.word]),
            tag("b", each.name),
            each.why,
            num(span(each.breaker.since) if each.breaker else ""),
            num(clock(each.breaker.until) if each.breaker and each.breaker.until else ""),
            num(number(each.pending)),
            num(number(each.waiting)),
            num(span(each.oldest) if each.oldest else ""),
            num(f"{each.per_minute:.0f}"),
            num(chip(number(each.unknown), "held") if each.unknown else "0"),
            each.packing,
            project.limits_in_words(each.name, now) if project else "",
        )
        for each in found
    ]
    heads = (
        "",
        "Destination",
        "Why",
        "Since>",
        "Until>",
        "Pending>",
        "Waiting>",
        "Oldest>",
        "A minute>",
        "Unknown>",
        "Calls of a day",
        "Limits",
    )
    note = tag("small", "while one is left alone, what is for it waits in order and uses up no attempt")
    empty = "No flow delivers anywhere."
    return join(tag("h2", "Destinations", note), table(heads, rows, empty=empty, label="Destinations"))


def _acts(page: Page, found: list[DestinationRow], look: Callable[[], Awaitable[None]]) -> None:
    refused = why_not(page, Permission.PAUSE, "")
    with ui.element("div").classes("acts"):
        for each in found:
            closed = each.state is BreakerState.CLOSED
            label = f"Stop {each.name}…" if closed else f"Let {each.name} go on…"
            Button(label, acting(page, partial(_switch, page, each, look)), why_not=refused)
    ui.html(reasons([refused]), sanitize=False)


async def _switch(page: Page, found: DestinationRow, look: Callable[[], Awaitable[None]]) -> None:
    name = found.name
    if found.state is BreakerState.CLOSED:
        answered = await ask(page, _stopping(found))
        if answered is None:
            return
        seconds = float(answered.choice) if answered.choice else None
        page.say(await acts.stop_destination(page.visit, name, answered.reason, seconds))
    else:
        answered = await ask(page, _letting(found))
        if answered is None:
            return
        page.say(await acts.let_destination(page.visit, name, answered.reason))
    await look()


def _stopping(found: DestinationRow) -> Question:
    lines = [
        f"Nothing is sent to {found.name} by any worker; calls under way still end.",
        "What is for it waits in order and uses up no attempt. All other destinations go on.",
        "It can be let go on at any time.",
    ]
    return Question(
        title=f"Stop {found.name}", body=bullets(lines), do="Stop", look="danger", options=SPANS, choice="For how long"
    )


def _letting(found: DestinationRow) -> Question:
    waiting = plural(found.pending + found.waiting, "delivery", "deliveries")
    lines = [
        f"{waiting} for {found.name} go on in order, slowly at first.",
        "If it does not work, it is left alone again.",
    ]
    return Question(title=f"Let {found.name} go on", body=bullets(lines), do="Let it go on")

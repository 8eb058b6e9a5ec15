"""One message: where it is, what happened to it over all systems, its payload, and what may be done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from nicegui import ui
from starlette.responses import Response

from hilum import cases
from hilum.cases import Case
from hilum.connector import Header
from hilum.console import words
from hilum.console.components.age import ago, clock, span
from hilum.console.components.chip import chip, delivery_chip, message_chip
from hilum.console.components.payload_view import payload_view
from hilum.console.components.story import Masker, story
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures, Snapshot
from hilum.console.links import case_link, flow_link, message_link, messages_link
from hilum.console.markup import Child, Html, join, tag
from hilum.console.masking import case_for, note_message_seen, trace_for
from hilum.console.pages import door
from hilum.console.pages.moves import buttons
from hilum.console.pages.overview import reason
from hilum.console.shell import Page, Redraw, Repeated, add_page, in_turn, part
from hilum.journal import reading
from hilum.journal.reading import DeliveryRow, Trace
from hilum.journal.work import MESSAGE_BODY
from hilum.tracing import shown_trace_id


def add(context: Context, figures: Figures) -> None:
    """The page at `/messages/{id}`."""

    async def build(page: Page) -> Response | None:
        message_id = id_from(page.request.path_params["message_id"])
        found = await read(context, message_id) if message_id else None
        if found is None:
            return door.not_found("message", "/messages")
        await watched(page, found[0].message.id, lambda again, draw: _top(page, *again, draw))
        return None

    add_page("/messages/{message_id}", "Message", context, figures, build)


def id_from(text: str) -> UUID | None:
    """The id in an address; a delivery's id (`….0`) leads to its message."""
    try:
        return UUID(text.partition(".")[0])
    except ValueError:
        return None


async def read(context: Context, message_id: UUID) -> tuple[Trace, list[Case]] | None:
    """The trace and all cases of a message. Raises `DatabaseUnavailable`."""
    async with context.database.cold() as connection:
        trace = await reading.trace(connection, message_id)
        if trace is None:
            return None
        return trace, await cases.cases(connection, only_open=False, message_id=message_id)


Found = tuple[Trace, list[Case]]
Top = Callable[[Found, Redraw], Awaitable[None]]


async def watched(page: Page, message_id: UUID, top: Top) -> None:
    """Draw `top` and the payloads; `top` again whenever the message moves on, the payloads only after an act.

    A payload that somebody is reading is not taken away by what happens meanwhile.
    """
    above, below = ui.element("div"), ui.element("div")
    drawn: list[object] = []

    async def seen() -> Found | None:
        found = await read(page.context, message_id)
        if found is None:
            return None
        trace, those = found
        shown = [case_for(page.context, case, page.user) for case in those]
        return trace_for(page.context, trace, page.user), shown

    async def put_above() -> None:
        found = await seen()
        if found is not None:
            drawn[:] = [_mark(*found)]
            above.clear()
            with above:
                await top(found, draw)

    draw_above = in_turn(put_above)

    async def draw() -> None:
        await draw_above()
        found = await seen()
        if found is not None:
            below.clear()
            with below:
                await payloads(page, found[0])

    async def look() -> None:
        found = await seen()
        if found is not None and [_mark(*found)] != drawn:
            await draw_above()

    first = await read(page.context, message_id)
    if first is not None:
        await note_message_seen(page.context, page.user, first[0].message.flow, message_id)
    await draw()
    Repeated(page, look)


def _mark(trace: Trace, found: list[Case]) -> object:
    """What is different when the story has gone on."""
    deliveries = [(d.ordinal, d.state, d.attempts, d.state_at) for d in trace.deliveries]
    cases_now = [(c.id, c.assigned_to, c.closed_at, c.behind) for c in found]
    parts = len(trace.attempts), tuple(trace.waits_for.values()), trace.repeats
    return trace.message.state_at, deliveries, cases_now, parts


async def _top(page: Page, trace: Trace, found: list[Case], draw: Redraw) -> None:
    message = trace.message
    snapshot = await page.figures.snapshot()
    title = tag("h1", "Message ", tag("small", str(message.id), class_="mono"))
    part(
        join(
            title,
            tag("div", answer(trace, found), outside_hours(trace, snapshot), _down(trace, snapshot), class_="answer"),
        ),
        "heading",
    )
    buttons(page, trace, draw)
    masked = page.masker(message.flow)
    with ui.element("div").classes("pair"):
        part(join(tag("h2", "Story"), story(trace, found, masked)), "section")
        part(
            join(tag("h2", "Facts"), tag("div", facts(trace, masked, _trace_url(page.context)), class_="card")),
            "section",
        )
    part(join(tag("h2", "Deliveries"), deliveries(trace, masked)), "section")
    if trace.rules:
        part(join(tag("h2", "Rules that were applied"), rules(trace)), "section")
    if trace.intents:
        part(join(tag("h2", "Effects that were asked about"), effects(trace, masked)), "section")


async def payloads(page: Page, trace: Trace) -> None:
    """The message as received, and under it what each destination gets."""
    message = trace.message
    with ui.element("div").classes("section"):
        await payload_view(page, message.flow, message.id, MESSAGE_BODY, "Payload as received")
    for delivery in trace.deliveries:
        what = f"{delivery.operation} to {delivery.destination}" if delivery.operation else f"to {delivery.destination}"
        with ui.element("div").classes("section"):
            await payload_view(page, message.flow, message.id, delivery.ordinal, f"Delivery {delivery.ordinal}: {what}")


def answer(trace: Trace, found: list[Case]) -> Html:
    """Where it is now, in a sentence."""
    message = trace.message
    lines = [tag("p", message_chip(message.state), flow_link(message.flow), ", received ", ago(message.received_at))]
    for case in found:
        if case.open:
            link = tag("a", case.title, href=case_link(case.id))
            behind = f"; {words.plural(case.behind, 'other')} wait behind it" if case.behind else ""
            lines.append(tag("p", "Waits for ", tag("strong", case.assigned_to or case.owner), ": ", link, behind,
                             ", for ", span(case.opened_at)))  # fmt: skip
    for head in dict.fromkeys(trace.waits_for.values()):
        lines.append(tag("p", "Waits behind ", message_link(head), ", which is earlier in the order of its key."))
    return join(lines)


def outside_hours(trace: Trace, snapshot: Snapshot) -> Html:
    """Where it is to go may not be called now: it waits, and uses up no attempt."""
    open_places = {d.destination for d in trace.deliveries if d.state in ("pending", "waiting")}
    return join(
        [
            tag("p", chip("Waits", "waiting"), tag("strong", name), f" is outside its hours: waits {until}")
            for name, until in snapshot.closed.items()
            if name in open_places
        ]
    )


def _down(trace: Trace, snapshot: Snapshot) -> Html:
    """Where it is to go is down: it waits, and uses up no attempt."""
    open_places = {d.destination for d in trace.deliveries if d.state in ("pending", "waiting")}
    return join(
        [
            tag("p", chip("Down", "hurt"), tag("strong", p.destination, " is down"), " since ", clock(p.since),
                f": {reason(p)}; ", "it is tried again " if p.until else "it waits for a person",
                p.until and ago(p.until))
            for p in snapshot.down if p.destination in open_places
        ]
    )  # fmt: skip


def facts(trace: Trace, masked: Masker, trace_url: str = "") -> Html:
    """What identifies it; every identifier leads to what else has it."""
    message = trace.message
    rows: list[tuple[str, Child]] = [
        ("Key", _search(message.key, masked)),
        ("Deduplicated by", tag("span", masked(message.dedup_key), class_="mono") if message.dedup_key else "nothing"),
        ("Correlation", tag("span", masked(message.correlation_id), class_="mono")),
        ("Trace", _trace_link(trace, trace_url)),
        ("Identifiers", [_search(i, masked) for i in trace.identifiers]),
        ("Size", f"{words.size(message.size)} of {message.content_type}"),
        ("Last change", ago(message.state_at)),
        *_headers(message.headers or {}, masked),
    ]
    return tag("dl", [[tag("dt", name), tag("dd", value)] for name, value in rows if value], class_="facts")


def _trace_url(context: Context) -> str:
    return context.project.settings.telemetry.trace_url if context.project else ""


def _trace_link(trace: Trace, trace_url: str) -> Child:
    """The id under which tools for traces have it, whole, to be copied; a link where the settings say where to."""
    message = trace.message
    found = shown_trace_id(message.id, message.correlation_id, message.headers)
    if not trace_url.startswith(("https://", "http://")):
        return tag("span", found, class_="mono")
    return tag("a", found, href=trace_url.replace("{trace_id}", found), class_="mono")


def _headers(headers: Mapping[str, str], masked: Masker) -> list[tuple[str, Child]]:
    return [
        (name, tag("span", value if name in _OPEN_HEADERS else masked(value), class_="mono"))
        for name, value in sorted(headers.items())
    ]


_OPEN_HEADERS = frozenset({Header.PEER, Header.MESSAGE_TYPE, Header.ROW})
"""They name systems and kinds, never a patient; others (file names, what a sender chose) may."""


def _search(value: str, masked: Masker) -> Child:
    if masked(value) != value:
        return tag("span", masked(value), class_="mono")
    return value and tag("a", value, href=messages_link(q=value), class_="mono")


def deliveries(trace: Trace, masked: Masker) -> Html:
    """One line for each delivery: where to, how far, what the receiver calls it."""
    lines = [
        row(num(d.ordinal), d.destination, d.operation, delivery_chip(d.state), num(d.attempts), _now(d, trace),
            tag("span", masked(d.reference), class_="mono"), num(ago(d.state_at)))
        for d in trace.deliveries
    ]  # fmt: skip
    heads = ("No>", "Destination", "Operation", "State", "Attempts>", "What it says", "Reference there", "Last change>")
    empty = "No delivery yet: it is not translated." if trace.message.state in ("received", "held") else "No delivery."
    return table(heads, lines, empty=empty, label="Deliveries")


def rules(trace: Trace) -> Html:
    """Each conversion and code table that the translation used; values only where the payload is not protected."""
    lines = [
        row(each.kind, tag("span", each.rule, class_="mono"), tag("span", each.before, class_="mono"),
            tag("span", each.after, class_="mono"), num(words.number(each.times)))
        for each in trace.rules
    ]  # fmt: skip
    heads = ("What", "Rule", "Before", "After", "Times>")
    return table(heads, lines, empty="None.", label="Rules that were applied")


def effects(trace: Trace, masked: Masker) -> Html:
    """The proof of each effect whose answer was lost: when the destination was asked, and what it said."""
    lines = [
        row(num(each.ordinal), each.destination, tag("span", masked(each.effect), class_="mono"), each.state,
            join([tag("p", masked(_said(one))) for one in each.proof]))
        for each in trace.intents
    ]  # fmt: skip
    heads = ("No>", "Destination", "Known there as", "State", "What it said")
    return table(heads, lines, empty="None.", label="Effects that were asked about")


def _said(one: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (f"{one['at']:.19}:", one["answer"], one.get("reference"), one.get("words"))))


def _now(delivery: DeliveryRow, trace: Trace) -> Child:
    if delivery.state != "waiting":
        return delivery.words
    head = trace.waits_for.get(delivery.destination)
    if delivery.next_at is not None:
        return ["tried again ", ago(delivery.next_at), tag("small", delivery.words)]
    return ["behind ", message_link(head)] if head else "behind its key"

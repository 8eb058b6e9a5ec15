"""Messages: find any message by any identifier anyone has, by flow, state and time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hilum.connector import Header
from hilum.console import words
from hilum.console.components.age import ago
from hilum.console.components.chip import message_chip
from hilum.console.components.controls import filter_form, search_box, select
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import flow_link, message_link, messages_link
from hilum.console.markup import Html, join, tag
from hilum.console.shell import Page, add_page, heading, part
from hilum.journal import reading
from hilum.journal.reading import MessageRow, Search
from hilum.security import Permission

PAGE = 50
"""Rows on one page."""

PERIODS = {
    "1h": ("last hour", 1),
    "24h": ("last 24 hours", 24),
    "7d": ("last 7 days", 168),
    "30d": ("last 30 days", 720),
}
"""In the address → words, hours."""


def add(context: Context, figures: Figures) -> None:
    """The page at `/messages`."""

    async def build(page: Page) -> None:
        search, problem = asked(page)
        async with context.database.cold() as connection:
            rows = await reading.find(connection, search)
        heading("Messages", tag("p", _found(rows, search)))
        page.say(problem, hurt=True)
        known = {name: name for name in (await figures.snapshot()).flows}
        part(_filters(page, known))
        part(results(rows[:PAGE], page))
        part(_paging(page, rows))

    add_page("/messages", "Messages", context, figures, build)


def asked(page: Page) -> tuple[Search, str]:
    """What the address asks for, and what in it cannot be understood."""
    problem = ""
    state = page.query("state")
    if state and state not in words.MESSAGE_STATES:
        problem, state = f"There is no state '{state}'; it is left out.", ""
    before: UUID | None = None
    if page.query("before"):
        try:
            before = UUID(page.query("before"))
        except ValueError:
            problem = "The page to go on from is not known; this is the first one."
    period = PERIODS.get(page.query("period"))
    search = Search(
        text=page.query("q").replace("\x00", ""),
        whole=not page.user.may(Permission.VIEW_PAYLOAD),
        flow=page.query("flow").replace("\x00", ""),
        state=state,
        since=datetime.now(UTC) - timedelta(hours=period[1]) if period else None,
        before=before,
        limit=PAGE + 1,
    )
    return search, problem


def _found(rows: Sequence[MessageRow], search: Search) -> str:
    if not rows and search.text:
        return f"No message is known by “{search.text}”."
    if not rows:
        return "No message fits."
    count = f"The latest {PAGE}" if len(rows) > PAGE else words.plural(len(rows), "message")
    return f"{count} known by “{search.text}”." if search.text else f"{count}, the latest first."


def _filters(page: Page, flows: dict[str, str]) -> Html:
    states = {key: state.word for key, state in words.MESSAGE_STATES.items()}
    periods = {key: told for key, (told, _) in PERIODS.items()}
    names = ("q", "flow", "state", "period")
    return filter_form(
        "/messages",
        search_box("Any identifier", "q", page.query("q"), "account, order, invoice, item, message id"),
        select("Flow", "flow", flows, page.query("flow")),
        select("State", "state", states, page.query("state")),
        select("Received", "period", periods, page.query("period"), every="any time"),
        clear=any(page.query(name) for name in names),
    )


def results(rows: Sequence[MessageRow], page: Page) -> Html:
    """The table of messages; each identifier is a link to what else has it."""
    lines = [
        row(
            tag("a", ago(r.received_at), href=f"/messages/{r.id}", data_open=True),
            message_chip(r.state),
            flow_link(r.flow),
            (r.headers or {}).get(Header.MESSAGE_TYPE, "") or r.content_type,
            _key(r, page),
            num(words.number(r.open_deliveries) if r.open_deliveries else ""),
            num(words.size(r.size)),
            num(ago(r.state_at)),
            message_link(r.id),
            data_row=True,
        )
        for r in rows
    ]
    heads = ("Received", "State", "Flow", "Type", "Key", "Open deliveries>", "Size>", "Last change>", "Message")
    empty = join(
        "Nothing here. Try the beginning of an identifier, or ", tag("a", "look at all messages", href="/messages"), "."
    )
    return table(heads, lines, empty=empty, label="Messages")


def _key(found: MessageRow, page: Page) -> Html:
    """The ordering key; a link to what else has it, where the user may see it."""
    shown = page.masker(found.flow)(found.key)
    if shown != found.key:
        return tag("span", shown, class_="masked", title="Masked")
    return tag("a", shown, href=messages_link(q=shown), class_="mono") if shown else Html("")


def _paging(page: Page, rows: Sequence[MessageRow]) -> Html:
    filters = {name: page.query(name) for name in ("q", "flow", "state", "period")}
    newest = tag("a", "Newest", href=messages_link(**filters), class_="button") if page.query("before") else None
    older = None
    if len(rows) > PAGE:
        older = tag("a", "Older", href=messages_link(**filters, before=str(rows[PAGE - 1].id)), class_="button")
    return tag("p", tag("div", newest, older, class_="acts"))

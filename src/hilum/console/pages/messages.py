"""Messages: find any message by any identifier anyone has, by flow, state and time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from nicegui import ui

from hilum.connector import Header
from hilum.console import words
from hilum.console.components.age import ago
from hilum.console.components.chip import message_chip
from hilum.console.components.columns import Column, chosen, column_table
from hilum.console.components.controls import filter_form, search_box, select
from hilum.console.components.table import num
from hilum.console.components.viewing import address, keys_of, tools
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import flow_link, message_link, messages_link
from hilum.console.markup import Html, join, tag
from hilum.console.shell import Lookout, Page, add_page, heading, part
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


NAMES = ("q", "flow", "state", "period")
"""The filters in the address."""


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

        async def again() -> None:
            ui.navigate.to(address(page, "/messages", NAMES))

        await tools(page, "/messages", columns(page), NAMES, again)
        part(results(rows[:PAGE], page))
        part(_paging(page, rows))

    add_page("/messages", "Messages", context, figures, build)


def asked(page: Lookout, limit: int = PAGE + 1) -> tuple[Search, str]:
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
        limit=limit,
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
    return filter_form(
        "/messages",
        search_box("Any identifier", "q", page.query("q"), "account, order, invoice, item, message id"),
        select("Flow", "flow", flows, page.query("flow")),
        select("State", "state", states, page.query("state")),
        select("Received", "period", periods, page.query("period"), every="any time"),
        clear=any(page.query(name) for name in NAMES),
    )


def columns(page: Lookout) -> tuple[Column[MessageRow], ...]:
    """What can be shown of a message, as this user may see it."""

    def masked(found: MessageRow, value: str | None) -> str:
        return page.masker(found.flow)(value or "")

    def kind(found: MessageRow) -> str:
        return (found.headers or {}).get(Header.MESSAGE_TYPE, "") or found.content_type

    return (
        Column(key="received", head="Received", text=lambda m: m.received_at.isoformat(), fixed=True,
               cell=lambda m: tag("a", ago(m.received_at), href=f"/messages/{m.id}", data_open=True)),
        Column(key="state", head="State", cell=lambda m: message_chip(m.state), text=lambda m: m.state),
        Column(key="flow", head="Flow", cell=lambda m: flow_link(m.flow), text=lambda m: m.flow),
        Column(key="type", head="Type", cell=kind, text=kind),
        Column(key="key", head="Key", cell=lambda m: _key(m, page), text=lambda m: masked(m, m.key)),
        Column(key="open", head="Open deliveries>", text=lambda m: str(m.open_deliveries),
               cell=lambda m: num(words.number(m.open_deliveries) if m.open_deliveries else "")),
        Column(key="size", head="Size>", cell=lambda m: num(words.size(m.size)), text=lambda m: str(m.size)),
        Column(key="change", head="Last change>", cell=lambda m: num(ago(m.state_at)),
               text=lambda m: m.state_at.isoformat()),
        Column(key="message", head="Message", cell=lambda m: message_link(m.id), text=lambda m: str(m.id)),
        Column(key="dedup", head="Deduplicated by", cell=lambda m: masked(m, m.dedup_key),
               text=lambda m: masked(m, m.dedup_key), shown=False),
        Column(key="correlation", head="Correlation", cell=lambda m: masked(m, m.correlation_id),
               text=lambda m: masked(m, m.correlation_id), shown=False),
    )  # fmt: skip


def results(rows: Sequence[MessageRow], page: Page) -> Html:
    """The table of messages; each identifier is a link to what else has it."""
    empty = join(
        "Nothing here. Try the beginning of an identifier, or ", tag("a", "look at all messages", href="/messages"), "."
    )
    return column_table(chosen(columns(page), keys_of(page)), rows, empty=empty, label="Messages")


def _key(found: MessageRow, page: Lookout) -> Html:
    """The ordering key; a link to what else has it, where the user may see it."""
    shown = page.masker(found.flow)(found.key)
    if shown != found.key:
        return tag("span", shown, class_="masked", title="Masked")
    return tag("a", shown, href=messages_link(q=shown), class_="mono") if shown else Html("")


def _paging(page: Page, rows: Sequence[MessageRow]) -> Html:
    filters = {name: page.query(name) for name in NAMES}
    newest = tag("a", "Newest", href=messages_link(**filters), class_="button") if page.query("before") else None
    older = None
    if len(rows) > PAGE:
        older = tag("a", "Older", href=messages_link(**filters, before=str(rows[PAGE - 1].id)), class_="button")
    return tag("p", tag("div", newest, older, class_="acts"))

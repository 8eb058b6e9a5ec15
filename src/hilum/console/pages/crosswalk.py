"""Crosswalk: which identifiers in many systems name one thing, and linking, merging and parting them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from hilum.console import curating
from hilum.console.components.age import ago
from hilum.console.components.controls import Button, Field, reasons
from hilum.console.components.table import row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import with_query
from hilum.console.markup import Html, join, tag
from hilum.console.pages.moves import why_not
from hilum.console.shell import Page, acting, add_page, part
from hilum.console.words import plural
from hilum.masterdata import crosswalk
from hilum.masterdata.crosswalk import Found, HistoryRow, Identifier, name_of
from hilum.security import Permission

SHOWN = 100
"""Identifiers and changes on the page."""


def add(context: Context, figures: Figures) -> None:
    """The page at `/crosswalk`; the beginning of an identifier is in the address (`find`)."""

    async def build(page: Page) -> None:
        content = ui.element("div")

        async def draw() -> None:
            text = page.query("find")
            async with context.database.cold() as connection:
                found = await crosswalk.search(connection, text, limit=SHOWN)
                changes = await crosswalk.history(connection, limit=20)
            content.clear()
            with content:
                _contents(page, text, found, changes, draw)

        await draw()

    add_page("/crosswalk", "Crosswalk", context, figures, build)


def _contents(
    page: Page, text: str, found: list[Found], changes: list[HistoryRow], draw: Callable[[], Awaitable[None]]
) -> None:
    told = f"{plural(len(found), 'identifier')} begin with {text}." if text else "The latest identifiers are shown."
    if len(found) == SHOWN:
        told = f"{told} There may be more."
    part(join(tag("h1", "Crosswalk"), tag("div", tag("p", told), class_="answer")), "heading")
    part(_search(text), "section")
    part(_table(found), "section")
    refusal = why_not(page, Permission.CURATE)
    with ui.element("div").classes("pair"):
        with ui.element("div").classes("section"):
            _link(page, refusal, draw)
        with ui.element("div").classes("section"):
            _merge(page, refusal, draw)
    ui.html(reasons([refusal]), sanitize=False)
    part(_history(changes), "section")


def _search(text: str) -> Html:
    box = tag("input", type="search", name="find", value=text, aria_label="Beginning of an identifier")
    return tag("form", box, tag("button", "Find", type="submit"), method="get", action="/crosswalk", class_="filters")


def _table(found: list[Found]) -> Html:
    rows = [
        row(name_of(each.object, each.golden), each.system,
            tag("a", each.identifier, href=with_query("/crosswalk", find=each.identifier)),
            "alias" if each.alias else "")
        for each in found
    ]  # fmt: skip
    return table(("Thing", "System", "Identifier", ""), rows, empty="Nothing is linked.", label="Identifiers")


def _link(page: Page, refusal: str, draw: Callable[[], Awaitable[None]]) -> None:
    ui.html(tag("h2", "Link an identifier"), sanitize=False)
    object_, system, identifier = Field("Kind of thing", hint="item, supplier, …"), Field("System"), Field("Identifier")
    to, reason = Field("Thing", hint="such as item-17; empty: a new one"), Field("Reason")

    async def link() -> None:
        what = Identifier(
            object=object_.value.strip(), system=system.value.strip(), identifier=identifier.value.strip()
        )
        page.say(await curating.link_identifier(page.visit, what, to.value, reason.value))
        await draw()

    Button("Link it", acting(page, link), look="primary", why_not=refusal)


def _merge(page: Page, refusal: str, draw: Callable[[], Awaitable[None]]) -> None:
    ui.html(tag("h2", "Merge, or undo it"), sanitize=False)
    thing, into = Field("Thing", hint="such as item-18"), Field("Into", hint="such as item-17; not needed to undo")
    reason = Field("Reason")

    async def merge() -> None:
        page.say(await curating.merge_things(page.visit, thing.value, into.value, reason.value))
        await draw()

    async def unmerge() -> None:
        page.say(await curating.unmerge_thing(page.visit, thing.value, reason.value))
        await draw()

    with ui.element("div").classes("acts"):
        Button("Merge them", acting(page, merge), look="primary", why_not=refusal)
        Button("Undo the merge", acting(page, unmerge), why_not=refusal)


def _history(changes: list[HistoryRow]) -> Html:
    rows = [
        row(ago(each.at), each.actor, each.act, name_of(each.object, each.golden),
            name_of(each.object, each.other) if each.other else f"{each.system} {each.identifier}", each.words)
        for each in changes
    ]  # fmt: skip
    heads = ("When", "Who", "What", "Thing", "With", "Why")
    return join(tag("h2", "Latest changes"), table(heads, rows, empty="Nothing was ever linked.", label="History"))

"""Crosswalk: which identifiers in many systems name one thing; found by any of them, or linked anew."""

from __future__ import annotations

from nicegui import ui

from hilum.console import curating
from hilum.console.components.age import ago
from hilum.console.components.controls import Button, Field, filter_form, reasons, search_box
from hilum.console.components.table import row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import thing_link
from hilum.console.markup import Html, join, tag
from hilum.console.pages.moves import why_not
from hilum.console.shell import Page, Redraw, acting, add_page, part
from hilum.console.words import plural
from hilum.masterdata import crosswalk
from hilum.masterdata.crosswalk import Found, HistoryRow, Identifier
from hilum.security import Permission

SHOWN = 100
"""Identifiers on the page."""

CHANGES = 20
"""Changes on the page."""


def add(context: Context, figures: Figures) -> None:
    """The page at `/master/crosswalk`; the beginning of an identifier is in the address (`find`)."""

    async def build(page: Page) -> None:
        content = ui.element("div")

        async def draw() -> None:
            text = page.query("find")
            async with context.database.cold() as connection:
                found = await crosswalk.search(connection, text, limit=SHOWN)
                changes = await crosswalk.history(connection, limit=CHANGES)
            content.clear()
            with content:
                _contents(page, text, found, changes, draw)

        await draw()

    add_page("/master/crosswalk", "Crosswalk", context, figures, build)


def _contents(page: Page, text: str, found: list[Found], changes: list[HistoryRow], draw: Redraw) -> None:
    if text:
        verb = "begins" if len(found) == 1 else "begin"
        told = f"{plural(len(found), 'identifier')} {verb} with {text}."
    else:
        told = "Which identifiers in many systems name one thing."
    if len(found) == SHOWN:
        told = f"{told} The first {SHOWN} are shown."
    part(join(tag("h1", "Crosswalk"), tag("div", tag("p", told), class_="answer")), "heading")
    box = search_box("Identifier", "find", text, "how it begins, in any system")
    part(filter_form("/master/crosswalk", box, clear=bool(text)))
    heads = ("Thing", "System", "Identifier", "")
    rows = [
        row(thing_link(each.object, each.golden), each.system,
            tag("span", page.context.name_of_thing(each.object, each.identifier, page.user), class_="mono"),
            tag("small", "alias") if each.alias else "", data_row=True)
        for each in found
    ]  # fmt: skip
    empty = "No identifier begins so." if text else "Nothing is linked yet. Link it below, or: hilum crosswalk import"
    part(table(heads, rows, empty=empty, label="Identifiers"), "section")
    with ui.element("div").classes("section"):
        _link(page, draw)
    part(changes_table(page, changes, "Latest changes"), "section")


def _link(page: Page, draw: Redraw) -> None:
    refusal = why_not(page, Permission.CURATE)
    ui.html(tag("h2", "Link an identifier"), sanitize=False)
    with ui.element("div").classes("card form"):
        object_ = Field("Kind of thing", hint="item, supplier, …")
        system, identifier = Field("System"), Field("Identifier")
        to = Field("Thing", hint="such as item-17; empty: a new one")
        reason = Field("Reason")

        async def link() -> None:
            what = Identifier(
                object=object_.value.strip(), system=system.value.strip(), identifier=identifier.value.strip()
            )
            page.say(await curating.link_identifier(page.visit, what, to.value, reason.value))
            await draw()

        Button("Link it", acting(page, link), look="primary", why_not=refusal)
    ui.html(reasons([refusal]), sanitize=False)


ACTS = {"link": "linked", "unlink": "unlinked", "merge": "merged", "unmerge": "parted again"}
"""What was done, in words."""


def changes_table(page: Page, changes: list[HistoryRow], title: str) -> Html:
    """Who linked, unlinked, merged and parted what, when and why."""
    rows = [
        row(ago(each.at), each.actor, ACTS[each.act], thing_link(each.object, each.golden),
            thing_link(each.object, each.other) if each.other
            else f"{each.system} {page.context.name_of_thing(each.object, each.identifier, page.user)}",
            each.words)
        for each in changes
    ]  # fmt: skip
    heads = ("When", "Who", "What", "Thing", "With", "Why")
    return join(tag("h2", title), table(heads, rows, empty="Nothing was ever linked.", label="History"))

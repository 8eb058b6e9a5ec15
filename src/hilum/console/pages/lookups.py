"""Lookup tables: where each is kept, what it says, who said it; set a row, end one, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from urllib.parse import quote

from nicegui import ui
from starlette.responses import Response

from hilum.cases.missing import Missing, missing
from hilum.console import lookups as acts
from hilum.console import words
from hilum.console.components.age import ago
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, Field, filter_form, reasons, search_box
from hilum.console.components.dialogs import Question, ask
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages import door, moves
from hilum.console.pages.lookup_import import importer
from hilum.console.shell import Page, Redraw, acting, add_page, heading, part
from hilum.errors import SettingsError
from hilum.flow import LookupTable
from hilum.flow.tables import Content, Row
from hilum.masterdata import lookups
from hilum.masterdata.lookups import Version
from hilum.security import Permission

SHOWN = 200
"""Rows of a table that are listed; a search finds the others."""


def add(context: Context, figures: Figures) -> None:
    """The page at `/master/lookups`."""

    async def build(page: Page) -> Response | None:
        async with context.database.cold() as connection:
            kept = await lookups.kept(connection)
            lacks = await missing(connection, files(context).keys() | {each.name for each in kept})
        heading("Lookups", tag("p", _lead(lacks)))
        listed = {
            each.name: _listed(each.name, chip("Database", "done"), each.codes, each.columns,
                               [ago(each.changed_at), tag("small", each.changed_by)])
            for each in kept
        }  # fmt: skip
        for name, table_ in files(context).items():
            if name not in listed:
                place = tag("span", f"lookups/{name}.csv", class_="mono")
                changed = ago(datetime.fromtimestamp(table_.changed_at, UTC))
                listed[name] = _listed(name, place, len(table_), table_.columns, changed)
        rows = [listed[name] for name in sorted(listed)]
        heads = ("Table", "Kept in", "Codes>", "Columns", "Changed")
        part(table(heads, rows, empty="There are no lookup tables.", label="Lookup tables"), "section")
        part(_lacking(page, lacks), "section")
        return None

    add_page("/master/lookups", "Lookups", context, figures, build)


def _listed(name: str, place: Html, codes: int, columns: Sequence[str], changed: Child) -> Html:
    link = tag("a", name, href=table_link(name), data_open=True)
    return row(link, place, num(words.number(codes)), ", ".join(columns), changed, data_row=True)


def files(context: Context) -> Mapping[str, LookupTable]:
    """The tables that this process knows, most of all those that are files."""
    return context.project.lookup.tables if context.project else {}


def add_one(context: Context, figures: Figures) -> None:
    """The page at `/master/lookups/{name}`."""

    async def build(page: Page) -> Response | None:
        name = page.request.path_params["name"]
        async with context.database.cold() as connection:
            kept = await lookups.columns_of(connection, name)
        if kept is None and name not in files(context):
            return door.not_found("lookup table", "/master/lookups")
        content = ui.element("div")

        async def draw() -> None:
            found = await _read(page, name)
            content.clear()
            with content:
                _contents(page, name, found, draw)

        await draw()
        return None

    add_page("/master/lookups/{name}", "Lookup table", context, figures, build)


def table_link(name: str, code: str = "") -> str:
    """The page of a table, with a code searched for."""
    return f"/master/lookups/{quote(name, safe='')}" + (f"?q={quote(code, safe='')}" if code else "")


def _lead(lacks: list[Missing]) -> str:
    if not lacks:
        return "No message waits for a code."
    waiting = words.plural(sum(each.messages for each in lacks), "message")
    return f"{waiting} {'waits' if waiting.startswith('1 ') else 'wait'} for {words.plural(len(lacks), 'code')}."


def _lacking(page: Page, lacks: list[Missing]) -> Html:
    if not lacks:
        return Html("")
    rows = [
        row(tag("a", each.table, href=table_link(each.table)), tag("span", each.code, class_="mono"), each.column,
            ", ".join(each.sources(page.context.flows) or each.flows), ago(each.oldest),
            num(words.number(each.messages)), num(words.number(each.behind)))
        for each in lacks
    ]  # fmt: skip
    heads = ("Table", "Code", "Column", "From", "Since", "Waiting>", "Behind>")
    return join(tag("h2", "Missing"), table(heads, rows, empty="", label="Missing codes"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What is known of one table."""

    kept: bool  # in the database
    content: Content
    history: list[Version]
    lacks: list[Missing]


async def _read(page: Page, name: str) -> _Found:
    async with page.context.database.cold() as connection:
        lacks = await missing(connection, [name])
        columns = await lookups.columns_of(connection, name)
        search = page.query("q")
        if columns is not None:
            content = await lookups.content(connection, name, search=search, limit=SHOWN)
            return _Found(kept=True, content=content, history=await lookups.history(connection, name, limit=20),
                          lacks=lacks)  # fmt: skip
    mine = files(page.context)[name]
    fits = [each for each in mine.content.rows if search.lower() in " ".join(each.cells.values()).lower()]
    return _Found(kept=False, content=Content(columns=mine.columns, rows=tuple(fits[:SHOWN])), history=[], lacks=lacks)


def _contents(page: Page, name: str, found: _Found, draw: Redraw) -> None:
    lead: list[Child] = [tag("p", each.in_words(page.context.flows)) for each in found.lacks[:5]]
    kept = (
        "It is in the database." if found.kept else f"It is the file lookups/{name}.csv of the project: edit it there."
    )
    heading(name, tag("p", kept), *lead)
    box = search_box("Search", "q", page.query("q"), "a code, or what it becomes")
    part(filter_form(table_link(name), box, clear=bool(page.query("q"))))
    part(_rows(found.content), "section")
    if found.kept:
        with ui.element("div").classes("section"):
            _editor(page, name, found.content.columns, draw)
    else:
        part(tag("p", "To edit it here, put it into the database: import it below, or by ",
                 tag("code", f"hilum lookups import {name}"), class_="why"))  # fmt: skip
    with ui.element("div").classes("section"):
        importer(page, name, kept=found.kept, draw=draw)
    if found.kept:
        part(_history(found.history), "section")


def _rows(content: Content) -> Html:
    dated = any(each.dated for each in content.rows)
    heads = (*content.columns, *(("From", "Until before") if dated else ()))
    rows = [
        row(*(each.cells.get(column, "") for column in content.columns),
            *((str(each.valid_from or ""), str(each.valid_to or "")) if dated else ()))
        for each in content.rows
    ]  # fmt: skip
    note = tag("p", f"The first {SHOWN}; search for others.", class_="why") if len(rows) == SHOWN else Html("")
    return join(table(heads, rows, empty="It says nothing of that.", label="Rows"), note)


def _editor(page: Page, name: str, columns: tuple[str, ...], draw: Redraw) -> None:
    ui.html(tag("h2", "Set a row"), sanitize=False)
    no_change = moves.why_not(page, Permission.CURATE)
    code = Field(columns[0], value=page.query("q"))
    cells = {column: Field(column) for column in columns[1:]}
    first = Field("From", kind="date", hint="Empty: always.")
    last = Field("Until before", kind="date", hint="Empty: until further notice.")
    reason = Field("Reason")

    async def save() -> None:
        given = {column: field.value.strip() for column, field in cells.items() if field.value.strip()}
        made = Row(code=code.value.strip(), cells=given, valid_from=_day(first.value), valid_to=_day(last.value))
        page.say(await acts.set_row(page.visit, name, made, reason.value))
        await draw()

    async def end() -> None:
        mine = code.value.strip()
        body = tag("p", f"From today on the table says nothing of '{mine}'. Its history stays.")
        answer = await ask(page, Question(title=f"End '{mine}'", body=body, do="End it", look="danger"))
        if answer is not None:
            page.say(await acts.end_row(page.visit, name, mine, answer.reason))
            await draw()

    with ui.element("div").classes("acts"):
        Button("Set", acting(page, save), look="primary", why_not=no_change)
        Button("End the code…", acting(page, end), look="danger", why_not=no_change)
    ui.html(reasons([no_change]), sanitize=False)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise SettingsError("A day is written 2026-03-31.") from None


def _history(versions: list[Version]) -> Html:
    rows = [
        row(num(str(each.change)), ago(each.made_at), each.made_by, tag("span", each.code, class_="mono"),
            ", ".join(f"{column}: {value}" for column, value in each.cells.items() if value and value != each.code),
            f"{each.valid_from or ''} … {each.valid_to or ''}" if each.valid_from or each.valid_to else "always",
            each.reason, [ago(each.ended_at), tag("small", f"by {each.ended_by}")] if each.ended_at else "counts")
        for each in versions
    ]  # fmt: skip
    heads = ("Change>", "When", "Who", "Code", "Said", "Days", "Why", "Until")
    return join(tag("h2", "What was said lately"), table(heads, rows, empty="Nothing.", label="History"))


async def release_buttons(page: Page, group: str, draw: Redraw) -> None:
    """On a page of like cases: add what is missing, and release all that wait for it."""
    async with page.context.database.cold() as connection:
        kept = {each.name: each.columns for each in await lookups.kept(connection)}
        lacks = await missing(connection, files(page.context).keys() | kept.keys(), group=group)
    for lack in lacks:
        why = moves.why_not(page, Permission.CURATE) or moves.why_not(page, Permission.REPLAY)
        if not why and lack.table not in kept:
            why = f"Add it and release: {lack.table} is a file; add the line to lookups/{lack.table}.csv, then replay."
        column = lack.column or kept.get(lack.table, ("", ""))[1]
        act = acting(page, partial(_release, page, lack, column, draw))
        Button(f"Add '{lack.code}' and release these…", act, look="primary", why_not=why)
        ui.html(reasons([why]), sanitize=False)


async def _release(page: Page, lack: Missing, column: str, draw: Redraw) -> None:
    body = join(tag("p", lack.in_words(page.context.flows)),
                tag("p", "The row is added, and all of them are sent again, of every flow."),
                tag("p", "Further columns: ", tag("a", "on its page", href=table_link(lack.table, lack.code)),
                    class_="why"))  # fmt: skip
    question = Question(title=f"Add '{lack.code}' to {lack.table}", body=body, do="Add and release", line=column)
    answer = await ask(page, question)
    if answer is not None:
        row = Row(code=lack.code, cells={column: answer.line})
        page.say(await acts.add_and_release(page.visit, lack, row, answer.reason))
        await draw()

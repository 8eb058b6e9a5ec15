"""Importing a CSV file into a lookup table: choose it, look at what would change, apply it with a reason."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from hilum.console import lookups as acts
from hilum.console.components.controls import Button, Choice, reasons
from hilum.console.components.dialogs import Question, ask
from hilum.console.components.table import row, table
from hilum.console.components.upload import TextFile
from hilum.console.markup import Html, join, tag
from hilum.console.pages import moves
from hilum.console.shell import Page, Redraw, acting
from hilum.console.words import plural
from hilum.flow.tables import Row
from hilum.masterdata.lookups import Altered
from hilum.security import Permission

SHOWN = 100
"""Changes that are listed before they are applied; all are counted."""

_KEEP, _END = "keep", "end"


def importer(page: Page, name: str, *, kept: bool, draw: Redraw) -> None:
    """The part of a table's page. `kept`: it is in the database already."""
    ui.html(tag("h2", "Import a CSV file"), sanitize=False)
    if not kept:
        words = f"The table is in the database then, and lookups/{name}.csv is not read any more."
        ui.html(tag("p", words, class_="why"), sanitize=False)
    no_change = moves.why_not(page, Permission.CURATE)
    file = TextFile("CSV file", accept=".csv,text/csv")
    others = Choice("Codes that it lacks", {_KEEP: "stay as they are", _END: "end"}, value=_KEEP)

    async def look() -> None:
        where, text = file.taken
        content = acts.read_upload(where, text)
        whole = others.value == _END
        difference, altered = await acts.compare(page.visit, name, content, whole=whole)
        if not difference.rows:
            page.say(f"{where} says what the table says; nothing would change.")
            return
        body = join(tag("p", f"{where}: {acts.in_words(difference)}."), changes(content.columns, altered))
        do = f"Import {plural(difference.rows, 'change')}"
        answer = await ask(page, Question(title=f"Import into {name}", body=body, do=do))
        if answer is not None:
            words = await acts.import_table(page.visit, name, content, answer.reason, whole=whole, shown=difference)
            page.say(words)
            await draw()

    with ui.element("div").classes("acts"):
        Button("Show what changes…", acting(page, look), look="primary", why_not=no_change)
    ui.html(reasons([no_change]), sanitize=False)


def changes(columns: Sequence[str], altered: Sequence[Altered]) -> Html:
    """Code by code: what the table says, and what it would say."""
    rows = [
        row(tag("span", each.code, class_="mono"), _said(columns, each.before) or "nothing",
            _said(columns, each.after) or "nothing any more")
        for each in altered[:SHOWN]
    ]  # fmt: skip
    note = tag("p", f"The first {SHOWN} of {len(altered)}.", class_="why") if len(altered) > SHOWN else Html("")
    return join(table(("Code", "Now", "Then"), rows, empty="Nothing.", label="What changes"), note)


def _said(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """`item: GLOVE-M, unit: EA (from 2026-06-01)`; one after the other where there are several for their days."""
    return "; ".join(
        ", ".join(f"{column}: {value}" for column in columns[1:] if (value := each.cells.get(column, ""))) + _days(each)
        for each in rows
    )


def _days(each: Row) -> str:
    first = f"from {each.valid_from}" if each.valid_from else ""
    last = f"until before {each.valid_to}" if each.valid_to else ""
    return f" ({' '.join(filter(None, (first, last)))})" if first or last else ""

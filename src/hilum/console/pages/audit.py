"""Audit: who did or saw what, the latest first."""

from __future__ import annotations

from hilum.console import words
from hilum.console.components.age import ago
from hilum.console.components.controls import filter_form, search_box, select
from hilum.console.components.table import row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import flow_link, message_link
from hilum.console.markup import Html, tag
from hilum.console.shell import Page, add_page, heading, part
from hilum.journal.audit import ActSearch, AuditRow, search

LATEST = 1000
"""Acts that are looked through."""

SHOWN = 200
"""Acts on the page."""


def add(context: Context, figures: Figures) -> None:
    """The page at `/audit`."""

    async def build(page: Page) -> None:
        async with context.database.cold() as connection:
            acts = await search(connection, ActSearch(limit=LATEST))
        who, what = page.query("who"), page.query("act")
        fitting = [a for a in acts if (not who or a.actor == who) and (not what or a.action == what)]
        heading("Audit", tag("p", f"Who did or saw what: {words.plural(len(fitting), 'act')} of the latest {LATEST}."))
        part(
            filter_form(
                "/audit",
                search_box("Who", "who", who, "name of a user"),
                select(
                    "What", "act", {key: words.ACTS.get(key, key) for key in sorted({a.action for a in acts})}, what
                ),
                clear=bool(who or what),
            )
        )
        part(_table(fitting[:SHOWN]))

    add_page("/audit", "Audit", context, figures, build)


def _table(acts: list[AuditRow]) -> Html:
    rows = [
        row(
            ago(act.at),
            act.actor,
            words.ACTS.get(act.action, act.action),
            act.words,
            flow_link(act.flow) if act.flow else "",
            message_link(act.message_id) if act.message_id else "",
            data_row=True,
        )
        for act in acts
    ]
    return table(("When", "Who", "Did", "Why", "Flow", "Message"), rows, empty="No act fits.", label="Acts")

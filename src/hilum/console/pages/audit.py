"""Audit: who did or saw what, the latest first; whether the record is whole; the acts as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from fastapi import FastAPI, Request
from nicegui import ui
from starlette.responses import Response, StreamingResponse

from hilum.console import words
from hilum.console.components.age import ago, clock
from hilum.console.components.controls import Button, date_field, filter_form, search_box, select
from hilum.console.components.table import row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import flow_link, message_link, with_query
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages import door
from hilum.console.session import visit_of
from hilum.console.shell import Page, acting, add_page, heading, part
from hilum.console.verifying import Verifier
from hilum.errors import DatabaseUnavailable
from hilum.formats.delimited import csv_line
from hilum.journal.audit import ActSearch, AuditRow, record, search
from hilum.journal.audit.state import SealState, seal_state
from hilum.journal.audit.verification import MonthReport, answer
from hilum.security import User

SHOWN = 200
"""Acts on the page."""

_PORTION = 1_000
"""Acts read at once for the CSV."""

_FILTERS = ("who", "act", "flow", "message", "from", "to")


def add(context: Context, figures: Figures) -> None:
    """The page at `/audit`."""
    verifier = Verifier(context)

    async def build(page: Page) -> None:
        chosen = {name: page.query(name) for name in _FILTERS}
        async with context.database.cold() as connection:
            state = await seal_state(connection)
            acts = await search(connection, wanted(chosen, SHOWN))
        heading("Audit", *_lead(state))
        _verifying(page, verifier)
        part(_form(chosen, context))
        part(_table(acts, lambda act: context.words(act.flow, act.words, page.user)))
        target = with_query("/audit.csv", **chosen)
        hint = tag("small", f" The latest {words.number(SHOWN)} are shown; the export has all that fit.")
        part(tag("p", tag("a", "Export these as CSV", href=target, class_="button", download="audit.csv"), hint))

    add_page("/audit", "Audit", context, figures, build)


def add_export(app: FastAPI, context: Context) -> None:
    """The acts as CSV, at `/audit.csv`, with the filters of the page."""

    @app.get("/audit.csv")
    async def audit_csv(request: Request) -> Response:
        user = visit_of(request).user
        chosen = {name: request.query_params.get(name, "").strip() for name in _FILTERS}
        try:
            async with context.database.transaction() as connection:
                used = ", ".join(f"{name} {value}" for name, value in chosen.items() if value)
                await record(connection, actor=user.name, action="audit_exported", words=used or "all acts")
        except DatabaseUnavailable as error:
            return door.database_away(str(error))
        head = {"content-disposition": 'attachment; filename="audit.csv"'}
        lines = _lines(context, user, wanted(chosen, _PORTION))
        return StreamingResponse(lines, media_type="text/csv", headers=head)


async def _lines(context: Context, user: User, search_for: ActSearch) -> AsyncIterator[str]:
    yield csv_line(("id", "at", "who", "did", "flow", "message", "delivery", "why"))
    while True:
        async with context.database.cold() as connection:
            acts = await search(connection, search_for)
        for act in acts:
            cells = (act.id, act.at.astimezone(UTC).isoformat(), act.actor, act.action, act.flow, act.message_id or "",
                     "" if act.ordinal is None else act.ordinal, context.words(act.flow, act.words, user))  # fmt: skip
            yield csv_line([str(cell) for cell in cells])
        if len(acts) < _PORTION:
            return
        search_for = replace(search_for, before=acts[-1].id)


def wanted(chosen: dict[str, str], limit: int) -> ActSearch:
    """The filters of the address as a search; what is no date counts for nothing, what is no id fits nothing."""
    until = _day(chosen["to"])
    return ActSearch(
        actor=chosen["who"],
        action=chosen["act"],
        flow=chosen["flow"],
        message_id=_id(chosen["message"]),
        since=_day(chosen["from"]),
        until=until + timedelta(days=1) if until else None,
        limit=limit,
    )


def _id(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text.partition(".")[0])
    except ValueError:
        return UUID(int=0)  # nothing has it


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) if text else None
    except ValueError:
        return None


def _lead(state: SealState) -> list[Child]:
    """Is it whole, as far as can be said without looking at every row?"""
    if not state.links:
        return [tag("p", "Who did or saw what. Nothing is sealed yet.")]
    signed = ["last checkpoint ", clock(state.checkpoint_at)] if state.checkpoint_at else "no checkpoint yet"
    lines = [tag("p", "Who did or saw what. Sealed up to ", clock(state.linked_at), f", {words.number(state.links)}"
                 f" {'act' if state.links == 1 else 'acts'} this month, ", signed, ".")]  # fmt: skip
    if state.waiting_since is not None:
        lines.append(tag("p", "Acts since ", clock(state.waiting_since), " are not sealed: does a hub run?",
                         class_="alert", role="alert"))  # fmt: skip
    return list(lines)


def _verifying(page: Page, verifier: Verifier) -> None:
    place = ui.html(_result(verifier), sanitize=False).props('aria-live="polite"')

    async def verify() -> None:
        user = await page.visit.still()
        verifier.start(user.name)
        place.set_content(_result(verifier))

    def look() -> None:
        place.set_content(_result(verifier))

    with ui.element("div").classes("acts"):
        Button("Verify now", acting(page, verify))
    ui.timer(1.0, look)


def _result(verifier: Verifier) -> Html:
    if verifier.running:
        return tag("p", "Every act is being looked at…", class_="said", role="status")
    if verifier.problem:
        return tag("p", verifier.problem, class_="alert", role="alert")
    if verifier.reports is None:
        return Html("")
    lines = [_month(report) for report in verifier.reports] or [tag("p", "There is no act yet.")]
    return join(tag("p", "Verified ", ago(verifier.ended_at), f" for {verifier.actor}:"), lines)


def _month(report: MonthReport) -> Html:
    bad = report.first is not None
    return tag("p", answer(report), class_="alert" if bad else "said", role="alert" if bad else "status")


def _form(chosen: dict[str, str], context: Context) -> Html:
    return filter_form(
        "/audit",
        search_box("Who", "who", chosen["who"], "name of a user"),
        select("What", "act", dict(sorted(words.ACTS.items())), chosen["act"]),
        select("Flow", "flow", {name: name for name in sorted(context.flows)}, chosen["flow"]),
        search_box("Message", "message", chosen["message"], "id of a message"),
        date_field("From", "from", chosen["from"]),
        date_field("To", "to", chosen["to"]),
        clear=any(chosen.values()),
    )


def _table(acts: list[AuditRow], why: Callable[[AuditRow], str]) -> Html:
    rows = [
        row(
            ago(act.at),
            act.actor,
            words.ACTS.get(act.action, act.action),
            why(act),
            flow_link(act.flow) if act.flow else "",
            message_link(act.message_id) if act.message_id else "",
            data_row=True,
        )
        for act in acts
    ]
    return table(("When", "Who", "Did", "Why", "Flow", "Message"), rows, empty="No act fits.", label="Acts")

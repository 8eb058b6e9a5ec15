"""Lists as CSV files: the rows and columns that the page shows, masked as there. Each export is audited."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from hilum.console.components.columns import Column, T, chosen, to_csv
from hilum.console.components.viewing import keys_of
from hilum.console.context import Context
from hilum.console.indicators import BUSINESS, asked
from hilum.console.pages import desk, door, exceptions, messages
from hilum.console.session import visit_of
from hilum.console.shell import Lookout
from hilum.errors import DatabaseUnavailable
from hilum.journal import reading
from hilum.journal.audit import record
from hilum.observe.indicators import INDICATORS, latest_documents
from hilum.observe.indicators.words import lines
from hilum.observe.indicators.words import to_csv as csv_of

MOST_ROWS = 10_000
"""Rows of one file."""

MOST_DOCUMENTS = 100_000
"""Documents behind a figure in one file: it has all of them, or there is none."""


def add_exports(app: FastAPI, context: Context) -> None:
    """`/desk.csv`, `/exceptions.csv`, `/messages.csv` and `/business.csv`, with the filters of the pages."""

    @app.get("/desk.csv")
    async def desk_csv(request: Request) -> Response:
        page = Lookout(visit=visit_of(request), request=request)
        try:
            found = (await desk.read(page, MOST_ROWS)).found.entries
            return await _file(page, "desk", desk.columns(page), found)
        except DatabaseUnavailable as error:
            return door.database_away(str(error))

    @app.get("/exceptions.csv")
    async def exceptions_csv(request: Request) -> Response:
        page = Lookout(visit=visit_of(request), request=request)
        try:
            found = (await exceptions.read(page, MOST_ROWS)).cases
            return await _file(page, "exceptions", exceptions.COLUMNS, found)
        except DatabaseUnavailable as error:
            return door.database_away(str(error))

    @app.get("/messages.csv")
    async def messages_csv(request: Request) -> Response:
        page = Lookout(visit=visit_of(request), request=request)
        search, _ = messages.asked(page, MOST_ROWS)
        try:
            async with context.database.cold() as connection:
                found = await reading.find(connection, search)
            return await _file(page, "messages", messages.columns(page), found)
        except DatabaseUnavailable as error:
            return door.database_away(str(error))

    @app.get("/business.csv")
    async def business_csv(request: Request) -> Response:
        page = Lookout(visit=visit_of(request), request=request)
        indicator = INDICATORS.get(page.query("indicator"))
        if indicator is None:
            return RedirectResponse(BUSINESS)
        try:
            async with context.database.cold() as connection:
                found = await latest_documents(connection, indicator, asked(page).about, MOST_DOCUMENTS + 1)
            if len(found) > MOST_DOCUMENTS:
                words = f"These are more than {MOST_DOCUMENTS} documents: choose fewer days, or one facility."
                return PlainTextResponse(words, status_code=400)
            return await _sent(page, indicator.name, len(found), csv_of(lines(indicator, found)))
        except DatabaseUnavailable as error:
            return door.database_away(str(error))


async def _file(page: Lookout, name: str, columns: Sequence[Column[T]], rows: Sequence[T]) -> Response:
    return await _sent(page, name, len(rows), to_csv(chosen(columns, keys_of(page)), rows))


async def _sent(page: Lookout, name: str, count: int, text: str) -> Response:
    """As a file, with a line in the audit."""
    async with page.context.database.transaction() as connection:
        await record(connection, actor=page.user.name, action="export", words=f"{count} {name}")
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return PlainTextResponse(text, media_type="text/csv; charset=utf-8", headers=headers)

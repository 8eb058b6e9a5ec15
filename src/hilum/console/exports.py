"""Lists as CSV files: the rows and columns that the page shows, masked as there. Each export is audited."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, Response

from hilum.console.components.columns import Column, T, chosen, to_csv
from hilum.console.components.viewing import keys_of
from hilum.console.context import Context
from hilum.console.pages import door, exceptions, messages
from hilum.console.session import visit_of
from hilum.console.shell import Lookout
from hilum.errors import DatabaseUnavailable
from hilum.journal import reading
from hilum.journal.audit import record

MOST_ROWS = 10_000
"""Rows of one file."""


def add_exports(app: FastAPI, context: Context) -> None:
    """`/exceptions.csv` and `/messages.csv`, with the filters of the pages."""

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


async def _file(page: Lookout, name: str, columns: Sequence[Column[T]], rows: Sequence[T]) -> Response:
    async with page.context.database.transaction() as connection:
        words = f"{len(rows)} {name}"
        await record(connection, actor=page.user.name, action="export", words=words)
    text = to_csv(chosen(columns, keys_of(page)), rows)
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return PlainTextResponse(text, media_type="text/csv; charset=utf-8", headers=headers)

"""Lists as files: the rows and columns that the page shows, masked as there. Each export is audited."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from hilum.console.components.columns import Column, T, chosen, to_csv
from hilum.console.components.viewing import keys_of
from hilum.console.indicators import BUSINESS, asked, shown_document
from hilum.console.pages import comparisons, desk, door, exceptions, messages
from hilum.console.session import visit_of
from hilum.console.shell import Lookout
from hilum.errors import DatabaseUnavailable
from hilum.journal import reading
from hilum.journal.audit import record
from hilum.observe.indicators import INDICATORS, latest_documents
from hilum.observe.indicators.words import lines
from hilum.observe.indicators.words import to_csv as csv_of
from hilum.reconcile.store import DifferenceRow
from hilum.reconcile.words import COLUMNS
from hilum.reconcile.words import lines as differing

MOST_ROWS = 10_000
"""Rows of one file."""

MOST_DOCUMENTS = 100_000
"""Documents behind a figure in one file: it has all of them, or there is none."""


def add_exports(app: FastAPI) -> None:
    """`/desk.csv`, `/messages.csv` and the others (`_EXPORTS`), with the filters of the pages."""
    for path, export in _EXPORTS.items():
        app.get(path)(_answered(export))


Export = Callable[[Lookout], Awaitable[Response]]


def _answered(export: Export) -> Callable[[Request], Awaitable[Response]]:
    """As a route: a database that is away is said as everywhere."""

    async def answer(request: Request) -> Response:
        try:
            return await export(Lookout(visit=visit_of(request), request=request))
        except DatabaseUnavailable as error:
            return door.database_away(str(error))

    return answer


async def _desk(page: Lookout) -> Response:
    return await _file(page, "desk", desk.columns(page), (await desk.seen(page, MOST_ROWS)).entries)


async def _exceptions(page: Lookout) -> Response:
    return await _file(page, "exceptions", exceptions.COLUMNS, (await exceptions.read(page, MOST_ROWS)).cases)


async def _messages(page: Lookout) -> Response:
    search, _ = messages.asked(page, MOST_ROWS)
    async with page.context.database.cold() as connection:
        found = await reading.find(connection, search)
    return await _file(page, "messages", messages.columns(page), found)


async def _business(page: Lookout) -> Response:
    indicator = INDICATORS.get(page.query("indicator"))
    if indicator is None:
        return RedirectResponse(BUSINESS)
    async with page.context.database.cold() as connection:
        found = await latest_documents(connection, indicator, asked(page).about, MOST_DOCUMENTS + 1)
    if len(found) > MOST_DOCUMENTS:
        words = f"These are more than {MOST_DOCUMENTS} documents: choose fewer days, or one facility."
        return PlainTextResponse(words, status_code=400)
    told = [
        row | {"document": shown_document(page, each.counted.fact)}
        for row, each in zip(lines(indicator, found), found, strict=True)
    ]
    return await _sent(page, indicator.name, len(found), csv_of(told))


async def _reconciliation(page: Lookout) -> Response:
    found = await _differences(page)
    if found is None:
        return PlainTextResponse(_TOO_MANY, status_code=400)
    return await _sent(page, "differences", len(found), csv_of(differing(found)))


async def _reconciliation_book(page: Lookout) -> Response:
    found = await _differences(page)
    if found is None:
        return PlainTextResponse(_TOO_MANY, status_code=400)

    def written() -> bytes:
        from hilum.formats.spreadsheets import write_xlsx  # a large library, and few people ask for it

        return write_xlsx(differing(found), COLUMNS, "Differences")

    book = await asyncio.to_thread(written)
    await _noted(page, "differences", len(found))
    return Response(book, media_type=_XLSX, headers=_as_file("differences.xlsx"))


async def _differences(page: Lookout) -> list[DifferenceRow] | None:
    """What the page shows, all of it; none: it is too much for a file."""
    async with page.context.database.cold() as connection:
        found = await comparisons.read(connection, page, page.query("name"), MOST_DOCUMENTS + 1)
    return found if len(found) <= MOST_DOCUMENTS else None


_TOO_MANY = f"More than {MOST_DOCUMENTS} things differ: choose one kind."
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


_EXPORTS: Mapping[str, Export] = MappingProxyType(
    {
        "/desk.csv": _desk,
        "/exceptions.csv": _exceptions,
        "/messages.csv": _messages,
        "/business.csv": _business,
        "/reconciliation.csv": _reconciliation,
        "/reconciliation.xlsx": _reconciliation_book,
    }
)


async def _file(page: Lookout, name: str, columns: Sequence[Column[T]], rows: Sequence[T]) -> Response:
    return await _sent(page, name, len(rows), to_csv(chosen(columns, keys_of(page)), rows))


async def _sent(page: Lookout, name: str, count: int, text: str) -> Response:
    """As a file, with a line in the audit."""
    await _noted(page, name, count)
    return PlainTextResponse(text, media_type="text/csv; charset=utf-8", headers=_as_file(f"{name}.csv"))


async def _noted(page: Lookout, name: str, count: int) -> None:
    async with page.context.database.transaction() as connection:
        await record(connection, actor=page.user.name, action="export", words=f"{count} {name}")


def _as_file(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}

"""What the hub itself knows, as a side: rows of a query over its own tables, in the words of whoever has the tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final

from psycopg.rows import dict_row

from hilum.reconcile.declaration import Asked, Side
from hilum.reconcile.rows import Row

_AT_ONCE: Final = 1_000  # rows that are fetched together

Making = Callable[[Mapping[str, Any]], Row | None]
"""What a row of the database is; none: it is not compared."""


class Known(Side):
    """A query. It may use `%(since)s` and `%(until)s`: days, or null where the period has no such end."""

    def __init__(self, query: str, make: Making, *, called: str = "the hub") -> None:
        self._query = query
        self._make = make
        self.called = called

    async def rows(self, asked: Asked) -> AsyncIterator[Sequence[Row]]:
        """Fetched some at a time: the whole is never in memory. Raises `DatabaseUnavailable`."""
        days = {"since": asked.since, "until": asked.until}
        async with (
            asked.database.transaction() as connection,
            connection.cursor("known", row_factory=dict_row) as cursor,
        ):
            await cursor.execute(self._query.encode(), days)
            while found := await cursor.fetchmany(_AT_ONCE):
                yield [row for each in found if (row := self._make(each)) is not None]

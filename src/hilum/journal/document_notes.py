"""Notes of documents: what a destination wrote last, as fingerprints, so that it sees what others changed since."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from psycopg.types.json import Jsonb

from hilum.postgres import Connection, Database

KEPT_DAYS: Final = 800
"""Days after the last note of a document: an order that nobody has written for so long is over."""


class DocumentNotes:
    """See `hilum.connector.Notes`."""

    def __init__(self, database: Database, destination: str) -> None:
        self._database = database
        self._destination = destination

    async def get(self, names: Collection[str]) -> dict[str, Any]:
        """What is noted of these."""
        async with self._database.cold() as connection:
            cursor = await connection.execute(
                "SELECT document, value FROM document_note WHERE destination = %s AND document = ANY(%s)",
                [self._destination, list(names)],
            )
            return dict(await cursor.fetchall())

    async def put(self, values: Mapping[str, Any]) -> None:
        """Note these, in one statement."""
        names = sorted(values)
        async with self._database.cold() as connection:
            await connection.execute(
                "INSERT INTO document_note (destination, document, value)"
                " SELECT %s, * FROM unnest(%s::text[], %s::jsonb[])"
                " ON CONFLICT (destination, document) DO UPDATE SET value = excluded.value, noted_at = now()",
                [self._destination, names, [Jsonb(values[name]) for name in names]],
            )


async def forget(connection: Connection) -> None:
    """Erase what was noted so long ago that nobody will ask for it."""
    await connection.execute(
        "DELETE FROM document_note WHERE noted_at < now() - make_interval(days => %s)", [KEPT_DAYS]
    )

"""What is published, as a feed for flows: every change in order, and how far each flow has taken it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from hilum.journal.audit import record
from hilum.postgres import Database

Place = tuple[int, str]
"""Version and key: the order of the feed."""

START: Final[Place] = (0, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record as a version has it."""

    object: str
    version: int
    key: str
    content: Mapping[str, Any] | None = field(repr=False)  # none: it went

    @property
    def place(self) -> Place:
        """Where it stands in the feed."""
        return self.version, self.key

    def body(self) -> bytes:
        """What a flow reads."""
        act = "remove" if self.content is None else "set"
        found = {"object": self.object, "version": self.version, "key": self.key, "act": act}
        return orjson.dumps(found | ({} if self.content is None else {"content": dict(self.content)}))


_ENTRIES: Final = b"""
SELECT version, key, content FROM (
    (SELECT since AS version, key, content FROM master_record
      WHERE object = %(object)s AND (since, key) > (%(version)s, %(key)s) ORDER BY since, key LIMIT %(limit)s)
    UNION ALL
    (SELECT until, key, NULL FROM master_record r
      WHERE object = %(object)s AND (until, key) > (%(version)s, %(key)s) AND NOT EXISTS (
          SELECT 1 FROM master_record n WHERE n.object = r.object AND n.key = r.key AND n.since = r.until)
      ORDER BY until, key LIMIT %(limit)s)
) both_kinds ORDER BY version, key LIMIT %(limit)s
"""


class Feed:
    """The feed of one kind for one flow. Each method may raise `DatabaseUnavailable`."""

    def __init__(self, database: Database, flow: str, object_: str) -> None:
        self._database = database
        self._flow = flow
        self._object = object_

    async def taken(self) -> Place:
        """How far the flow has taken it; the start where it has taken nothing yet."""
        async with self._database.cold() as connection:
            cursor = await connection.execute(
                "SELECT version, key FROM master_reader WHERE flow = %s AND object = %s", [self._flow, self._object]
            )
            row = await cursor.fetchone()
        return (row[0], row[1]) if row else START

    async def after(self, place: Place, limit: int) -> Sequence[Entry]:
        """What comes next."""
        values = {"object": self._object, "version": place[0], "key": place[1], "limit": limit}
        async with self._database.cold() as connection:
            cursor = await connection.execute(_ENTRIES, values)
            rows = await cursor.fetchall()
        return [Entry(object=self._object, version=row[0], key=row[1], content=row[2]) for row in rows]

    async def note(self, place: Place) -> None:
        """Everything up to here is in the journal. Another hub may be further already: it never goes back."""
        async with self._database.transaction() as connection:
            await connection.execute(
                "INSERT INTO master_reader AS r (flow, object, version, key) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (flow, object) DO UPDATE SET version = excluded.version, key = excluded.key"
                " WHERE (r.version, r.key) < (excluded.version, excluded.key)",
                [self._flow, self._object, *place],
            )

    async def refused(self, entry: Entry, words: str) -> None:
        """The flow does not take it, for good; it is in the audit."""
        what = f"{self._object} {entry.key}, version {entry.version}: {words}"
        async with self._database.transaction() as connection:
            await record(connection, actor="hub", action="master_not_taken", flow=self._flow, words=what)

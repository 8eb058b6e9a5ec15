"""Memories: what a source must not forget between two starts, held by one hub at a time.

The lease has an epoch as a fence, as the lanes have: a hub that was suspended, and finds that another one goes on in
its place, can write nothing any more. The clock is the database's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from psycopg.types.json import Jsonb

from hilum.errors import LeaseLost
from hilum.message import new_id
from hilum.postgres import Connection, Database

SECONDS: Final = 10.0
"""Seconds after which a hub that is silent loses what it holds."""

_HOLD: Final = (
    "INSERT INTO memory_lease AS l (scope, holder, epoch, held_until)"
    " VALUES (%(scope)s, %(me)s, 1, now() + make_interval(secs => %(seconds)s))"
    " ON CONFLICT (scope) DO UPDATE SET holder = %(me)s, held_until = excluded.held_until,"
    "  epoch = l.epoch + CASE WHEN l.holder IS NOT DISTINCT FROM %(me)s AND l.epoch = %(epoch)s THEN 0 ELSE 1 END"
    " WHERE l.holder IS NULL OR l.holder = %(me)s OR l.held_until < now()"
    " RETURNING epoch"
)


class Memories:
    """All memories of one process."""

    def __init__(self, database: Database, *, seconds: float = SECONDS) -> None:
        self._database = database
        self._seconds = seconds

    def of(self, scope: str) -> JournalMemory:
        """The memory of that name."""
        return JournalMemory(self._database, scope, self._seconds)


class JournalMemory:
    """See `hilum.connector.Memory`."""

    def __init__(self, database: Database, scope: str, seconds: float) -> None:
        self.seconds = seconds
        self._database = database
        self._scope = scope
        self._me = new_id()
        self._epoch = 0  # none: it is not held

    async def hold(self) -> bool:
        """Take it or keep it. After it was lost, False once: what is in memory then must be read again."""
        values = {"scope": self._scope, "me": self._me, "seconds": self.seconds, "epoch": self._epoch}
        async with self._database.cold() as connection:
            row = await (await connection.execute(_HOLD, values)).fetchone()
        had, self._epoch = self._epoch, row[0] if row else 0
        return bool(row) and had in (0, self._epoch)

    async def get(self, prefix: str = "") -> dict[str, Any]:
        """All values whose names begin so."""
        async with self._database.cold() as connection:
            cursor = await connection.execute(
                "SELECT name, value FROM memory WHERE scope = %s AND starts_with(name, %s)", [self._scope, prefix]
            )
            return dict(await cursor.fetchall())

    async def put(self, values: Mapping[str, Any]) -> None:
        """Write these if the lease is still this one's. Raises `LeaseLost`."""
        gone = [name for name, value in values.items() if value is None]
        kept = {name: Jsonb(value) for name, value in values.items() if value is not None}
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "UPDATE memory_lease SET held_until = now() + make_interval(secs => %s)"
                " WHERE scope = %s AND holder = %s AND epoch = %s",
                [self.seconds, self._scope, self._me, self._epoch],
            )
            if not cursor.rowcount:
                raise LeaseLost(f"Another hub goes on with {self._scope}.")
            if gone:
                await connection.execute("DELETE FROM memory WHERE scope = %s AND name = ANY(%s)", [self._scope, gone])
            if kept:
                await connection.cursor().executemany(
                    "INSERT INTO memory (scope, name, value) VALUES (%s, %s, %s)"
                    " ON CONFLICT (scope, name) DO UPDATE SET value = excluded.value",
                    [(self._scope, name, value) for name, value in kept.items()],
                )

    async def release(self) -> None:
        """Give it back; nothing happens where it is another's."""
        epoch, self._epoch = self._epoch, 0
        async with self._database.cold() as connection:
            await connection.execute(
                "UPDATE memory_lease SET holder = NULL WHERE scope = %s AND holder = %s AND epoch = %s",
                [self._scope, self._me, epoch],
            )


async def remembered(connection: Connection, prefix: str) -> list[tuple[str, str, Any]]:
    """What all memories hold under names that begin so: memory, name, value. For people; nothing is held."""
    cursor = await connection.execute(
        "SELECT scope, name, value FROM memory WHERE starts_with(name, %s) ORDER BY 1, 2", [prefix]
    )
    return await cursor.fetchall()

"""Turns to call a server that bears only so many calls: one row for each, which all processes change in turn.

A call that is under way counts for a few seconds and is then counted anew, so that a process that was killed does not
keep its turn. The clock is the database's.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from hilum.postgres import Connection

SECONDS: Final = 10.0
"""For so long a call counts without being counted anew."""

_NOW: Final = "extract(epoch FROM clock_timestamp())"
_LIVE: Final = f"jsonb_each(t.calls) WHERE value::float8 > {_NOW}::float8"
_MINE: Final = f"jsonb_build_object(%(call)s::text, {_NOW} + %(seconds)s)"

_TAKE: Final = (
    "INSERT INTO server_turns AS t (server, next_at, calls)"
    f" VALUES (%(server)s, clock_timestamp() + make_interval(secs => %(spacing)s), {_MINE})"
    " ON CONFLICT (server) DO UPDATE SET next_at = excluded.next_at,"
    f"  calls = (SELECT coalesce(jsonb_object_agg(key, value), '{{}}') FROM {_LIVE}) || excluded.calls"
    f" WHERE t.next_at <= clock_timestamp() AND (SELECT count(*) FROM {_LIVE}) < %(at_once)s"
)
_WAIT: Final = (
    "SELECT greatest(extract(epoch FROM next_at - clock_timestamp())::float8, 0) FROM server_turns WHERE server = %s"
)


async def take(connection: Connection, server: str, call: UUID, *, at_once: int, spacing: float) -> float | None:
    """Take a turn for this call; none: it may begin, and the next one not before `spacing` seconds from now.

    Else the seconds until one may be due; 0 where `at_once` are under way, of which nobody knows when they end.
    """
    values = {"server": server, "call": call, "seconds": SECONDS, "at_once": at_once, "spacing": spacing}
    cursor = await connection.execute(_TAKE.encode(), values)
    if cursor.rowcount:
        return None
    row = await (await connection.execute(_WAIT, [server])).fetchone()
    return row[0] if row else 0.0


async def keep(connection: Connection, server: str, call: UUID) -> None:
    """It is still under way. One that was given back meanwhile stays so."""
    await connection.execute(
        f"UPDATE server_turns SET calls = calls || {_MINE}"
        " WHERE server = %(server)s AND jsonb_exists(calls, %(call)s::text)".encode(),
        {"server": server, "call": call, "seconds": SECONDS},
    )


async def give_back(connection: Connection, server: str, call: UUID) -> None:
    """It has ended."""
    await connection.execute("UPDATE server_turns SET calls = calls - %s::text WHERE server = %s", [str(call), server])

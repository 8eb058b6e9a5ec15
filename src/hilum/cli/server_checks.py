"""What `hilum doctor` asks a PostgreSQL of the operator's own: is what was acknowledged safe there, is there room?"""

from __future__ import annotations

from hilum.cli.checks import Check
from hilum.postgres import Database

_CONNECTIONS = 12
"""The most that one process of the hub uses."""


async def examine_server(database: Database) -> list[Check]:
    """What is to be said of this server. Raises `DatabaseUnavailable`."""
    async with database.cold() as connection:
        cursor = await connection.execute(
            "SELECT current_setting('fsync')::bool, current_setting('synchronous_standby_names'),"
            " (SELECT count(*) FROM pg_stat_replication), current_setting('max_connections')::int"
            "  - current_setting('superuser_reserved_connections')::int - (SELECT count(*) FROM pg_stat_activity"
            "  WHERE backend_type = 'client backend')"
        )
        row = await cursor.fetchone()
    fsync, standbys, replicating, free = row or (True, "", 0, _CONNECTIONS)
    return [_durability(fsync), _standby(standbys, replicating), _room(free)]


def _durability(fsync: bool) -> Check:
    if fsync:
        return Check("durability", True, "fsync is on: what was acknowledged is on the server's disk")
    return Check("durability", False, "fsync is off: a power failure loses what was acknowledged; set fsync = on")


def _standby(names: str, replicating: int) -> Check:
    if not names:
        words = "none is synchronous: with the server's disk, what was acknowledged since the last backup is gone"
        return Check("standby", True, words)
    if replicating:
        return Check("standby", True, f"commits wait for a synchronous standby ({names}); {replicating} connected")
    return Check(
        "standby",
        False,
        f"commits wait for a synchronous standby ({names}), and none is connected: nothing can be acknowledged until "
        "one is, or until synchronous_standby_names is empty",
    )


def _room(free: int) -> Check:
    words = f"the server has room for {max(free, 0)} more connections; a process of the hub uses up to {_CONNECTIONS}"
    if free >= _CONNECTIONS:
        return Check("connections", True, words)
    return Check("connections", False, f"{words}: raise max_connections")

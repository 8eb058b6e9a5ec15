"""A hub that watches an Odoo, and what must hold of whatever it received."""

from __future__ import annotations

from typing import Any

from followed_odoo import Followed

from hilum.postgres import Database
from hilum.testing import eventually
from support.looks import assert_sound, rows
from support.waits import Start


async def watched(start: Start, database: Database, followed: Followed, **settings: Any) -> None:
    """Start a hub, and wait until it knows what is there."""
    followed.clock.push(minutes=1)  # what is there was not written just now
    await start(followed.flow(followed.changes(begin="new", **settings)))

    async def begun() -> bool:
        return await rows(database, "SELECT count(*) FROM memory WHERE name = 'state'") == [(1,)]

    await eventually(begun)
    (first,) = followed.create("the first")
    await followed.told(first, "created")


async def no_doubles(database: Database, followed: Followed) -> None:
    """Nothing was delivered twice, nor received twice without need, and each record's deliveries are in order."""
    keys = [each.idempotency_key for each in followed.receiver.taken]
    assert len(keys) == len(set(keys))
    if not followed.losses.heard:  # a busy machine may be without its database for some seconds
        assert await rows(database, "SELECT count(*) FROM duplicate") == [(0,)]
    await assert_sound(database)

"""Whether this process can do its work: its parts, each with a word for people."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hilum.errors import DatabaseUnavailable
from hilum.message import Priority
from hilum.postgres import Database

if TYPE_CHECKING:
    from hilum.runtime.hub import Hub

_SECONDS = 3.0
"""A database that does not answer within this is not ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that must hold."""

    name: str
    ready: bool
    words: str


async def readiness(hub: Hub) -> list[Part]:
    """All parts of a hub that was started: the database, the leases of its worker, its sources."""
    return [await database_part(hub.database), *_own(hub)]


async def database_part(database: Database) -> Part:
    """Does the database answer?"""
    words = "The database answers."
    try:
        async with asyncio.timeout(_SECONDS), database.cold() as connection:
            await connection.execute("SELECT 1")
    except DatabaseUnavailable as error:
        return Part(name="database", ready=False, words=str(error))
    except TimeoutError:
        return Part(name="database", ready=False, words=f"The database did not answer within {_SECONDS:.0f} s.")
    return Part(name="database", ready=True, words=words)


def _own(hub: Hub) -> Iterator[Part]:
    if hub.stopping:
        yield Part(name="hub", ready=False, words="The hub is stopping.")
    if hub.share is not None:
        valid = hub.share.leases.valid
        words = f"{len(hub.share.leases.held)} lanes are held." if valid else "The heartbeat is late: nothing is begun."
        yield Part(name="leases", ready=valid, words=words)
    shut = hub.gate.shut_for(Priority.URGENT) if hub.gate is not None else ""
    for source, running in hub.intakes():
        # a hub that is busy takes in again by itself: taking it out of service would not help it
        words = (shut or "It is open.") if running else "It is closed."
        yield Part(name=source.address, ready=running, words=words)

"""Waiting for what a hub does, by looking into the journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from hilum.cases import apply, plan
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support.looks import delivery_states, rows, states

Start = Callable[..., Awaitable[Hub]]
"""The type of the fixture `hub`."""


async def messages(database: Database, **wanted: int) -> None:
    """Wait until so many messages are in these states (the others do not matter)."""
    found: dict[str, int] = {}

    async def there() -> bool:
        found.clear()
        found.update(await states(database))
        return all(found.get(state, 0) == count for state, count in wanted.items())

    await eventually(there, lambda: f"{wanted}, but {found}")


async def deliveries(database: Database, **wanted: int) -> None:
    """Wait until so many deliveries are in these states."""
    found: dict[str, int] = {}

    async def there() -> bool:
        found.clear()
        found.update(await delivery_states(database))
        return all(found.get(state, 0) == count for state, count in wanted.items())

    await eventually(there, lambda: f"{wanted}, but {found}")


async def parked(database: Database, count: int) -> None:
    """Wait until so many messages and deliveries are parked behind their keys."""

    async def there() -> bool:
        return await rows(database, "SELECT count(*) FROM parked") == [(count,)]

    await eventually(there, lambda: f"{count} parked")


async def left_alone(destination: str, *hubs: Hub) -> None:
    """Wait until the workers of these hubs know that a destination is left alone: they look once a second."""
    workers = [each.worker for each in hubs if each.worker is not None]
    breakers = [one._admission.breaker for each in workers for one in each.dispatchers if one.name == destination]
    assert breakers, f"nobody delivers to {destination}"
    await eventually(lambda: not any(each.closed for each in breakers), lambda: f"{destination} is left alone")


async def replay(database: Database, *ids: UUID, reason: str = "corrected") -> int:
    """What a person's replay does; returns how many messages went on their way."""
    async with database.transaction() as connection:
        return await apply(connection, await plan(connection, ids), actor="eva", reason=reason)


def told(answers: Sequence[Any]) -> list[str]:
    """The kinds of the answers that a sender got."""
    return [type(answer).__name__ for answer in answers]

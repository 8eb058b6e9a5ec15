"""Hubs with an engine, over the database of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hilum.postgres import Database
from hilum.processes import Process
from support.processes import Begin, Working
from support.suppliers_desk import Begin as BeginDesk
from support.suppliers_desk import desk_over
from support.waits import Start


@pytest.fixture
async def working(hub: Start, database: Database) -> AsyncIterator[Begin]:
    """`await working(process)`: a hub with this process."""
    made = Working(hub, database)

    async def begin(*versions: Process) -> Working:
        await made.begin(*versions)
        return made

    yield begin
    await made.end()


@pytest.fixture
async def desk(hub: Start, database: Database) -> AsyncIterator[BeginDesk]:
    """`await desk(credentials=…)`: a hub that takes suppliers in."""
    async with desk_over(hub, database) as begin:
        yield begin

"""Hubs with an engine, over the database of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hilum.postgres import Database
from hilum.processes import Process
from support.processes import Begin, Working
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

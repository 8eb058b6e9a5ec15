"""Many runs at once: each takes its turn, and leaves the database to the messages beside it."""

from __future__ import annotations

import asyncio

import pytest

from hilum.postgres import Database
from hilum.processes import Process, Run, States
from hilum.processes.steps import AT_ONCE
from hilum.testing import eventually
from support.orders_process import Wanted
from support.processes import Begin
from support.projects import OWNERS

pytestmark = [pytest.mark.req("WF-2")]

RUNS = 3 * AT_ONCE


async def test_so_many_steps_are_under_way_at_once_and_no_more(working: Begin, database: Database) -> None:
    process = Process("orders", version="1.0", summary="An order", owners=OWNERS, states=States("o", {"wanted": ()}))
    process.starts_on(Wanted, key=lambda wanted: wanted.order)
    under_way, most = 0, 0
    full = asyncio.Event()

    @process.run
    async def follow(run: Run, wanted: Wanted) -> str:
        async def look() -> str:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            if under_way >= AT_ONCE:
                full.set()
            await full.wait()  # none ends before so many have begun
            under_way -= 1
            return "seen"

        return await run.step("look", look)

    world = await working(process)
    for number in range(RUNS):
        await world.feed.send({"id": number, "order": f"P{number}"})

    async def all_over() -> bool:
        async with database.cold() as connection:
            cursor = await connection.execute("SELECT count(*) FROM process_run WHERE status = 'completed'")
            row = await cursor.fetchone()
        return row == (RUNS,)

    await eventually(all_over, lambda: f"{under_way} under way, {most} at most")
    assert most == AT_ONCE

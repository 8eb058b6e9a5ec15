"""People hear of their tasks where they are: asked, reminded, and those to whom a task goes when nobody decides."""

from __future__ import annotations

import orjson
import pytest

from hilum.errors import SettingsError
from hilum.postgres import Database
from hilum.processes import Notices, decide, inbox
from hilum.processes.engine import Engine
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.looks import rows
from support.orders_process import Approval, approved_orders, flows_of
from support.projects import make_flow, target
from support.waits import Start

pytestmark = [pytest.mark.req("WF-2"), pytest.mark.req("UX-2")]


async def test_each_notice_of_a_task_goes_out_once(hub: Start, database: Database) -> None:
    process = approved_orders(words="3 boxes", remind="PT0S", escalate="PT0S", escalate_to="Direction")
    feed, chat = Feed(), Receiver()
    told = make_flow(
        Notices(poll=0.02), name="test.told", translate=lambda parsed, _: parsed, order_by=None, dedup_by=None
    )
    told.deliver_to(target(chat, "memory.chat"))
    started = await hub(*flows_of(process, feed, Receiver()), told)
    assert started.share is not None
    engine = Engine(started.project, database, [process], started.share.leases.id)
    await engine.start()
    try:
        await feed.send(orjson.dumps({"id": "1", "order": "P1"}))
        await eventually(lambda: len(chat.bodies) == 3, lambda: chat.bodies)
        assert {(each["what"], each["to"]) for each in chat.bodies} == {
            ("asked", "Purchasing"), ("reminded", "Purchasing"), ("escalated", "Direction"),
        }  # fmt: skip
        async with database.cold() as connection:
            [task] = await inbox(connection)
        [first] = [each for each in chat.bodies if each["what"] == "asked"]
        assert (first["title"], first["words"], first["process"]) == ("Approve the order", "3 boxes", "test.order")
        assert first["page"] == f"/workflows/tasks/{task.id}"
        assert "P1" not in orjson.dumps(chat.bodies).decode()  # what a run is about may name a patient
        async with database.transaction() as connection:
            await decide(connection, task.id, Approval(approved=False), actor="ada", permissions={"approve"})

        async def noted() -> bool:
            return await rows(database, "SELECT count(*) FROM process_notice") == [(3,)]

        await eventually(noted)
        assert len(chat.bodies) == 3
    finally:
        await engine.stop()


async def test_what_was_decided_meanwhile_is_told_to_nobody(hub: Start, database: Database) -> None:
    process = approved_orders(remind="PT0S")
    feed = Feed()
    started = await hub(*flows_of(process, feed, Receiver()))
    assert started.share is not None
    engine = Engine(started.project, database, [process], started.share.leases.id)
    await engine.start()
    try:
        for order in ("P1", "P2"):
            await feed.send(orjson.dumps({"id": order, "order": order}))

        async def both() -> bool:
            async with database.cold() as connection:
                return len(await inbox(connection)) == 2

        await eventually(both)
        async with database.transaction() as connection:
            decided, left = await inbox(connection)
            await decide(connection, decided.id, Approval(approved=False), actor="ada", permissions={"approve"})
        source = Notices(poll=0.02)
        source.over(database)
        await source.open()
        try:
            found = [orjson.loads(each.body) for each in await source.receive()]
        finally:
            await source.close()
        assert {each["task"] for each in found} == {str(left.id)}
    finally:
        await engine.stop()


async def test_two_flows_with_notices_are_told_so_at_the_start(hub: Start) -> None:
    flows = [make_flow(Notices(), Receiver(), name=name, order_by=None, dedup_by=None) for name in ("one", "two")]
    with pytest.raises(SettingsError, match="one and two both take the notices"):
        await hub(*flows)

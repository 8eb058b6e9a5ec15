"""One budget for one server: deliveries, feeds and all processes of the hub take turns, counted where they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hilum.canonical import Supplier
from hilum.connectors import odoo
from hilum.connectors.turns import LocalTurns, server_of
from hilum.flow import Flow
from hilum.postgres import Database
from hilum.runtime.server_turns import Servers, ServerTurns
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.counting_door import CountingDoor
from support.doubles import Feed, Receiver
from support.looks import rows
from support.projects import make_flow, target
from support.waits import Start

pytestmark = pytest.mark.req("NEW-2")

RATE = 25.0  # calls a second; Odoo Online takes one
SERVER = "erp.example.org:443"


@asynccontextmanager
async def an_odoo() -> AsyncIterator[tuple[SandboxOdoo, CountingDoor]]:
    async with SandboxOdoo("19.0", "hilum") as box, CountingDoor(box.url, seconds=0.01) as door:
        yield box, door


def endpoint(box: SandboxOdoo, door: CountingDoor, **more: Any) -> dict[str, Any]:
    limits = {"calls_per_second": RATE, "connections": 1, **more}
    return {"odoo": {"main": {"url": door.url, "database": box.database, "api_key": box.api_key, **limits}}}


def deliveries(feed: Feed) -> Flow:
    """Suppliers of many keys, so that several would be delivered at once."""
    flow = make_flow(
        feed,
        name="test.suppliers",
        translate=lambda parsed, _: Supplier(code=parsed["key"], title=f"Supplier {parsed['n']}"),
    )
    flow.deliver_to(odoo.supplier("odoo.main"))
    return flow


def changes(told: Receiver, **settings: Any) -> Flow:
    """A feed that looks much more often than it may."""
    source = odoo.changes(
        "odoo.main", models=["res.partner", "res.country"], begin="all", poll=0.01, compare=0.05, **settings
    )
    flow = make_flow(source, name="test.changes", order_by=None, dedup_by=None)
    flow.deliver_to(target(told, "memory.changes"))
    return flow


def partners(told: Receiver) -> set[str]:
    return {each["values"].get("ref") or "" for each in told.bodies if each["model"] == "res.partner"}


async def a_good_while(door: CountingDoor, feed: Feed, told: Receiver) -> None:
    """Until both directions have gone on for many turns, in a mixture."""
    codes = {f"S-{n}" for n in range(12)}
    await feed.send_all([{"id": code, "key": code, "n": code} for code in sorted(codes)])
    await eventually(lambda: codes <= partners(told) and len(door.began) > 60, lambda: (partners(told), door.paths))


def kept_to_the_rate(door: CountingDoor) -> None:
    """All took the time that so many need; the first may have been late on its way."""
    assert door.began[-1] - door.began[0] >= (len(door.began) - 1) / RATE - 0.5


async def test_deliveries_and_feeds_of_one_hub_take_turns(hub: Start) -> None:
    async with an_odoo() as (box, door):
        feed, told = Feed(), Receiver()
        await hub(deliveries(feed), changes(told), endpoints=endpoint(box, door))
        await a_good_while(door, feed, told)
        assert door.most_inside == 1
        kept_to_the_rate(door)
        assert any("load" in path for path in door.paths)
        assert any("search" in path for path in door.paths)


async def test_so_do_the_processes_of_a_hub(hub: Start, database: Database) -> None:
    """One listens (and has the feed), two deliver; each has a connection pool of its own."""
    async with an_odoo() as (box, door):
        feed, told = Feed(), Receiver()
        flows = (deliveries(feed), changes(told))
        listening = await hub(*flows, endpoints=endpoint(box, door), roles=("listener",))
        others = [
            await hub(deliveries(Feed()), changes(told), endpoints=endpoint(box, door), roles=("worker",))
            for _ in range(2)
        ]
        assert len({id(each._servers) for each in (listening, *others)}) == 3
        await a_good_while(door, feed, told)
        assert door.most_inside == 1
        kept_to_the_rate(door)


async def test_a_share_of_the_workers_is_of_all_processes_together(hub: Start) -> None:
    async with an_odoo() as (box, door):
        feed, told = Feed(), Receiver()
        limits: dict[str, Any] = {"calls_per_second": None, "connections": 8, "workers": 4, "share": 0.5}
        for roles in (("listener", "worker"), ("worker",)):
            flows = (deliveries(feed if "listener" in roles else Feed()), changes(told))
            await hub(*flows, endpoints=endpoint(box, door, **limits), roles=roles)
        await a_good_while(door, feed, told)
        assert door.most_inside == 2


async def test_what_nobody_limits_costs_no_statement(hub: Start, database: Database) -> None:
    async with an_odoo() as (box, door):
        feed, told = Feed(), Receiver()
        limits: dict[str, Any] = {"calls_per_second": None, "connections": 3}
        await hub(deliveries(feed), changes(told), endpoints=endpoint(box, door, **limits))
        await a_good_while(door, feed, told)
        assert door.most_inside <= 3, "the connections of the process, feeds included"
        assert await rows(database, "SELECT count(*) FROM server_turns") == [(0,)]


# ---- the turns by themselves


async def test_the_turn_of_a_killed_process_comes_free(database: Database) -> None:
    dead, living = ServerTurns(database, SERVER), ServerTurns(database, SERVER)
    inside = asyncio.Event()

    async def call(turns: ServerTurns) -> None:
        async with turns.turn(most=1, per_second=None, together=True):
            inside.set()
            await asyncio.Event().wait()

    killed = asyncio.create_task(call(dead))
    await inside.wait()
    inside.clear()
    waiting = asyncio.create_task(call(living))
    async with database.cold() as connection:  # its last sign of life is long ago
        await connection.execute(
            "UPDATE server_turns SET calls = (SELECT jsonb_object_agg(key, 0) FROM jsonb_each(calls))"
        )
    await asyncio.wait_for(inside.wait(), 10)
    for task in (killed, waiting):
        task.cancel()
    await asyncio.gather(killed, waiting, return_exceptions=True)

    async def free() -> bool:
        return await rows(database, "SELECT calls FROM server_turns") == [({},)]

    await eventually(free)


async def test_a_live_call_keeps_its_turn_and_a_cancelled_one_gives_it_back(database: Database) -> None:
    one, other = Servers(database), Servers(database)
    assert one.turns(SERVER) is one.turns(SERVER)
    done: list[str] = []

    async def call(name: str, turns: ServerTurns) -> None:
        async with turns.turn(most=1, per_second=None, together=True):
            done.append(name)
            await asyncio.Event().wait()

    first = asyncio.create_task(call("first", one.turns(SERVER)))
    await eventually(lambda: done == ["first"])
    second = asyncio.create_task(call("second", other.turns(SERVER)))

    async def asked_in_vain() -> bool:
        return bool(await rows(database, "SELECT 1 FROM server_turns WHERE calls <> '{}'"))

    for _ in range(5):
        await eventually(asked_in_vain)
        await asyncio.sleep(0.02)
    assert done == ["first"]
    first.cancel()
    await eventually(lambda: done == ["first", "second"])
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)


async def test_who_comes_first_goes_first_and_fewer_go_where_the_server_is_slow() -> None:
    turns, order, inside, most = LocalTurns(), [], 0, 0
    turns.slower(4)
    assert turns.parallel(4) == 2

    async def call(number: int) -> None:
        nonlocal inside, most
        async with turns.turn(most=4, per_second=None, together=False):
            order.append(number)
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(call(number) for number in range(20)))
    assert order == list(range(20))
    assert most == 2
    for _ in range(20):
        turns.steady(4)
    assert turns.parallel(4) == 4


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://erp.example.org", "erp.example.org:443"),
        ("https://ERP.example.org/odoo", "erp.example.org:443"),
        ("http://127.0.0.1:8069", "127.0.0.1:8069"),
        ("http://erp", "erp:80"),
    ],
)
def test_a_server_is_a_host_and_a_port(url: str, server: str) -> None:
    assert server_of(url) == server

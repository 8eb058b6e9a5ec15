"""Calls are filled by the measured time of the server, bounded at one time, and counted."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import time
from typing import Any

import pytest
from odoo_far_side import FarSide, World, deliveries

from hilum.canonical import Supplier
from hilum.connectors import odoo
from hilum.connectors.odoo.budget import Budget, hot
from hilum.connectors.odoo.settings import OdooSettings
from hilum.errors import Rejected, TryAgain
from hilum.message import Delivered
from hilum.simulator.odoo import INTEGRATION_GROUPS
from hilum.simulator.odoo.orm.access import ACCESS_RIGHTS

LOAD = ("res.partner", "load")


def budget(**more: Any) -> Budget:
    return Budget(OdooSettings.model_validate({"url": "https://erp.example.org", "api_key": "k", **more}))


async def took(one: Budget, records: int, seconds: float) -> None:
    """A call that was measured to take so long."""
    one._learn(*LOAD, records, seconds)


@pytest.mark.req("NEW-2")
async def test_a_call_carries_what_the_server_writes_in_the_time_that_is_set() -> None:
    one = budget(call_seconds=2)
    before = one.portion(*LOAD, 2000)
    for _ in range(20):
        await took(one, 100, 10.0)  # a tenth of a second each
    slow = one.portion(*LOAD, 2000)
    assert 19 <= slow <= 25 < before
    for _ in range(30):
        await took(one, 100, 0.2)
    assert one.portion(*LOAD, 2000) > 500
    assert one.portion(*LOAD, 300) == 300, "never more than is set"
    assert one.portion("stock.picking", "act", 25) == 25, "another method has an estimate of its own"


@pytest.mark.req("NEW-2")
async def test_calls_at_one_time_halve_when_the_server_is_slow_and_grow_by_one_when_it_is_not() -> None:
    one = budget(connections=8)
    assert one.parallel == 8
    await took(one, 10, 60.0)
    assert one.parallel == 4
    with pytest.raises(TryAgain):
        async with one.measured(*LOAD, 1):
            raise TryAgain("undone")
    assert one.parallel == 2
    for _ in range(100):
        await took(one, 10, 0.01)
    assert one.parallel == 8


@pytest.mark.req("NEW-2")
def test_the_budget_is_a_share_of_the_workers_and_one_call_on_odoo_online() -> None:
    assert budget(connections=16, workers=6, share=0.5).parallel == 3
    assert budget(connections=16, workers=1).parallel == 1
    assert budget(url="https://hospital.odoo.com", connections=16).parallel == 1


@pytest.mark.req("NEW-2")
async def test_calls_are_spaced_where_a_rate_is_set() -> None:
    one = budget(calls_per_second=50, connections=4)
    began = []

    async def call() -> None:
        async with one.turn():
            began.append(time.monotonic())

    await asyncio.gather(*(call() for _ in range(6)))
    gaps = [later - earlier for earlier, later in itertools.pairwise(began)]
    assert sum(gaps) >= 5 / 50 * 0.98
    assert one.effort().calls == 6


@pytest.mark.req("NEW-2")
async def test_calls_that_touch_one_hot_row_go_one_after_the_other() -> None:
    one, inside, most = budget(), 0, 0
    free = asyncio.Event()

    async def call(*touched: str) -> None:
        nonlocal inside, most
        async with one.measured(*LOAD, 1, touched):
            inside += 1
            most = max(most, inside)
            await free.wait()
            inside -= 1

    work = [asyncio.create_task(call("p=1", "p=2")), asyncio.create_task(call("p=2")), asyncio.create_task(call("p=3"))]
    while inside < 2:
        await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    assert inside == 2, "p=2 waits, p=3 does not"
    free.set()
    await asyncio.gather(*work)
    assert most == 2
    cells = {"id": "x", "move_ids/product_id/.id": "7", "partner_id/.id": "3"}
    assert hot("stock.picking", "act", [cells]) == {"product_id/.id=7"}
    assert hot("account.move", "act", [cells]) == {"partner_id/.id=3"}
    assert hot("res.partner", "load", [cells]) == set()


@pytest.mark.req("NEW-2")
async def test_a_named_bad_row_costs_two_calls_and_what_packing_saves_is_counted(sandboxed: FarSide) -> None:
    """Odoo names the row that is in error: the others go again in one call, and the bad one alone."""
    hub = await sandboxed.open()
    faults = sandboxed.faults
    assert faults is not None
    world = World(sandboxed)
    things = [Supplier(code=world.number("S"), title="Sutures Ltd") for _ in range(40)]
    batch = deliveries(things)
    first = await hub.deliver(batch)
    assert all(isinstance(each, Delivered) for each in first)
    effort = hub.effort()
    assert effort is not None
    assert effort.records == effort.alone == 40
    assert effort.calls < 10

    target = odoo.upsert(
        "odoo.main", "res.partner", columns=["name", "country_id"],
        fields=lambda n: {"name": f"N{n}", "country_id": "nowhere" if n == 7 else ""},
        key=lambda n: f"{sandboxed.unique}-{n}",
    )  # fmt: skip
    bodies = [outgoing.body for n in range(40) if (outgoing := target.encode(n)) is not None]

    odd = [dataclasses.replace(one, operation="upsert", body=body) for one, body in zip(batch, bodies, strict=True)]
    faults.arm(-1, faults._kind)
    outcomes = await hub.deliver(odd)
    assert [n for n, each in enumerate(outcomes) if isinstance(each, Rejected)] == [7]
    assert faults.seen == ["res.partner.load"] * 3, "all, the 39 good ones, the bad one"


@pytest.mark.req("NEW-2")
async def test_the_effort_goes_on_after_the_connector_was_closed_and_opened(sandboxed: FarSide) -> None:
    hub = await sandboxed.open()
    world = World(sandboxed)
    await hub.deliver(deliveries([world.supplier]))
    before = hub.effort()
    await hub.close()
    assert hub.effort() == before
    await hub.open()
    after = hub.effort()
    assert after is not None and before is not None
    assert after.calls > before.calls


@pytest.mark.req("NEW-2")
@pytest.mark.parametrize(
    ("groups", "one_by_one", "together"),
    [((), 12, 0), ((ACCESS_RIGHTS,), 0, 1)],
    ids=["may not read identifiers", "may read identifiers"],
)
async def test_new_documents_are_asked_for_in_one_call_where_the_user_may_read_identifiers(
    sandboxed: FarSide, groups: tuple[str, ...], one_by_one: int, together: int
) -> None:
    """Without the right Odoo takes one name a call; `hilum doctor` says which right to give."""
    _, world, box = await sandboxed.stage()
    key = box.make_key("buyer", groups=[*INTEGRATION_GROUPS, *groups])
    hub = await sandboxed.open(api_key=key, login="buyer")
    await hub.deliver(deliveries([world.order(), world.order()]))  # it knows now what it may
    box.calls.clear()
    outcomes = await hub.deliver(deliveries([world.order() for _ in range(12)]))
    assert all(isinstance(each, Delivered) for each in outcomes), outcomes
    assert box.calls.calls["ir.model.data/check_object_reference"] == one_by_one
    assert box.calls.calls["ir.model.data/search_read"] == together

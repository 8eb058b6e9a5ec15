"""Exactly once: every answer of every operation lost in turn, every call refused in turn, and two hubs at once.

"Lost" is the nastiest case: Odoo carries the call out, commits, and the connection closes without an answer.
"""

from __future__ import annotations

import asyncio

import pytest
from odoo_cases import ATTEMPTS, CASES, Case, fresh, one, prepared, until_delivered
from odoo_far_side import FarSide, delivery

from hilum.canonical import BusinessObject
from hilum.connectors.odoo import Odoo
from hilum.errors import Down, Rejected, TryAgain, Unsure
from hilum.message import Delivered, Outcome
from hilum.simulator.odoo import FaultKind

RARER = [FaultKind.SERIALIZATION, FaultKind.CLOSE, FaultKind.BAD_GATEWAY, FaultKind.UNAVAILABLE]
KINDS = [FaultKind.LOST_REPLY, *(pytest.param(kind, marks=pytest.mark.long) for kind in RARER)]


# Every call of every case: by one way, which what fails does not depend on; the others only in long runs.
WAYS = [
    pytest.param(("19.0", "json2"), id="19-json2"),
    pytest.param(("18.0", "jsonrpc"), id="18-jsonrpc", marks=pytest.mark.long),
    pytest.param(("19.0", "jsonrpc"), id="19-jsonrpc", marks=pytest.mark.long),
    pytest.param(("17.0", "jsonrpc"), id="17-jsonrpc", marks=pytest.mark.long),
    pytest.param(("16.0", "jsonrpc"), id="16-jsonrpc", marks=pytest.mark.long),
    pytest.param(("19.0", "xmlrpc"), id="19-xmlrpc", marks=pytest.mark.long),
    pytest.param(("18.0", "xmlrpc"), id="18-xmlrpc", marks=pytest.mark.long),
]

UNHARMED = (FaultKind.LOST_REPLY, FaultKind.SERIALIZATION)


@pytest.mark.parametrize("sandboxed", WAYS, indirect=True)
@pytest.mark.req("MSG-3")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_any_one_call_may_fail(sandboxed: FarSide, case: Case, kind: FaultKind) -> None:
    faults = sandboxed.faults
    assert faults is not None
    nth, hit = 0, True
    while hit:
        planter, world = await fresh(sandboxed)
        thing = await prepared(case, planter, world)
        faults.arm(nth, kind)
        hub = await sandboxed.open()  # knows nothing yet: version, login and look-ups are among the calls
        opening = len(faults.seen)
        delivered, before = await until_delivered(hub, thing)
        hit = len(faults.seen) > nth
        lost = faults.seen[nth] if hit else ""
        faults.arm(-1, kind)
        await case.proof(sandboxed, world, thing)
        # An identifier that is not there is answered with an error: there is nothing to lose, and nothing to take back.
        refused = kind in UNHARMED and lost == "ir.model.data.check_object_reference"
        if hit and nth >= opening and not refused:
            assert before, lost  # the hub was told that something went wrong
        again, _ = await until_delivered(hub, thing)  # a replay of what is long delivered
        assert again.reference == delivered.reference
        await case.proof(sandboxed, world, thing)
        nth += 1
    assert nth >= 2


@pytest.mark.req("MSG-3")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_two_hubs_deliver_the_same_at_once(sandboxed: FarSide, case: Case) -> None:
    hub, world = await fresh(sandboxed)
    thing = await prepared(case, hub, world)
    other = await sandboxed.open()
    results = await asyncio.gather(*(until_delivered(each, thing) for each in (hub, other, hub, other)))
    assert len({delivered.reference for delivered, _ in results}) == 1
    await case.proof(sandboxed, world, thing)


@pytest.mark.parametrize("sandboxed", WAYS, indirect=True)
@pytest.mark.req("MSG-3")
async def test_a_hub_may_be_killed_between_any_two_calls(sandboxed: FarSide) -> None:
    """A call under way when the connector is closed is unsure; another hub finishes what was begun."""
    faults = sandboxed.faults
    assert faults is not None
    for name in ("use", "order", "charge", "receipt"):
        case = CASES[name]
        nth, hit = 0, True
        while hit:
            planter, world = await fresh(sandboxed)
            thing = await prepared(case, planter, world)
            hub = await sandboxed.open()
            faults.arm(nth, FaultKind.HANG)
            work = asyncio.create_task(one(hub, delivery(thing)))
            while not work.done() and len(faults.seen) <= nth:
                await asyncio.sleep(0.001)
            hit = len(faults.seen) > nth
            await hub.close()
            assert isinstance(await work, Unsure | Down | Delivered)
            faults.arm(-1, FaultKind.HANG)
            faults.release()
            successor = await sandboxed.open()
            await until_delivered(successor, thing)
            await case.proof(sandboxed, world, thing)
            nth += 1


@pytest.mark.parametrize("sandboxed", WAYS, indirect=True)
@pytest.mark.req("MSG-3")
@pytest.mark.req("MSG-10")
async def test_any_one_answer_to_a_batch_may_be_lost(sandboxed: FarSide) -> None:
    """Many documents of all kinds in one batch, among them one that Odoo refuses."""
    faults = sandboxed.faults
    assert faults is not None
    nth, hit = 0, True
    while hit:
        hub, world = await fresh(sandboxed)
        uses = [world.use("2") for _ in range(3)]
        charges = [world.charge("1") for _ in range(3)]
        orders = [world.order() for _ in range(2)]
        bad = world.charge("1", currency="USD", service_date="2026-11-20", account="nobody")
        things: list[BusinessObject] = [*uses, bad, *charges, *orders]
        faults.arm(nth, FaultKind.LOST_REPLY)
        outcomes = await batch_until_settled(hub, things)
        hit = len(faults.seen) > nth
        faults.arm(-1, FaultKind.LOST_REPLY)
        assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Rejected)] == [3]
        assert await sandboxed.stock(world.item.code, world.location.code) == -6
        for use in uses:
            assert len(await sandboxed.rows("stock.picking", origin=use.transaction, state="done")) == 1
        for charge in charges:
            assert len(await sandboxed.rows("account.move", ref=charge.transaction)) == 1
        for order in orders:
            (row,) = await sandboxed.rows("purchase.order", origin=order.number)
            assert row["state"] == "purchase"
            assert len(await sandboxed.rows("purchase.order.line", order_id=row["id"])) == 2
        nth += 1
    assert nth > 10


async def batch_until_settled(hub: Odoo, things: list[BusinessObject]) -> list[Outcome]:
    """Deliver all in one batch, and those again that were not settled."""
    outcomes: dict[int, Outcome] = {}
    for attempt in range(1, ATTEMPTS + 1):
        left = [n for n in range(len(things)) if not isinstance(outcomes.get(n), Delivered | Rejected)]
        if not left:
            return [outcomes[n] for n in range(len(things))]
        batch = [delivery(things[n], attempt=attempt) for n in left]
        try:
            outcomes.update(zip(left, await hub.deliver(batch), strict=True))
        except (TryAgain, Unsure, Down) as failure:
            outcomes.update(dict.fromkeys(left, failure))
    raise AssertionError(f"not settled in {ATTEMPTS} attempts: {outcomes}")

"""Exactly once: every answer of every operation lost in turn, every call refused in turn, and two hubs at once.

"Lost" is the nastiest case: Odoo carries the call out, commits, and the connection closes without an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from odoo_far_side import FarSide, World, delivery

from hilum.canonical import BusinessObject, Item, Money
from hilum.connectors.odoo import Odoo
from hilum.errors import Down, Rejected, TryAgain, Unsure
from hilum.message import Delivered, Delivery, Outcome
from hilum.simulator.odoo import FaultKind

ATTEMPTS = 12
RARER = [FaultKind.SERIALIZATION, FaultKind.CLOSE, FaultKind.BAD_GATEWAY, FaultKind.UNAVAILABLE]
KINDS = [FaultKind.LOST_REPLY, *(pytest.param(kind, marks=pytest.mark.long) for kind in RARER)]


@dataclass(frozen=True)
class Case:
    """An object, and the proof that it is in Odoo once and whole."""

    make: Callable[[World], BusinessObject]
    proof: Callable[[FarSide, World, BusinessObject], Awaitable[None]]


async def one_account(far: FarSide, world: World, thing: BusinessObject) -> None:
    assert len(await far.rows("res.partner", ref=thing.business_key)) == 1


async def one_item(far: FarSide, world: World, thing: BusinessObject) -> None:
    assert len(await far.rows("product.product", default_code=thing.business_key)) == 1
    row = await far.product(thing.business_key)
    assert len(await far.rows("product.supplierinfo", product_tmpl_id=row["product_tmpl_id"])) == 1


async def one_use(far: FarSide, world: World, thing: BusinessObject) -> None:
    (picking,) = await far.rows("stock.picking", origin=thing.business_key)
    assert picking["state"] == "done"
    assert len(await far.rows("stock.move", picking_id=picking["id"])) == 1
    assert await far.stock(world.item.code, world.location.code) == -2


async def one_count(far: FarSide, world: World, thing: BusinessObject) -> None:
    assert await far.stock(world.item.code, world.location.code) == 10
    (product,) = await far.known_as("product.product", "item", world.item.code)
    assert len(await far.rows("stock.quant", product_id=product["id"])) <= 2  # here, and at the inventory loss
    assert len(await far.rows("stock.move", product_id=product["id"], state="done")) == 1


async def one_order(far: FarSide, world: World, thing: BusinessObject) -> None:
    (order,) = await far.rows("purchase.order", origin=thing.business_key)
    assert order["state"] == "purchase"
    lines = await far.rows("purchase.order.line", order_id=order["id"])
    assert sorted(line["product_qty"] for line in lines) == [5, 10]
    assert len(await far.rows("stock.picking", origin=order["name"])) == 1


async def one_invoice(far: FarSide, world: World, thing: BusinessObject) -> None:
    (move,) = await far.rows("account.move", ref=thing.business_key)
    assert move["state"] == "posted"
    assert len(await far.rows("account.move.line", move_id=move["id"], display_type="product")) == 1
    assert move["amount_untaxed"] == 25


def priced_item(world: World) -> Item:
    cost = Money(amount=Decimal("2.35"), currency="EUR")
    return Item(code=world.number("I"), title="Suture", cost=cost, supplier=world.supplier.code)


CASES = {
    "account": Case(lambda w: w.account.model_copy(update={"number": w.number("A")}), one_account),
    "item with vendor price": Case(priced_item, one_item),
    "use": Case(lambda w: w.use("2"), one_use),
    "count": Case(lambda w: w.count("10"), one_count),
    "order": Case(lambda w: w.order(("10", "1.25"), ("5", "1.5")), one_order),
    "order with and without prices": Case(lambda w: w.order(("10", "1.25"), ("5", None)), one_order),
    "charge": Case(lambda w: w.charge("2", "12.50"), one_invoice),
}


async def until_delivered(hub: Odoo, thing: BusinessObject) -> tuple[Delivered, list[Outcome]]:
    """Deliver as the hub's runtime does: again after `TryAgain`, `Unsure` and `Down`. The outcomes before it too."""
    before: list[Outcome] = []
    for attempt in range(1, ATTEMPTS + 1):
        outcome = await one(hub, delivery(thing, attempt=attempt))
        if isinstance(outcome, Delivered):
            return outcome, before
        assert isinstance(outcome, TryAgain | Unsure | Down), outcome
        before.append(outcome)
    raise AssertionError(f"not delivered in {ATTEMPTS} attempts: {before[-1]}")


async def one(hub: Odoo, what: Delivery) -> Outcome:
    try:
        (outcome,) = await hub.deliver([what])
    except (TryAgain, Unsure, Down) as failure:
        return failure
    return outcome


async def fresh(far: FarSide) -> tuple[Odoo, World]:
    """A connector and a world of their own."""
    hub = await far.open()
    world = World(far)
    for name in ("item", "tracked", "location", "supplier", "account"):
        thing = getattr(world, name)
        field = "number" if name == "account" else "code"
        setattr(world, name, thing.model_copy(update={field: world.number(name)}))
    await world.plant(hub)
    return hub, world


@pytest.mark.req("MSG-3")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_any_one_call_may_fail(sandboxed: FarSide, case: Case, kind: FaultKind) -> None:
    faults = sandboxed.faults
    assert faults is not None
    nth, hit = 0, True
    while hit:
        _, world = await fresh(sandboxed)
        faults.arm(nth, kind)
        hub = await sandboxed.open()  # knows nothing yet: version, login and look-ups are among the calls
        opening = len(faults.seen)
        thing = case.make(world)
        delivered, before = await until_delivered(hub, thing)
        hit = len(faults.seen) > nth
        faults.arm(-1, kind)
        await case.proof(sandboxed, world, thing)
        if hit and nth >= opening:
            assert before, nth  # the hub was told that something went wrong
        again, _ = await until_delivered(hub, thing)  # a replay of what is long delivered
        assert again.reference == delivered.reference
        await case.proof(sandboxed, world, thing)
        nth += 1
    assert nth >= 2


@pytest.mark.req("MSG-3")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_two_hubs_deliver_the_same_at_once(sandboxed: FarSide, case: Case) -> None:
    hub, world = await fresh(sandboxed)
    other = await sandboxed.open()
    thing = case.make(world)
    results = await asyncio.gather(*(until_delivered(each, thing) for each in (hub, other, hub, other)))
    assert len({delivered.reference for delivered, _ in results}) == 1
    await case.proof(sandboxed, world, thing)


@pytest.mark.req("MSG-3")
async def test_a_hub_may_be_killed_between_any_two_calls(sandboxed: FarSide) -> None:
    """A call under way when the connector is closed is unsure; another hub finishes what was begun."""
    faults = sandboxed.faults
    assert faults is not None
    for name in ("use", "order", "charge"):
        case = CASES[name]
        nth, hit = 0, True
        while hit:
            _, world = await fresh(sandboxed)
            hub = await sandboxed.open()
            thing = case.make(world)
            faults.arm(nth, FaultKind.HANG)
            work = asyncio.create_task(one(hub, delivery(thing)))
            while not work.done() and len(faults.seen) <= nth:
                await asyncio.sleep(0)
            hit = len(faults.seen) > nth
            await hub.close()
            assert isinstance(await work, Unsure | Down | Delivered)
            faults.arm(-1, FaultKind.HANG)
            faults.release()
            successor = await sandboxed.open()
            await until_delivered(successor, thing)
            await case.proof(sandboxed, world, thing)
            nth += 1


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

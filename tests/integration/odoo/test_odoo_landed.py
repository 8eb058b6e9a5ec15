"""After a lost answer Odoo is asked: is it there, finished, and what was sent? What it says is what is in its books."""

from __future__ import annotations

import uuid

import pytest
from odoo_far_side import FarSide, delivery
from test_odoo_once import CASES, Case, fresh, one, prepared

from hilum.canonical import Item
from hilum.errors import Unsure
from hilum.message import Delivered
from hilum.simulator.odoo import FaultKind

# What is several records or steps cannot be told by one look: a repetition meets what is there.
SEVERAL = {"item with vendor price", "supplier with bank account", "vendor price", "agreement"}
TELLING = {name: case for name, case in CASES.items() if name not in SEVERAL}
OWN = {name: case for name, case in CASES.items() if name != "receipt"}  # a receipt is Odoo's own, and only marked


@pytest.mark.req("NEW-1")
@pytest.mark.parametrize("case", TELLING.values(), ids=TELLING)
async def test_it_is_there_once_it_was_delivered_and_not_before(far: FarSide, case: Case) -> None:
    hub, world = await fresh(far)
    asked = delivery(await prepared(case, hub, world))
    assert await hub.landed(asked) is None
    outcome = await one(hub, asked)
    assert isinstance(outcome, Delivered)
    found = await hub.landed(asked)
    assert isinstance(found, Delivered)
    assert found.reference == outcome.reference


@pytest.mark.req("NEW-1")
@pytest.mark.parametrize("case", TELLING.values(), ids=TELLING)
async def test_whichever_answer_is_lost_what_landed_is_in_the_books(sandboxed: FarSide, case: Case) -> None:
    """Each call of the operation in turn is carried out and its answer lost; then Odoo is asked, by another hub."""
    faults = sandboxed.faults
    assert faults is not None
    nth, hit, there = 0, True, 0
    while hit:
        sandboxed.unique = uuid.uuid4().hex[:8]  # documents that nothing is known of
        hub, world = await fresh(sandboxed)
        thing = await prepared(case, hub, world)
        faults.arm(nth, FaultKind.LOST_REPLY)
        outcome = await one(hub, delivery(thing))
        hit = len(faults.seen) > nth
        faults.arm(-1, FaultKind.LOST_REPLY)
        found = await (await sandboxed.open()).landed(delivery(thing))
        assert found is None or isinstance(found, Delivered)
        if isinstance(outcome, Delivered):
            assert isinstance(found, Delivered)
        if isinstance(found, Delivered):
            there += 1
            await case.proof(sandboxed, world, thing)  # without anything being repeated
        nth += 1
    assert there >= 2, "the answer of the last step was lost, and then none was"


@pytest.mark.req("NEW-1")
async def test_what_a_person_changed_in_odoo_did_not_land_as_it_was_sent(far: FarSide) -> None:
    hub, world = await fresh(far)
    thing = world.supplier.model_copy(update={"code": world.number("S"), "title": "Sutures Ltd"})
    assert isinstance(await one(hub, delivery(thing)), Delivered)
    assert isinstance(await hub.landed(delivery(thing)), Delivered)
    assert await hub.landed(delivery(thing.model_copy(update={"title": "Sutures & Sons Ltd"}))) is None


@pytest.mark.req("NEW-1")
async def test_where_more_than_one_record_is_written_it_says_that_it_cannot_tell(far: FarSide) -> None:
    hub, world = await fresh(far)
    thing = Item(code=world.number("I"), title="Suture")
    assert isinstance(await one(hub, delivery(thing)), Delivered)
    assert isinstance(await hub.landed(delivery(thing)), Unsure), "its vendor prices are a second call"


@pytest.mark.req("NEW-1")
@pytest.mark.parametrize("case", OWN.values(), ids=OWN)
async def test_the_effect_is_named_as_odoo_knows_it(far: FarSide, case: Case) -> None:
    hub, world = await fresh(far)
    asked = delivery(await prepared(case, hub, world))
    outcome = await one(hub, asked)
    assert isinstance(outcome, Delivered)
    session = await hub._connected()
    target = await session.client.reference(hub.effect(asked))
    assert target is not None
    assert outcome.reference.startswith(f"{target[0]}:{target[1]} ")

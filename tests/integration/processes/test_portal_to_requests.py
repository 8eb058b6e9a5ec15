"""A procurement portal asks, decides and withdraws by signed webhooks, and hears by REST what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hilum.postgres import Database
from hilum.simulator.portal import ProcurementPortal, Troubles
from hilum.testing import eventually
from support.looks import rows
from support.portal_world import SECRET, PortalWorld, portal_world
from support.waits import Start

pytestmark = pytest.mark.req("SYS-9")

TABLE = """
currency = "EUR"
[step.head]
team = "Heads"
portal = ["ada"]
[step.finance]
team = "Finance"
portal = ["*"]
[[rule]]
name = "dear"
amount_from = 1000
steps = ["head", "finance"]
[[rule]]
name = "the rest"
steps = ["head"]
"""


@pytest.fixture
async def world(hub: Start, database: Database) -> AsyncIterator[PortalWorld]:
    token = "of the hub"
    async with (
        ProcurementPortal(webhook="", secret=SECRET, token=token, troubles=Troubles(doubled=0.5)) as portal,
        portal_world(hub, database, portal, TABLE, token=token) as made,
    ):
        yield made


async def test_it_is_decided_in_the_portal_and_ordered_and_the_portal_hears_of_it(world: PortalWorld) -> None:
    portal = world.portal
    portal.deciders, portal.refuses = {"head": "ada"}, frozenset({"REQ-2"})
    await portal.submit("REQ-1", [("GLV-M", 10)], requested_by="eve", department="CC-1")
    await portal.submit("REQ-2", [("GLV-M", 5)], requested_by="eve")
    await world.reads("REQ-1", "approval", "ordered")
    await world.reads("REQ-2", "approval", "refused")
    await world.places("REQ-1-R1")
    assert "ada, in the portal" in next(each["words"] for each in portal.statuses if each["status"] == "refused")
    await world.nothing_is_asked()


async def test_who_may_not_decide_is_told_so_and_what_is_decided_early_counts_in_its_turn(world: PortalWorld) -> None:
    portal = world.portal
    await portal.submit("REQ-1", [("GLV-M", 100)], requested_by="eve")
    await world.reads("REQ-1", "approval")
    await portal.decide("REQ-1", "bob", step="head")  # is not among them
    await portal.decide("REQ-1", "EVE", step="head")  # she asked
    await portal.decide("REQ-1", "ada", step="house")  # no such desk
    await world.reads("REQ-1", "approval", *["decision not taken"] * 3)
    assert world.ordered() == {}
    await portal.decide("REQ-1", "carl", step="finance")  # before it is asked
    await portal.decide("REQ-1", "ada", step="head")
    await world.reads("REQ-1", "approval", *["decision not taken"] * 3, "ordered")
    await world.places("REQ-1-R1")
    await portal.decide("REQ-1", "ada", approved=False, step="head")  # too late
    await world.reads("REQ-1", "approval", *["decision not taken"] * 3, "ordered", "decision not taken")
    await world.places("REQ-1-R1")


async def test_a_desk_of_the_hub_may_be_quicker_and_who_asked_may_think_better_of_it(world: PortalWorld) -> None:
    portal = world.portal
    await portal.submit("REQ-1", [("GLV-M", 10)], requested_by="eve")
    await world.reads("REQ-1", "approval")
    await portal.submit("REQ-1", [("GLV-M", 3)], requested_by="eve")
    await world.reads("REQ-1", "approval", "approval")
    await world.answer(await world.only_task(), "dora", approved=True)
    await world.reads("REQ-1", "approval", "approval", "ordered")
    await portal.withdraw("REQ-1", "eve")  # a buyer must be asked now
    await world.reads("REQ-1", "approval", "approval", "ordered", "ordered")
    assert [line["quantity"] for each in world.orders.bodies for line in each["lines"]] == ["3"]
    await portal.submit("REQ-2", [("GLV-M", 1)], requested_by="eve")
    await world.reads("REQ-2", "approval")
    await portal.withdraw("REQ-2", "eve", "found some")
    await world.reads("REQ-2", "approval", "withdrawn")
    ended = "SELECT status, state, outcome FROM process_run WHERE key = 'REQ-2'"
    expected = [("cancelled", "cancelled", "withdrawn by eve: found some")]

    async def over() -> bool:
        return await rows(world.database, ended) == expected

    await eventually(over)
    await world.places("REQ-1-R1")


async def test_a_forged_event_is_refused(world: PortalWorld) -> None:
    world.portal.troubles = Troubles(forged=1.0)
    await world.portal.submit("REQ-1", [("GLV-M", 1)], requested_by="eve")
    await world.reads("REQ-1", "approval")
    assert world.portal.answers[401] == 1

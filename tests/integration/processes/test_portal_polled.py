"""A procurement portal by webhook and by REST at once: what was lost is found, no event counts twice, none too late."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hilum.connectors import http
from hilum.postgres import Database
from hilum.simulator.portal import ProcurementPortal, Troubles
from support.looks import rows
from support.portal_world import SECRET, PortalWorld, portal_world
from support.waits import Start

pytestmark = pytest.mark.req("SYS-9")

TABLE = """
currency = "EUR"
[step.head]
team = "Heads"
portal = ["ada"]
[[rule]]
name = "all"
steps = ["head"]
"""


@pytest.fixture
async def portal() -> AsyncIterator[ProcurementPortal]:
    async with ProcurementPortal(webhook="", secret=SECRET, deciders={"head": "ada"}) as made:
        yield made


@pytest.fixture
def poll(portal: ProcurementPortal) -> http.Poll:
    """The hub asks the portal when the test says so."""
    return http.Poll(url=f"{portal.url}/events", items="events", item_id="id", offset_parameter="after", every=3600)


@pytest.fixture
async def world(
    hub: Start, database: Database, portal: ProcurementPortal, poll: http.Poll
) -> AsyncIterator[PortalWorld]:
    async with portal_world(hub, database, portal, TABLE, also_from=[poll]) as made:
        yield made


async def test_what_a_webhook_lost_is_found_by_rest_and_nothing_counts_twice_or_too_late(
    world: PortalWorld, portal: ProcurementPortal, poll: http.Poll, database: Database
) -> None:
    await portal.submit("REQ-1", [("GLV-M", 10)], requested_by="eve")
    await world.reads("REQ-1", "approval", "ordered")
    portal.troubles = Troubles(lost=1)
    await portal.submit("REQ-2", [("GLV-M", 5)], requested_by="eve")
    await portal.submit("REQ-3", [("GLV-M", 7)], requested_by="eve")
    portal.troubles, portal.deciders = Troubles(), {}
    await portal.submit("REQ-3", [("GLV-M", 3)], requested_by="eve")  # and thinks better of it: this one is heard
    await world.reads("REQ-3", "approval")
    portal.deciders = {"head": "ada"}
    await poll.take_now(None)  # REST shows all: what was heard, what was lost of REQ-2, both words of REQ-3
    await world.reads("REQ-2", "approval", "ordered")
    portal.deciders = {}
    await portal.decide("REQ-3", "ada", step="head")
    await world.reads("REQ-3", "approval", "ordered")
    await poll.take_now(None)
    heard = await rows(database, "SELECT dedup_key, count(*) FROM message WHERE flow = 'procurement.portal' GROUP BY 1")
    assert sorted(heard) == sorted((each["id"], 1) for each in portal.events)
    await world.places("REQ-1-R1", "REQ-2-R1", "REQ-3-R1")
    assert world.ordered() == {"REQ-1-R1": ["10"], "REQ-2-R1": ["5"], "REQ-3-R1": ["3"]}, "the older word came too late"
    await world.reads("REQ-1", "approval", "ordered")
    cases = await rows(database, "SELECT category FROM exception_case")
    assert cases == [], "the same event in other bytes is no other one"

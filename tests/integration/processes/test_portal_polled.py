"""A procurement portal by webhook and by REST at once: what was lost is found, no event counts twice, none too late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from hilum.canonical import Contract
from hilum.connectors import http
from hilum.flow import Lookup
from hilum.masterdata import terms
from hilum.message import new_id
from hilum.packs import procurement
from hilum.packs.procurement.approval_rules import approvals_of
from hilum.packs.procurement.requesting import requisition_process
from hilum.packs.procurement.requisition_rules import RequisitionRules
from hilum.postgres import Database
from hilum.processes import Commands, handle
from hilum.processes.engine import Engine
from hilum.simulator.portal import ProcurementPortal, Troubles
from hilum.testing import eventually
from support.doubles import Receiver
from support.looks import rows
from support.projects import OWNERS, make_flow, target
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
SECRET = "portal and hub know it"


class World:
    """A hub that hears a portal by webhook, and asks it when the test says so."""

    def __init__(self, portal: ProcurementPortal) -> None:
        self.portal = portal
        self.orders = Receiver()
        self.poll = http.Poll(url=f"{portal.url}/events", items="events", item_id="id", offset_parameter="after",
                              every=3600)  # fmt: skip

    def ordered(self) -> dict[str, list[str]]:
        return {each["number"]: [line["quantity"] for line in each["lines"]] for each in self.orders.bodies}

    async def reads(self, number: str, *statuses: str) -> None:
        await eventually(lambda: self.portal.shown(number) == [*statuses], lambda: self.portal.statuses)


@pytest.fixture
async def world(hub: Start, database: Database) -> AsyncIterator[World]:
    async with ProcurementPortal(webhook="", secret=SECRET, deciders={"head": "ada"}) as portal:
        made = World(portal)
        process = requisition_process(RequisitionRules(approvals=approvals_of(TABLE)), owners=OWNERS)
        listener = http.Listener(
            host="127.0.0.1", port=0, path="/portal", hmac_secret=SECRET, hmac_header="X-Signature",
            hmac_timestamp="X-Signature-Timestamp",
        )  # fmt: skip
        asked = procurement.portal(source=listener, also_from=[made.poll], also=handle(process))
        assert asked.problems() == []
        back = http.post(url=portal.status_url, deduplicates=True)
        told = procurement.portal_status(to=[back], source=Commands("procurement.status", poll=0.02))
        orders = make_flow(Commands("procurement.orders", poll=0.02), name="test.orders", translate=_content,
                           dedup_by=None)  # fmt: skip
        orders.deliver_to(target(made.orders, "memory.orders"))
        started = await hub(asked, told, orders, lookups={"items": "code,item,unit\nGLV-M,GLV,EA\n"})
        assert started.share is not None
        async with database.transaction() as connection:
            prices = [{"item": "GLV", "unit": "EA", "tiers": [{"unit_price": "38"}]}]
            agreed = Contract(number="C-7", title="x", supplier="V1", currency="EUR", valid_from=date(2026, 1, 1),
                              prices=prices)  # fmt: skip
            await terms.keep_contract(connection, agreed, terms.Origin(flow="clm", message_id=new_id()))
        portal.webhook = f"http://127.0.0.1:{listener.port}/portal"
        engine = Engine(started.project, database, [process], started.share.leases.id)
        await engine.start()
        try:
            yield made
        finally:
            await engine.stop()


def _content(parsed: Any, _: Lookup) -> Any:
    return {"key": parsed["content"]["number"], **parsed["content"]}


async def test_what_a_webhook_lost_is_found_by_rest_and_nothing_counts_twice_or_too_late(
    world: World, database: Database
) -> None:
    portal = world.portal
    await portal.submit("REQ-1", [("GLV-M", 10)], requested_by="eve")
    await world.reads("REQ-1", "approval", "ordered")
    portal.troubles = Troubles(lost=1)
    await portal.submit("REQ-2", [("GLV-M", 5)], requested_by="eve")
    await portal.submit("REQ-3", [("GLV-M", 7)], requested_by="eve")
    portal.troubles, portal.deciders = Troubles(), {}
    await portal.submit("REQ-3", [("GLV-M", 3)], requested_by="eve")  # and thinks better of it: this one is heard
    await world.reads("REQ-3", "approval")
    portal.deciders = {"head": "ada"}
    await world.poll.take_now(None)  # REST shows all: what was heard, what was lost of REQ-2, both words of REQ-3
    await world.reads("REQ-2", "approval", "ordered")
    portal.deciders = {}
    await portal.decide("REQ-3", "ada", step="head")
    await world.reads("REQ-3", "approval", "ordered")
    await world.poll.take_now(None)
    heard = await rows(database, "SELECT dedup_key, count(*) FROM message WHERE flow = 'procurement.portal' GROUP BY 1")
    assert sorted(heard) == sorted((each["id"], 1) for each in portal.events)
    await eventually(lambda: len(world.ordered()) == 3, world.ordered)
    assert world.ordered() == {"REQ-1-R1": ["10"], "REQ-2-R1": ["5"], "REQ-3-R1": ["3"]}, "the older word came too late"
    await world.reads("REQ-1", "approval", "ordered")
    cases = await rows(database, "SELECT category FROM exception_case")
    assert cases == [], "the same event in other bytes is no other one"

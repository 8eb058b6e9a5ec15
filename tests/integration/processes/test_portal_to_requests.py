"""A procurement portal asks, decides and withdraws by signed webhooks, and hears by REST what becomes of it."""

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
from hilum.processes import Commands, decide, handle, inbox
from hilum.processes.engine import Engine
from hilum.processes.tasks import answer_of
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
SECRET = "portal and hub know it"


class World:
    """A hub with the process behind a portal, and what it orders."""

    def __init__(self, database: Database, portal: ProcurementPortal) -> None:
        self.database, self.portal = database, portal
        self.orders = Receiver()
        self.process = requisition_process(RequisitionRules(approvals=approvals_of(TABLE)), owners=OWNERS)

    def ordered(self) -> list[str]:
        return sorted(each["number"] for each in self.orders.bodies)

    async def places(self, *numbers: str) -> None:
        await eventually(lambda: self.ordered() == [*numbers], self.ordered)

    async def reads(self, number: str, *statuses: str) -> None:
        await eventually(lambda: self.portal.shown(number) == [*statuses], lambda: self.portal.statuses)

    async def answer(self, number: str, by: str) -> None:
        async with self.database.transaction() as connection:
            (asked,) = [each for each in await inbox(connection) if each.key == number]
            given = answer_of(self.process.forms["Approval"], {"approved": True})
            await decide(connection, asked.id, given, actor=by, permissions={"approve"})


@pytest.fixture
async def world(hub: Start, database: Database) -> AsyncIterator[World]:
    async with ProcurementPortal(
        webhook="", secret=SECRET, token="of the hub", troubles=Troubles(doubled=0.5)
    ) as portal:
        made = World(database, portal)
        source = http.Listener(
            host="127.0.0.1", port=0, path="/portal", hmac_secret=SECRET, hmac_header="X-Signature",
            hmac_timestamp="X-Signature-Timestamp",
        )  # fmt: skip
        asked = procurement.portal(source=source, also=handle(made.process))
        back = http.post(url=portal.status_url, token="of the hub", deduplicates=True)
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
        portal.webhook = f"http://127.0.0.1:{source.port}/portal"
        engine = Engine(started.project, database, [made.process], started.share.leases.id)
        await engine.start()
        try:
            yield made
        finally:
            await engine.stop()


def _content(parsed: Any, _: Lookup) -> Any:
    return {"key": parsed["content"]["number"], **parsed["content"]}


async def test_it_is_decided_in_the_portal_and_ordered_and_the_portal_hears_of_it(world: World) -> None:
    portal = world.portal
    portal.deciders, portal.refuses = {"head": "ada"}, frozenset({"REQ-2"})
    await portal.submit("REQ-1", [("GLV-M", 10)], requested_by="eve", department="CC-1")
    await portal.submit("REQ-2", [("GLV-M", 5)], requested_by="eve")
    await world.reads("REQ-1", "approval", "ordered")
    await world.reads("REQ-2", "approval", "refused")
    await world.places("REQ-1-R1")
    assert "ada, in the portal" in next(each["words"] for each in portal.statuses if each["status"] == "refused")
    found = await rows(world.database, "SELECT count(*) FROM process_task WHERE decided_at IS NULL"
                                       " AND withdrawn_at IS NULL")  # fmt: skip
    assert found == [(0,)]


async def test_who_may_not_decide_is_told_so_and_what_is_decided_early_counts_in_its_turn(world: World) -> None:
    portal = world.portal
    await portal.submit("REQ-1", [("GLV-M", 100)], requested_by="eve")
    await world.reads("REQ-1", "approval")
    await portal.decide("REQ-1", "bob", step="head")  # is not among them
    await portal.decide("REQ-1", "EVE", step="head")  # she asked
    await portal.decide("REQ-1", "ada", step="house")  # no such desk
    await world.reads("REQ-1", "approval", *["decision not taken"] * 3)
    assert world.ordered() == []
    await portal.decide("REQ-1", "carl", step="finance")  # before it is asked
    await portal.decide("REQ-1", "ada", step="head")
    await world.reads("REQ-1", "approval", *["decision not taken"] * 3, "ordered")
    await world.places("REQ-1-R1")
    await portal.decide("REQ-1", "ada", approved=False, step="head")  # too late
    await world.reads("REQ-1", "approval", *["decision not taken"] * 3, "ordered", "decision not taken")
    await world.places("REQ-1-R1")


async def test_a_desk_of_the_hub_may_be_quicker_and_who_asked_may_think_better_of_it(world: World) -> None:
    portal = world.portal
    await portal.submit("REQ-1", [("GLV-M", 10)], requested_by="eve")
    await world.reads("REQ-1", "approval")
    await portal.submit("REQ-1", [("GLV-M", 3)], requested_by="eve")
    await world.reads("REQ-1", "approval", "approval")
    await world.answer("REQ-1", "dora")
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


async def test_a_forged_event_is_refused(world: World) -> None:
    world.portal.troubles = Troubles(forged=1.0)
    await world.portal.submit("REQ-1", [("GLV-M", 1)], requested_by="eve")
    await world.reads("REQ-1", "approval")
    assert world.portal.answers[401] == 1

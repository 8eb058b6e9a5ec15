"""A hub behind a procurement portal: it hears its webhooks, decides with it, orders, and tells what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from hilum.connector import Source
from hilum.connectors import http
from hilum.flow import Lookup
from hilum.packs import procurement
from hilum.packs.procurement.approval_rules import approvals_of
from hilum.packs.procurement.requesting import requisition_process
from hilum.packs.procurement.requisition_rules import RequisitionRules
from hilum.postgres import Database
from hilum.processes import Commands, handle
from hilum.processes.engine import Engine
from hilum.simulator.portal import ProcurementPortal
from hilum.testing import eventually
from support.agreed import agree
from support.doubles import Receiver
from support.inbox import People
from support.projects import OWNERS, make_flow, target
from support.waits import Start

SECRET = "portal and hub know it"


class PortalWorld(People):
    """The portal, what the hub orders, and people at the hub's own desks."""

    def __init__(self, database: Database, portal: ProcurementPortal, table: str) -> None:
        rules = RequisitionRules(approvals=approvals_of(table))
        super().__init__(database, [requisition_process(rules, owners=OWNERS)])
        self.portal = portal
        self.orders = Receiver()

    def ordered(self) -> dict[str, list[str]]:
        """The quantities of each order."""
        return {each["number"]: [line["quantity"] for line in each["lines"]] for each in self.orders.bodies}

    async def places(self, *numbers: str) -> None:
        """Just these orders are placed."""
        await eventually(lambda: sorted(self.ordered()) == [*numbers], self.ordered)

    async def reads(self, number: str, *statuses: str) -> None:
        """Who asked sees in the portal what became of it."""
        await eventually(lambda: self.portal.shown(number) == [*statuses], lambda: self.portal.statuses)


@asynccontextmanager
async def portal_world(
    start: Start,
    database: Database,
    portal: ProcurementPortal,
    table: str,
    *,
    also_from: Sequence[Source] = (),
    token: str = "",
) -> AsyncIterator[PortalWorld]:
    """The hub, with a process that follows this table of approvals; V1 has agreed 38 EUR for a glove."""
    made = PortalWorld(database, portal, table)
    (process,) = made.processes
    listener = http.Listener(
        host="127.0.0.1", port=0, path="/portal", hmac_secret=SECRET, hmac_header="X-Signature",
        hmac_timestamp="X-Signature-Timestamp",
    )  # fmt: skip
    asked = procurement.portal(source=listener, also_from=also_from, also=handle(process))
    assert asked.problems() == []
    back = http.post(url=portal.status_url, token=token, deduplicates=True)
    told = procurement.portal_status(to=[back], source=Commands("procurement.status", poll=0.02))
    orders = make_flow(Commands("procurement.orders", poll=0.02), name="test.orders", translate=_content,
                       dedup_by=None)  # fmt: skip
    orders.deliver_to(target(made.orders, "memory.orders"))
    started = await start(asked, told, orders, lookups={"items": "code,item,unit\nGLV-M,GLV,EA\n"})
    assert started.share is not None
    await agree(database)
    portal.webhook = f"http://127.0.0.1:{listener.port}/portal"
    engine = Engine(started.project, database, made.processes, started.share.leases.id)
    await engine.start()
    try:
        yield made
    finally:
        await engine.stop()


def _content(parsed: Any, _: Lookup) -> Any:
    return {"key": parsed["content"]["number"], **parsed["content"]}

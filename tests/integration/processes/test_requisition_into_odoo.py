"""A spreadsheet that is posted becomes an order in Odoo, once somebody has approved it, and not before."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from hilum.canonical import Item, Location, Supplier
from hilum.canonical.catalogue import read, write
from hilum.connectors import http, odoo
from hilum.flow import Lookup
from hilum.masterdata import terms
from hilum.packs import passing, procurement
from hilum.packs.procurement.approval_rules import approvals_of
from hilum.packs.procurement.requesting import requisition_process
from hilum.packs.procurement.requisition_rules import RequisitionRules
from hilum.postgres import Database
from hilum.processes import Commands, handle
from hilum.processes.engine import Engine
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.agreed import agree
from support.doubles import Feed, Receiver
from support.inbox import People
from support.looks import states
from support.projects import OWNERS, make_flow, target
from support.waits import Start

pytestmark = pytest.mark.req("WF-2", "SYS-9")

TABLE = """
currency = "EUR"
[step.head]
team = "Heads"
[[rule]]
name = "all"
steps = ["head"]
"""
ITEMS = "code,item,supplier,unit\nGLV-M,GLV,,EA\nSUT-3,SUT,V2,EA\n"
SHEET = b"""requisition,line,item,quantity,department,deliver_to,requested_by
REQ-9,1,GLV-M,10,CC-1,WARD-3,eve
REQ-9,2,SUT-3,4,CC-1,WARD-3,eve
REQ-9,3,GLV-M,2,CC-1,WARD-3,eve
"""


async def test_a_posted_spreadsheet_is_ordered_in_odoo_after_its_approval(hub: Start, database: Database) -> None:
    async with SandboxOdoo("19.0", "hilum") as box:
        there: dict[str, Any] = {
            "url": box.url, "database": box.database, "login": box.login, "api_key": box.api_key
        }  # fmt: skip
        process = requisition_process(
            RequisitionRules(approvals=approvals_of(TABLE), name_agreements=False), owners=OWNERS
        )
        listener = http.Listener(host="127.0.0.1", port=0, path="/requisitions")
        asked = procurement.requisitions_csv(source=listener, odoo=None, orders=False, also=handle(process))
        orders = passing.commands("test.orders", "procurement.orders", summary="x", owners=OWNERS)
        orders.deliver_to(odoo.purchase_order("odoo.main", **there), odoo.purchase_order_cancel("odoo.main", **there))
        status = Receiver()
        told = make_flow(Commands("procurement.status", poll=0.02), name="test.told", translate=_content, dedup_by=None)
        told.deliver_to(target(status, "memory.status"))
        feed = Feed()
        master = make_flow(feed, name="test.master", format="bytes", translate=lambda body, _: read(body),
                           order_by=None, dedup_by=None)  # fmt: skip
        master.deliver_to(*(make("odoo.main", **there) for make in (odoo.supplier, odoo.item, odoo.location)),
                          terms.keep())  # fmt: skip
        started = await hub(asked, orders, told, master, lookups={"items": ITEMS})
        assert started.share is not None
        engine = Engine(started.project, database, [process], started.share.leases.id)
        await engine.start()
        try:
            await _known(feed, box, database)
            await agree(database)
            async with aiohttp.ClientSession() as client:
                url = f"http://127.0.0.1:{listener.port}/requisitions"
                async with client.post(url, data=SHEET, headers={"Content-Type": "text/csv"}) as answer:
                    assert answer.status == 202, await answer.text()
            people = People(database, [process])
            task = await people.only_task()
            assert "line 2: 4 EA SUT from V2, off contract" in task.words
            assert box.records("purchase.order") == []
            await people.answer(task, approved=True)
            await eventually(
                lambda: [order["state"] for order in box.records("purchase.order")] == ["purchase"] * 2,
                lambda: box.records("purchase.order"),
            )
            await eventually(lambda: [each["status"] for each in status.bodies] == ["ordered"])
        finally:
            await engine.stop()
        found = sorted(
            (float(line["product_qty"]), float(line["price_unit"])) for line in box.records("purchase.order.line")
        )
        assert [(quantity, price) for quantity, price in found if quantity != 4] == [(2, 38), (10, 38)]
        assert len(found) == 3
        assert {str(order["origin"]) for order in box.records("purchase.order")} == {"REQ-9-R1", "REQ-9-R2"}
        assert status.bodies[0]["references"] == ["REQ-9-R1", "REQ-9-R2"]


async def _known(feed: Feed, box: SandboxOdoo, database: Database) -> None:
    """Odoo knows suppliers and items."""
    things = [
        *(Supplier(code=code, title=f"Supplier {code}") for code in ("V1", "V2")),
        *(Item(code=code, title=f"Item {code}", unit="EA") for code in ("GLV", "SUT")),
        Location(code="WARD-3", title="Ward 3"),
    ]
    for thing in things:
        await feed.send(write(thing))

    async def there() -> bool:
        return set(await states(database)) == {"completed"}

    await eventually(there)
    assert {each["ref"] for each in box.records("res.partner")} >= {"V1", "V2"}


def _content(parsed: Any, _: Lookup) -> Any:
    return {"key": parsed["content"]["document"], **parsed["content"]}

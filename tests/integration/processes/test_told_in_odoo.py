"""A department asks in Odoo: who approved, what was ordered and what came is noted on its request there, once each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hilum.canonical import DocumentStatus, GoodsReceipt
from hilum.canonical.catalogue import read, write
from hilum.connectors import odoo
from hilum.packs import passing, procurement
from hilum.packs.procurement.approval_rules import approvals_of
from hilum.packs.procurement.requesting import requisition_process
from hilum.packs.procurement.requisition_rules import RequisitionRules
from hilum.postgres import Database
from hilum.processes import Commands, handle
from hilum.processes.engine import Engine
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.odoo.orm.record import Env
from hilum.testing import eventually
from support.agreed import agree
from support.doubles import Feed
from support.inbox import People
from support.projects import OWNERS, make_flow
from support.waits import Start

pytestmark = pytest.mark.req("SYS-9")

TABLE = """
currency = "EUR"
[step.head]
team = "Heads"
[[rule]]
name = "all"
steps = ["head"]
"""


@pytest.fixture
async def box() -> AsyncIterator[SandboxOdoo]:
    async with SandboxOdoo("19.0", "hilum") as made:
        yield made


def make(box: SandboxOdoo, model: str, **values: Any) -> int:
    def act(env: Env) -> int:
        return int(env[model].create(values).id)

    return int(box.change(act))


def asked(box: SandboxOdoo) -> tuple[int, str]:
    """A request for quotation of a ward, marked as sent: its id and its number."""
    vendor = make(box, "res.partner", name="Requests", ref="REQUESTS", supplier_rank=1)
    make(box, "res.partner", name="Gloves Ltd", ref="V1", supplier_rank=1)
    glove = make(box, "product.product", name="Glove", default_code="GLV", type="consu")
    make(box, "stock.location", name="Ward 3", barcode="WARD-3", usage="internal")
    lines = [[0, 0, {"product_id": glove, "product_qty": 5}]]
    request = make(box, "purchase.order", partner_id=vendor, origin="CC-1", order_line=lines)

    def send(env: Env) -> None:
        env["purchase.order"].write(request, {"state": "sent"})

    box.change(send)
    return request, next(row["name"] for row in box.records("purchase.order") if row["id"] == request)


@pytest.mark.long
async def test_what_becomes_of_a_request_is_noted_on_it(hub: Start, database: Database, box: SandboxOdoo) -> None:
    request, number = asked(box)
    process = requisition_process(RequisitionRules(approvals=approvals_of(TABLE), name_agreements=False), owners=OWNERS)
    people = People(database, [process])
    there = {"url": box.url, "database": box.database, "login": box.login, "api_key": box.api_key}
    requests = procurement.asked_in_odoo(
        "", to=handle(process), place_of=lambda _: "WARD-3", begin="all", poll=0.05, compare=0.05, **there
    )
    orders = passing.commands(
        "test.orders", "procurement.orders", summary="x", owners=OWNERS, to=[odoo.purchase_order("odoo.main")]
    )
    told = procurement.portal_status(
        to=[], of_portal=lambda _: False, also=[procurement.told_in_odoo()],
        source=Commands("procurement.status", poll=0.02),
    )  # fmt: skip
    feed = Feed("papers")
    papers = make_flow(feed, name="test.papers", format="bytes", translate=lambda body, _: read(body), order_by=None,
                       dedup_by=None)  # fmt: skip
    papers.deliver_to(*handle(process), procurement.told_in_odoo())
    started = await hub(requests, orders, told, papers, endpoints={"odoo": {"main": there}})
    assert started.share is not None
    await agree(database)
    engine = Engine(started.project, database, [process], started.share.leases.id)
    await engine.start()
    try:
        await people.answer(await people.only_task(), approved=True)

        def notes() -> list[str]:
            found = [row for row in box.records("mail.message") if row["model"] == "purchase.order"]
            return [str(row["body"]) for row in found if row["res_id"] == request]

        ordered = f"<p><b>ordered</b> ({number}-R1): {number}-R1 from V1; approved by ada</p>"
        await eventually(lambda: notes() == [ordered], notes)
        lines = [{"item": "GLV", "quantity": 5, "unit": "EA", "order_line": 1}]
        came = {"number": "R-1", "order": f"{number}-R1", "final": True, "lines": lines}
        await feed.send(write(GoodsReceipt.model_validate(came)))
        await eventually(lambda: len(notes()) == 2, notes)
        assert notes()[1].startswith(f"<p><b>received</b> ({number}-R1)")
        again = DocumentStatus(document=number, flow="x", status="<late>", words="a & b", at="2026-03-12T09:00:00Z")
        for _ in range(2):
            await feed.send(write(again))
        await feed.send(write(again.model_copy(update={"document": "REQ-7"})))  # no number of Odoo's
        await eventually(lambda: len(notes()) == 3, notes)
        assert notes()[2] == "<p><b>&lt;late&gt;</b>: a &amp; b</p>"
        (state,) = [row["state"] for row in box.records("purchase.order") if row["id"] == request]
        assert state == "sent", "the request itself is never confirmed"
    finally:
        await engine.stop()

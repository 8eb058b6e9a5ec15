"""A file becomes its receipts, and a sandbox Odoo receives them once."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from hilum.canonical import GoodsReceipt, Item, Location, OrderLine, PurchaseOrder, Supplier, Tracking
from hilum.connectors import odoo
from hilum.connectors.odoo import Odoo
from hilum.errors import Invalid
from hilum.message import Delivered, Delivery, new_id
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing.flows import translate, translate_file

PROJECT = Path(__file__).parent.parent
FLOW = "procurement.receipts"
TARGETS = {
    Item: odoo.item,
    Location: odoo.location,
    Supplier: odoo.supplier,
    PurchaseOrder: odoo.purchase_order,
    GoodsReceipt: odoo.receipt,
}


def test_a_file_becomes_its_receipts() -> None:
    first, second = translate_file(PROJECT, FLOW, "monday.csv")
    assert (first.number, first.order, first.delivery_note, first.final) == ("GR-1001", "PO-55102", "DN-448812", False)
    assert [(line.item, line.quantity, line.lot) for line in first.lines] == [
        ("GLOVE-M", Decimal(40), None),
        ("STENT-35", Decimal(1), "SN-90311"),
        ("STENT-35", Decimal(1), "SN-90312"),
    ]
    assert second.final


@pytest.mark.parametrize("row", ["GR-1,PO-1,,5", "GR-1,PO-1,GLOVE-M,many", "GR-1,,GLOVE-M,5"])
def test_a_wrong_row_holds_the_file_and_is_named(row: str) -> None:
    with pytest.raises(Invalid, match="row 1"):
        translate(PROJECT, FLOW, f"receipt,order,item,quantity\n{row}\n".encode())


async def deliver(hub: Odoo, *things: object) -> None:
    for thing in things:
        target = TARGETS[type(thing)]("odoo.main")
        (outcome,) = await hub.deliver(
            [
                Delivery(
                    message_id=new_id(),
                    ordinal=0,
                    flow=FLOW,
                    destination="odoo.main",
                    operation=target.operation,
                    body=target.encode(thing).body,
                    key="",
                    idempotency_key=str(new_id()),
                )
            ]
        )
        assert isinstance(outcome, Delivered), outcome


def test_odoo_receives_the_file_once() -> None:
    """The whole way into a sandbox: orders, then the file, then the file again."""
    asyncio.run(receive_twice())


async def receive_twice() -> None:
    lines = [("GLOVE-M", "50"), ("STENT-35", "2")]
    orders = [
        PurchaseOrder(
            number=number,
            supplier="SUP-1",
            lines=tuple(
                OrderLine(number=n, item=item, quantity=Decimal(quantity), unit_price=Decimal(1))
                for n, (item, quantity) in enumerate(some, start=1)
            ),
        )
        for number, some in (("PO-55102", lines), ("PO-55103", [("GLOVE-M", "120")]))
    ]
    async with SandboxOdoo() as box:
        hub = Odoo(url=box.url, database=box.database, login=box.login, api_key=box.api_key)
        await hub.open()
        await deliver(hub, Supplier(code="SUP-1", title="Sample Supplies"), Item(code="GLOVE-M", title="Glove"))
        await deliver(hub, Item(code="STENT-35", title="Stent", tracking=Tracking.SERIAL), *orders)
        for _ in range(2):
            await deliver(hub, *translate_file(PROJECT, FLOW, "monday.csv"))
        await hub.close()
        moves = [move for move in box.records("stock.move") if move["state"] == "done"]
        assert sorted(move["quantity"] for move in moves) == [2, 40, 100]
        waiting = [row for row in box.records("stock.picking") if row["state"] == "assigned"]
        assert len(waiting) == 1, "ten gloves of the first order are on a back order; the second one is final"
        assert sorted(lot["name"] for lot in box.records("stock.lot")) == ["SN-90311", "SN-90312"]

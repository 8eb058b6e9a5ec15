"""What buyers change in orders, seen through a whole hub: what the hub wrote last is noted in its database."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from contract_client import Server
from contract_hub import HubAtOdoo
from odoo_cases import fresh
from odoo_far_side import FarSide, Row

from hilum.canonical import PurchaseOrder
from support.looks import rows
from support.waits import deliveries

pytestmark = [pytest.mark.req("SYS-1"), pytest.mark.req("MD-1")]


async def line_of(far: FarSide, order: PurchaseOrder) -> Row:
    (head,) = await far.known_as("purchase.order", "order", order.number)
    (line,) = await far.rows("purchase.order.line", order_id=head["id"])
    return line


def changed(order: PurchaseOrder, revision: int, quantity: str, price: str) -> PurchaseOrder:
    line = order.lines[0].model_copy(update={"quantity": Decimal(quantity), "unit_price": Decimal(price)})
    return order.model_copy(update={"revision": revision, "lines": (line,)})


async def test_what_a_buyer_changed_stays_or_the_order_is_held(
    odoo: Server, far: FarSide, tmp_path: Path, postgres_url: str
) -> None:
    """The buyer works under the hub's own user here: only what the hub noted tells their hands apart."""
    await far.needs(PurchaseOrder)
    _, world = await fresh(far)
    order = world.order(("10", "1.25"), confirm=False)
    async with HubAtOdoo(far, PurchaseOrder, tmp_path / "hub", postgres_url) as hub:
        await hub.deliver(order)
        await odoo.call("purchase.order.line", "write", [(await line_of(far, order))["id"]], vals={"product_qty": 7.0})
        await hub.deliver(changed(order, 1, "10", "1.5"))
        line = await line_of(far, order)
        assert (line["product_qty"], line["price_unit"]) == (7, 1.5)
        told = await rows(hub.database, "SELECT words FROM delivery ORDER BY message_id")
        assert ["line 1 (quantity)" in each[0] for each in told] == [False, True]
        await hub.receive(changed(order, 2, "12", "1.6"))
        await deliveries(hub.database, delivered=2, held=1)
        line = await line_of(far, order)
        assert (line["product_qty"], line["price_unit"]) == (7, 1.5)

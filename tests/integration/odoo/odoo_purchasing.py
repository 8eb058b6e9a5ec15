"""Orders as buyers and stores see them in Odoo: lines, prices, arrivals; and orders that change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from odoo_far_side import FarSide, Row, World
from odoo_outcomes import delivered

from hilum.canonical import PurchaseOrder
from hilum.connectors.odoo import Odoo


async def ordered(hub: Odoo, world: World, *lines: tuple[str, str | None], **more: Any) -> PurchaseOrder:
    """A confirmed order; by default ten pieces and five."""
    order = world.order(*lines, **more)
    await delivered(hub, order)
    return order


def revised(order: PurchaseOrder, revision: int, *lines: tuple[int, str, str]) -> PurchaseOrder:
    """The order with other lines: (number, quantity, price)."""
    first = order.lines[0]
    made = tuple(
        first.model_copy(update={"number": number, "quantity": Decimal(quantity), "unit_price": Decimal(price)})
        for number, quantity, price in lines
    )
    return order.model_copy(update={"revision": revision, "lines": made})


async def prices(far: FarSide, code: str) -> list[Row]:
    """The vendor prices of an item."""
    product = await far.product(code)
    return await far.rows("product.supplierinfo", product_tmpl_id=product["product_tmpl_id"])


async def order_lines(far: FarSide, order: PurchaseOrder) -> list[tuple[float, float]]:
    """Quantity and price of each line."""
    return [(line["product_qty"], line["price_unit"]) for line in await _lines(far, order)]


async def moves(far: FarSide, order: PurchaseOrder) -> list[list[Row]]:
    """The moves of each line of an order."""
    return [await far.rows("stock.move", purchase_line_id=line["id"]) for line in await _lines(far, order)]


async def pickings(far: FarSide, order: PurchaseOrder) -> list[Row]:
    """The receipts of an order, oldest first."""
    numbers = sorted({move["picking_id"] for line in await moves(far, order) for move in line})
    return [picking for number in numbers for picking in await far.rows("stock.picking", id=number)]


async def received(far: FarSide, order: PurchaseOrder) -> list[Decimal]:
    """What has come less what went back, by line, in the unit of the order."""
    (vendors,) = await far.rows("stock.location", usage="supplier", active=True)
    total = []
    for line in await moves(far, order):
        done = [move for move in line if move["state"] == "done"]
        signs = [-1 if move["location_dest_id"] == vendors["id"] else 1 for move in done]
        total.append(sum((s * Decimal(str(m[far.went])) for s, m in zip(signs, done, strict=True)), Decimal(0)))
    return total


async def _lines(far: FarSide, order: PurchaseOrder) -> list[Row]:
    (row,) = await far.known_as("purchase.order", "order", order.number)
    return sorted(await far.rows("purchase.order.line", order_id=row["id"]), key=lambda line: line["id"])

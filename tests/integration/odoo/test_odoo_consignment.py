"""Consigned stock in Odoo: it keeps its owner, and becomes the hospital's own only when it is bought."""

from __future__ import annotations

from decimal import Decimal

import pytest
from odoo_far_side import FarSide, World, deliveries
from odoo_outcomes import delivered, refused
from odoo_purchasing import received

from hilum.canonical import GoodsReceipt, Lot, OrderLine, ReceiptLine, SupplyConsumed
from hilum.connectors.odoo import Odoo

pytestmark = pytest.mark.req("NEW-6", "SYS-1")


async def owned(far: FarSide, world: World) -> dict[str, Decimal]:
    """The tracked item in the theatre, by whose it is."""
    (product,) = await far.known_as("product.product", "item", world.tracked.code)
    (place,) = await far.known_as("stock.location", "location", world.location.code)
    found: dict[str, Decimal] = {}
    for quant in await far.rows("stock.quant", product_id=product["id"], location_id=place["id"]):
        whose = "the supplier" if quant["owner_id"] else "ours"
        found[whose] = found.get(whose, Decimal(0)) + Decimal(str(quant["quantity"]))
    return {whose: quantity for whose, quantity in found.items() if quantity}


@pytest.mark.every_odoo
async def test_a_consigned_piece_is_bought_and_used(far: FarSide, hub: Odoo, world: World) -> None:
    await hub.deliver(deliveries([Lot(item=world.tracked.code, lot="L7")]))
    came = world.consigned("2", item=world.tracked.code, lot="L7")
    for attempt in (1, 2):
        await delivered(hub, came, attempt=attempt)
        assert await owned(far, world) == {"the supplier": 2}

    line = OrderLine(number=1, item=world.tracked.code, quantity=Decimal(1), unit_price=Decimal(900))
    order = world.order(lines=(line,), bill_only=True, requisition="OP-7", deliver_to=world.location.code)
    back = world.consigned("-1", item=world.tracked.code, lot="L7")
    piece = ReceiptLine(item=world.tracked.code, quantity=Decimal(1), order_line=1, lot="L7")
    bought = GoodsReceipt(number=world.number("U"), order=order.number, final=True, lines=(piece,))
    for attempt in (1, 2):
        for thing in (back, order, bought):
            await delivered(hub, thing, attempt=attempt)
    (row,) = await far.known_as("purchase.order", "order", order.number)
    assert row["partner_ref"] == "BILL ONLY OP-7"

    assert await received(far, order) == [1]
    assert (await owned(far, world))["the supplier"] == 1


async def test_a_use_of_what_was_bought_leaves_the_supplier_what_is_its_own(
    far: FarSide, hub: Odoo, world: World
) -> None:
    await hub.deliver(deliveries([Lot(item=world.tracked.code, lot="L7")]))
    await delivered(hub, world.consigned("2", item=world.tracked.code, lot="L7"))
    use = SupplyConsumed(
        transaction=world.number("T"), item=world.tracked.code, quantity=Decimal(1),
        location=world.location.code, lot="L7",
    )  # fmt: skip
    await delivered(hub, use)
    assert await owned(far, world) == {"the supplier": 2, "ours": -1}


async def test_who_owns_it_must_be_known(hub: Odoo, world: World) -> None:
    await refused(hub, world.consigned(supplier="NOBODY"), "odoo.missing_reference")


async def test_a_revision_that_orders_none_of_a_line_is_there_when_it_comes_again(
    far: FarSide, hub: Odoo, world: World
) -> None:
    order = world.order(("1", "900"), ("2", "30"), bill_only=True)
    await delivered(hub, order)
    first, second = order.lines
    none = order.model_copy(
        update={"revision": 1, "lines": (first.model_copy(update={"quantity": Decimal(0)}), second)}
    )
    for attempt in (1, 2):
        await delivered(hub, none, attempt=attempt)
    (row,) = await far.known_as("purchase.order", "order", order.number)
    lines = await far.rows("purchase.order.line", order_id=row["id"])
    assert sorted(line["product_qty"] for line in lines) == [0, 2]

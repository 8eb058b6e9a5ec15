"""GTINs of an item go to Odoo where it has a place for them: the product's barcode, and its packings."""

from __future__ import annotations

from decimal import Decimal

import pytest
from odoo_far_side import FarSide, deliveries

from hilum.canonical import Item, Packing
from hilum.message import Delivered

PIECE, DOZEN, CASE = "05412345000044", "15412345000041", "25412345000048"


def suture(far: FarSide) -> Item:
    return Item(
        code=far.name("I.P"),
        title="Suture 3-0",
        packings=(
            Packing(gtin=PIECE),
            Packing(gtin=DOZEN, unit="DZN", quantity=Decimal(12)),
            Packing(gtin=CASE, unit="CS", quantity=Decimal(144)),
        ),
    )


@pytest.mark.req("MOD-1")
@pytest.mark.every_odoo
async def test_each_packing_is_there_once_with_its_barcode(sandboxed: FarSide) -> None:
    far, hub = sandboxed, await sandboxed.open()
    item = suture(far)
    for _ in range(2):
        (outcome,) = await hub.deliver(deliveries([item]))
        assert isinstance(outcome, Delivered), outcome
    product = await far.product(item.code)
    assert product["barcode"] == "5412345000044", "as a scanner reads it"
    if far.since(19):
        (row,) = await far.rows("product.uom", product_id=product["id"])
        assert row["barcode"] == DOZEN
        assert product["uom_ids"] == [row["uom_id"]]
        assert "no unit CS that holds 144 EA" in outcome.words
    else:
        rows = await far.rows("product.packaging", product_id=product["id"])
        assert {row["barcode"]: (row["name"], row["qty"]) for row in rows} == {
            DOZEN: ("DZN 12", 12.0),
            CASE: ("CS 144", 144.0),
        }
        assert "GTIN" not in outcome.words


async def test_a_lost_answer_is_settled_only_when_the_packings_are_there(sandboxed: FarSide) -> None:
    far, hub = sandboxed, await sandboxed.open()
    item = suture(far)
    (delivery,) = deliveries([item])
    assert await hub.landed(delivery) is None
    (outcome,) = await hub.deliver([delivery])
    assert isinstance(outcome, Delivered)
    assert isinstance(await hub.landed(delivery), Delivered)
    more = (*item.packings, Packing(gtin="35412345000045", unit="DZN", quantity=Decimal(12)))
    (unlike,) = deliveries([item.model_copy(update={"packings": more})])
    assert await hub.landed(unlike) is None

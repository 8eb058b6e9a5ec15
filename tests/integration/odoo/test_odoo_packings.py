"""GTINs of an item go to Odoo where it has a place for them: the product's barcode, and its packings."""

from __future__ import annotations

from decimal import Decimal

import pytest
from odoo_far_side import FarSide, deliveries

from hilum.canonical import Item, Packing
from hilum.connectors.odoo import Odoo
from hilum.message import Delivered

LEVELS = "0123"  # the first digit: the piece, the dozen, the case, another dozen


def gtins(far: FarSide) -> list[str]:
    """Numbers that no other run has: Odoo refuses a barcode that it has already, and a named server keeps them."""
    number = f"{int.from_bytes(far.unique.encode()) % 10**9:09}"
    return [_with_check_digit(f"{level}541{number}") for level in LEVELS]


def _with_check_digit(digits: str) -> str:
    weighed = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighed % 10}"


def suture(far: FarSide) -> Item:
    piece, dozen, case, _ = gtins(far)
    return Item(
        code=far.name("I.P"),
        title="Suture 3-0",
        packings=(
            Packing(gtin=piece),
            Packing(gtin=dozen, unit="DZN", quantity=Decimal(12)),
            Packing(gtin=case, unit="CS", quantity=Decimal(144)),
        ),
    )


@pytest.mark.req("MOD-1")
@pytest.mark.every_odoo
async def test_each_packing_is_there_once_with_its_barcode(far: FarSide, hub: Odoo) -> None:
    piece, dozen, case, _ = gtins(far)
    item = suture(far)
    for _ in range(2):
        (outcome,) = await hub.deliver(deliveries([item]))
        assert isinstance(outcome, Delivered), outcome
    product = await far.product(item.code)
    assert product["barcode"] == piece[1:], "as a scanner reads it"
    if far.since(19):
        (row,) = await far.rows("product.uom", product_id=product["id"])
        assert row["barcode"] == dozen
        assert product["uom_ids"] == [row["uom_id"]]
        assert "no unit CS that holds 144 EA" in outcome.words
    else:
        rows = await far.rows("product.packaging", product_id=product["id"])
        assert {row["barcode"]: (row["name"], row["qty"]) for row in rows} == {
            dozen: ("DZN 12", 12.0),
            case: ("CS 144", 144.0),
        }
        assert "GTIN" not in outcome.words


async def test_a_lost_answer_is_settled_only_when_the_packings_are_there(far: FarSide, hub: Odoo) -> None:
    item = suture(far)
    (delivery,) = deliveries([item])
    assert await hub.landed(delivery) is None
    (outcome,) = await hub.deliver([delivery])
    assert isinstance(outcome, Delivered)
    assert isinstance(await hub.landed(delivery), Delivered)
    more = (*item.packings, Packing(gtin=gtins(far)[3], unit="DZN", quantity=Decimal(12)))
    (unlike,) = deliveries([item.model_copy(update={"packings": more})])
    assert await hub.landed(unlike) is None

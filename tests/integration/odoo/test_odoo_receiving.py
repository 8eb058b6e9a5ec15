"""Receipts, returns and transfers: what arrives in Odoo, once, and what is refused in which words."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal

import pytest
from odoo_far_side import FarSide, World, deliveries, delivery
from odoo_outcomes import delivered, refused, settle
from odoo_purchasing import ordered, pickings, received

from hilum.canonical import (
    GoodsReceipt,
    Item,
    Location,
    Lot,
    OrderLine,
    ReceiptLine,
    ReturnLine,
    Tracking,
    TransferLine,
)
from hilum.connectors.odoo import Odoo
from hilum.errors import Rejected
from hilum.message import Delivered
from hilum.simulator.odoo import SandboxOdoo


@pytest.mark.req("SYS-1")
@pytest.mark.every_odoo
async def test_a_part_comes_once_and_the_rest_waits(far: FarSide, hub: Odoo, world: World) -> None:
    order = await ordered(hub, world)
    part, rest = world.receipt(order, (1, "4")), world.receipt(order, (1, "6"), (2, "5"))
    for attempt in (1, 2, 1):
        (outcome,) = await delivered(hub, part, attempt=attempt)
        assert await received(far, order) == [4, 0]
    assert outcome.words == f"Received for order {order.number}: 4 EA of item {world.item.code}."
    for attempt in (1, 2):
        (outcome,) = await delivered(hub, rest, attempt=attempt)
        assert await received(far, order) == [10, 5]
    (again,) = await hub.deliver([delivery(part)])  # a replay after everything has come
    assert isinstance(again, Delivered)
    assert await received(far, order) == [10, 5]
    assert [row["state"] for row in await pickings(far, order)] == ["done", "done"]


def _rename(box: SandboxOdoo, number: int, origin: str) -> None:
    """A person writes something else into the source document of a transfer."""
    box.change(lambda env: env["stock.picking"].write(number, {"origin": origin}))


@pytest.mark.req("SYS-1")
@pytest.mark.every_odoo
async def test_a_mark_that_odoo_copied_to_the_back_order_is_no_arrival(sandboxed: FarSide) -> None:
    """A person changed the source document of the receipt that was carried out; its back order has the mark still."""
    hub, world, box = await sandboxed.stage()
    order = await ordered(hub, world, ("10", "1"))
    arrival = world.receipt(order, (1, "3"))
    (first,) = await delivered(hub, arrival)
    done, rest = await pickings(sandboxed, order)
    assert rest["origin"] == done["origin"]
    _rename(box, done["id"], "checked by the store")
    for attempt in (1, 2):
        (again,) = await delivered(hub, arrival, attempt=attempt)
        assert again == first
        assert await received(sandboxed, order) == [3]
    assert await hub.landed(delivery(arrival)) == first
    await delivered(hub, world.receipt(order, (1, "5")))  # the back order has its mark now
    assert await delivered(hub, arrival) == [first]
    assert await received(sandboxed, order) == [8]


@pytest.mark.req("SYS-1")
async def test_an_open_receipt_with_other_quantities_is_never_carried_out(sandboxed: FarSide) -> None:
    """The mark is on a receipt that the hub did not fill in: a person decides."""
    hub, world, box = await sandboxed.stage()
    order = await ordered(hub, world, ("10", "1"))
    arrival = world.receipt(order, (1, "3"))
    (open_one,) = await pickings(sandboxed, order)
    (row,) = await sandboxed.known_as("purchase.order", "order", order.number)
    _rename(box, open_one["id"], f"{row['name']} · {arrival.number}")
    await refused(hub, arrival, "odoo.conflict", "decide there")
    assert await hub.landed(delivery(arrival)) is None
    assert await received(sandboxed, order) == [0]
    _rename(box, open_one["id"], row["name"])  # the person decided: it has not come yet
    await delivered(hub, arrival)
    assert await received(sandboxed, order) == [3]


@pytest.mark.req("SYS-1")
async def test_transfers_of_the_hub_are_known_by_identifier_whatever_people_write(sandboxed: FarSide) -> None:
    """Used, moved, sent back: the source document was changed, and the delivery comes again."""
    hub, world, box = await sandboxed.stage()
    order = await ordered(hub, world, ("10", "1"))
    await delivered(hub, world.receipt(order, (1, "8")))
    things = [world.use("2"), world.use("-1"), world.moved(world.other, "3"), world.goes_back(order, "6")]
    first = await delivered(hub, *things)
    stock = sorted((row["location_id"], row["quantity"]) for row in box.records("stock.quant"))
    for row in box.records("stock.picking"):
        if not row["purchase_id"]:
            _rename(box, row["id"], "changed")
    for attempt in (1, 2):
        again = await delivered(hub, *things, attempt=attempt)
        assert [each.reference for each in again] == [each.reference for each in first]
        assert sorted((row["location_id"], row["quantity"]) for row in box.records("stock.quant")) == stock


async def test_arrivals_of_one_order_in_one_batch_follow_each_other(far: FarSide, hub: Odoo, world: World) -> None:
    order = await ordered(hub, world)
    arrivals = [world.receipt(order, (1, "4")), world.receipt(order, (1, "6")), world.receipt(order, (2, "5"))]
    outcomes = await hub.deliver(deliveries(arrivals))
    assert all(isinstance(outcome, Delivered) for outcome in outcomes), outcomes
    assert await received(far, order) == [10, 5]


async def test_two_arrivals_at_once_both_count(sandboxed: FarSide) -> None:
    """Two hubs, two delivery notes of one order, no ordering key: neither overwrites the other."""
    hub, world, _ = await sandboxed.stage()
    other = await sandboxed.open()
    order = await ordered(hub, world)

    async def until(each: Odoo, quantity: str) -> None:
        arrival = world.receipt(order, (1, quantity))
        for attempt in range(1, 12):
            (outcome,) = await each.deliver([delivery(arrival, attempt=attempt)])
            if isinstance(outcome, Delivered):
                return
        raise AssertionError(outcome)

    await asyncio.gather(until(hub, "4"), until(other, "3"))
    assert await received(sandboxed, order) == [7, 0]


async def test_a_final_arrival_leaves_no_back_order(far: FarSide, hub: Odoo, world: World) -> None:
    order = await ordered(hub, world)
    await delivered(hub, world.receipt(order, (1, "4"), (2, "5"), final=True))
    assert len(await pickings(far, order)) == 1
    await refused(hub, world.receipt(order, (1, "6")), "odoo.nothing_open")


async def test_more_than_was_ordered_is_taken_and_said(far: FarSide, hub: Odoo, world: World) -> None:
    order = await ordered(hub, world, ("10", "1"))
    (outcome,) = await delivered(hub, world.receipt(order, (None, "12")))
    assert "came than was open: 12 EA, open 10" in outcome.words
    assert await received(far, order) == [12]


async def test_arrivals_that_fit_no_order_are_refused(far: FarSide, hub: Odoo, world: World) -> None:
    draft, order = world.order(confirm=False), await ordered(hub, world)
    await hub.deliver(deliveries([draft]))
    stranger = ReceiptLine(item=world.tracked.code, quantity=Decimal(1), lot="L1")
    nothing = ReceiptLine(item=world.item.code, quantity=Decimal(0))
    kilo = ReceiptLine(item=world.item.code, quantity=Decimal(1), unit="KGM")
    cases = {
        "odoo.not_confirmed": world.receipt(draft, (1, "1")),
        "odoo.missing_reference": world.receipt(world.order(), (1, "1")),
        "odoo.nothing_open": world.receipt(order, lines=(stranger,)),
        "odoo.validation": world.receipt(order, lines=(nothing,)),
        "odoo.unit": world.receipt(order, lines=(kilo,)),
    }
    outcomes = await hub.deliver(deliveries(list(cases.values())))
    assert [getattr(outcome, "category", outcome) for outcome in outcomes] == list(cases)
    assert await received(far, order) == [0, 0]


@pytest.mark.req("SYS-1")
@pytest.mark.every_odoo
async def test_lots_and_serial_numbers_come_with_the_goods(far: FarSide, hub: Odoo, world: World) -> None:
    serial = Item(code=world.number("PUMP"), title="Pump", tracking=Tracking.SERIAL)
    await hub.deliver(deliveries([serial]))
    lines = (
        OrderLine(number=1, item=world.tracked.code, quantity=Decimal(10), unit_price=Decimal(1)),
        OrderLine(number=2, item=serial.code, quantity=Decimal(2), unit_price=Decimal(1)),
        OrderLine(number=3, item=world.item.code, quantity=Decimal(2), unit="DZN", unit_price=Decimal(1)),
    )
    order = await ordered(hub, world, lines=lines)
    one, two = world.number("SN"), world.number("SN")
    came = (
        ReceiptLine(item=world.tracked.code, quantity=Decimal(6), lot="L1"),
        ReceiptLine(item=world.tracked.code, quantity=Decimal(4), lot="L2", expires_on=date(2028, 2, 29)),
        ReceiptLine(item=serial.code, quantity=Decimal(1), lot=one),
        ReceiptLine(item=serial.code, quantity=Decimal(1), lot=two),
        ReceiptLine(item=world.item.code, quantity=Decimal(12)),
    )
    arrival = world.receipt(order, lines=came)
    (outcome,) = await settle(hub, arrival)
    assert isinstance(outcome, Delivered), outcome
    await delivered(hub, arrival, attempt=2)
    assert await received(far, order) == [10, 2, 1]  # twelve pieces are a dozen
    (product,) = await far.known_as("product.product", "item", world.tracked.code)
    names = {row["name"] for row in await far.rows("stock.lot", product_id=product["id"])}
    assert names == {"L1", "L2"}
    again = await ordered(hub, world, lines=(lines[1],))
    wrong = [came[0].model_copy(update={"lot": None}), came[2].model_copy(update={"quantity": Decimal(2)}), came[2]]
    outcomes = await settle(hub, *(world.receipt(again, lines=(line,)) for line in wrong))
    categories = [getattr(outcome, "category", outcome) for outcome in outcomes]
    assert categories == ["odoo.lot_required", "odoo.lot_required", "odoo.user"]  # the last one is here already


@pytest.mark.req("SYS-1")
@pytest.mark.every_odoo
async def test_the_expiry_comes_with_the_lot_where_odoo_keeps_it(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    await delivered(hub, Lot(item=world.tracked.code, lot="L1"))
    await delivered(hub, Lot(item=world.tracked.code, lot="L2", expires_on=date(2027, 1, 31)))
    line = OrderLine(number=1, item=world.tracked.code, quantity=Decimal(8), unit_price=Decimal(1))
    order = await ordered(hub, world, lines=(line,))

    def arrival(*lots: str) -> GoodsReceipt:
        day = date(2028, 2, 29)
        came = (ReceiptLine(item=line.item, quantity=Decimal(2), lot=lot, expires_on=day) for lot in lots)
        return world.receipt(order, lines=tuple(came))

    (outcome,) = await delivered(hub, arrival("L1", "L2", "L3"))
    assert "Lot L2 expires on 2027-01-31 in Odoo; that stays, and 2028-02-29 was left out." in outcome.words
    assert "L3 expires" not in outcome.words
    (product,) = await sandboxed.known_as("product.product", "item", line.item)
    days = {row["name"]: row["expiration_date"][:10] for row in await sandboxed.rows("stock.lot")}
    assert days == {"L1": "2028-02-29", "L2": "2027-01-31", "L3": "2028-02-29"}
    box.set_module("product_expiry", installed=False)
    (without,) = await delivered(await sandboxed.open(), arrival("L4"))
    assert "keeps no expiry of lots (module product_expiry)" in without.words
    assert len(await sandboxed.rows("stock.lot", product_id=product["id"])) == 4


@pytest.mark.req("SYS-1")
@pytest.mark.every_odoo
async def test_goods_go_back_once_and_never_more_than_came(far: FarSide, hub: Odoo, world: World) -> None:
    order = await ordered(hub, world, ("10", "1"))
    (early,) = await hub.deliver(deliveries([world.goes_back(order, "2")]))
    assert isinstance(early, Rejected)
    await hub.deliver(deliveries([world.receipt(order, (1, "8"))]))
    back = world.goes_back(order, "6")
    for attempt in (1, 2, 1):
        await delivered(hub, back, attempt=attempt)
        assert await received(far, order) == [2]
    (picking,) = await far.known_as("stock.picking", "return", back.number)
    assert picking["state"] == "done"
    await refused(hub, world.goes_back(order, "3"), "odoo.too_much")
    assert await received(far, order) == [2]


@pytest.mark.every_odoo
async def test_a_lot_goes_back(far: FarSide, hub: Odoo, world: World) -> None:
    line = OrderLine(number=1, item=world.tracked.code, quantity=Decimal(5), unit_price=Decimal(1))
    order = await ordered(hub, world, lines=(line,))
    came = ReceiptLine(item=world.tracked.code, quantity=Decimal(5), lot="L7")
    await hub.deliver(deliveries([world.receipt(order, lines=(came,))]))
    lines = (ReturnLine(number=1, item=world.tracked.code, quantity=Decimal(2), lot="L7"),)
    await delivered(hub, world.goes_back(order, "1", lines=lines))
    assert await received(far, order) == [3]


@pytest.mark.req("SYS-1")
async def test_stock_moves_between_places_once(far: FarSide, hub: Odoo, world: World) -> None:
    ward = Location(code=far.name("WARD"), title="Ward 3")
    await hub.deliver(deliveries([ward]))
    await hub.deliver(deliveries([world.count("10")]))
    await hub.deliver(deliveries([Lot(item=world.tracked.code, lot=name) for name in ("A", "B")]))
    moved = world.moved(ward, "3", "1")
    tracked = tuple(
        TransferLine(number=n, item=world.tracked.code, quantity=Decimal(1), lot=lot)
        for n, lot in enumerate(("A", "B"), start=3)
    )
    moved = moved.model_copy(update={"lines": (*moved.lines, *tracked)})
    for attempt in (1, 2, 1):
        await delivered(hub, moved, attempt=attempt)
        assert await far.stock(world.item.code, world.location.code) == 6
        assert await far.stock(world.item.code, ward.code) == 4
    assert await far.stock(world.tracked.code, ward.code) == 2
    (nowhere,) = await hub.deliver(deliveries([world.moved(world.location)]))
    assert isinstance(nowhere, Rejected)

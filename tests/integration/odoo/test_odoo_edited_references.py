"""People change in Odoo what the hub finds its documents by. What is finished is never written over for that."""

from __future__ import annotations

from decimal import Decimal

import pytest
from odoo_far_side import FarSide, Row, deliveries, delivery
from odoo_money import Books
from odoo_outcomes import delivered, refused
from odoo_purchasing import ordered, pickings, received

from hilum.canonical import BusinessObject, PurchaseOrder
from hilum.connectors.odoo import Odoo
from hilum.errors import Rejected
from hilum.message import Delivered
from hilum.simulator.odoo import SandboxOdoo

pytestmark = pytest.mark.one_odoo


def asked_for(order: PurchaseOrder, quantity: str, revision: int = 0) -> PurchaseOrder:
    line = order.lines[0].model_copy(update={"quantity": Decimal(quantity)})
    return order.model_copy(update={"lines": (line,), "revision": revision})


def edit(box: SandboxOdoo, model: str, number: int, **values: object) -> None:
    box.change(lambda env: env[model].write(number, values))


async def deliver(hub: Odoo, *things: BusinessObject) -> None:
    outcomes = await hub.deliver(deliveries(things))
    assert all(isinstance(outcome, Delivered) for outcome in outcomes), outcomes


async def held(hub: Odoo, thing: BusinessObject, attempt: int = 1) -> Rejected:
    (outcome,) = await hub.deliver([delivery(thing, attempt=attempt)])
    assert isinstance(outcome, Rejected), outcome
    assert outcome.category == "odoo.conflict"
    return outcome


async def edited(far: FarSide, box: SandboxOdoo, order: PurchaseOrder, quantity: int, origin: str) -> None:
    (row,) = await far.known_as("purchase.order", "order", order.number)
    (line,) = await far.rows("purchase.order.line", order_id=row["id"])
    edit(box, "purchase.order", row["id"], origin=origin)
    edit(box, "purchase.order.line", line["id"], product_qty=quantity)


async def shown(far: FarSide, order: PurchaseOrder) -> tuple[str, float]:
    (row,) = await far.known_as("purchase.order", "order", order.number)
    (line,) = await far.rows("purchase.order.line", order_id=row["id"])
    return row["origin"], line["product_qty"]


@pytest.mark.req("SYS-1")
@pytest.mark.parametrize("rights", ["all", "least"])
async def test_a_replay_leaves_orders_that_a_buyer_has_changed(sandboxed: FarSide, rights: str) -> None:
    """Asked for in one call where the user may, one by one where it may not; as a first attempt, as a replay is."""
    _, world, box = await sandboxed.stage()
    hub = await (sandboxed.open() if rights == "all" else sandboxed.open_as_user())
    orders = [asked_for(world.order(), "10") for _ in range(3)]
    await deliver(hub, *orders)
    for order in orders:
        await edited(sandboxed, box, order, 7, f"{order.number}, RFQ 7")
    again = await hub.deliver(deliveries(orders))
    assert [getattr(outcome, "category", "") for outcome in again] == ["odoo.conflict"] * 3
    for order in orders:
        assert await shown(sandboxed, order) == (f"{order.number}, RFQ 7", 7)
    await held(hub, orders[0], attempt=2)


@pytest.mark.req("SYS-1")
async def test_no_revision_is_written_over_an_order_of_which_the_revision_cannot_be_told(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    order = asked_for(world.order(), "10")
    await deliver(hub, order)
    await deliver(hub, asked_for(order, "20", revision=2))
    await edited(sandboxed, box, order, 20, "merged")
    await held(hub, order)
    await deliver(hub, asked_for(order, "20", revision=2))  # it is there as it says
    await held(hub, asked_for(order, "30", revision=3))
    assert await shown(sandboxed, order) == ("merged", 20)


@pytest.mark.req("SYS-1")
async def test_a_draft_that_a_buyer_has_merged_is_left_alone(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    order = asked_for(world.order(), "10").model_copy(update={"confirm": False})
    await deliver(hub, order)
    await edited(sandboxed, box, order, 17, f"{order.number}, PO-9")
    assert "still a draft" in str(await held(hub, order))
    assert await shown(sandboxed, order) == (f"{order.number}, PO-9", 17)


@pytest.mark.req("SYS-1")
async def test_the_reference_of_a_payment_stays_as_a_person_wrote_it(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    books = Books(sandboxed, world)
    bill = books.bill()
    payment = books.payment(bill, "10")
    await deliver(hub, bill)
    await deliver(hub, payment)
    (row,) = await sandboxed.known_as("account.payment", "payment", payment.number)
    edit(box, "account.payment", row["id"], payment_reference="cheque 12")
    await deliver(hub, payment)
    (row,) = await sandboxed.known_as("account.payment", "payment", payment.number)
    assert (row["payment_reference"], row["amount"]) == ("cheque 12", 10)


def as_before_marks(box: SandboxOdoo, number: int, origin: str, order: str) -> None:
    """A receipt as hubs left it that marked no moves, and whose source document a person has changed since."""
    edit(box, "stock.picking", number, origin=origin)
    for row in box.records("stock.move"):
        if row["picking_id"] == number:
            edit(box, "stock.move", row["id"], origin=order)


@pytest.mark.req("SYS-1")
async def test_a_receipt_whose_only_mark_was_changed_is_not_received_again(sandboxed: FarSide) -> None:
    """The back order had the mark too, until the next arrival wrote its own there: nothing says what the first was."""
    hub, world, box = await sandboxed.stage()
    for written in ("checked by the store", "{order} · checked", "{order}", "{order} · {number} checked"):
        order = await ordered(hub, world, ("10", "1"))
        arrival, later = world.receipt(order, (1, "3")), world.receipt(order, (1, "3"))
        await delivered(hub, arrival)
        await delivered(hub, later)
        first, second, _ = await pickings(sandboxed, order)
        (row,) = await sandboxed.known_as("purchase.order", "order", order.number)
        as_before_marks(box, first["id"], written.format(order=row["name"], number=arrival.number), row["name"])
        as_before_marks(box, second["id"], f"{row['name']} · {later.number}", row["name"])
        for attempt in (1, 2):
            await refused(hub, arrival, "odoo.conflict", first["name"], "If it is this one, discard", attempt=attempt)
        assert await hub.landed(delivery(arrival)) is None
        await delivered(hub, later)  # its receipt says so
        assert await received(sandboxed, order) == [6]
        edit(
            box, "stock.picking", first["id"], origin=f"{row['name']} · {arrival.number}"
        )  # a person says which it was
        await delivered(hub, arrival)
        await delivered(hub, world.receipt(order, (1, "3")))
        assert await received(sandboxed, order) == [9]


@pytest.mark.req("SYS-1")
async def test_what_a_person_received_by_hand_stops_no_other_arrival(sandboxed: FarSide) -> None:
    """Other quantities are another arrival; of the same ones a person says so."""
    hub, world, box = await sandboxed.stage()
    order = await ordered(hub, world, ("10", "1"))
    await delivered(hub, world.receipt(order, (1, "3")))
    (by_hand, _) = await pickings(sandboxed, order)
    (row,) = await sandboxed.known_as("purchase.order", "order", order.number)
    as_before_marks(box, by_hand["id"], row["name"], row["name"])
    await delivered(hub, world.receipt(order, (1, "2")))
    same = world.receipt(order, (1, "3"))
    await refused(hub, same, "odoo.conflict", f"({row['name']} · 4711)")
    edit(box, "stock.picking", by_hand["id"], origin=f"{row['name']} · 4711")
    await delivered(hub, same)
    assert await received(sandboxed, order) == [8]


async def brought(far: FarSide, receipt: int) -> list[Row]:
    """The detailed lines of a receipt."""
    return await far.rows("stock.move.line", picking_id=receipt)


@pytest.mark.req("SYS-1")
@pytest.mark.every_odoo
@pytest.mark.parametrize("marked", [False, True])
async def test_goods_that_were_corrected_in_odoo_do_not_come_again(sandboxed: FarSide, marked: bool) -> None:
    """People unlock a receipt that is done and correct what came: other quantities say nothing then."""
    hub, world, box = await sandboxed.stage()
    order = await ordered(hub, world, ("10", "1"), ("5", "1"))
    arrival = world.receipt(order, (1, "3"), (2, "5"))
    (first,) = await delivered(hub, arrival)
    await delivered(hub, world.receipt(order, (1, "2")))  # the back order has its mark now
    (done, *_) = await pickings(sandboxed, order)
    (row,) = await sandboxed.known_as("purchase.order", "order", order.number)
    if not marked:
        as_before_marks(box, done["id"], "checked by the store", row["name"])
    line = (await brought(sandboxed, done["id"]))[0]
    edit(box, "stock.move.line", line["id"], **{sandboxed.line_went: 4})
    edit(box, "stock.move", line["move_id"], **{sandboxed.went: 4})
    for attempt in (1, 2):
        if marked:
            assert await delivered(hub, arrival, attempt=attempt) == [first]
        else:
            await refused(hub, arrival, "odoo.conflict", done["name"], "changed there afterwards", attempt=attempt)
        assert await received(sandboxed, order) == [6, 5]
    assert await hub.landed(delivery(arrival)) == (first if marked else None)


@pytest.mark.req("SYS-1")
@pytest.mark.one_odoo
async def test_goods_that_were_corrected_long_after_do_not_come_again(sandboxed: FarSide) -> None:
    """The demand is changed with the quantity, long after: only the time of the lines tells it."""
    hub, world, box = await sandboxed.stage()
    order = await ordered(hub, world, ("10", "1"))
    arrival = world.receipt(order, (1, "3"))
    await delivered(hub, arrival)
    await delivered(hub, world.receipt(order, (1, "2")))
    (done, *_) = await pickings(sandboxed, order)
    (row,) = await sandboxed.known_as("purchase.order", "order", order.number)
    as_before_marks(box, done["id"], row["name"], row["name"])
    (line,) = await brought(sandboxed, done["id"])
    edit(box, "stock.picking", done["id"], date_done="2026-01-02 10:00:00")
    edit(box, "stock.move.line", line["id"], **{sandboxed.line_went: 4})
    edit(box, "stock.move", line["move_id"], **{sandboxed.went: 4, "product_uom_qty": 4})
    await refused(hub, arrival, "odoo.conflict", "changed there afterwards")
    assert await received(sandboxed, order) == [6]


@pytest.mark.req("SYS-1")
@pytest.mark.one_odoo
async def test_an_arrival_is_known_when_its_order_has_another_name_in_odoo(sandboxed: FarSide) -> None:
    """The number of the order is a part of the mark: where it was changed a person decides, and no other is stopped."""
    hub, world, box = await sandboxed.stage()
    order = await ordered(hub, world, ("10", "1"))
    arrival = world.receipt(order, (1, "3"))
    await delivered(hub, arrival)
    (done, _) = await pickings(sandboxed, order)
    (row,) = await sandboxed.known_as("purchase.order", "order", order.number)
    edit(box, "purchase.order", row["id"], name=f"{row['name']}/A")
    (line,) = await brought(sandboxed, done["id"])
    edit(box, "stock.move.line", line["id"], **{sandboxed.line_went: 4})
    await refused(hub, arrival, "odoo.conflict", done["name"], "behind that of another order")
    await delivered(hub, world.receipt(order, (1, "2")))
    assert sum(await received(sandboxed, order)) == 5

"""Buyers change in Odoo what the hub has ordered: it is kept and told, or refused in words, and never lost silently."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from odoo_far_side import FarSide, Row
from odoo_outcomes import delivered, refused, settle
from odoo_purchasing import order_lines, revised

from hilum.canonical import PurchaseOrder, Warehouse
from hilum.errors import DatabaseUnavailable, TryAgain
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing.memory import NotePad

KEPT = "Changed by somebody in Odoo, and left so: "


def edit(box: SandboxOdoo, model: str, number: int, **values: Any) -> None:
    box.change(lambda env: env[model].write(number, values))


async def head(far: FarSide, order: PurchaseOrder) -> Row:
    (row,) = await far.known_as("purchase.order", "order", order.number)
    return row


async def lines(far: FarSide, order: PurchaseOrder) -> list[Row]:
    number = (await head(far, order))["id"]
    return sorted(await far.rows("purchase.order.line", order_id=number), key=lambda line: line["id"])


@pytest.mark.req("SYS-1", "MD-1")
@pytest.mark.every_odoo
async def test_what_a_buyer_changed_in_a_draft_stays_and_is_told(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    order = world.order(("10", "1.25"), ("5", "1.5"), confirm=False)
    await delivered(hub, order)
    first, second = await lines(sandboxed, order)
    edit(box, "purchase.order.line", first["id"], product_qty=7)
    edit(box, "purchase.order.line", second["id"], date_planned="2027-01-05 09:00:00")
    (again,) = await delivered(hub, order)
    assert f"{KEPT}line 1 (quantity), line 2 (day)." in again.words
    (changed,) = await delivered(hub, revised(order, 1, (1, "10", "1.20"), (2, "6", "1.5")))
    assert f"{KEPT}line 1 (quantity), line 2 (day)." in changed.words
    assert await order_lines(sandboxed, order) == [(7, 1.20), (6, 1.5)]
    assert (await lines(sandboxed, order))[1]["date_planned"] == "2027-01-05 09:00:00"
    await refused(hub, revised(order, 2, (1, "12", "1.30"), (2, "6", "1.5")), "odoo.conflict", "line 1 (quantity)")
    assert await order_lines(sandboxed, order) == [(7, 1.20), (6, 1.5)]
    assert (await head(sandboxed, order))["origin"] == f"{order.number} rev. 1"
    edit(box, "purchase.order.line", first["id"], product_qty=12)  # the buyer agrees
    (agreed,) = await delivered(hub, revised(order, 2, (1, "12", "1.30"), (2, "6", "1.5")))
    assert "line 1" not in agreed.words
    assert await order_lines(sandboxed, order) == [(12, 1.30), (6, 1.5)]
    await delivered(hub, revised(order, 3, (1, "13", "1.30"), (2, "6", "1.5")))  # nobody has changed that since
    assert await order_lines(sandboxed, order) == [(13, 1.30), (6, 1.5)]


@pytest.mark.req("SYS-1", "MD-1")
@pytest.mark.one_odoo
async def test_what_a_buyer_changed_in_the_head_of_a_draft_stays(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    at = datetime(2026, 11, 3, 8, 30, tzinfo=UTC)
    order = world.order(("10", "1"), confirm=False, requisition="REQ-1", ordered_at=at)
    await delivered(hub, order)
    number = (await head(sandboxed, order))["id"]
    edit(box, "purchase.order", number, partner_ref="offer 77", date_order="2026-11-09 10:00:00")
    (outcome,) = await delivered(hub, revised(order, 1, (1, "12", "1")))
    assert f"{KEPT}the vendor reference, the order date." in outcome.words
    row = await head(sandboxed, order)
    assert (row["partner_ref"], row["date_order"]) == ("offer 77", "2026-11-09 10:00:00")
    assert await order_lines(sandboxed, order) == [(12, 1)]
    other = revised(order, 2, (1, "12", "1")).model_copy(update={"requisition": "REQ-2"})
    await refused(hub, other, "odoo.conflict", "the vendor reference", "Nothing was written")
    assert (await head(sandboxed, order))["partner_ref"] == "offer 77"
    moved = revised(order, 2, (1, "12", "1")).model_copy(update={"ordered_at": at.replace(day=4)})
    await refused(hub, moved, "odoo.conflict", "the order date")


@pytest.mark.req("SYS-1", "MD-1")
@pytest.mark.one_odoo
async def test_a_price_that_a_buyer_gave_outlives_another_quantity(sandboxed: FarSide) -> None:
    """The order leaves the price to Odoo, which would set it anew with the quantity."""
    hub, world, box = await sandboxed.stage()
    await delivered(hub, world.price("4"))
    order = world.order(("10", None), confirm=False)
    await delivered(hub, order)
    (line,) = await lines(sandboxed, order)
    edit(box, "purchase.order.line", line["id"], price_unit=3.5)
    more = order.lines[0].model_copy(update={"quantity": Decimal(20)})
    (outcome,) = await delivered(hub, order.model_copy(update={"revision": 1, "lines": (more,), "confirm": True}))
    assert f"{KEPT}line 1 (price)." in outcome.words
    assert await order_lines(sandboxed, order) == [(20, 3.5)]
    assert (await head(sandboxed, order))["state"] == "purchase"  # the price was the buyer's to give


@pytest.mark.req("SYS-1", "MD-1")
@pytest.mark.one_odoo
async def test_lines_that_a_buyer_removed_or_added(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    order = world.order(("10", "1"), ("5", "2"), confirm=False)
    await delivered(hub, order)
    first, second = await lines(sandboxed, order)
    extra = {"order_id": (await head(sandboxed, order))["id"], "product_id": first["product_id"], "product_qty": 1}
    box.change(lambda env: env["purchase.order.line"].unlink(second["id"]))
    box.change(lambda env: env["purchase.order.line"].create({**extra, "price_unit": 9}))
    for again in (order, revised(order, 1, (1, "11", "1"), (2, "5", "2"))):
        (outcome,) = await delivered(hub, again)
        assert f"{KEPT}line 2 (removed)." in outcome.words
    assert await order_lines(sandboxed, order) == [(11, 1), (1, 9)]
    await refused(hub, revised(order, 2, (1, "11", "1"), (2, "6", "2")), "odoo.conflict", "line 2 (removed)")
    await refused(hub, order.model_copy(update={"revision": 2, "confirm": True}), "odoo.conflict", "line 2 (removed)")
    await delivered(hub, revised(order, 2, (1, "12", "1")))  # it is not wanted any more
    assert await order_lines(sandboxed, order) == [(12, 1), (1, 9)]


@pytest.mark.req("SYS-1", "MD-1")
@pytest.mark.one_odoo
async def test_nothing_is_confirmed_that_is_not_what_was_ordered(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    order = world.order(("10", "1"), ("5", "2"), confirm=False)
    await delivered(hub, order)
    first, _ = await lines(sandboxed, order)
    edit(box, "purchase.order.line", first["id"], product_qty=7)
    firm = order.model_copy(update={"confirm": True})
    for attempt in (1, 2):
        await refused(hub, firm, "odoo.conflict", "line 1 (quantity)", "not confirmed", attempt=attempt)
    assert (await head(sandboxed, order))["state"] == "draft"
    edit(box, "purchase.order.line", first["id"], product_qty=10)
    await delivered(hub, firm)
    assert (await head(sandboxed, order))["state"] == "purchase"
    edit(box, "purchase.order.line", first["id"], product_qty=8)  # of a confirmed one as well
    later = revised(firm, 1, (1, "10", "1"), (2, "6", "2"))
    await refused(hub, later, "odoo.conflict", "line 1 (quantity)")
    assert await order_lines(sandboxed, order) == [(8, 1), (5, 2)]
    gone = revised(firm, 1, (2, "6", "2"))
    await refused(hub, gone, "odoo.conflict", "no longer ordered")
    edit(box, "purchase.order.line", first["id"], product_qty=0)
    await delivered(hub, gone)
    assert await order_lines(sandboxed, order) == [(0, 1), (6, 2)]


@pytest.mark.req("SYS-1", "MD-1")
@pytest.mark.one_odoo
async def test_another_supplier_or_warehouse_that_a_buyer_chose_stays(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    other = world.supplier.model_copy(update={"code": sandboxed.name("SUP2")})
    await delivered(hub, other, Warehouse(code=sandboxed.unique[:5].upper(), title=sandboxed.name("South")))
    order = world.order(("10", "1"), confirm=False)
    await delivered(hub, order)
    row = await head(sandboxed, order)
    (vendor,) = await sandboxed.known_as("res.partner", "supplier", other.code)
    edit(box, "purchase.order", row["id"], partner_id=vendor["id"])
    (outcome,) = await delivered(hub, revised(order, 1, (1, "12", "1")))
    assert f"{KEPT}the supplier." in outcome.words
    assert (await head(sandboxed, order))["partner_id"] == vendor["id"]


@pytest.mark.req("SYS-1", "MD-1")
@pytest.mark.one_odoo
async def test_a_draft_of_which_nobody_knows_what_the_hub_wrote(sandboxed: FarSide) -> None:
    """An order of a hub of before: Odoo says who wrote it last."""
    hub, world, box = await sandboxed.stage()
    mine, theirs = world.order(("10", "1"), confirm=False), world.order(("10", "1"), confirm=False)
    await delivered(hub, mine, theirs)
    assert isinstance(sandboxed.notes, NotePad)
    sandboxed.notes.notes.clear()
    (line,) = await lines(sandboxed, theirs)
    edit(box, "purchase.order.line", line["id"], product_qty=7)
    (outcome,) = await delivered(hub, revised(mine, 1, (1, "12", "1")))
    assert KEPT not in outcome.words
    assert await order_lines(sandboxed, mine) == [(12, 1)]
    await refused(hub, revised(theirs, 1, (1, "12", "1")), "odoo.conflict", "not known any more")
    assert await order_lines(sandboxed, theirs) == [(7, 1)]


class Away(NotePad):
    """Notes in a database that is not there."""

    async def get(self, names: Any) -> dict[str, Any]:
        raise DatabaseUnavailable("not now")

    async def put(self, values: Any) -> None:
        raise DatabaseUnavailable("not now")


@pytest.mark.req("SYS-1")
@pytest.mark.one_odoo
async def test_an_order_waits_while_notes_cannot_be_read_or_made(sandboxed: FarSide) -> None:
    hub, world, _ = await sandboxed.stage()
    order = world.order(("10", "1"), confirm=False)
    notes, sandboxed.notes = sandboxed.notes, Away()
    away = await sandboxed.open()
    (outcome,) = await settle(away, order)
    assert isinstance(outcome, TryAgain)
    await delivered(hub, order)  # it is there, and nothing else happens
    (outcome,) = await settle(away, revised(order, 1, (1, "12", "1")))
    assert isinstance(outcome, TryAgain)
    assert await order_lines(sandboxed, order) == [(10, 1)]
    sandboxed.notes = notes
    await delivered(hub, revised(order, 1, (1, "12", "1")))
    assert (await lines(sandboxed, order))[0]["date_planned"][:10] == date(2026, 12, 1).isoformat()

"""Used supplies, counts, orders and charges: what arrives in Odoo, what is refused, and in which words."""

from __future__ import annotations

from decimal import Decimal

import pytest
from odoo_far_side import FarSide, World, deliveries, delivery
from odoo_outcomes import delivered, refused

from hilum.canonical import Charge, PurchaseOrder, SupplyConsumed
from hilum.connectors.odoo import Odoo
from hilum.errors import Rejected, TryAgain
from hilum.message import Delivered
from hilum.simulator.odoo import Fault, Faults, SandboxOdoo


async def test_used_supplies_leave_stock_once(far: FarSide, hub: Odoo, world: World) -> None:
    await hub.deliver(deliveries([world.count("10")]))
    use = world.use("3")
    for attempt in (1, 2, 3):
        (outcome,) = await delivered(hub, use, attempt=attempt)
        assert await far.stock(use.item, use.location) == 7
    (picking,) = await far.known_as("stock.picking", "use", use.transaction)
    assert picking["state"] == "done"
    assert picking["origin"] == use.transaction
    assert outcome.reference == f"stock.picking:{picking['id']} {picking['name']}"
    assert outcome.words.startswith("Taken off stock: 3 EA")


@pytest.mark.req("MOD-5")
async def test_stock_goes_below_zero_when_reality_was_quicker(far: FarSide, hub: Odoo, world: World) -> None:
    await hub.deliver(deliveries([world.count("1")]))
    use = world.use("2.5")
    await delivered(hub, use)
    assert await far.stock(use.item, use.location) == Decimal("-1.5")
    (picking,) = await far.known_as("stock.picking", "use", use.transaction)
    assert len(await far.rows("stock.move", picking_id=picking["id"])) == 1
    assert await far.rows("stock.picking", backorder_id=picking["id"]) == []


async def test_a_negative_use_comes_back(far: FarSide, hub: Odoo, world: World) -> None:
    use, back = world.use("5"), world.use("-2")
    outcomes = await hub.deliver([delivery(use, key="a"), delivery(back, key="a")])
    assert all(isinstance(outcome, Delivered) for outcome in outcomes), outcomes
    assert await far.stock(use.item, use.location) == -3


async def test_a_unit_is_converted_by_odoo_and_a_foreign_one_refused(far: FarSide, hub: Odoo, world: World) -> None:
    dozen, kilogram = world.use("2", unit="DZN"), world.use("2", unit="KGM")
    first, second = await hub.deliver(deliveries([dozen, kilogram]))
    assert isinstance(first, Delivered), first
    assert isinstance(second, Rejected)
    assert second.category == "odoo.unit"
    assert await far.stock(dozen.item, dozen.location) == -24


async def test_what_is_missing_is_named(far: FarSide, hub: Odoo, world: World) -> None:
    things = [
        world.use(item="no-such-item"),
        world.use(location="no-such-place"),
        world.count("1", item="no-such-item"),
        world.order(supplier="no-such-supplier"),
        world.charge(account="no-such-account"),
        world.use(quantity="0"),
    ]
    outcomes = await hub.deliver(deliveries(things))
    for outcome, words in zip(outcomes, ["item", "place", "item", "supplier", "account"], strict=False):
        assert isinstance(outcome, Rejected)
        assert outcome.category == "odoo.missing_reference"
        assert f"no-such-{words}" in str(outcome)
        assert "then replay" in str(outcome) or "replay it first" in str(outcome)
    assert isinstance(outcomes[-1], Rejected)


async def test_items_and_places_of_odoo_are_found_by_their_own_codes(sandboxed: FarSide) -> None:
    hub = await sandboxed.open()
    world = World(sandboxed)
    box = sandboxed.sandbox
    assert box is not None
    box.change(lambda env: env["product.product"].create({"name": "Mask", "default_code": "MASK", **sandboxed.stored}))
    use = world.use("4", item="MASK", location="Theatre")
    await delivered(hub, use)
    box.change(lambda env: env["product.product"].create({"name": "Mask 2", "default_code": "MASK"}))
    fresh = await sandboxed.open()
    await refused(fresh, world.use("4", item="MASK", location="Theatre"), "odoo.ambiguous_reference")


async def test_an_item_is_found_although_its_code_was_changed_in_odoo(sandboxed: FarSide) -> None:
    _, world, box = await sandboxed.stage()
    (row,) = await sandboxed.known_as("product.product", "item", world.item.code)
    box.change(lambda env: env["product.product"].write(row["id"], {"default_code": "OTHER"}))
    fresh = await sandboxed.open()
    await delivered(fresh, world.use("1"))


async def test_lots_of_tracked_items(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    (product,) = await sandboxed.known_as("product.product", "item", world.tracked.code)
    lot = box.change(lambda env: env["stock.lot"].create({"name": "L1", "product_id": product["id"]}).id)
    good = world.use("1", item=world.tracked.code, lot="L1")
    without, unknown = world.use("1", item=world.tracked.code), world.use("1", item=world.tracked.code, lot="L9")
    untracked = world.use("1", lot="L1")
    for attempt in (1, 2):
        outcomes = await hub.deliver([delivery(x, attempt=attempt) for x in (good, without, unknown, untracked)])
        assert isinstance(outcomes[0], Delivered), outcomes[0]
        assert isinstance(outcomes[1], Rejected)
        assert outcomes[1].category == "odoo.lot_required"
        assert isinstance(outcomes[2], Rejected)
        assert outcomes[2].category == "odoo.missing_reference"
        assert isinstance(outcomes[3], Delivered)
        assert "lot was left out" in outcomes[3].words
    (place,) = await sandboxed.known_as("stock.location", "location", world.location.code)
    (quant,) = await sandboxed.rows("stock.quant", product_id=product["id"], location_id=place["id"])
    assert (quant["lot_id"], quant["quantity"]) == (lot, -1)
    await delivered(hub, world.count("5", item=world.tracked.code, lot="L1"))
    assert await sandboxed.stock(world.tracked.code, world.location.code) == 5


async def test_a_count_is_applied_once_even_when_stock_has_moved_since(far: FarSide, hub: Odoo, world: World) -> None:
    count, use = world.count("10"), world.use("4")
    await hub.deliver(deliveries([count]))
    await hub.deliver(deliveries([use]))
    await delivered(hub, count, attempt=2)
    assert await far.stock(count.item, count.location) == 6
    await delivered(hub, world.count("0"))
    assert await far.stock(count.item, count.location) == 0
    await refused(hub, world.count("1", unit="DZN"), "odoo.unit")


async def test_a_count_of_zero_is_applied_once_although_odoo_forgets_the_quantity(sandboxed: FarSide) -> None:
    """Odoo deletes quantities of zero in its own time, and with them what the hub called them."""
    hub, world, box = await sandboxed.stage()
    await hub.deliver(deliveries([world.count("3")]))
    empty = world.count("0")
    await hub.deliver(deliveries([empty]))
    (quant,) = await sandboxed.known_as("stock.quant", "count", empty.business_key)
    assert quant["quantity"] == 0
    box.change(lambda env: env["stock.quant"].unlink(quant["id"]))
    await hub.deliver(deliveries([world.use("-5")]))
    assert isinstance(await hub.landed(delivery(empty)), Delivered)
    for attempt in (1, 2):
        (again,) = await hub.deliver([delivery(empty, attempt=attempt)])
        assert isinstance(again, Delivered), again
        assert await sandboxed.stock(empty.item, empty.location) == 5


@pytest.mark.req("MOD-5")
@pytest.mark.every_odoo
async def test_an_order_is_written_with_its_lines_and_confirmed(far: FarSide, hub: Odoo, world: World) -> None:
    order = world.order(("10", "1.25"), ("2.5", "0.1"), requisition="R-1")
    for attempt in (1, 2):
        (outcome,) = await delivered(hub, order, attempt=attempt)
    (row,) = await far.known_as("purchase.order", "order", order.number)
    assert (row["state"], row["origin"], row["partner_ref"]) == ("purchase", order.number, "R-1")
    lines = await far.rows("purchase.order.line", order_id=row["id"])
    found = {(Decimal(str(line["product_qty"])), Decimal(str(line["price_unit"]))) for line in lines}
    assert len(lines) == 2
    assert found == {(Decimal(10), Decimal("1.25")), (Decimal("2.5"), Decimal("0.1"))}
    assert "is confirmed in Odoo" in outcome.words
    assert outcome.reference == f"purchase.order:{row['id']} {row['name']}"
    assert len(await far.rows("stock.picking", origin=row["name"])) == 1


async def test_a_draft_order_may_change_and_a_confirmed_one_may_not(far: FarSide, hub: Odoo, world: World) -> None:
    order = world.order(("10", "1.25"), confirm=False)
    (outcome,) = await delivered(hub, order)
    assert "draft for a buyer" in outcome.words
    (line,) = order.lines
    more = order.model_copy(update={"lines": (line.model_copy(update={"quantity": Decimal(12)}),), "confirm": True})
    (outcome,) = await delivered(hub, more)
    (row,) = await far.known_as("purchase.order", "order", order.number)
    (kept,) = await far.rows("purchase.order.line", order_id=row["id"])
    assert kept["product_qty"] == 12
    await refused(hub, order, "odoo.conflict", row["name"])
    assert (await far.rows("purchase.order.line", order_id=row["id"]))[0]["product_qty"] == 12


async def test_lines_without_a_price_take_odoo_s_and_lines_with_one_keep_it(
    far: FarSide, hub: Odoo, world: World
) -> None:
    order = world.order(("10", "1.25"), ("3", None))
    for attempt in (1, 2):
        await delivered(hub, order, attempt=attempt)
    (row,) = await far.known_as("purchase.order", "order", order.number)
    lines = await far.rows("purchase.order.line", order_id=row["id"])
    assert sorted(line["product_qty"] for line in lines) == [3, 10]
    assert row["state"] == "purchase"


async def test_an_order_that_waits_for_approval_or_was_cancelled_is_said_so(sandboxed: FarSide) -> None:
    _, world, box = await sandboxed.stage()
    hub = await sandboxed.open_as_user()
    company = {"po_double_validation": "two_step", "po_double_validation_amount": 5.0}
    box.change(lambda env: env["res.company"].write(1, company))
    order = world.order(("10", "1.25"))
    for attempt in (1, 2):
        (outcome,) = await delivered(hub, order, attempt=attempt)
        assert "waits for approval" in outcome.words
    (row,) = await sandboxed.known_as("purchase.order", "order", order.number)
    assert row["state"] == "to approve"
    box.change(lambda env: env["purchase.order"].write(row["id"], {"state": "cancel"}))
    (cancelled,) = await hub.deliver([delivery(order, attempt=3)])
    assert isinstance(cancelled, Rejected)
    assert "cancelled" in str(cancelled)


@pytest.mark.req("MOD-5")
async def test_a_charge_becomes_a_posted_invoice_once(far: FarSide, hub: Odoo, world: World) -> None:
    await far.needs(Charge)
    charge = world.charge("2", "12.50", encounter="V-1")
    for attempt in (1, 2):
        (outcome,) = await delivered(hub, charge, attempt=attempt)
    (move,) = await far.known_as("account.move", "charge", charge.transaction)
    assert (move["state"], move["move_type"], move["ref"]) == ("posted", "out_invoice", charge.transaction)
    assert (move["invoice_date"], move["invoice_origin"]) == (far.day, "V-1")
    (partner,) = await far.known_as("res.partner", "account", world.account.number)
    assert move["partner_id"] == partner["id"]
    (line,) = await far.rows("account.move.line", move_id=move["id"], display_type="product")
    assert (line["quantity"], line["price_unit"], line["name"]) == (2, 12.5, "Gloves")
    assert outcome.reference == f"account.move:{move['id']} {move['name']}"
    assert outcome.words == f"Invoiced to account {world.account.number}: {move['name']}."


async def test_a_charge_that_comes_after_the_account_was_closed(far: FarSide, hub: Odoo, world: World) -> None:
    await far.needs(Charge)
    await hub.deliver(deliveries([world.account.model_copy(update={"active": False})]))
    late = await far.open()  # remembers nothing
    await delivered(late, world.charge())


async def test_a_credit_and_an_item_that_odoo_does_not_know(far: FarSide, hub: Odoo, world: World) -> None:
    await far.needs(Charge)
    credit, service = world.charge("-1", "3"), world.charge("1", "80", item="SVC", description="Recovery room, hour")
    await delivered(hub, credit, service)
    (refund,) = await far.known_as("account.move", "charge", credit.transaction)
    assert refund["move_type"] == "out_refund"
    (move,) = await far.known_as("account.move", "charge", service.transaction)
    (line,) = await far.rows("account.move.line", move_id=move["id"], display_type="product")
    assert (line["product_id"] or None, line["name"]) == (None, "Recovery room, hour")


async def test_a_changed_charge_is_not_written_into_the_posted_invoice(far: FarSide, hub: Odoo, world: World) -> None:
    await far.needs(Charge)
    charge = world.charge("2", "12.50")
    await hub.deliver(deliveries([charge]))
    changed = charge.model_copy(update={"unit_price": Decimal("13.00")})
    await refused(hub, changed, "odoo.conflict", "price")
    (move,) = await far.known_as("account.move", "charge", charge.transaction)
    (line,) = await far.rows("account.move.line", move_id=move["id"], display_type="product")
    assert line["price_unit"] == 12.5


class Rounding(Faults):
    """Before a client reads invoice lines, their prices are rounded to two decimals: Odoo's default accuracy."""

    box: SandboxOdoo

    def draw(self, model: str, method: str) -> list[Fault]:
        """See `Faults.draw`."""
        if model == "account.move.line":
            for line in self.box.records(model):
                price = round(line["price_unit"], 2)
                if price != line["price_unit"]:
                    self.box.change(lambda env, n=line["id"], p=price: env[model].write(n, {"price_unit": p}))
        return []


@pytest.mark.req("MOD-5")
@pytest.mark.parametrize("version", ["18.0", "19.0"])
async def test_a_price_that_odoo_rounds_is_seen_by_a_person_before_it_is_posted(version: str) -> None:
    faults = Rounding()
    async with SandboxOdoo(version=version, faults=faults) as box:
        faults.box = box
        far = FarSide(box, "jsonrpc", None)
        hub, world = far.connector(), World(far)
        fine, exact = world.charge("1", "12.35"), world.charge("1000", "0.0125")
        await hub.open()
        await world.plant(hub)
        first, second = await hub.deliver(deliveries([fine, exact]))
        await hub.close()
        assert isinstance(first, Delivered), first
        assert isinstance(second, Rejected)
        assert "exact price" in str(second)
        (move,) = await far.known_as("account.move", "charge", exact.transaction)
        assert move["state"] == "draft"


async def test_a_locked_period_moves_the_date_where_the_settings_say_so(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage(locked_periods="move")
    lock = "fiscalyear_lock_date"
    box.change(lambda env: env["res.company"].write(1, {lock: "2026-06-30"}))
    charge = world.charge(service_date="2026-06-01")
    for attempt in (1, 2):
        (outcome,) = await delivered(hub, charge, attempt=attempt)
        assert "because 2026-06-01 is locked" in outcome.words


async def test_a_currency_that_is_not_active_is_refused(far: FarSide, hub: Odoo, world: World) -> None:
    await refused(hub, world.charge(currency="XAF"), "", "XAF")


@pytest.mark.req("MSG-10")
async def test_a_batch_of_documents_with_bad_ones_among_them(sandboxed: FarSide) -> None:
    """The bad ones fail at posting and at loading; every other one is there exactly once."""
    hub, world, _ = await sandboxed.stage(documents_per_call=10)
    charges: list[Charge | SupplyConsumed | PurchaseOrder] = [world.charge(str(n + 1)) for n in range(24)]
    charges[7] = world.charge("1", account="nobody")
    uses = [world.use("1") for _ in range(12)]
    orders = [world.order() for _ in range(5)]
    things = [*charges, *uses, *orders]
    outcomes = await hub.deliver(deliveries(things))
    assert [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, Delivered)] == [7]
    assert len(await sandboxed.rows("account.move", state="posted", move_type="out_invoice")) == 23
    assert await sandboxed.stock(world.item.code, world.location.code) == -12
    assert len(await sandboxed.rows("purchase.order", state="purchase")) == 5


async def test_the_order_of_a_key_holds_over_operations_and_failures(far: FarSide, hub: Odoo, world: World) -> None:
    await far.needs(Charge)
    first, second = world.charge("1"), world.charge("2", account="nobody")
    third, use = world.charge("3"), world.use("1")
    key = world.account.number
    outcomes = await hub.deliver([delivery(each, key=key) for each in (first, second, third, use)])
    assert isinstance(outcomes[0], Delivered), outcomes[0]
    assert isinstance(outcomes[1], Rejected)
    assert isinstance(outcomes[2], TryAgain)
    assert isinstance(outcomes[3], TryAgain)
    assert await far.known_as("account.move", "charge", third.transaction) == []
    assert await far.known_as("stock.picking", "use", use.transaction) == []


async def test_a_least_privileged_user_can_do_all_documents(sandboxed: FarSide) -> None:
    _, world, _ = await sandboxed.stage()
    user = await sandboxed.open_as_user()
    things = [world.count("10"), world.use("1"), world.order(), world.charge(), world.account, world.supplier]
    await delivered(user, *things)
    new = world.item.model_copy(update={"code": sandboxed.name("NEW")})
    await refused(user, new, "", new.code)

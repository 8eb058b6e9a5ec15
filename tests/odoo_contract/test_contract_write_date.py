"""Measured facts §9: what `write_date` tells a client that polls for changes, and what it hides."""

from __future__ import annotations

from typing import Any

import pytest
from contract_client import DAY, Refusal, Server, unique


async def dated(odoo: Server, **values: Any) -> tuple[int, str]:
    """A new partner and its write_date."""
    partner = await odoo.create("res.partner", {"name": unique(), **values})
    return partner, await odoo.value("res.partner", partner, "write_date")


async def moved(odoo: Server, model: str, record_id: int, before: str) -> bool:
    return await odoo.value(model, record_id, "write_date") > before


async def test_one_instant_for_a_call(odoo: Server) -> None:
    """Measured facts §9: all rows of a call have one write_date, shown in whole seconds."""
    ids = await odoo.call("res.partner", "create", vals_list=[{"name": unique()} for _ in range(20)])
    rows = await odoo.call("res.partner", "read", ids, fields=["write_date", "create_date"])
    assert len({row["write_date"] for row in rows} | {row["create_date"] for row in rows}) == 1
    assert len(rows[0]["write_date"]) == len("2026-01-02 03:04:05")


@pytest.mark.parametrize(
    ("operator", "on_18", "on_19"),
    [("=", False, True), (">", True, False), ("<=", False, True), (">=", True, True), ("<", False, False)],
)
async def test_comparing_with_the_shown_second(odoo: Server, operator: str, on_18: bool, on_19: bool) -> None:
    """Measured facts §9: only `>=` and `<` with whole seconds mean the same in 18 and 19."""
    partner, shown = await dated(odoo)
    found = await odoo.find("res.partner", [["id", "=", partner], ["write_date", operator, shown]])
    assert bool(found) == (on_19 if odoo.is_19 else on_18)


async def test_texts_of_a_filter(odoo: Server) -> None:
    """Measured facts §9: `T` is accepted in filters; `Z` is accepted in 18 and a ValueError in 19."""
    partner, shown = await dated(odoo)
    with_t = shown.replace(" ", "T")
    own = ["id", "=", partner]
    assert await odoo.find("res.partner", [own, ["write_date", ">=", with_t]]) == [partner]
    if odoo.is_19:
        with pytest.raises(Refusal) as caught:
            await odoo.find("res.partner", [own, ["write_date", ">=", with_t + "Z"]])
        assert caught.value.name == "builtins.ValueError"
    else:
        assert await odoo.find("res.partner", [own, ["write_date", ">=", with_t + "Z"]]) == [partner]


@pytest.mark.parametrize("values", [{"city": "Ghent"}, {}], ids=["the same value", "nothing"])
async def test_moved_by_writes_that_change_nothing(odoo: Server, values: dict[str, str]) -> None:
    """Measured facts §9: a write moves write_date also with the same value or with no value."""
    partner, before = await dated(odoo, city="Ghent")
    await odoo.next_second()
    await odoo.call("res.partner", "write", [partner], vals=values)
    assert await moved(odoo, "res.partner", partner, before)


async def test_moved_by_many2many(odoo: Server) -> None:
    """Measured facts §9: a change of a many2many moves write_date."""
    partner, before = await dated(odoo)
    tag = await odoo.create("res.partner.category", {"name": unique("tag")})
    await odoo.next_second()
    await odoo.call("res.partner", "write", [partner], vals={"category_id": [[4, tag]]})
    assert await moved(odoo, "res.partner", partner, before)


async def test_moved_by_recomputed_amounts(odoo: Server) -> None:
    """Measured facts §9: an order moves when a line changes its stored total."""
    await odoo.needs("purchase.order")
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    product = await odoo.create("product.product", {"name": unique()})
    lines = [[0, 0, {"product_id": product, "product_qty": 1, "price_unit": 2}]]
    order = await odoo.create("purchase.order", {"partner_id": vendor, "order_line": lines})
    row = await odoo.read("purchase.order", order, "write_date", "order_line")
    await odoo.next_second()
    await odoo.call("purchase.order.line", "write", row["order_line"], vals={"price_unit": 3})
    assert await moved(odoo, "purchase.order", order, row["write_date"])


async def test_code_moves_template_and_cost_does_not(odoo: Server) -> None:
    """Measured facts §9: a new code of a variant moves its template; a new cost moves the variant only."""
    await odoo.needs("product.product")
    product = await odoo.create("product.product", {"name": unique()})
    row = await odoo.read("product.product", product, "product_tmpl_id", "write_date")
    template, before = row["product_tmpl_id"][0], row["write_date"]
    await odoo.next_second()
    await odoo.call("product.product", "write", [product], vals={"standard_price": 3.5})
    assert await moved(odoo, "product.product", product, before)
    assert not await moved(odoo, "product.template", template, before)
    await odoo.call("product.product", "write", [product], vals={"default_code": unique("code")})
    assert await moved(odoo, "product.template", template, before)


async def test_not_moved_by_what_hangs_on_a_partner(odoo: Server) -> None:
    """Measured facts §9: a new child contact or bank account does not move the partner."""
    partner, before = await dated(odoo, is_company=True)
    await odoo.next_second()
    await odoo.create("res.partner", {"name": unique("child"), "parent_id": partner})
    await odoo.create("res.partner.bank", {"acc_number": unique("acc"), "partner_id": partner})
    assert not await moved(odoo, "res.partner", partner, before)


async def test_not_moved_by_the_chatter(odoo: Server) -> None:
    """Measured facts §9: a note in its chatter does not move a record."""
    await odoo.needs("mail.message")
    partner, before = await dated(odoo)
    await odoo.next_second()
    note = {"model": "res.partner", "res_id": partner, "body": "<p>seen</p>", "message_type": "comment"}
    await odoo.create("mail.message", note)
    assert not await moved(odoo, "res.partner", partner, before)


async def test_posting_a_bill_and_the_order(odoo: Server) -> None:
    """Measured facts §9: posting a bill does not move its order."""
    await odoo.needs_books()
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    product = await odoo.create("product.product", {"name": unique(), "type": "service", "purchase_method": "purchase"})
    line = [0, 0, {"product_id": product, "product_qty": 1, "price_unit": 2}]
    order = await odoo.create("purchase.order", {"partner_id": vendor, "order_line": [line]})
    await odoo.call("purchase.order", "button_confirm", [order])
    await odoo.call("purchase.order", "action_create_invoice", [order])
    (bill,) = await odoo.value("purchase.order", order, "invoice_ids")
    await odoo.call("account.move", "write", [bill], vals={"invoice_date": DAY})
    before = await odoo.value("purchase.order", order, "write_date")
    await odoo.next_second()
    await odoo.call("account.move", "action_post", [bill])
    assert not await moved(odoo, "purchase.order", order, before)


async def test_not_moved_by_price_and_stock(odoo: Server) -> None:
    """Measured facts §9: a new vendor price or a stock count does not move the product."""
    await odoo.needs("stock.quant")
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    product = await odoo.create("product.product", {"name": unique(), **odoo.stored})
    row = await odoo.read("product.product", product, "product_tmpl_id", "write_date")
    (place,) = await odoo.find("stock.location", [["usage", "=", "internal"]], limit=1)
    await odoo.next_second()
    template = row["product_tmpl_id"][0]
    await odoo.create("product.supplierinfo", {"partner_id": vendor, "product_tmpl_id": template, "price": 1})
    count = {"product_id": product, "location_id": place, "inventory_quantity_auto_apply": 5}
    await odoo.create("stock.quant", count, inventory_mode=True)
    assert not await moved(odoo, "product.product", product, row["write_date"])
    assert not await moved(odoo, "product.template", template, row["write_date"])


async def test_safe_paging(odoo: Server) -> None:
    """Measured facts §9: a window of whole seconds read by id finds every row once, in 18 and 19."""
    ref = unique()
    wanted = await odoo.call("res.partner", "create", vals_list=[{"name": ref, "ref": ref} for _ in range(25)])
    low = await odoo.value("res.partner", wanted[0], "write_date")
    await odoo.next_second()
    _, high = await dated(odoo)
    found: list[int] = []
    while True:
        last = found[-1] if found else 0
        window = [["write_date", ">=", low], ["write_date", "<", high], ["ref", "=", ref], ["id", ">", last]]
        page = await odoo.find("res.partner", window, order="id", limit=10)
        found += page
        if len(page) < 10:
            break
    assert found == wanted


async def test_late_commits_are_older_than_the_watermark(odoo: Server) -> None:
    """Measured facts §9: a long transaction commits rows with a write_date before what a poll has already seen."""
    sandbox = odoo.only_sandbox("a transaction that ends when the test says so")
    ref = unique()
    slow = sandbox.hold()
    await odoo.next_second()
    _, watermark = await dated(odoo)
    assert await odoo.find("res.partner", [["ref", "=", ref]]) == []
    late = slow.commit(lambda env: env["res.partner"].create({"name": ref, "ref": ref}).id)
    newer = [["ref", "=", ref], ["write_date", ">", watermark]]
    assert await odoo.find("res.partner", newer) == []
    assert await odoo.value("res.partner", late, "write_date") < watermark


async def test_confirming_and_the_lines(odoo: Server) -> None:
    """Measured facts §9: confirming an order does not move its lines on 19; a receipt moves the order on both."""
    await odoo.needs("purchase.order")
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    product = await odoo.create("product.product", {"name": unique(), **odoo.stored})
    lines = [[0, 0, {"product_id": product, "product_qty": 1, "price_unit": 2}]]
    order = await odoo.create("purchase.order", {"partner_id": vendor, "order_line": lines})
    (line,) = await odoo.value("purchase.order", order, "order_line")
    before = await odoo.value("purchase.order.line", line, "write_date")
    await odoo.next_second()
    await odoo.call("purchase.order", "button_confirm", [order])
    if odoo.is_19:
        assert not await moved(odoo, "purchase.order.line", line, before)
    confirmed = await odoo.value("purchase.order", order, "write_date")
    await odoo.next_second()
    (receipt,) = await odoo.value("purchase.order", order, "picking_ids")
    await odoo.receive(receipt)
    assert await moved(odoo, "purchase.order", order, confirmed)

"""Documents that are captured from Odoo are whole: lines, and relations with code and external identifier."""

from __future__ import annotations

import pytest
from documents_odoo import People, heard
from followed_odoo import Followed

from hilum.simulator.odoo.orm.record import Env
from hilum.testing import eventually

pytestmark = pytest.mark.req("NEW-3")

ORDER = "purchase.order"


async def test_an_order_is_told_with_its_lines_and_what_they_are_related_to(followed: Followed) -> None:
    people = People(followed)
    people.begin()
    order = people.order((people.glove, 12.0, 3.4))
    (line,) = people.lines("purchase.order.line", order_id=order)
    source = followed.changes(models=[ORDER], fields={})
    async with heard(source) as hearing:
        told = await hearing.told(ORDER, order, "created")
    values = told["values"]
    supplier = {"id": people.supplier, "name": "Gloves Ltd", "external_id": "hilum.supplier_V1", "code": "V1"}
    assert (values["name"], values["origin"], values["partner_id"]) == ("P00001", "PO-7", supplier)
    assert values["requisition_id"] is None
    assert (values["currency_id"]["name"], values["currency_id"]["code"]) == ("EUR", "EUR")
    assert values["currency_id"]["external_id"] == "base.EUR"
    (shown,) = values["order_line"]
    glove = {"id": people.glove, "name": "[G-1] Glove", "external_id": "hilum.item_G-1", "code": "G-1"}
    assert (shown["id"], shown["external_id"], shown["product_id"]) == (line["id"], "", glove)
    assert (shown["product_qty"], shown["price_unit"]) == (12.0, 3.4)
    assert shown[people.unit]["external_id"] == "uom.product_uom_unit"
    assert shown[people.taxes] == []
    assert "order_id" not in shown


async def test_taxes_are_told_by_name_and_of_several_external_ids_the_hubs_own(followed_19: Followed) -> None:
    people = People(followed_19)
    people.begin()

    def work(env: Env) -> int:
        tax = env["account.tax"].create({"name": "15%", "amount": 15.0}).id
        for module in ("a_module", "hilum"):
            env["ir.model.data"].create({"module": module, "name": "tax_15", "model": "account.tax", "res_id": tax})
        return int(tax)

    tax = followed_19.change(work)
    order = people.order((people.glove, 1.0, 10.0))
    (line,) = people.lines("purchase.order.line", order_id=order)
    people.write("purchase.order.line", line["id"], tax_ids=[(6, 0, [tax])])
    async with heard(followed_19.changes(models=[ORDER], fields={})) as hearing:
        told = await hearing.told(ORDER, order, "created")
    assert told["values"]["order_line"][0]["tax_ids"] == [
        {"id": tax, "name": "15%", "external_id": "hilum.tax_15", "code": "15"}
    ]


async def test_calls_for_a_page_do_not_grow_with_orders_and_lines(followed_19: Followed) -> None:
    """One for the orders, one for all lines, one for all external ids, one for each related model with codes."""
    people = People(followed_19)
    people.begin()
    source = followed_19.changes(models=[ORDER], fields={}, compare=3600, verify=0)
    first = people.order((people.glove, 1.0, 1.0))
    calls = followed_19.sandbox.calls.calls
    async with heard(source) as hearing:
        await hearing.told(ORDER, first, "created")
        await eventually(lambda: calls["purchase.order.line/formatted_read_group"] == 1)  # the one comparison
        shops = {}
        for count in (1, 30):
            calls.clear()
            made = followed_19.change(
                lambda env, count=count: [
                    env[ORDER]
                    .create(
                        {
                            "partner_id": people.supplier,
                            "order_line": [(0, 0, {"product_id": people.glove, "product_qty": n}) for n in range(1, 5)],
                        }
                    )
                    .id
                    for _ in range(count)
                ]
            )
            await hearing.told(ORDER, made[-1], "created")
            shops[count] = {name.removesuffix("/search_read"): number for name, number in calls.items()}
    for shop in shops.values():
        assert shop.pop(ORDER) >= 1  # looks
        assert 1 <= shop.pop("purchase.order.line") <= 3  # looks that read them again
        assert shop == {"ir.model.data": 1, "res.partner": 1, "product.product": 1}

"""What the feeds rely on to tell documents whole: searches along lines, names of relations, external ids of records."""

from __future__ import annotations

from typing import Any

import pytest
from contract_client import Refusal, Server, unique

ARCHIVED_TOO = {"active_test": False}


async def bought(odoo: Server) -> tuple[int, int]:
    """An order, and its line."""
    await odoo.needs("purchase.order")
    await odoo.needs("product.product", "to create products")
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    try:
        product = await odoo.create("product.product", {"name": unique("item")})
    except Refusal as refused:
        pytest.skip(f"needs the right to create products ({refused.name})")
    line = {"product_id": product, "product_qty": 2.0, "price_unit": 1.5}
    order = await odoo.create("purchase.order", {"partner_id": vendor, "order_line": [(0, 0, line)]})
    (number,) = await odoo.value("purchase.order", order, "order_line")
    return order, number


async def test_a_document_is_found_by_the_write_date_of_a_line(odoo: Server) -> None:
    """Also where it stands beside the document's own in one filter."""
    order, line = await bought(odoo)
    await odoo.next_second()
    await odoo.call("purchase.order.line", "write", [line], vals={"name": "other words"})
    written = await odoo.value("purchase.order.line", line, "write_date")

    async def found(*filters: Any) -> list[int]:
        return await odoo.find("purchase.order", [*filters, ["id", ">", order - 1]], order="id", context=ARCHIVED_TOO)

    by_line = ["order_line.write_date", ">=", written]
    assert await found(by_line) == [order]
    assert await found("|", ["write_date", ">=", "2999-01-01 00:00:00"], by_line) == [order]
    assert await found(["order_line.write_date", ">=", "2999-01-01 00:00:00"]) == []


async def test_a_transfer_is_found_by_the_write_date_of_a_detailed_line(odoo: Server) -> None:
    """Along two relations in one filter."""
    await odoo.needs("stock.picking")
    never = "2999-01-01 00:00:00"
    paths = ["write_date", "move_ids.write_date", "move_ids.move_line_ids.write_date"]
    assert await odoo.find("stock.picking", ["|", "|", *([path, ">=", never] for path in paths)]) == []


async def test_fields_of_lines_say_which_field_leads_back(odoo: Server) -> None:
    await odoo.needs("purchase.order")
    told = await odoo.call(
        "purchase.order", "fields_get", allfields=["order_line"], attributes=["type", "relation", "relation_field"]
    )
    expected = {"type": "one2many", "relation": "purchase.order.line", "relation_field": "order_id"}
    assert {name: told["order_line"][name] for name in expected} == expected


async def test_relations_are_read_with_names_and_lines_as_ids(odoo: Server) -> None:
    """The name of an archived partner too."""
    order, line = await bought(odoo)
    vendor = (await odoo.value("purchase.order", order, "partner_id"))[0]
    name = await odoo.value("res.partner", vendor, "name")
    await odoo.call("res.partner", "write", [vendor], vals={"active": False})
    (row,) = await odoo.call(
        "purchase.order",
        "search_read",
        domain=[["id", "=", order]],
        fields=["partner_id", "order_line", "origin"],
        load="_classic_read",
        context=ARCHIVED_TOO,
    )
    assert row == {"id": order, "partner_id": [vendor, name], "order_line": [line], "origin": False}


async def test_who_may_read_a_record_is_told_all_its_external_ids(odoo: Server) -> None:
    """By `get_metadata`, without a right on ir.model.data; the oldest first."""
    name = f"hilumcontract.{unique()}"
    answer = await odoo.call("res.partner", "load", fields=["id", "name"], data=[[name, "A"]])
    (row,) = await odoo.call("res.partner", "get_metadata", answer["ids"])
    assert [each["xmlid"] for each in row["xmlids"]] == [name]

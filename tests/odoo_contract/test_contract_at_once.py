"""Measured facts §6, §7 and §8: the same thing by several clients at one moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from contract_client import DAY, Refusal, Server, unique

CLIENTS = 4


async def at_once(*calls: Awaitable[Any]) -> list[Any]:
    """What each call answered; a refusal is an answer, any other error is not."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, Refusal):
            raise answer
    return answers


async def test_confirming(odoo: Server) -> None:
    """Measured facts §6: one receipt, however many confirm; 18 may refuse all but one with a ValidationError."""
    await odoo.needs("purchase.order")
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    product = await odoo.create("product.product", {"name": unique(), **odoo.stored})
    line = [0, 0, {"product_id": product, "product_qty": 2, "price_unit": 3}]
    order = await odoo.create("purchase.order", {"partner_id": vendor, "order_line": [line]})
    answers = await at_once(*(odoo.call("purchase.order", "button_confirm", [order]) for _ in range(3)))
    refused = [each for each in answers if isinstance(each, Refusal)]
    assert [each for each in answers if each not in refused] == [True] * (3 - len(refused))
    assert len(refused) < 3
    assert all(each.name == "odoo.exceptions.ValidationError" for each in refused)
    assert not (odoo.is_19 and refused)
    row = await odoo.read("purchase.order", order, "state", "picking_ids")
    assert (row["state"], len(row["picking_ids"])) == ("purchase", 1)


async def test_writing_one_record(odoo: Server) -> None:
    """Measured facts §8: Odoo repeats what met others by itself; nobody is refused, and the last writer wins."""
    partner = await odoo.create("res.partner", {"name": unique()})
    cities = [unique("city") for _ in range(CLIENTS * 3)]

    async def client(own: list[str]) -> list[Any]:
        return [await odoo.call("res.partner", "write", [partner], vals={"city": city}) for city in own]

    parts = [cities[n::CLIENTS] for n in range(CLIENTS)]
    assert await at_once(*(client(part) for part in parts)) == [[True] * 3] * CLIENTS
    assert await odoo.value("res.partner", partner, "city") in {part[-1] for part in parts}


async def test_writing_two_records_crosswise(odoo: Server) -> None:
    """Measured facts §8: two clients that write the same two records in opposite order are not refused."""
    two = await odoo.call("res.partner", "create", vals_list=[{"name": unique()} for _ in range(2)])
    city = unique("city")
    calls = [odoo.call("res.partner", "write", ids, vals={"city": city}) for ids in (two, two[::-1]) * 2]
    assert await at_once(*calls) == [True] * 4


async def test_making_one_external_id(odoo: Server) -> None:
    """Measured facts §7: of parallel creates of one name exactly one succeeds, the others are ValidationErrors."""
    await odoo.needs("ir.model.data", "Access Rights administrator")
    name = unique("race")
    row = {"module": "hilumcontract", "name": name, "model": "res.partner", "res_id": 99_999_998}
    answers = await at_once(*(odoo.create("ir.model.data", row) for _ in range(CLIENTS)))
    made = [each for each in answers if isinstance(each, int)]
    refused = [each for each in answers if isinstance(each, Refusal)]
    assert (len(made), len(refused)) == (1, CLIENTS - 1)
    assert all(each.name == "odoo.exceptions.ValidationError" for each in refused)
    await odoo.call("ir.model.data", "unlink", made)


async def test_posting_in_one_journal(odoo: Server) -> None:
    """Measured facts §8: entries that are posted at one moment in one journal get numbers of their own."""
    await odoo.needs_books()
    journal = await odoo.journal("general")
    accounts = await odoo.find("account.account", [["account_type", "=", "expense"]], limit=2)
    lines = [
        [0, 0, {"account_id": accounts[0], "debit": 4, "name": "a"}],
        [0, 0, {"account_id": accounts[-1], "credit": 4, "name": "b"}],
    ]
    values = {"move_type": "entry", "journal_id": journal, "date": DAY, "line_ids": lines}
    moves = [await odoo.create("account.move", {**values, "ref": unique()}) for _ in range(CLIENTS)]
    assert await at_once(*(odoo.call("account.move", "action_post", [each]) for each in moves)) == [False] * CLIENTS
    rows = await odoo.call("account.move", "read", moves, fields=["name", "state"])
    assert {row["state"] for row in rows} == {"posted"}
    assert len({row["name"] for row in rows}) == CLIENTS


async def test_billing(odoo: Server) -> None:
    """Measured facts §6: however many bill an order at one moment, one bill has its amount; 19 adds empty drafts."""
    await odoo.needs_books()
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    values = {"name": unique(), **odoo.stored, "purchase_method": "receive", "supplier_taxes_id": [[5]]}
    product = await odoo.create("product.product", values)
    line = [0, 0, {"product_id": product, "product_qty": 2, "price_unit": 3}]
    order = await odoo.create("purchase.order", {"partner_id": vendor, "order_line": [line]})
    await odoo.call("purchase.order", "button_confirm", [order])
    (receipt,) = await odoo.value("purchase.order", order, "picking_ids")
    await odoo.receive(receipt)
    answers = await at_once(*(odoo.call("purchase.order", "action_create_invoice", [order]) for _ in range(3)))
    bills = await odoo.value("purchase.order", order, "invoice_ids")
    rows = await odoo.call("account.move", "read", bills, fields=["amount_total"])
    assert sorted(row["amount_total"] for row in rows)[-1] == 6
    assert sum(row["amount_total"] for row in rows) == 6
    if odoo.is_19:
        assert len(bills) == len(answers)
    else:
        assert len(bills) == sum(not isinstance(each, Refusal) for each in answers) == 1

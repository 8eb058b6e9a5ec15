"""Contracts come by a flow and are what orders are held to within a second; what was known when can be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from hilum.canonical import Contract, ContractStatus, Money, PurchaseOrder, SupplierBill, SupplierPrice
from hilum.flow import Lookup
from hilum.flow.prices import Ask
from hilum.masterdata import terms
from hilum.message import new_id
from hilum.packs.contracts import Comparison, Tolerance, keep_to, with_agreed_prices
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.projects import make_flow

pytestmark = pytest.mark.req("NEW-4")

DAY = date(2026, 3, 10)
CONTRACT: dict[str, Any] = {
    "number": "C-7", "title": "Gloves", "supplier": "V1", "currency": "EUR", "valid_from": "2026-01-01",
    "prices": [{"item": "GLV", "unit": "BX", "tiers": [{"unit_price": "38"}]}],
}  # fmt: skip


def contract(price: str = "38", **more: Any) -> Contract:
    prices = [{"item": "GLV", "unit": "BX", "tiers": [{"unit_price": price}]}]
    return Contract.model_validate(CONTRACT | {"prices": prices} | more)


def ask(**more: Any) -> Ask:
    return Ask(**{"supplier": "V1", "item": "GLV", "quantity": Decimal(10), "unit": "BX", "on": DAY} | more)


def origin(message_id: UUID | None = None) -> terms.Origin:
    return terms.Origin(flow="clm.contracts", message_id=message_id or new_id())


async def put(database: Database, *said: Contract | SupplierPrice, by: terms.Origin | None = None) -> list[str]:
    words = []
    async with database.transaction() as connection:
        for each in said:
            if isinstance(each, Contract):
                words.append((await terms.keep_contract(connection, each, by or origin())).words)
            else:
                words.append((await terms.keep_price(connection, each, by or origin())).words)
    return words


async def test_memory_follows_what_is_agreed_changed_suspended_and_taken_out(database: Database) -> None:
    live, other = terms.LiveTerms(database), terms.LiveTerms(database)
    await live.load()
    await put(database, contract())
    await other.load()
    assert await live.catch_up()
    assert not await live.catch_up()
    assert live.price(ask()).price == other.price(ask()).price == 38
    await put(database, contract("36", revision=2))
    await live.catch_up()
    assert live.price(ask()).price == 36
    await put(database, contract("36", revision=3, status=ContractStatus.SUSPENDED))
    await live.catch_up()
    assert live.price(ask()).words == "contract C-7 is suspended"
    await put(database, contract(revision=4, prices=[]))
    await live.catch_up()
    assert (len(live), live.price(ask()).words) == (0, "V1 has no price for GLV")


async def test_an_older_revision_an_older_message_and_the_same_again_change_nothing(database: Database) -> None:
    first, second = new_id(), new_id()
    await put(database, contract("36", revision=2), by=origin(second))
    assert await put(database, contract("38")) == ["revision 2 of contract C-7, which is later, is known"]
    assert await put(database, contract("39", revision=2), by=origin(first)) == [
        "revision 2 of contract C-7, which is later, is known"
    ]
    assert await put(database, contract("36", revision=2)) == ["contract C-7 is known like that"]
    listed = SupplierPrice(supplier="V1", item="GZE", price=Money(amount=Decimal("1.50"), currency="EUR"))
    older = listed.model_copy(update={"price": Money(amount=Decimal("1.40"), currency="EUR")})
    await put(database, listed, by=origin(second))
    assert await put(database, older, by=origin(first)) == ["a later message says something else"]
    assert await put(database, listed) == ["known already"]
    async with database.cold() as connection:
        book = await terms.book(connection)
        rows = await (await connection.execute("SELECT count(*) FROM terms_price")).fetchone()
    assert (book.price(ask()).price, book.price(ask(item="GZE", unit="EA")).price) == (36, Decimal("1.5"))
    assert rows == (2,)


async def test_what_was_known_at_a_time_can_be_asked(database: Database) -> None:
    await put(database, contract("38"))
    await asyncio.sleep(0.01)
    between = datetime.now(UTC)
    await asyncio.sleep(0.01)
    await put(database, contract("36", revision=2))
    async with database.cold() as connection:
        before, then, now = (
            await terms.book(connection, at=datetime(2020, 1, 1, tzinfo=UTC)),
            await terms.book(connection, at=between),
            await terms.book(connection),
        )
    assert [book.price(ask()).price for book in (before, then, now)] == [None, 38, 36]


def read_contract(parsed: Any, _: Lookup) -> Any:
    return Contract.model_validate(parsed["contract"])


def read_order(parsed: Any, hub: Lookup) -> Any:
    order = PurchaseOrder.model_validate(parsed["order"])
    comparison = Comparison(prices=hub.prices, on=DAY)
    order = with_agreed_prices(order, comparison.order(order))
    checks = comparison.order(order)
    keep_to(checks, Tolerance(percent=Decimal(2)))
    return [order, *checks]


def order(number: str, price: str | None, item: str = "GLV") -> dict[str, Any]:
    line = {"number": 1, "item": item, "quantity": "10", "unit": "BX"} | ({"unit_price": price} if price else {})
    return {"id": number, "order": {"number": number, "supplier": "V1", "currency": "EUR", "lines": [line]}}


async def test_orders_are_held_to_contracts_and_what_leaks_is_known_line_by_line(
    database: Database, hub: Callable[..., Awaitable[Hub]]
) -> None:
    clm, portal, receiver = Feed("clm"), Feed("portal"), Receiver()
    contracts = make_flow(clm, name="clm.contracts", translate=read_contract, order_by=None, dedup_by=None)
    contracts.deliver_to(terms.keep())
    orders = make_flow(portal, receiver, name="portal.orders", translate=read_order, order_by=None)
    orders.deliver_to(terms.record())
    running = await hub(contracts, orders)
    await clm.send({"contract": CONTRACT})
    await eventually(lambda: running.project.lookup.prices.price(ask()).is_agreed)
    for each in (order("PO-1", None), order("PO-2", "38.50"), order("PO-3", "41.20"), order("PO-4", "5", "GZE")):
        await portal.send(each)

    async def checked() -> list[terms.Checked]:
        async with database.cold() as connection:
            return await terms.checked(connection, since=DAY, until=date(2026, 3, 11))

    async def all_there() -> bool:
        return len(await checked()) == 3

    await eventually(all_there)
    found = {each.document: each for each in await checked()}
    assert {name: (each.basis.value, each.leak) for name, each in found.items()} == {
        "PO-1": ("contract", Decimal("0.00")),
        "PO-2": ("contract", Decimal("5.00")),
        "PO-4": ("none", None),
    }

    def sent() -> dict[str, str]:
        return {each["number"]: each["lines"][0]["unit_price"] for each in receiver.bodies if "lines" in each}

    wanted = {"PO-1": "38", "PO-2": "38.50", "PO-4": "5"}
    await eventually(lambda: sent() == wanted, sent)
    words = ""

    async def held() -> bool:
        nonlocal words
        async with database.cold() as connection:
            cursor = await connection.execute("SELECT words FROM exception_case WHERE flow = 'portal.orders'")
            words = "".join(row[0] for row in await cursor.fetchall())
        return bool(words)

    await eventually(held)
    assert (
        "line 1, GLV: 41.20 for one BX, agreed are 38.00 (contract C-7, since 2026-01-01): 32.00 EUR too much" in words
    )


async def test_a_what_if_asks_the_same_of_another_book(database: Database) -> None:
    checks = Comparison(
        prices=terms.Book.of([terms.store.head_of(contract())], terms.store.facts_of(contract())), on=DAY
    )
    orders = [PurchaseOrder.model_validate(order(f"PO-{n}", p)["order"]) for n, p in enumerate(("38", "40"))]
    async with database.transaction() as connection:
        await terms.note(connection, [(check, new_id()) for each in orders for check in checks.order(each)])
        lines = await terms.checked(connection, since=DAY, until=date(2026, 4, 1))
    better = contract("35", revision=2)
    ((now,),) = (terms.what_if(lines, terms.Book.of([terms.store.head_of(better)], terms.store.facts_of(better))),)
    assert (now.lines, now.spent, now.leak, now.leak_then, now.difference) == (2, 780, 20, 80, 60)
    (without,) = terms.what_if(lines, terms.Book())
    assert (without.agreed, without.agreed_then, without.leak_then) == (2, 0, 0)


async def test_what_was_ordered_and_billed_would_be_saved_once(database: Database) -> None:
    agreed = terms.Book.of([terms.store.head_of(contract())], terms.store.facts_of(contract()))
    compare = Comparison(prices=agreed, on=DAY)
    ordered = PurchaseOrder.model_validate(order("PO-1", "38")["order"])
    line = {"number": 1, "item": "GLV", "quantity": 10, "unit": "BX", "unit_price": 38}
    said = {"number": "B-1", "supplier": "V1", "currency": "EUR", "billed_on": DAY, "lines": [line]}
    checks = [*compare.order(ordered), *compare.bill(SupplierBill.model_validate(said))]
    async with database.transaction() as connection:
        await terms.note(connection, [(check, new_id()) for check in checks])
        lines = await terms.checked(connection, since=DAY, until=date(2026, 4, 1))
    better = contract("35", revision=2)
    found = terms.what_if(lines, terms.Book.of([terms.store.head_of(better)], terms.store.facts_of(better)))
    assert [(each.document_type, each.spent, each.difference) for each in found] == [
        ("bill", 380, 30), ("order", 380, 30),
    ]  # fmt: skip

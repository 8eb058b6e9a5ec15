"""Stock that is critical opens a case and is told in the moment of the use, once a fall, until it rises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hilum.canonical import (
    BusinessObject,
    GoodsReceipt,
    PlannedDemand,
    ReorderRule,
    Requisition,
    StockLevel,
    SupplyConsumed,
)
from hilum.canonical.catalogue import read, write
from hilum.cases import conditions
from hilum.packs import inventory
from hilum.packs.inventory import stock_facts
from hilum.packs.inventory.replenishing import ReplenishmentRules, needed
from hilum.packs.inventory.stock_facts import note_orders
from hilum.packs.inventory.store_rules import levels_known
from hilum.postgres import Database
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.looks import rows
from support.projects import make_flow, target
from support.waits import Start

pytestmark = pytest.mark.req("WF-4")

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def rule(**more: Any) -> ReorderRule:
    return ReorderRule.model_validate({"location": "WARD-3", "item": "O2-MASK", "critical": "10"} | more)


def count(quantity: int, hour: int, **more: Any) -> StockLevel:
    told = {"count": f"C-{hour}", "item": "O2-MASK", "location": "WARD-3", "quantity": quantity}
    return StockLevel.model_validate(told | {"counted_at": BEGIN + timedelta(hours=hour)} | more)


def use(name: str, quantity: int, hour: int) -> SupplyConsumed:
    told = {"transaction": name, "item": "O2-MASK", "location": "WARD-3", "quantity": quantity}
    return SupplyConsumed.model_validate(told | {"used_at": BEGIN + timedelta(hours=hour)})


class Store:
    """A hub that keeps what happens to stock, and the phone that rings."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.feed, self.other = Feed(), Feed("other")
        self.phone = Receiver()

    async def say(self, *things: BusinessObject) -> None:
        for thing in things:
            await self.feed.send(write(thing))
        await self.done()

    async def done(self) -> None:
        async def there() -> bool:
            return not await rows(self.database, "SELECT 1 FROM message WHERE state <> 'completed'")

        await eventually(there)

    async def rings(self, *calls: tuple[str, bool]) -> None:
        """So it has rung: what was left, and whether it is over."""

        def heard() -> list[tuple[str, bool]]:
            return [(each["on_hand"], each["over"]) for each in self.phone.bodies]

        await eventually(lambda: heard() == [*calls], heard)

    async def cases(self) -> list[tuple[str, str]]:
        async with self.database.cold() as connection:
            return [(each.title, each.owner) for each in await conditions(connection)]


@pytest.fixture
async def store(hub: Start, database: Database) -> AsyncIterator[Store]:
    made = Store(database)
    flows = []
    for feed in (made.feed, made.other):
        flow = make_flow(feed, name=f"test.{feed.name}", format="bytes", translate=lambda body, _: read(body),
                         order_by=lambda body: read(body).business_key, dedup_by=None)  # fmt: skip
        flow.deliver_to(stock_facts.keep())
        flows.append(flow)
    alarm = inventory.alarms(to=[target(made.phone, "memory.phone")], source=inventory.StockAlarms(poll=0.02))
    await hub(*flows, alarm)
    yield made


async def test_a_fall_is_told_once_and_ends_when_it_rises(store: Store) -> None:
    await store.say(rule(), use("T-0", 3, 1))
    await store.rings()  # it was never counted: nobody knows
    await store.say(count(12, 2), use("T-1", 2, 3))
    assert await store.cases() == []  # 10 is what must be there
    await store.say(use("T-2", 1, 4))
    await store.rings(("9", False))
    await store.say(use("T-3", 4, 5), use("T-2", 1, 4))
    assert await store.cases() == [("O2-MASK is critical in WARD-3", "Supply chain")]
    asked = Requisition.model_validate(
        {"number": "RPL-1", "deliver_to": "WARD-3", "lines": [{"number": 1, "item": "O2-MASK", "quantity": "20"}]}
    )
    async with store.database.transaction() as connection:
        await note_orders(connection, asked, BEGIN)
    came = GoodsReceipt.model_validate(
        {"number": "IN-1", "order": "RPL-1-R1", "received_at": BEGIN + timedelta(hours=6),
         "lines": [{"item": "O2-MASK", "quantity": "20"}]}
    )  # fmt: skip
    await store.say(came, came)
    await store.rings(("9", False), ("25", True))
    assert await store.cases() == []
    await store.say(use("T-4", 20, 7))
    await store.rings(("9", False), ("25", True), ("5", False))
    await store.say(rule(critical="5"))  # somebody thinks that 5 will do
    await store.rings(("9", False), ("25", True), ("5", False), ("5", True))
    await store.say(rule(critical="6"))
    await store.rings(("9", False), ("25", True), ("5", False), ("5", True), ("5", False))
    await store.say(rule(active=False))
    await store.rings(("9", False), ("25", True), ("5", False), ("5", True), ("5", False), ("5", True))
    assert await store.cases() == []


async def test_two_uses_at_once_are_one_fall(store: Store) -> None:
    await store.say(rule(), count(20, 1))
    await asyncio.gather(*(store.feed.send(write(use(f"T-{n}", 1, 2))) for n in range(6)),
                         *(store.other.send(write(use(f"U-{n}", 1, 2))) for n in range(6)))  # fmt: skip
    await store.done()
    await eventually(lambda: len(store.phone.bodies) == 1)
    assert await rows(store.database, "SELECT count(*), max(on_hand) < 10 FROM stock_alarm") == [(1, True)]


async def test_levels_come_from_several_and_what_is_planned_is_ordered_in_time(store: Store) -> None:
    """Odoo's rule says the quantities, a spreadsheet what is critical and how long goods take."""
    await store.say(rule(lead_days=2), rule(item="PEN"), count(100, 1), count(100, 1, item="PEN"))
    await store.other.send(write(rule(critical=None, reorder_at="20", up_to="90", pack="10")))
    await store.done()
    async with store.database.cold() as connection:
        levels, wrong = await levels_known(connection)
    assert wrong == []
    found = {
        level.item: (level.reorder_at, level.up_to, level.pack, level.lead_days, level.minimum) for level in levels
    }
    assert found["O2-MASK"] == (20, 90, 10, 2, 10)

    async def asked(run: str) -> list[tuple[str, str]]:
        async with store.database.transaction() as connection:
            made = await needed(connection, ReplenishmentRules(ahead="P7D"), run, BEGIN + timedelta(days=1))
        return [(line["item"], line["quantity"]) for each in made["requisitions"] for line in each["lines"]]

    def plan(number: str, quantity: int, day: int) -> PlannedDemand:
        told = {"number": number, "location": "WARD-3", "item": "O2-MASK", "quantity": quantity}
        return PlannedDemand.model_validate(told | {"needed_at": BEGIN + timedelta(days=day)})

    assert await asked("R1") == []  # 100 there; a pen is only watched, and never ordered
    await store.say(plan("OP-1", 40, 5), plan("OP-2", 45, 9), plan("OP-3", 500, 30), plan("OP-0", 500, 0))
    assert await asked("R2") == [("O2-MASK", "70")]  # 100 - 85 = 15, up to 90 in tens
    await store.say(plan("OP-1", 0, 5))  # cancelled
    assert await asked("R3") == []
    async with store.database.transaction() as connection:
        await connection.execute("UPDATE reorder_rule SET unit = 'BX' WHERE flow = 'test.other'")
        _, wrong = await levels_known(connection)
    assert wrong == ["WARD-3, O2-MASK: one flow tells it in BX, another in EA."]

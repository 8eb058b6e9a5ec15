"""Stores are filled up by runs: asked for once, also when runs come together or again; then ordered in Odoo."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.canonical import (
    BusinessObject,
    DocumentStatus,
    GoodsReceipt,
    Item,
    StockLevel,
    Supplier,
    SupplyConsumed,
)
from hilum.canonical.catalogue import read, write
from hilum.connectors import odoo
from hilum.errors import Invalid
from hilum.packs import passing
from hilum.packs.inventory import stock_facts
from hilum.packs.inventory.replenishing import (
    Due,
    ReplenishmentRules,
    levels_in,
    needed,
    replenishment_process,
)
from hilum.packs.procurement.approval_rules import approvals_of
from hilum.packs.procurement.requesting import requisition_process
from hilum.packs.procurement.requisition_rules import RequisitionRules
from hilum.postgres import Database
from hilum.processes import handle
from hilum.processes.engine import Engine
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.looks import rows
from support.projects import OWNERS, make_flow, target
from support.waits import Start

pytestmark = pytest.mark.req("WF-4")

LEVELS = "location,item,reorder_at,up_to,pack\nWARD-3,GLV,20,100,10\nWARD-3,PEN,5,10,\nOR,GLV,5,10,\n"
FREE = approvals_of('currency = "EUR"\n[[rule]]\nname = "all"\nsteps = []\n')


def count(quantity: int, hour: int, item: str = "GLV", unit: str = "EA") -> StockLevel:
    at = datetime(2026, 3, 1, hour, tzinfo=UTC)
    return StockLevel(count=f"C-{hour}", item=item, location="WARD-3", quantity=Decimal(quantity), unit=unit,
                      counted_at=at)  # fmt: skip


async def test_a_store_is_filled_up_once_and_it_is_ordered_in_odoo(
    hub: Start, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "levels.csv").write_text(LEVELS, encoding="utf-8")
    replenish = replenishment_process(
        ReplenishmentRules(levels=lambda: levels_in(tmp_path / "levels.csv"), supplier_of=lambda need: "V1"),
        owners=OWNERS,
    )
    approve = requisition_process(RequisitionRules(approvals=FREE), owners=OWNERS)
    async with SandboxOdoo("19.0", "hilum") as box:
        there: dict[str, Any] = {
            "url": box.url, "database": box.database, "login": box.login, "api_key": box.api_key
        }  # fmt: skip
        feed, clock, told = Feed(), Feed("clock"), Receiver()
        facts = make_flow(feed, name="test.facts", format="bytes", translate=lambda body, _: read(body),
                          order_by=None, dedup_by=None)  # fmt: skip
        facts.deliver_to(stock_facts.keep(), odoo.supplier("odoo.main", **there), odoo.item("odoo.main", **there))
        runs = make_flow(
            clock, name="test.runs", translate=lambda parsed, _: Due(**parsed), order_by=None, dedup_by=None
        )
        runs.deliver_to(*handle(replenish))
        asked = passing.commands("test.asked", "inventory.requisitions", summary="x", owners=OWNERS)
        asked.deliver_to(*handle(approve), target(told, "memory.asked"))
        orders = passing.commands("test.orders", "procurement.orders", summary="x", owners=OWNERS)
        orders.deliver_to(odoo.purchase_order("odoo.main", **there))
        started = await hub(facts, runs, asked, orders)
        assert started.share is not None
        engine = Engine(started.project, database, [replenish, approve], started.share.leases.id)
        await engine.start()
        try:
            await _say(feed, database, Supplier(code="V1", title="V1"), Item(code="GLV", title="Glove", unit="EA"),
                       count(15, 8), count(3, 8, "PEN", "XX"))  # fmt: skip
            for run in ("R1", "R2"):  # together: only one of them asks
                await clock.send({"run": run})
            await eventually(
                lambda: [order["state"] for order in box.records("purchase.order")] == ["purchase"],
                lambda: box.records("purchase.order"),
            )
            await _ended(database, 2)
            assert [float(line["product_qty"]) for line in box.records("purchase.order.line")] == [80]
            outcomes = await rows(database, "SELECT outcome FROM process_run WHERE process = %s", [replenish.name])
            assert sorted(words.partition(";")[0] for (words,) in outcomes) == ["0 requisitions", "1 requisitions"]
            assert all("PEN is kept in EA" in words for (words,) in outcomes)
            number = str(box.records("purchase.order")[0]["origin"])
            lines = [{"item": "GLV", "quantity": "80"}]
            came = GoodsReceipt.model_validate(
                {"number": "IN-1", "order": number, "received_at": "2026-03-01T09:00Z", "lines": lines}
            )
            await _say(feed, database, came, came, count(90, 10))
            await clock.send({"run": "R3"})
            await _ended(database, 3)
            assert len(box.records("purchase.order")) == 1
        finally:
            await engine.stop()


async def _say(feed: Feed, database: Database, *things: BusinessObject) -> None:
    for thing in things:
        await feed.send(write(thing))

    async def done() -> bool:
        open_ = await rows(database, "SELECT 1 FROM message WHERE flow = 'test.facts' AND state <> 'completed'")
        return not open_

    await eventually(done)


async def _ended(database: Database, number: int) -> None:
    found: list[Any] = []

    async def there() -> bool:
        found[:] = await rows(
            database,
            "SELECT status, count(*) FROM process_run WHERE process = 'inventory.replenishment' GROUP BY 1",
        )
        return found == [("completed", number)]

    await eventually(there, lambda: found)


async def test_what_is_refused_or_withdrawn_is_needed_again_and_what_comes_is_not(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "levels.csv").write_text(LEVELS, encoding="utf-8")
    rules = ReplenishmentRules(levels=lambda: levels_in(tmp_path / "levels.csv"))
    now = datetime.now(UTC)

    async def asked(run: str) -> list[tuple[str, str]]:
        async with database.transaction() as connection:
            found = await needed(connection, rules, run, now)
        return [(each["number"], line["quantity"]) for each in found["requisitions"] for line in each["lines"]]

    async def say(*things: BusinessObject) -> None:
        async with database.transaction() as connection:
            for thing in things:
                assert await stock_facts.note(connection, thing)

    def status(run: str, said: str, *orders: str) -> DocumentStatus:
        return DocumentStatus(document=f"RPL-{run}-WARD-3", flow="x", status=said, references=orders, at=now)

    await say(count(15, 8))
    assert await asked("R1") == [("RPL-R1-WARD-3", "80")]
    assert await asked("R1") == [("RPL-R1-WARD-3", "80")]  # repeated after a crash: the very same
    await say(status("R1", "ordered", "RPL-R1-WARD-3-R1"), status("R1", "refused", "RPL-R1-WARD-3-R1"))
    assert await asked("R2") == []  # a part of it was refused, nobody says which: what may come is not ordered again
    await say(status("R1", "withdrawn"))
    assert await asked("R3") == [("RPL-R3-WARD-3", "80")]
    lines = [{"item": "GLV", "quantity": "30", "lot": lot} for lot in ("A", "B")]
    came = GoodsReceipt.model_validate(
        {"number": "IN-1", "order": "RPL-R3-WARD-3-R1", "received_at": now, "final": True, "lines": lines}
    )
    await say(came, came)
    assert await asked("R4") == []  # 15 and 60 there; the rest does not come any more
    used = {"transaction": "T-1", "item": "GLV", "location": "WARD-3", "quantity": "56", "used_at": now}
    await say(SupplyConsumed.model_validate(used), SupplyConsumed.model_validate(used))
    assert await asked("R5") == [("RPL-R5-WARD-3", "80")]


def test_what_is_wrong_in_the_levels_is_named(tmp_path: Path) -> None:
    (tmp_path / "levels.csv").write_text("location,item,reorder_at,up_to\nOR,GLV,5,many\n", encoding="utf-8")
    with pytest.raises(Invalid, match=r"levels\.csv, row 1, up_to"):
        levels_in(tmp_path / "levels.csv")

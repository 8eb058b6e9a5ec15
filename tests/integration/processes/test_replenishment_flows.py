"""The example of replenishment as a hub of its own: planned demand and a fall lead to orders in Odoo and one alarm."""

from __future__ import annotations

import asyncio
import shutil
import socket
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from hilum.canonical import Budget, BusinessObject, Contract, Item, Location, StockLevel, Supplier, SupplyConsumed
from hilum.canonical.catalogue import write
from hilum.postgres import Database
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.looks import rows
from support.serving import HubProcess

pytestmark = pytest.mark.req("WF-4")

EXAMPLE = Path(__file__).parents[3] / "examples" / "replenishment"


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def things() -> list[BusinessObject]:
    this = datetime.now(UTC).year
    prices = [
        {"item": "GLV-M", "tiers": [{"unit_price": "0.40"}]},
        {"item": "STEM-12", "tiers": [{"unit_price": "900"}]},
    ]
    return [
        Supplier(code="V1", title="Supplies Ltd"),
        Item(code="GLV-M", title="Glove"),
        Item(code="STEM-12", title="Stem"),
        Location(code="STORE-OR", title="Store of the theatres"),
        Contract(number="C-7", title="x", supplier="V1", currency="EUR", valid_from=date(2026, 1, 1), prices=prices),
        Budget(cost_centre="STORE-OR", period_from=date(this, 1, 1), period_to=date(this + 1, 1, 1), currency="EUR",
               amount=Decimal(5000)),
    ]  # fmt: skip


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_stores_are_filled_in_time_and_a_fall_is_told(
    postgres_url: str, database: Database, tmp_path: Path
) -> None:
    alarms: list[dict[str, Any]] = []

    async def rings(request: web.Request) -> web.Response:
        alarms.append(await request.json())
        return web.Response()

    application = web.Application()
    application.router.add_post("/alarms", rings)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("in", ".hilum", "__pycache__"))
    (tmp_path / "in" / "levels").mkdir(parents=True)
    shutil.copy(project / "samples" / "levels.csv", tmp_path / "in" / "levels")
    port, planned = free_port(), free_port()
    async with SandboxOdoo("19.0", "hilum") as box, aiohttp.ClientSession() as client:
        hub = HubProcess(
            project, postgres_url, PORT=str(port), PLANNED_PORT=str(planned), IN_DIR=str(tmp_path / "in"),
            ONCALL_URL=f"http://127.0.0.1:{runner.addresses[0][1]}/alarms", ODOO_URL=box.url, ODOO_DB=box.database,
            ODOO_LOGIN=box.login, ODOO_KEY=box.api_key,
        )  # fmt: skip
        await hub.start()
        try:

            async def post(path: str, body: bytes) -> None:
                async with client.post(f"http://127.0.0.1:{port}{path}", data=body) as answer:
                    assert answer.status == 202, await answer.text()

            for thing in things():
                await post("/master", write(thing))
            now = datetime.now(UTC)
            tomorrow = (now + timedelta(days=2)).strftime("%Y%m%d080000").encode()
            message = (project / "samples" / "planned.hl7").read_bytes().replace(b"20260304083000", tomorrow)
            reader, writer = await asyncio.open_connection("127.0.0.1", planned)
            writer.write(b"\x0b" + message + b"\x1c\r")
            assert b"MSA|AA" in await reader.readuntil(b"\x1c\r")
            writer.close()
            counted = [("GLV-M", 25), ("STEM-12", 3)]
            for item, quantity in counted:
                told = {"count": "C-1", "item": item, "location": "STORE-OR", "quantity": quantity, "counted_at": now}
                await post("/stock", write(StockLevel.model_validate(told)))
            await eventually(lambda: len(box.records("product.product")) >= 2)
            await eventually(lambda: any(row["ref"] == "V1" for row in box.records("res.partner")))

            async def known() -> list[Any]:
                tables = ("reorder_rule", "planned_demand", "stock_event", "budget")
                found = [await rows(database, f"SELECT count(*) FROM {each}") for each in tables]
                return [each for ((each,),) in found]

            async def told() -> bool:
                return await known() == [2, 2, 2, 1]

            await eventually(told)
            await post("/runs", b'{"run": "R1"}')

            def ordered() -> list[tuple[str, float]]:
                named = {row["id"]: row["default_code"] for row in box.records("product.product")}
                lines = box.records("purchase.order.line")
                return sorted((str(named[line["product_id"]]), float(line["product_qty"])) for line in lines)

            await eventually(lambda: ordered() == [("GLV-M", 80.0)], ordered)  # 25 - 10 planned, up to 100 in tens
            assert alarms == []
            used = {"transaction": "T-1", "item": "GLV-M", "location": "STORE-OR", "quantity": 21,
                    "used_at": now + timedelta(minutes=1)}  # fmt: skip
            await post("/stock", write(SupplyConsumed.model_validate(used)))
            await eventually(
                lambda: [(each["item"], each["on_hand"]) for each in alarms] == [("GLV-M", "4")], lambda: alarms
            )
        finally:
            await hub.stop()
            await runner.cleanup()

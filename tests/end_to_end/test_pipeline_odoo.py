"""From bytes on a socket to stock and posted invoices in Odoo, with hubs killed on the way: once each, none missing."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.connectors.odoo import external_id
from hilum.postgres import Database
from hilum.scaffold import write_demo
from hilum.simulator.hospital import Expected, Hospital, Sender, Shares
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.looks import assert_sound, rows, states
from support.serving import HubProcess

MASTER_DATA = {
    "suppliers": "procurement.suppliers",
    "locations": "inventory.locations",
    "items": "inventory.items",
    "counts": "inventory.counts",
}


async def completed(database: Database, flow: str) -> int:
    """How many messages of this flow are completed."""
    [(count,)] = await rows(database, "SELECT count(*) FROM message WHERE flow = %s AND state = 'completed'", [flow])
    return int(count)


async def only_completed(database: Database) -> bool:
    """Is everything completed?"""
    return set(await states(database)) == {"completed"}


async def bring_master_data(hospital: Hospital, project: Path, database: Database, scratch: Path) -> None:
    """Suppliers, places and items as spreadsheets, each when the one before has arrived; then the first count."""
    scratch.mkdir()
    for path in hospital.write_master_data(scratch):
        shutil.copy(path, project / "in" / path.stem / path.name)
        flow, count = MASTER_DATA[path.stem], len(path.read_text().splitlines()) - 1

        async def there(flow: str = flow, count: int = count) -> bool:
            return await completed(database, flow) == count

        await eventually(there)


def stock_in(box: SandboxOdoo, hospital: Hospital) -> dict[tuple[str, str], Decimal]:
    """(item, store) → on hand, as Odoo has it."""
    named: dict[str, Any] = {
        name: record["id"]
        for model in ("product.product", "product.template", "stock.location")
        for record in box.records(model)
        for name in record["external_ids"]
    }
    kinds = {record["id"]: record["product_tmpl_id"] for record in box.records("product.product")}
    quantities: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for quant in box.records("stock.quant"):
        quantities[number(quant["product_id"]), number(quant["location_id"])] += Decimal(str(quant["quantity"]))
    assert kinds
    return {
        (item, store): quantities[named[external_id("item", item)], named[external_id("location", store)]]
        for item, store in hospital.opening()
    }


def number(reference: Any) -> int:
    """The id of a many-to-one value."""
    return int(reference[0] if isinstance(reference, list | tuple) else reference)


@pytest.mark.req("MSG-1")
@pytest.mark.req("MSG-3")
@pytest.mark.req("MSG-4")
@pytest.mark.timeout(180)
async def test_every_use_is_in_odoo_once_although_the_hub_is_killed(tmp_path: Path, postgres_url: str) -> None:
    hospital, project = Hospital(seed=3), tmp_path / "hub"
    write_demo(project, hospital=hospital)
    async with SandboxOdoo("19.0", "hilum") as box:
        hub = HubProcess(
            project, postgres_url, MLLP_PORT="0", ODOO_URL=box.url, ODOO_DB=box.database, ODOO_LOGIN=box.login,
            ODOO_KEY=box.api_key,
        )  # fmt: skip
        await hub.start()
        hub.environment["MLLP_PORT"] = str(hub.port)  # the senders know one port
        database = Database(postgres_url, hot=1, cold=2)
        await database.open()
        try:
            await bring_master_data(hospital, project, database, tmp_path / "sheets")
            expected = Expected(hospital)
            events = list(expected.watch(hospital.traffic(count=120, shares=Shares(duplicate=0.05))))
            sender = Sender(mllp=("127.0.0.1", hub.port), inbox=project / "in", connections=4, timeout=5)
            sending = asyncio.create_task(sender.run(iter(events)))
            for share in (0.2, 0.6):
                await eventually(lambda share=share: sender.counts.accepted >= share * len(events))  # type: ignore[misc]
                await hub.kill()
                await hub.start()
            counts = await sending
            await eventually(lambda: only_completed(database), lambda: hub.output[-5:])
        finally:
            code = await hub.stop()
            found = await states(database)
            await assert_sound(database)
            await database.close()
        assert code == 0
        assert counts.unanswered > 0, "nobody was sending when the hub was killed"
        assert set(found) == {"completed"}
        assert stock_in(box, hospital) == expected.stock
        bills = [move for move in box.records("account.move") if move["move_type"] in ("out_invoice", "out_refund")]
        assert Counter(move["ref"] for move in bills) == Counter(list(expected.charges))
        assert {move["state"] for move in bills} == {"posted"}

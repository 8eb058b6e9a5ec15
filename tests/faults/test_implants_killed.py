"""`kill -9` of a hub while operations with implants are told, ordered and billed: the same records in Odoo."""

from __future__ import annotations

import asyncio
import random
import shutil
import socket
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hilum.canonical import BusinessObject, ConsignmentMoved, Contract, Item, Location, Lot, Supplier, Tracking
from hilum.canonical.catalogue import write
from hilum.packs.implants import register
from hilum.postgres import Database
from hilum.simulator.hospital import Sender
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.theatre import IMPLANTS, ImplantSupplier, Theatre, Troubles, contracts
from hilum.testing import eventually
from support.looks import states
from support.serving import HubProcess

EXAMPLE = Path(__file__).parents[2] / "examples" / "bill-only"
KILLS = 5


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def things(theatre: Theatre) -> list[list[BusinessObject]]:
    """What must be known before anything is used; each part refers to those before it."""
    consigned = [use for use in theatre.used if use.implant.consigned]
    known: list[BusinessObject] = [
        *(Supplier(code=code, title=code) for code in dict.fromkeys(each.supplier for each in IMPLANTS)),
        *(Item(code=each.item, title=each.title, tracking=Tracking.LOT) for each in IMPLANTS),
        Location(code="STORE-OR", title="Store of the theatres"),
        *(Contract.model_validate(each) for each in contracts()),
    ]
    lots: list[BusinessObject] = [Lot(item=use.implant.item, lot=use.lot) for use in consigned]
    shelves: list[BusinessObject] = [
        ConsignmentMoved(number=f"CS-{use.transaction}", supplier=use.implant.supplier, location="STORE-OR",
                         item=use.implant.item, quantity=1, lot=use.lot)
        for use in consigned
    ]  # fmt: skip
    return [known, lots, shelves]


def project(folder: Path) -> Path:
    """The example, which also takes lots and consigned stock as business objects."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("in", ".hilum", "__pycache__"))
    path = folder / "flows" / "implants.py"
    more = 'master.deliver_to(odoo.item_lot("odoo.main"), odoo.consignment("odoo.main"))\n'
    path.write_text(path.read_text() + "\n\n" + more)
    settings = folder / "hilum.toml"
    settings.write_text(settings.read_text() + "\n[worker]\nlease_seconds = 2.0\n")
    return folder


async def quiet(database: Database) -> None:
    """Everything that came has arrived."""
    seen: dict[str, int] = {}

    async def there() -> bool:
        seen.clear()
        seen.update(await states(database))
        return set(seen) == {"completed"}

    await eventually(there, lambda: seen)


def sums(box: SandboxOdoo, model: str, field: str, **where: Any) -> Decimal:
    rows = [row for row in box.records(model) if all(row[name] == value for name, value in where.items())]
    return sum((Decimal(str(row[field])) for row in rows), Decimal(0))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.req("NEW-6", "WF-4", "MSG-14")
async def test_operations_close_the_same_wherever_the_hub_is_killed(postgres_url: str, tmp_path: Path) -> None:
    seed = random.randrange(10_000)
    theatre = Theatre(seed=seed, operations=8, troubles=Troubles(doubled=0.2, taken_back=0.2))
    drawn = random.Random(seed)
    database = Database(postgres_url)
    await database.open()
    async with (
        SandboxOdoo("19.0", "hilum") as box,
        ImplantSupplier(bills="") as supplier,
    ):
        charges, master, bills = free_ports(3)  # when all others have theirs
        supplier.bills = f"http://127.0.0.1:{bills}/bills"
        hub = HubProcess(
            project(tmp_path / "hub"), postgres_url, CHARGES_PORT=str(charges), MASTER_PORT=str(master),
            BILLS_PORT=str(bills), GATHER="PT1S", SUPPLIER_URL=supplier.url, IN_DIR=str(tmp_path / "in"),
            ODOO_URL=box.url, ODOO_DB=box.database,
            ODOO_LOGIN=box.login, ODOO_KEY=box.api_key,
        )  # fmt: skip
        for name in ("usage", "consigned"):
            (tmp_path / "in" / name).mkdir(parents=True)
        await hub.start()
        try:
            async with aiohttp.ClientSession() as session:
                for part in things(theatre):
                    for thing in part:
                        async with session.post(f"http://127.0.0.1:{master}/master", data=write(thing)) as answer:
                            assert answer.status < 300
                    await quiet(database)
            sending = asyncio.create_task(
                Sender(mllp=("127.0.0.1", charges), connections=1, rate=2.0).run(theatre.events())
            )
            for _ in range(KILLS):
                await asyncio.sleep(drawn.uniform(0.1, 1.5))
                await hub.kill()
                await hub.start()
            await sending
            seen: list[Any] = []

            async def closed() -> bool:
                async with database.cold() as connection:
                    rows = await register.used(connection)
                # a bill that was made before its use was taken back bills too much, and waits for what may still come
                billed_before = {row.order_number for row in rows if row.taken_back} - {""}
                seen[:] = [
                    (row.name, row.standing, row.breaks)
                    for row in rows
                    if row.standing in ("open", "break") and row.order_number not in billed_before
                ]
                return len(rows) == len(theatre.used) and not seen

            await eventually(closed, lambda: f"seed {seed}: {seen}")
            used = [use for use in theatre.used if use.trouble != "taken_back"]
            charged = sum((use.implant.price for use in used), Decimal(0))
            back = sum((use.implant.price for use in theatre.used if use.trouble == "taken_back"), Decimal(0))

            def booked() -> tuple[Decimal, Decimal, Decimal]:
                moves = {"state": "posted"}
                return (
                    sums(box, "account.move", "amount_untaxed", move_type="out_invoice", **moves)
                    - sums(box, "account.move", "amount_untaxed", move_type="out_refund", **moves),
                    sum((Decimal(str(line["product_qty"])) for line in box.records("purchase.order.line")), Decimal(0)),
                    sums(box, "stock.quant", "quantity", location_id=customers),
                )

            customers = next(row["id"] for row in box.records("stock.location") if row["usage"] == "customer")
            expected = (charged, Decimal(len(used)), Decimal(len(used)))
            await eventually(lambda: booked() == expected, lambda: f"seed {seed}: {booked()}, not {expected}; {back}")
            posted = [row["ref"] for row in box.records("account.move") if row["move_type"] == "in_invoice"]
            assert len(posted) == len(set(posted))
            assert await hub.stop() == 0, "\n".join(hub.output[-30:])
        finally:
            if hub.running:
                await hub.stop()
            await database.close()

"""An Odoo, master data, agreed prices, a theatre that charges implants, and suppliers that bill them: all made up.

Run it beside `hilum serve --project examples/bill-only`; Ctrl-C ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import sys
from pathlib import Path

import aiohttp

from hilum.canonical import BusinessObject, Contract, Item, Location, Supplier, Tracking
from hilum.canonical.catalogue import write
from hilum.simulator.hospital import Sender
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.theatre import IMPLANTS, BillTroubles, ImplantSupplier, Theatre, Troubles, contracts

IN, USAGE = Path("in/consigned"), Path("in/usage")
KEY = "key-of-the-sandbox"
MASTER, BILLS, ORDERS = "http://127.0.0.1:8096/master", "http://127.0.0.1:8097/bills", 8098
LOOK = 0.5  # seconds between two looks


def master_data() -> list[BusinessObject]:
    """What Odoo and the hub must know before anything is used."""
    return [
        *(Supplier(code=code, title=code) for code in dict.fromkeys(each.supplier for each in IMPLANTS)),
        *(Item(code=each.item, title=each.title, tracking=Tracking.LOT) for each in IMPLANTS),
        Location(code="STORE-OR", title="Store of the theatres"),
        *(Contract.model_validate(each) for each in contracts()),
    ]


def make_folders() -> None:
    """The hub looks at them from its start on."""
    for folder in (IN, USAGE):
        folder.mkdir(parents=True, exist_ok=True)


def fill_shelves(theatre: Theatre) -> None:
    """A file of the consigned goods that the theatre is going to use."""
    with (IN / "simulated.part").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["delivery", "supplier", "location", "item", "lot", "quantity", "expires_on"])
        for use in theatre.used:
            if use.implant.consigned:
                row = [f"D-{use.transaction}", use.implant.supplier, "STORE-OR", use.implant.item, use.lot, 1]
                writer.writerow([*row, use.expires.date()])
    (IN / "simulated.part").replace(IN / "simulated.csv")


async def tell(session: aiohttp.ClientSession, thing: BusinessObject) -> None:
    """Tell the hub, as soon as it is up."""
    while True:
        with contextlib.suppress(aiohttp.ClientConnectionError):
            async with session.post(MASTER, data=write(thing)) as answer:
                answer.raise_for_status()
                return
        await asyncio.sleep(LOOK)


async def on_the_shelves(odoo: SandboxOdoo, theatre: Theatre) -> None:
    """Until Odoo has all consigned goods: what is used before it was brought is held, as in a hospital."""
    wanted = {use.lot for use in theatre.used if use.implant.consigned}
    while True:
        names = {row["id"]: row["name"] for row in odoo.records("stock.lot")}
        there = {names.get(row["lot_id"]) for row in odoo.records("stock.quant") if row["quantity"] > 0}
        if wanted <= there:
            return
        await asyncio.sleep(LOOK)


async def main() -> None:
    """Tell master data and deliveries, then use and bill implants, some of them with trouble."""
    make_folders()
    theatre = Theatre(operations=12, troubles=Troubles(taken_back=0.1, unknown=0.1, expired=0.1))
    wrong = BillTroubles(missing=0.1, dear=0.1, doubled=0.1)
    async with SandboxOdoo("19.0", port=8069, api_key=KEY) as odoo:
        sys.stdout.write(f"Odoo: {odoo.url}. Now start the hub: hilum serve --project examples/bill-only\n")
        async with aiohttp.ClientSession() as session:
            for thing in master_data():
                await tell(session, thing)
        fill_shelves(theatre)
        await on_the_shelves(odoo, theatre)
        async with ImplantSupplier(bills=BILLS, listen=ORDERS, troubles=wrong):
            counts = await Sender(mllp=("127.0.0.1", 2575), connections=1).run(theatre.events())
            sys.stdout.write(f"{counts.accepted} charges were taken; bills follow their orders. Ctrl-C ends.\n")
            await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())

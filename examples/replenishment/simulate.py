"""Stores with their levels, a planned operation, a run, and a use that leaves too little: all made up.

Run it beside `hilum serve --project examples/replenishment`; Ctrl-C ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from aiohttp import web

from hilum.canonical import Budget, BusinessObject, Contract, Item, Location, StockLevel, Supplier, SupplyConsumed
from hilum.canonical.catalogue import write

HUB, PLANNED, ONCALL = "http://127.0.0.1:8095", 2576, 8099
SAMPLES = Path(__file__).parent / "samples"
LEVELS = Path("in/levels")
STORE = "STORE-OR"


def master_data(now: datetime) -> list[BusinessObject]:
    """What Odoo and the hub must know before anything is asked for."""
    prices = [
        {"item": "GLV-M", "tiers": [{"unit_price": "0.40"}]},
        {"item": "STEM-12", "tiers": [{"unit_price": "900"}]},
    ]
    said = {"number": "C-7", "title": "Theatre supplies", "supplier": "V1", "currency": "EUR", "prices": prices}
    year = {"period_from": f"{now.year}-01-01", "period_to": f"{now.year + 1}-01-01", "currency": "EUR"}
    return [
        Supplier(code="V1", title="Theatre Supplies Ltd"),
        Item(code="GLV-M", title="Surgical gloves, medium"),
        Item(code="STEM-12", title="Hip stem, size 12"),
        Location(code=STORE, title="Store of the theatres"),
        Contract.model_validate(said | {"valid_from": f"{now.year}-01-01"}),
        Budget.model_validate({"cost_centre": STORE, "amount": "5000"} | year),
    ]


def counted(item: str, quantity: int, now: datetime) -> StockLevel:
    """What somebody counted in the store."""
    told = {"count": "C-1", "item": item, "location": STORE, "quantity": quantity, "counted_at": now}
    return StockLevel.model_validate(told)


def put_levels() -> None:
    """The spreadsheet of the stores' levels, into the folder that the hub looks at."""
    LEVELS.mkdir(parents=True, exist_ok=True)
    shutil.copy(SAMPLES / "levels.csv", LEVELS / f"levels-{datetime.now(UTC):%Y%m%d%H%M%S}.csv")


async def plan(now: datetime) -> None:
    """The theatre books a hip replacement for the day after tomorrow, over HL7."""
    day = (now + timedelta(days=2)).strftime("%Y%m%d083000").encode()
    message = (SAMPLES / "planned.hl7").read_bytes().replace(b"20260304083000", day)
    reader, writer = await asyncio.open_connection("127.0.0.1", PLANNED)
    writer.write(b"\x0b" + message + b"\x1c\r")
    await reader.readuntil(b"\x1c\r")
    writer.close()
    await writer.wait_closed()


async def ring(request: web.Request) -> web.Response:
    """Whoever is on call reads the alarm."""
    told = await request.json()
    sys.stdout.write(f"On call: {STORE} has {told['on_hand']} of {told['item']}, {told['critical']} must be there.\n")
    return web.Response()


async def main() -> None:
    """Tell what there is, look at all stores, then use so many gloves that somebody must be told."""
    application = web.Application()
    application.router.add_post("/alarms", ring)
    oncall = web.AppRunner(application)
    await oncall.setup()
    await web.TCPSite(oncall, "127.0.0.1", ONCALL).start()
    put_levels()
    async with aiohttp.ClientSession() as session:

        async def post(path: str, body: bytes) -> None:
            async with session.post(f"{HUB}{path}", data=body) as answer:
                answer.raise_for_status()

        now = datetime.now(UTC)
        for thing in master_data(now):
            await post("/master", write(thing))
        await plan(now)
        for item, quantity in (("GLV-M", 25), ("STEM-12", 3)):
            await post("/stock", write(counted(item, quantity, now)))
        sys.stdout.write("25 gloves and 3 stems were counted; an operation will take 10 and 1.\n")
        await asyncio.sleep(10)  # until all of it is known
        await post("/runs", f'{{"run": "{now:%Y-%m-%dT%H:%M:%S}"}}'.encode())
        sys.stdout.write("All stores are looked at: 80 gloves are ordered in Odoo, in packs of 10, up to 100.\n")
        await asyncio.sleep(10)
        used = {"transaction": f"T-{now:%H%M%S}", "item": "GLV-M", "location": STORE, "quantity": 21}
        used["used_at"] = datetime.now(UTC)
        await post("/stock", write(SupplyConsumed.model_validate(used)))
        sys.stdout.write("21 gloves are used. Ctrl-C ends.\n")
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())

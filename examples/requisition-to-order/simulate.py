"""What is around the hub, made up: Odoo, the procurement portal, two suppliers, and the dock that counts what came.

Run it beside `hilum serve --project examples/requisition-to-order`; Ctrl-C ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp

from hilum.canonical import (
    Budget,
    BusinessObject,
    Contract,
    GoodsReceipt,
    Item,
    Location,
    ReceiptLine,
    ShipNotice,
    Supplier,
)
from hilum.canonical.catalogue import write
from hilum.simulator.files import put
from hilum.simulator.month.suppliers import Suppliers
from hilum.simulator.month.troubles import Trouble
from hilum.simulator.month.truth import Answer, Article, Hospital, Language, Line, Month, Notice, Story, Vendor
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.portal import ProcurementPortal
from hilum.testing import eventually

KEY = "key-of-the-sandbox"
SECRET = os.environ.get("PORTAL_SECRET", "portal and hub know it")
SAMPLES = Path(__file__).parent / "samples"
LOOK = 0.3  # seconds between two looks at what there is to do


def vendor(code: str, title: str, speaks: Language, item: str, price: str) -> Vendor:
    """A supplier of one article."""
    article = Article(code=item, title=f"{item} of {title}", price=Decimal(price))
    return Vendor(
        code=code, key=code.lower(), title=title, speaks=speaks, account="",
        terms=30, tax=Decimal(0), articles=(article,),
    )  # fmt: skip


def story(requisition: str, supplier: Vendor, wanted: int, sent: int) -> Story:
    """An order of which the supplier has `sent`, and says so before it sends it."""
    article = supplier.articles[0]
    asked, comes = (
        (Line(number=1, item=article.code, quantity=Decimal(n), price=article.price),) for n in (wanted, sent)
    )
    return Story(
        requisition=requisition, order=f"{requisition}-R1", day=0, vendor=supplier, trouble=Trouble.NONE, needed=2,
        hospital=Hospital(code="H1", title="Hospital", store="STORE-OR"), wanted=asked,
        papers=(Answer(day=0, lines=comes), Notice(day=1, number=f"ASN-{requisition}", lines=comes)),
    )  # fmt: skip


VENDORS = (
    vendor("GLOVECO", "Gloves Ltd", "x12", "GLV-M", "38"),
    vendor("SUTURACO", "Sutures Ltd", "edifact", "SUT-3", "20"),
)
STORIES = (story("REQ-1", VENDORS[0], 10, 8), story("WARD3-17", VENDORS[1], 5, 5))


def master_data(today: date) -> list[BusinessObject]:
    """What Odoo and the hub must know before anything is asked for."""
    return [
        *(
            Contract.model_validate({
                "number": f"C-{each.code}", "title": f"Contract with {each.title}", "supplier": each.code,
                "currency": "EUR", "valid_from": date(today.year, 1, 1),
                "prices": [{"item": a.code, "tiers": [{"unit_price": str(a.price)}]} for a in each.articles],
            }) for each in VENDORS
        ),
        Budget(
            cost_centre="OR", period_from=date(today.year, 1, 1), period_to=date(today.year + 1, 1, 1), currency="EUR",
            amount=Decimal(5000),
        ),
        *(Supplier(code=each.code, title=each.title) for each in VENDORS),
        *(Item(code=article.code, title=article.title) for each in VENDORS for article in each.articles),
        Location(code="STORE-OR", title="Store of the theatres"),
    ]  # fmt: skip


@dataclass
class World:
    """All of it. `hub`: where the hub listens; `folder`: below which the folders of files are."""

    hub: str = "http://127.0.0.1:8095"
    folder: Path = field(default_factory=Path)
    odoo_port: int = 8069  # 0: a free one, as that of the portal
    portal_port: int = 8099
    received: list[str] = field(default_factory=list)  # the orders of which something came

    async def __aenter__(self) -> World:
        """Begin; nothing is asked for yet."""
        self._open = contextlib.AsyncExitStack()
        self.odoo = await self._open.enter_async_context(SandboxOdoo("19.0", port=self.odoo_port, api_key=KEY))
        self.portal = await self._open.enter_async_context(
            ProcurementPortal(f"{self.hub}/portal", SECRET, deciders={"head": "ada"}, listen=self.portal_port)
        )
        self._session = await self._open.enter_async_context(aiohttp.ClientSession())
        month = Month(run="", hospitals=(), vendors=VENDORS, stories=STORIES, payment_days=(), begin=date.today())
        self.suppliers = Suppliers(month, self.folder / "mail")
        for name in ("in/requisitions", "out/expected", "out/status"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        await self._open.aclose()

    async def know(self) -> None:
        """Tell the hub who and what there is, as soon as it is up; until Odoo has it."""
        things = master_data(date.today())
        for thing in things:
            await self._post("/master", thing)
        items = {thing.code for thing in things if isinstance(thing, Item)}
        await eventually(lambda: items <= {row["default_code"] for row in self.odoo.records("product.product")})

    async def ask(self) -> None:
        """Eve asks in the portal, and ward 3 with a spreadsheet."""
        await self.portal.submit("REQ-1", [("GLV-M", 10)], requested_by="eve", department="OR", deliver_to="STORE-OR")
        put(self.folder / "in" / "requisitions" / "ward3.csv", (SAMPLES / "requisition.csv").read_bytes())

    async def work(self) -> None:
        """Suppliers answer, send when nothing is open any more, the dock counts what came; until Eve hears of it."""
        while len(self.received) < len(STORIES) or "received" not in self.portal.shown("REQ-1"):
            agreed = "changed" in self.portal.shown("REQ-1") and not self.suppliers.missing
            await asyncio.to_thread(self.suppliers.work, 1 if agreed else 0)
            for path in sorted((self.folder / "out" / "expected").glob("[!.]*")):
                notice = ShipNotice.model_validate_json(path.read_bytes())
                if self._expected(notice):
                    await self._receive(notice)
                    path.unlink()
            await asyncio.sleep(LOOK)

    def _expected(self, notice: ShipNotice) -> bool:
        """Is so much of it ordered in Odoo?"""
        order = notice.lines[0].order
        ids = {row["id"] for row in self.odoo.records("purchase.order") if number_of(row) == order}
        lines = [row for row in self.odoo.records("purchase.order.line") if row["order_id"] in ids]
        return sum(row["product_qty"] for row in lines) == sum(line.quantity for line in notice.lines)

    async def _receive(self, notice: ShipNotice) -> None:
        lines = tuple(
            ReceiptLine(item=line.item, quantity=line.quantity, unit=line.unit, order_line=line.order_line)
            for line in notice.lines
        )
        order = notice.lines[0].order
        receipt = GoodsReceipt(
            number=f"GR-{notice.number}", order=order, delivery_note=notice.number, received_at=datetime.now(UTC),
            lines=lines,
        )  # fmt: skip
        await self._post("/dock", receipt)
        self.received.append(order)

    async def _post(self, path: str, thing: BusinessObject) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with self._session.post(self.hub + path, data=write(thing)) as answer:
                    answer.raise_for_status()
                    return
            await asyncio.sleep(LOOK)


def number_of(order: Mapping[str, Any]) -> str:
    """The hub's number of an order in Odoo: a changed one has its revision behind it."""
    return str(order["origin"]).partition(" ")[0]


def say(words: str) -> None:
    """To who watches."""
    sys.stdout.write(f"{words}\n")


async def main() -> None:
    """Both requisitions, to their last goods."""
    async with World() as world:
        say(f"Odoo: {world.odoo.url}. Now start the hub: hilum serve --project examples/requisition-to-order")
        await world.know()
        await world.ask()
        say("Asked for: REQ-1 in the portal, WARD3-17 in a spreadsheet. Gloves Ltd has 8 of 10: a buyer decides that,")
        say("in the console, or with: hilum processes tasks --project examples/requisition-to-order")
        await world.work()
        for told in world.portal.statuses:
            say(f"Eve reads: {told['status']}. {told['words']}")
        say("Ctrl-C ends.")
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())

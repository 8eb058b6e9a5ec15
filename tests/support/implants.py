"""A hub that follows operations with implants: theatre over MLLP, suppliers over HTTP, and a sandbox Odoo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from hilum.canonical import (
    BY_NAME,
    BusinessObject,
    ConsignmentMoved,
    Contract,
    Item,
    Location,
    Lot,
    PurchaseOrder,
    Supplier,
    SupplierBill,
    Tracking,
)
from hilum.canonical.catalogue import read, write
from hilum.connectors import crosswalk, http, mllp, odoo
from hilum.masterdata import terms
from hilum.packs import implants, inventory
from hilum.packs.implants import register
from hilum.packs.implants.closing import closing_process
from hilum.packs.implants.register import Implant
from hilum.packs.implants.rules import ImplantRules
from hilum.packs.inventory.implant_lines import operation_number
from hilum.postgres import Database
from hilum.processes import handle, store
from hilum.processes.engine import Engine
from hilum.simulator.hospital import Sender
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.theatre import FACILITY, IMPLANTS, Theatre, Used, catalogue_csv, contracts
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.inbox import People
from support.looks import states
from support.projects import OWNERS, make_flow, target
from support.waits import Start

STORE = "STORE-OR"
STOCK = "WH/Stock"
"""Where the sandbox receives the orders of its one warehouse."""


def bought_into(_: object) -> str:
    """What is bought comes into the stock location of the warehouse."""
    return STOCK


def case_of(use: Used) -> str:
    """The operation that a use of the simulated theatre belongs to."""
    return operation_number(FACILITY, use.visit, use.at.date())


class Hospital(People):
    """A hub with the process, master data in its Odoo, and everybody who is asked."""

    def __init__(self, database: Database, box: SandboxOdoo | None, lookups: Path, **rules: Any) -> None:
        self.box = box
        given = {"gather": "PT0S", "look_again": "PT1S", "linger": "P1D", "bought_into": bought_into, **rules}
        self.process = closing_process(ImplantRules(lookups=lookups, **given), owners=OWNERS)
        super().__init__(database, [self.process])
        self.listener = mllp.Listener(host="127.0.0.1", port=0, accepts=["DFT^P03"])
        self.bills = http.Listener(host="127.0.0.1", port=0, path="/bills")
        self.feed, self.out = Feed(), Receiver()
        self._engine: Engine | None = None

    async def begin(self, start: Start, supplier: str = "", *, lookups: Mapping[str, str] | None = None) -> None:
        """Start the hub. `supplier`: where bill-only orders are posted to; empty: nowhere."""
        main = "odoo.main" if self.box is not None else None
        used = inventory.consumption(
            source=self.listener, odoo=main, implants=handle(self.process), accounts=self.box is not None
        )
        also = [target(self.out, "memory.out")] if self.box is None else []
        posted = [http.post("http.supplier", accepts=(PurchaseOrder,))] if supplier else []
        out = implants.commands(odoo=main, also=[*posted, *also], poll=0.02)
        billed = make_flow(self.bills, name="test.bills", format="bytes", translate=lambda body, _: read(body),
                           order_by=lambda body: read(body).business_key, dedup_by=None)  # fmt: skip
        billed.deliver_to(*handle(self.process))
        master = make_flow(self.feed, name="test.master", format="bytes", translate=lambda body, _: read(body),
                           order_by=lambda _: "one after the other", dedup_by=None)  # fmt: skip
        makers = (odoo.supplier, odoo.item, odoo.location, odoo.item_lot, odoo.consignment)
        master.deliver_to(*(make(main) for make in makers if main), terms.keep(), crosswalk.link())
        endpoints: dict[str, Any] = {}
        if self.box is not None:
            endpoints["odoo"] = {"main": {"url": self.box.url, "database": self.box.database,
                                          "login": self.box.login, "api_key": self.box.api_key}}  # fmt: skip
        if supplier:
            endpoints["http"] = {"supplier": {"url": supplier, "deduplicates": True}}
        tables = {"items": catalogue_csv(), "locations": f"code,location\nOR2,{STORE}\n", **(lookups or {})}
        started = await start(used, out, billed, master, lookups=tables, endpoints=endpoints)
        assert started.share is not None
        self._engine = Engine(started.project, self.database, [self.process], started.share.leases.id)
        await self._engine.start()

    async def end(self) -> None:
        """Stop the engine; the hub is stopped by who started it."""
        if self._engine is not None:
            await self._engine.stop()

    async def know(self, *more: BusinessObject, prices: bool = True) -> None:
        """Odoo and the hub know suppliers, items and places, and what was agreed."""
        things: list[BusinessObject] = [
            *(Supplier(code=code, title=code) for code in dict.fromkeys(each.supplier for each in IMPLANTS)),
            *(Item(code=each.item, title=each.title, tracking=Tracking.LOT) for each in IMPLANTS),
            Location(code=STORE, title="Store of the theatres"),
            *([Contract.model_validate(each) for each in contracts()] if prices else []),
            *more,
        ]
        await self.tell(*things)

    async def stock(self, theatre: Theatre) -> None:
        """What the theatre will use of consigned stock lies on its shelf."""
        consigned = [use for use in theatre.used if use.implant.consigned]
        await self.tell(
            *(Lot(item=use.implant.item, lot=use.lot) for use in consigned),
            *(
                ConsignmentMoved(number=f"CS-{use.transaction}", supplier=use.implant.supplier, location=STORE,
                                 item=use.implant.item, quantity=1, lot=use.lot)
                for use in consigned
            ),
        )  # fmt: skip

    async def tell(self, *things: BusinessObject) -> None:
        """Master data comes."""
        for thing in things:
            await self.feed.send(write(thing))
        await self.quiet()

    def sent(self, name: str) -> list[dict[str, Any]]:
        """What went out of this kind, where there is no Odoo."""
        kind = BY_NAME[f"hilum.{name}"]
        return [body for body in self.out.bodies if set(body) == set(kind.model_fields)]

    async def quiet(self) -> None:
        """Everything that came has arrived."""
        seen: list[str] = []

        async def there() -> bool:
            seen[:] = await states(self.database)
            return set(seen) <= {"completed"}

        await eventually(there, lambda: seen)

    async def send(self, theatre: Theatre) -> Sender:
        """The theatre tells its charges over MLLP."""
        sender = Sender(mllp=("127.0.0.1", self.listener.port), connections=1)
        await sender.run(theatre.events())
        return sender

    async def run(self, case: str) -> tuple[str, str]:
        """Status and state of the run of an operation."""
        async with self.database.cold() as connection:
            run = await store.run_of(connection, self.process.name, case)
        return (run.status, run.state) if run is not None else ("", "")

    async def is_in(self, case: str, state: str, status: str = "running") -> None:
        """Wait until it is."""
        seen: list[Any] = []

        async def there() -> bool:
            seen[:] = [await self.run(case), *((task.team, task.words) for task in await self.asked_now())]
            return bool(seen[0] == (status, state))

        await eventually(there, lambda: f"{case}: {status} {state}, not {seen}")

    async def registered(self, **which: str) -> list[Implant]:
        """The register."""
        async with self.database.cold() as connection:
            return await register.used(connection, **which)


def bill(order: str, item: str, price: str, number: str = "INV-1", **more: Any) -> SupplierBill:
    """A bill of one implant."""
    lines = [{"number": 1, "item": item, "quantity": 1, "unit_price": price, "order_line": 1}]
    told = {"number": number, "supplier": "SUP-ORTHO", "order": order, "currency": "EUR",
            "billed_on": date(2026, 3, 3), "lines": lines}  # fmt: skip
    return SupplierBill.model_validate(told | more)

"""A hub between an AP product, folders of bills and a sandbox Odoo, with the processes that match and tell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hilum.canonical import PurchaseOrder, SupplierBill
from hilum.canonical.catalogue import read, write
from hilum.connector import Target
from hilum.connectors import files, http, odoo
from hilum.flow import Flow
from hilum.packs import passing, payables
from hilum.packs.payables import ReadingRules
from hilum.packs.procurement.approval_rules import approvals_of
from hilum.packs.procurement.following import order_process
from hilum.packs.procurement.order_rules import OrderRules
from hilum.packs.procurement.unordered_bills import UnorderedRules, unordered_bill_process
from hilum.postgres import Database
from hilum.processes import handle
from hilum.processes.engine import Engine
from hilum.simulator.ap_product import ApProduct
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.doubles import Feed
from support.inbox import People
from support.looks import states
from support.projects import OWNERS, make_flow
from support.waits import Start

SECRET = "a secret of a test"
PDF = b"%PDF-1.7 a made-up bill"
APPROVALS = approvals_of(
    """
    currency = "EUR"
    [step.clerk]
    team = "Payables"
    [[rule]]
    name = "Everything"
    steps = ["clerk"]
    """
)


class Payables(People):
    """A hub between an AP product, a folder and an Odoo."""

    def __init__(self, database: Database, folder: Path, *, reading: ReadingRules | None = None) -> None:
        self.folder = folder
        self.feed = Feed("papers")
        reading = reading or ReadingRules()
        self.clear = payables.reading_process(reading, owners=OWNERS)
        self.tell = payables.telling_process(reading, owners=OWNERS)
        rules = OrderRules(approvals_from=frozenset({"AP"}))
        self.follow = order_process(rules, owners=OWNERS)
        unordered = UnorderedRules(approvals=APPROVALS, approvals_from=frozenset({"AP"}))
        self.approve = unordered_bill_process(unordered, owners=OWNERS)
        super().__init__(database, [self.clear, self.tell, self.follow, self.approve])
        self.listener = http.Listener(
            host="127.0.0.1", port=0, path="/ap", hmac_secret=SECRET, hmac_header="X-Signature",
            hmac_timestamp="X-Signature-Timestamp",
        )  # fmt: skip
        self._engine: Engine | None = None

    async def begin(
        self, start: Start, box: SandboxOdoo, product: ApProduct, *more: Flow, lookups: dict[str, str] | None = None
    ) -> None:
        matching = [*handle(self.follow), *handle(self.approve)]
        papers = make_flow(self.feed, name="test.papers", format="bytes", translate=lambda body, _: read(body),
                           order_by=lambda _: "one after the other", dedup_by=None)  # fmt: skip
        papers.deliver_to(*(make("odoo.main") for make in (odoo.supplier, odoo.item, odoo.purchase_order)), *matching)
        flows = [papers, payables.from_ap(source=self.listener, to=[*handle(self.clear), *matching])]
        for name, make, pattern in (
            ("metadata", payables.bill_metadata, "*.json"), ("pdfs", payables.bill_pdfs, "*.pdf"),
            ("mails", payables.mailed_bills, "*.eml"),
        ):  # fmt: skip
            (self.folder / name).mkdir(parents=True)
            source = files.Folder(url=str(self.folder / name), pattern=pattern, split="none", stable_for=0, poll=0.05)
            flows.append(make(source=source, to=handle(self.clear)))
        flows.append(payables.read_bills(to=matching, tell=handle(self.tell)))
        for name in ("matches", "refused"):
            flows.append(_sent(name, handle(self.tell)))
        bills = _sent("bills", [odoo.supplier_bill("odoo.main"), *handle(self.tell)])
        flows += [bills, payables.results(system="AP", to=[http.post("http.ap")]), payables.papers()]
        endpoints: dict[str, Any] = {
            "odoo": {"main": {"url": box.url, "database": box.database, "api_key": box.api_key}},
            "http": {"ap": {"url": f"{product.url}/results", "deduplicates": True}},
        }
        hub = await start(*flows, *more, **({"lookups": lookups} if lookups else {}), endpoints=endpoints)
        assert hub.share is not None
        self._engine = Engine(hub.project, self.database, self.processes, hub.share.leases.id)
        await self._engine.start()
        product.webhook = f"http://127.0.0.1:{self.listener.port}/ap"

    async def end(self) -> None:
        if self._engine is not None:
            await self._engine.stop()

    async def say(self, *things: Any) -> None:
        for thing in things:
            await self.feed.send(write(thing))

    async def quiet(self) -> None:
        seen: dict[str, int] = {}

        async def there() -> bool:
            seen.clear()
            seen.update(await states(self.database))
            return set(seen) <= {"completed", "discarded"}

        await eventually(there, lambda: seen)


def _sent(name: str, to: Sequence[Target]) -> Flow:
    return passing.commands(f"test.{name}", f"payables.{name}", summary="x", owners=OWNERS, to=to)


def order() -> PurchaseOrder:
    lines = [{"number": 1, "item": "GLV", "quantity": 13, "unit": "EA", "unit_price": "38.00"}]
    return PurchaseOrder.model_validate({"number": "PO-1", "supplier": "V1", "currency": "EUR", "lines": lines})


def bill(number: str, quantity: int = 4, price: str = "38.00", **more: Any) -> SupplierBill:
    line = {"number": 1, "item": "GLV", "quantity": quantity, "unit": "EA", "unit_price": price}
    said = {"number": number, "supplier": "V1", "order": "PO-1", "currency": "EUR", "billed_on": "2026-03-12",
            "total": f"{quantity * float(price):.2f}", "lines": [line]}  # fmt: skip
    return SupplierBill.model_validate(said | more)


def posted(box: SandboxOdoo) -> dict[str, str]:
    """The bills in Odoo with their states."""
    return {row["ref"]: row["state"] for row in box.records("account.move") if row["move_type"] == "in_invoice"}


def attached(box: SandboxOdoo) -> set[str]:
    """The bills that have a paper in Odoo."""
    moves = {row["id"]: row["ref"] for row in box.records("account.move")}
    return {moves[x["res_id"]] for x in box.records("ir.attachment") if x["res_model"] == "account.move"}

"""An AP product, a PDF in a folder and a mail: bills are matched, doubts asked, results told, papers filed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from hilum.canonical import BY_NAME, GoodsReceipt, Item, PurchaseOrder, Supplier, SupplierBill
from hilum.canonical.catalogue import read, write
from hilum.connectors import files, http, odoo
from hilum.packs import payables
from hilum.packs.payables import ReadingRules
from hilum.packs.procurement.approval_rules import approvals_of
from hilum.packs.procurement.following import order_process
from hilum.packs.procurement.order_rules import OrderRules
from hilum.packs.procurement.unordered_bills import UnorderedRules, unordered_bill_process
from hilum.postgres import Database
from hilum.processes import Commands, Process, decide, handle, inbox
from hilum.processes.engine import Engine
from hilum.processes.tasks import Asked, answer_of
from hilum.simulator.ap_product import ApProduct, ApTroubles
from hilum.simulator.files import put
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.doubles import Feed
from support.looks import states
from support.projects import OWNERS, make_flow
from support.waits import Start

pytestmark = pytest.mark.req("SYS-14", "WF-2", "WF-12")

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


class Payables:
    """A hub between an AP product, a folder and an Odoo."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.feed = Feed("papers")
        reading = ReadingRules()
        self.clear = payables.reading_process(reading, owners=OWNERS)
        self.tell = payables.telling_process(reading, owners=OWNERS)
        rules = OrderRules(approvals_from=frozenset({"AP"}))
        self.follow = order_process(rules, owners=OWNERS)
        unordered = UnorderedRules(approvals=APPROVALS, approvals_from=frozenset({"AP"}))
        self.approve = unordered_bill_process(unordered, owners=OWNERS)
        self.listener = http.Listener(
            host="127.0.0.1", port=0, path="/ap", hmac_secret=SECRET, hmac_header="X-Signature",
            hmac_timestamp="X-Signature-Timestamp",
        )  # fmt: skip
        self._engine: Engine | None = None

    @property
    def processes(self) -> list[Process]:
        return [self.clear, self.tell, self.follow, self.approve]

    async def begin(self, start: Start, box: SandboxOdoo, product: ApProduct) -> None:
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
            flow = make_flow(Commands(f"payables.{name}", poll=0.05), name=f"test.{name}", translate=_thing,
                             dedup_by=None, order_by=lambda parsed: _thing(parsed, None).business_key)  # fmt: skip
            flow.deliver_to(*handle(self.tell))
            flows.append(flow)
        bills = make_flow(Commands("payables.bills", poll=0.05), name="test.bills", translate=_thing, dedup_by=None,
                          order_by=lambda parsed: _thing(parsed, None).business_key)  # fmt: skip
        bills.deliver_to(odoo.supplier_bill("odoo.main"), *handle(self.tell))
        flows += [bills, payables.results(system="AP", to=[http.post("http.ap")]), payables.papers()]
        endpoints: dict[str, Any] = {
            "odoo": {"main": {"url": box.url, "database": box.database, "api_key": box.api_key}},
            "http": {"ap": {"url": f"{product.url}/results", "deduplicates": True}},
        }
        hub = await start(*flows, endpoints=endpoints)
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

    async def task(self, title: str) -> Asked:
        found: list[Asked] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                found[:] = [each for each in await inbox(connection) if each.title.startswith(title)]
            return len(found) == 1

        await eventually(there, lambda: f"one task {title}, not {[each.title for each in found]}")
        return found[0]

    async def answer(self, task: Asked, **content: Any) -> None:
        forms = {name: form for each in self.processes for name, form in each.forms.items()}
        async with self.database.transaction() as connection:
            given = answer_of(forms[task.form], content)
            await decide(connection, task.id, given, actor="ada", permissions={"approve"})


def _thing(parsed: Any, _: Any) -> Any:
    return BY_NAME[parsed["type"]].model_validate(parsed["content"])


def order() -> PurchaseOrder:
    lines = [{"number": 1, "item": "GLV", "quantity": 13, "unit": "EA", "unit_price": "38.00"}]
    return PurchaseOrder.model_validate({"number": "PO-1", "supplier": "V1", "currency": "EUR", "lines": lines})


def bill(number: str, quantity: int = 4, price: str = "38.00", **more: Any) -> SupplierBill:
    line = {"number": 1, "item": "GLV", "quantity": quantity, "unit": "EA", "unit_price": price}
    said = {"number": number, "supplier": "V1", "order": "PO-1", "currency": "EUR", "billed_on": "2026-03-12",
            "total": f"{quantity * float(price):.2f}", "lines": [line]}  # fmt: skip
    return SupplierBill.model_validate(said | more)


def mail(pdf: bytes, metadata: bytes) -> bytes:
    """A PDF and what was read of it."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "supplier@example.org", "bills@hospital.example", "Your bill"
    made.set_content("Please find the bill attached.")
    made.add_attachment(pdf, maintype="application", subtype="pdf", filename="bill.pdf")
    made.add_attachment(metadata, maintype="application", subtype="json", filename="bill.json")
    return bytes(made)


@pytest.fixture
async def box() -> AsyncIterator[SandboxOdoo]:
    async with SandboxOdoo("19.0", "hilum") as made:
        yield made


def posted(box: SandboxOdoo) -> dict[str, str]:
    return {row["ref"]: row["state"] for row in box.records("account.move") if row["move_type"] == "in_invoice"}


async def test_bills_of_an_ap_product_and_of_pdfs_are_matched_and_their_reader_hears_of_it(
    hub: Start, database: Database, box: SandboxOdoo, tmp_path: Path
) -> None:
    work = Payables(database, tmp_path)
    troubles = ApTroubles(doubled=0.5, forged=0.3)
    async with ApProduct(webhook="", secret=SECRET, troubles=troubles) as product:
        await work.begin(hub, box, product)
        try:
            goods = [{"item": "GLV", "quantity": 13, "unit": "EA"}]
            await work.say(Supplier(code="V1", title="Gloves"), Item(code="GLV", title="Gloves"), order(),
                           GoodsReceipt.model_validate({"number": "R-1", "order": "PO-1", "lines": goods}))  # fmt: skip
            # sure, and clear
            first = await product.read(bill("B-1"), document=PDF)
            await eventually(lambda: product.last(first) == "posted", lambda: product.results)
            # a field is doubtful: it is asked, and corrected
            second = await product.read(
                bill("B-2", 3, total="152.00", billed_on="2026-03-13"), confidence={"lines.1.quantity": "0.55"}
            )
            task = await work.task("Look at bill B-2 that AP has read")
            assert task.words == "quantity of line 1 is perhaps “3” (55 %)"
            await work.answer(task, decision="take", corrections={"lines.1.quantity": "4"})
            await eventually(lambda: product.last(second) == "posted", lambda: product.results)
            # too dear: an exception, which somebody decides in the AP product
            third = await product.read(bill("B-3", 2, "41.20"))
            await eventually(lambda: product.last(third) == "exception", lambda: product.results)
            assert "billed 2 EA at 41.2, ordered at 38" in product.results[third][0]["words"]
            await work.task("Bill B-3 of V1 does not match")
            await product.decide("V1:B-3", by="carla", comment="agreed by telephone")
            await eventually(lambda: product.last(third) == "posted", lambda: product.results)
            # without an order: its people approve, too
            line = {"number": 1, "description": "Rent", "unit_price": "900"}
            rent = await product.read(bill("B-4", order=None, total="900", lines=[line]))
            await work.task("Approve bill B-4")
            product.results.setdefault(rent, []).append({"bill": "V1:B-4", "number": rent, "order": None, "status": ""})
            await product.decide("V1:B-4", by="carla", approved=False, comment="not ours")
            await eventually(lambda: product.last(rent) == "refused", lambda: product.results)
            # a PDF, before the file that says what is in it
            put(tmp_path / "pdfs" / "b5.pdf", PDF)
            told: dict[str, Any] = {"number": "B-5", "supplier": "V1", "order": "PO-1", "currency": "EUR",
                    "billed_on": "2026-03-13", "total": "76.00",
                    "lines": [{"item": "GLV", "quantity": "2", "unit": "EA", "unit_price": "38.00"}],
                    "document": {"sha256": sha256(PDF).hexdigest()}}  # fmt: skip
            put(tmp_path / "metadata" / "b5.json", orjson.dumps(told))
            # both in one mail: what lies beside a PDF need not name its hash
            told |= {"number": "B-6", "total": "38.00", "lines": [told["lines"][0] | {"quantity": "1"}]}
            del told["document"]
            put(tmp_path / "mails" / "b6.eml", mail(b"%PDF-1.7 another made-up bill", orjson.dumps(told)))
            wanted = dict.fromkeys(("B-1", "B-2", "B-3", "B-5", "B-6"), "posted")
            await eventually(lambda: posted(box) == wanted, lambda: posted(box))
            papers = {"B-1", "B-5", "B-6"}

            def attached() -> set[str]:
                moves = {row["id"]: row["ref"] for row in box.records("account.move")}
                return {moves[x["res_id"]] for x in box.records("ir.attachment") if x["res_model"] == "account.move"}

            await eventually(lambda: attached() == papers, attached)
            await work.quiet()
            async with database.cold() as connection:
                assert await inbox(connection) == []
            assert product.answers[401], "forged ones were refused"
            assert set(product.answers) == {202, 401}
        finally:
            await work.end()

"""An AP product, a PDF in a folder and a mail: bills are matched, doubts asked, results told, papers filed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from hilum.canonical import GoodsReceipt, Item, Supplier
from hilum.postgres import Database
from hilum.processes import inbox
from hilum.simulator.ap_product import ApProduct, ApTroubles
from hilum.simulator.files import put
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.payables import PDF, SECRET, Payables, attached, bill, order, posted
from support.waits import Start

pytestmark = pytest.mark.req("SYS-14", "WF-2", "WF-12")


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
            assert "billed 2 EA at 41.20, ordered at 38.00" in product.results[third][0]["words"]
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
            await eventually(lambda: attached(box) == papers, lambda: attached(box))
            await work.quiet()
            async with database.cold() as connection:
                assert await inbox(connection) == []
            assert product.answers[401], "forged ones were refused"
            assert set(product.answers) == {202, 401}
        finally:
            await work.end()

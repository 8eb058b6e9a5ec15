"""What an AP product says twice or late is asked once, by whichever way; Factur-X goes the same way without a doubt."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfWriter

from hilum.canonical import BillMatch, GoodsReceipt, Item, ReadBill, Supplier
from hilum.canonical.catalogue import read, write
from hilum.connectors import files, http
from hilum.packs import payables
from hilum.packs.payables import ReadingRules
from hilum.packs.payables.pdf_bills import document_of
from hilum.packs.payables.reading import filed
from hilum.postgres import Database
from hilum.processes import handle, inbox, store
from hilum.simulator.ap_product import ApProduct, ApTroubles
from hilum.simulator.files import put
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.doubles import Feed
from support.payables import PDF, SECRET, Payables, attached, bill, order, posted
from support.projects import make_flow
from support.waits import Start

pytestmark = pytest.mark.req("SYS-14", "WF-2")

CII = Path(__file__).parents[2] / "samples" / "cii" / "invoice.xml"
CHANGES = {
    "GLV-M": "GLV", "PO-7": "PO-1", "<ram:LineID>2</ram:LineID>": "<ram:LineID>1</ram:LineID>",
    "820.00": "38.00", 'unitCode="BX">100': 'unitCode="EA">1', 'unitCode="BX">30': 'unitCode="EA">2',
    "241.00": "76.00", "253.00": "76.00", "300.00": "76.00", "306.13": "76.00",
    ">53.13": ">0.00", "Percent>21<": "Percent>0<", ">6.13<": ">0.00<",
    "<ram:ChargeTotalAmount>12.00</ram:ChargeTotalAmount>": "",
}  # fmt: skip
"""What makes two pairs of gloves of it, at the price of the order."""

READING = "payables.reading"
TELLING = "payables.telling"


@pytest.fixture
async def box() -> AsyncIterator[SandboxOdoo]:
    async with SandboxOdoo("19.0", "hilum") as made:
        yield made


async def ended(database: Database, process: str, key: str, number: int = 1) -> str:
    """How the so-many-th run of a key ended."""
    found: list[store.RunRow | None] = [None]

    async def over() -> bool:
        async with database.cold() as connection:
            found[0] = await store.run_of(connection, process, key)
        return found[0] is not None and found[0].number == number and not found[0].open

    await eventually(over, lambda: f"{process} {key}: {found}")
    assert found[0] is not None
    return f"{found[0].state}: {found[0].outcome}"


async def test_what_came_by_webhook_is_not_asked_again_by_rest_and_what_was_lost_is_found(
    hub: Start, database: Database, box: SandboxOdoo, tmp_path: Path
) -> None:
    work = Payables(database, tmp_path)
    async with ApProduct(webhook="", secret=SECRET, troubles=ApTroubles()) as product:
        poll = http.Poll(url=f"{product.url}/invoices", items="invoices", item_id="id", every=3600)
        polled = payables.from_ap(source=poll, name="payables.polled", to=handle(work.clear))
        await work.begin(hub, box, product, polled)
        try:
            goods = [{"item": "GLV", "quantity": 13, "unit": "EA"}]
            await work.say(Supplier(code="V1", title="Gloves"), Item(code="GLV", title="Gloves"), order(),
                           GoodsReceipt.model_validate({"number": "R-1", "order": "PO-1", "lines": goods}))  # fmt: skip
            doubtful = {"lines.1.quantity": "0.5"}
            taken = await product.read(bill("B-1"), confidence=doubtful)
            await work.answer(await work.task("Look at bill B-1"), decision="take")
            refused = await product.read(bill("B-2", 2), confidence=doubtful)
            await work.answer(await work.task("Look at bill B-2"), decision="refuse", comment="no bill of ours")
            await eventually(lambda: product.last(taken) == "posted", lambda: product.results)
            await eventually(lambda: product.last(refused) == "refused", lambda: product.results)
            for number in (taken, refused):
                await ended(database, READING, f"AP:{number}")
            before = {number: list(told) for number, told in product.results.items()}
            # its webhook is lost: only REST knows
            product.troubles = ApTroubles(lost=1)
            lost = await product.read(bill("B-3", 3, billed_on="2026-03-13"))
            assert await poll.take_now(None) == "3 messages came of it"
            assert (
                await ended(database, READING, f"AP:{taken}", 2) == "known: told before: bill V1:B-1, looked at by ada"
            )
            assert await ended(database, READING, f"AP:{refused}", 2) == (
                "known: told before: refused by ada: no bill of ours"
            )
            await eventually(lambda: product.last(lost) == "posted", lambda: product.results)
            assert await poll.take_now(None) == "0 messages came of it"
            await work.quiet()
            async with database.cold() as connection:
                assert await inbox(connection) == []
            assert {number: product.results[number] for number in before} == before, "it heard nothing twice"
            assert posted(box) == {"B-1": "posted", "B-3": "posted"}
        finally:
            await work.end()


@pytest.mark.long
async def test_what_is_corrected_while_it_is_asked_is_judged_anew(
    hub: Start, database: Database, box: SandboxOdoo, tmp_path: Path
) -> None:
    work = Payables(database, tmp_path)
    async with ApProduct(webhook="", secret=SECRET) as product:
        await work.begin(hub, box, product)
        try:
            number = await product.read(bill("B-1"), confidence={"total": "0.5"})
            await work.task("Look at bill B-1 that AP has read")
            await product.correct(number, bill("B-1", 3), confidence={"lines.1.quantity": "0.6"})
            asked = await work.task("Look at bill B-1 that AP has read")

            async def anew() -> bool:
                nonlocal asked
                asked = await work.task("Look at bill B-1 that AP has read")
                return asked.words == "quantity of line 1 is perhaps “3” (60 %)"

            await eventually(anew, lambda: asked.words)
            await product.correct(number, bill("B-1", 4))
            assert await ended(database, READING, f"AP:{number}") == "clear: bill V1:B-1"
            async with database.cold() as connection:
                assert not [each for each in await inbox(connection) if each.title.startswith("Look at")]
        finally:
            await work.end()


@pytest.mark.long
async def test_what_comes_after_its_bill_is_forgotten_is_filed_and_ends(
    hub: Start, database: Database, box: SandboxOdoo, tmp_path: Path
) -> None:
    """A paper, and a comparison that is told again, after the run of their bill has ended: each run ends by itself."""
    work = Payables(database, tmp_path, reading=ReadingRules(linger=timedelta(seconds=2)))
    again = Feed("again")
    late = make_flow(again, name="test.again", format="bytes", translate=lambda body, _: read(body), order_by=None)
    late.deliver_to(*handle(work.tell))
    async with ApProduct(webhook="", secret=SECRET) as product:
        await work.begin(hub, box, product, late)
        try:
            goods = [{"item": "GLV", "quantity": 4, "unit": "EA"}]
            await work.say(Supplier(code="V1", title="Gloves"), Item(code="GLV", title="Gloves"), order(),
                           GoodsReceipt.model_validate({"number": "R-1", "order": "PO-1", "lines": goods}))  # fmt: skip
            made = bill("B-1")
            number = await product.read(made)
            told = {"posted: AP was told once": 1, "posted: AP was told 2 times": 2}  # that it is posted may come first
            results = told[await ended(database, TELLING, made.business_key)]
            paper = filed(document_of(PDF), made)
            read_again = ReadBill(system="AP", number=number, bill=made.business_key, order="PO-1", document=paper)
            await again.send(write(read_again))
            assert await ended(database, TELLING, made.business_key, 2) == "posted: AP was told 0 times"
            await eventually(lambda: attached(box) == {"B-1"}, lambda: attached(box))
            match = BillMatch(bill=made.business_key, order="PO-1", supplier="V1", currency="EUR", amount=152, round=9)
            await again.send(write(match))
            assert await ended(database, TELLING, made.business_key, 3) == "posted: AP was told 0 times"
            assert len(product.results[number]) == results, "of what is posted no comparison is told any more"
        finally:
            await work.end()


@pytest.mark.long
async def test_a_factur_x_is_matched_posted_and_filed_without_anybody_looking(
    hub: Start, database: Database, box: SandboxOdoo, tmp_path: Path
) -> None:
    work = Payables(database, tmp_path)
    (tmp_path / "factur-x").mkdir()
    folder = files.Folder(url=str(tmp_path / "factur-x"), split="none", stable_for=0, poll=0.05)
    bills = payables.e_bill_pdfs(source=folder, to=handle(work.clear))
    async with ApProduct(webhook="", secret=SECRET) as product:
        await work.begin(hub, box, product, bills, lookups={"bill_senders": "code,supplier\nBE0123456789,V1\n"})
        try:
            goods = [{"item": "GLV", "quantity": 13, "unit": "EA"}]
            await work.say(Supplier(code="V1", title="Gloves"), Item(code="GLV", title="Gloves"), order(),
                           GoodsReceipt.model_validate({"number": "R-1", "order": "PO-1", "lines": goods}))  # fmt: skip
            put(tmp_path / "factur-x" / "inv-7.pdf", factur_x())
            await eventually(lambda: posted(box) == {"INV-7": "posted"}, lambda: posted(box))
            await eventually(lambda: attached(box) == {"INV-7"}, lambda: attached(box))
            (move,) = [row for row in box.records("account.move") if row["ref"] == "INV-7"]
            assert move["amount_total"] == 76
            await work.quiet()
            async with database.cold() as connection:
                assert await inbox(connection) == []
        finally:
            await work.end()


def factur_x() -> bytes:
    """A PDF with that bill in it."""
    xml = CII.read_bytes()
    for old, new in CHANGES.items():
        assert old.encode() in xml, old
        xml = xml.replace(old.encode(), new.encode())
    charge = re.compile(rb"<ram:SpecifiedTradeAllowanceCharge>.*?</ram:SpecifiedTradeAllowanceCharge>", re.DOTALL)
    xml = charge.sub(b"", xml)
    made = PdfWriter()
    made.add_blank_page(595, 842)
    made.add_attachment("factur-x.xml", xml)
    out = io.BytesIO()
    made.write(out)
    return out.getvalue()

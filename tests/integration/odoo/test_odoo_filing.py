"""Units and accounts, what suppliers answer to orders, and documents at their records: in Odoo once, and as sent."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from odoo_far_side import TARGETS, FarSide, World, delivery
from odoo_outcomes import delivered, refused, settle
from odoo_purchasing import order_lines

from hilum.canonical import (
    AccountType,
    AcknowledgedLine,
    Document,
    DocumentStatus,
    Item,
    LedgerAccount,
    LineAnswer,
    OrderAcknowledgement,
    PurchaseOrder,
    Unit,
)
from hilum.canonical.papers import RecordKey
from hilum.connectors import odoo
from hilum.connectors.odoo import Odoo
from hilum.message import Delivered
from hilum.simulator.odoo import FaultKind

TARGETS.update(
    {
        Unit: odoo.unit,
        LedgerAccount: odoo.ledger_account,
        OrderAcknowledgement: odoo.order_acknowledgement,
        Document: odoo.document,
        DocumentStatus: odoo.status_note,
    }
)
PAPER = b"%PDF-1.7 a certificate of a lot"


@pytest.mark.req("SYS-1")
@pytest.mark.every_odoo
async def test_a_unit_is_a_multiple_of_one_that_odoo_brings(sandboxed: FarSide) -> None:
    hub, world, _ = await sandboxed.stage()
    for attempt in (1, 2):
        await delivered(hub, Unit(code="CEN", title="Hundred"), Unit(code="MGM", title="mg"), attempt=attempt)
    await delivered(hub, Unit(code="CEN", title="Hundreds"))
    (hundred,) = await sandboxed.known_as("uom.uom", "unit", "CEN")
    (milligram,) = await sandboxed.known_as("uom.uom", "unit", "MGM")
    assert hundred["name"] == "Hundreds"
    if sandboxed.since(19):
        assert (hundred["factor"], milligram["factor"]) == (100, pytest.approx(1e-6))
    else:
        assert (hundred["factor"], hundred["uom_type"]) == (0.01, "bigger")
        assert (milligram["factor"], milligram["uom_type"]) == (pytest.approx(1e6), "smaller")
    item = Item(code=world.number("PIN"), title="Pin", unit="EA", purchase_unit="CEN")
    await delivered(hub, item)
    line = world.order(("2", "5")).lines[0].model_copy(update={"item": item.code, "unit": "CEN"})
    order = world.order(lines=(line,))
    await delivered(hub, order)
    assert await order_lines(sandboxed, order) == [(2, 5)]


@pytest.mark.req("SYS-1")
@pytest.mark.one_odoo
async def test_units_that_odoo_has_stay_and_what_no_table_knows_is_held(far: FarSide, hub: Odoo) -> None:
    (outcome,) = await settle(hub, Unit(code="DZN", title="A dozen of ours"))
    assert isinstance(outcome, Delivered), outcome
    assert "stays as it is" in outcome.words
    assert isinstance(await hub.landed(delivery(Unit(code="DZN", title="A dozen of ours"))), Delivered)
    await refused(hub, Unit(code="CT", title="Carton"), "odoo.missing_reference", "depends on the item")
    await refused(hub, Unit(code="MIN", title="Minute"), "odoo.missing_reference")  # a day of Odoo's has eight hours


def account(far: FarSide, **more: Any) -> LedgerAccount:
    values = {"code": f"6{far.unique[:5]}", "title": "Supplies", "account_type": AccountType.EXPENSE}
    return LedgerAccount(**{**values, **more})


@pytest.mark.req("SYS-1")
@pytest.mark.every_odoo
async def test_an_account_of_the_chart(sandboxed: FarSide) -> None:
    hub = await sandboxed.open()
    ours = account(sandboxed)
    for title in ("Supplies", "Medical supplies"):
        for attempt in (1, 2):
            await delivered(hub, ours.model_copy(update={"title": title, "reconciled": True}), attempt=attempt)
    (row,) = await sandboxed.rows("account.account", code=ours.code)
    assert (row["name"], row["account_type"], row["reconcile"]) == ("Medical supplies", "expense", True)
    await delivered(hub, ours.model_copy(update={"active": False}))
    (row,) = await sandboxed.rows("account.account", code=ours.code)
    assert row["active"] is False if sandboxed.since(19) else row["deprecated"] is True


@pytest.mark.req("SYS-1")
@pytest.mark.one_odoo
async def test_an_account_that_an_accountant_made_is_taken_over_with_its_type(sandboxed: FarSide) -> None:
    hub = await sandboxed.open()
    payable = LedgerAccount(code="211000", title="Suppliers", account_type=AccountType.LIABILITY)
    (outcome,) = await delivered(hub, payable)
    assert "matches the items" in outcome.words
    (row,) = await sandboxed.rows("account.account", code="211000")
    assert (row["name"], row["account_type"], row["reconcile"]) == ("Suppliers", "liability_payable", True)
    other = payable.model_copy(update={"account_type": AccountType.EXPENSE})
    await refused(hub, other, "odoo.conflict", "another kind")
    await refused(hub, account(sandboxed, company="Elsewhere"), "odoo.missing_reference", "Sandbox Hospital")
    await delivered(hub, account(sandboxed, company="Sandbox Hospital", currency="EUR"))


def answer(world: World, order: PurchaseOrder, *lines: AcknowledgedLine) -> OrderAcknowledgement:
    return OrderAcknowledgement(
        number=world.number("A"), order=order.number, supplier=order.supplier, currency="EUR", lines=lines
    )


def said(number: int, quantity: str, day: date | None = None, **more: Any) -> AcknowledgedLine:
    values: dict[str, Any] = {"answer": LineAnswer.ACCEPTED, "quantity": Decimal(quantity), "delivery_date": day}
    return AcknowledgedLine(number=number, **{**values, **more})


@pytest.mark.req("SYS-1")
@pytest.mark.every_odoo
async def test_the_answer_of_a_supplier_sets_days_and_is_noted_once(far: FarSide, hub: Odoo, world: World) -> None:
    order = world.order(("10", "1.25"), ("5", "1.5"))
    await delivered(hub, order)
    acknowledged = answer(
        world,
        order,
        said(1, "6", date(2026, 12, 3)),
        said(1, "4", date(2026, 12, 10), answer=LineAnswer.BACKORDERED, words="<b>short</b> of stock"),
        said(2, "0", answer=LineAnswer.REJECTED),
    )
    for attempt in (1, 2, 1):
        (outcome,) = await delivered(hub, acknowledged, attempt=attempt)
    assert acknowledged.number in outcome.words
    (row,) = await far.known_as("purchase.order", "order", order.number)
    assert row["partner_ref"] == acknowledged.number
    lines = sorted(await far.rows("purchase.order.line", order_id=row["id"]), key=lambda line: line["id"])
    assert [str(line["date_planned"])[:10] for line in lines] == ["2026-12-10", "2026-12-01"]
    assert await order_lines(far, order) == [(10, 1.25), (5, 1.5)]  # what is bought is for a buyer to decide
    notes = await far.known_as("mail.message", "acknowledgement", acknowledged.business_key)
    assert [(note["model"], note["res_id"]) for note in notes] == [("purchase.order", row["id"])]
    assert "line 1: backordered, 4 EA, on 2026-12-10" in notes[0]["body"]
    assert "<b>" not in notes[0]["body"]
    assert isinstance(await hub.landed(delivery(acknowledged)), Delivered)


@pytest.mark.req("SYS-1")
@pytest.mark.one_odoo
async def test_an_answer_does_not_set_back_what_a_buyer_did_since(sandboxed: FarSide) -> None:
    hub, world, box = await sandboxed.stage()
    order = world.order(("10", "1"), requisition="REQ-1")
    await delivered(hub, order)
    acknowledged = answer(world, order, said(1, "10", date(2026, 12, 3)), said(7, "1", date(2026, 12, 4)))
    (outcome,) = await delivered(hub, acknowledged)
    assert "without a day: 7" in outcome.words
    (row,) = await sandboxed.known_as("purchase.order", "order", order.number)
    assert row["partner_ref"] == "REQ-1"
    (line,) = await sandboxed.rows("purchase.order.line", order_id=row["id"])
    box.change(lambda env: env["purchase.order.line"].write(line["id"], {"date_planned": "2027-01-01 12:00:00"}))
    await delivered(hub, acknowledged)  # a replay
    (line,) = await sandboxed.rows("purchase.order.line", order_id=row["id"])
    assert line["date_planned"] == "2027-01-01 12:00:00"
    other = world.supplier.model_copy(update={"code": world.number("SUP")})
    await delivered(hub, other)
    wrong = answer(world, order).model_copy(update={"supplier": other.code})
    await refused(hub, wrong, "odoo.conflict", "another supplier")
    unknown = answer(world, world.order())
    await refused(hub, unknown, "odoo.missing_reference")


@pytest.mark.req("SYS-1")
async def test_an_answer_leaves_a_locked_order_as_it_is(sandboxed: FarSide) -> None:
    """18 locks by the state `done`, 19 by a mark beside it."""
    hub, world, box = await sandboxed.stage()
    order = world.order(("10", "1"))
    await delivered(hub, order)
    (row,) = await sandboxed.known_as("purchase.order", "order", order.number)
    lock = {"locked": True} if sandboxed.since(19) else {"state": "done"}
    box.change(lambda env: env["purchase.order"].write(row["id"], lock))
    before = await sandboxed.rows("purchase.order.line", order_id=row["id"])
    (outcome,) = await delivered(hub, answer(world, order, said(1, "10", date(2026, 12, 3))))
    assert "cancelled or locked there: its days stay as they are" in outcome.words
    assert await sandboxed.rows("purchase.order.line", order_id=row["id"]) == before


def paper(world: World, order: PurchaseOrder, **more: Any) -> Document:
    values = {
        "number": world.number("CERT"),
        "title": "Certificate",
        "document_type": "certificate",
        "place": "certificates/1.pdf",
        "belongs_to": RecordKey(object="hilum.purchase.order", key=order.number),
        "content": b64encode(PAPER).decode(),
    }
    return Document(**{**values, **more})


@pytest.mark.req("SYS-1")
@pytest.mark.every_odoo
async def test_a_document_is_an_attachment_of_its_record(far: FarSide, hub: Odoo, world: World) -> None:
    order = world.order(("10", "1"))
    await delivered(hub, order)
    filed = paper(world, order)
    for attempt in (1, 2, 1):
        await delivered(hub, filed, attempt=attempt)
    (row,) = await far.known_as("purchase.order", "order", order.number)
    (there,) = await far.known_as("ir.attachment", "document", filed.business_key)
    assert (there["res_model"], there["res_id"], there["file_size"]) == ("purchase.order", row["id"], len(PAPER))
    assert isinstance(await hub.landed(delivery(filed)), Delivered)
    second = paper(world, order, number=filed.number, revision=2, content=b64encode(PAPER + b"!").decode())
    await delivered(hub, second)
    (newer,) = await far.known_as("ir.attachment", "document", second.business_key)
    assert (newer["name"], newer["file_size"]) == ("Certificate (rev. 2)", len(PAPER) + 1)
    item = RecordKey(object="hilum.item", key=world.item.code)
    link = paper(world, order, content=None, place="https://papers.example/1.pdf", belongs_to=item)
    await delivered(hub, link)
    (linked,) = await far.known_as("ir.attachment", "document", link.business_key)
    assert (linked["type"], linked["url"], linked["res_model"]) == ("url", link.place, "product.product")


@pytest.mark.req("SYS-1")
@pytest.mark.one_odoo
async def test_documents_that_are_not_filed(sandboxed: FarSide, caplog: pytest.LogCaptureFixture) -> None:
    hub, world, _ = await sandboxed.stage(attachment_bytes=len(PAPER) + 2)
    order = world.order(("10", "1"))
    await delivered(hub, order)
    large = paper(world, order, content=b64encode(PAPER * 2).decode())
    await refused(hub, large, "odoo.too_large", "attachment_bytes")
    await refused(hub, paper(world, order, confidential=True), "odoo.validation", "confidential")
    await refused(hub, paper(world, order, content=None), "odoo.validation", "no address")
    await refused(hub, paper(world, order, belongs_to=None), "odoo.validation", "does not say")
    nobody = RecordKey(object="hilum.purchase.order", key="PO-NOWHERE")
    await refused(hub, paper(world, order, belongs_to=nobody), "odoo.missing_reference")
    assert await sandboxed.rows("ir.attachment") == []
    assert large.content is not None
    assert large.content[:24] not in repr(large) + caplog.text


@pytest.mark.req("NEW-1")
@pytest.mark.one_odoo
async def test_after_a_lost_answer_each_is_there_once(sandboxed: FarSide) -> None:
    hub, world, _ = await sandboxed.stage()
    assert sandboxed.faults is not None
    order = world.order(("10", "1"))
    await delivered(hub, order)
    things = {
        "document": ("ir.attachment", paper(world, order)),
        "acknowledgement": ("mail.message", answer(world, order, said(1, "10", date(2026, 12, 3)))),
        "unit": ("uom.uom", Unit(code="GRO", title="Gross")),
        "statusnote": (
            "mail.message",
            DocumentStatus(document=order.number, flow="x", status="received", at=datetime(2026, 12, 3, tzinfo=UTC)),
        ),
    }
    for kind, (model, thing) in things.items():
        before = len(await sandboxed.rows(model))
        calls = 0
        while True:  # each call in turn
            sandboxed.faults.arm(calls, FaultKind.LOST_REPLY)
            (outcome,) = await settle(hub, thing)
            hit = len(sandboxed.faults.seen) > calls
            sandboxed.faults.arm(-1, FaultKind.LOST_REPLY)
            if isinstance(outcome, Delivered) and not hit:
                break
            calls += 1
        assert len(await sandboxed.rows(model)) == before + 1, kind
        key = (
            f"{thing.business_key}:{thing.at.isoformat()}" if isinstance(thing, DocumentStatus) else thing.business_key
        )
        assert len(await sandboxed.known_as(model, kind, key)) == 1

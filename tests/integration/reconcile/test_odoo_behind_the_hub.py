"""Orders, bills and payments go into Odoo; then people change things there: exactly those are found, and told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from hilum.canonical import (
    BusinessObject,
    Item,
    Payment,
    PurchaseOrder,
    PurchaseOrderCancelled,
    Supplier,
    SupplierBill,
)
from hilum.canonical.catalogue import read, write
from hilum.cases import Case, cases
from hilum.connectors import odoo
from hilum.errors import Refused
from hilum.flow import Project
from hilum.journal.memories import Memories
from hilum.packs import finance, procurement
from hilum.postgres import Database
from hilum.reconcile import Comparison, Days, Kind, run, store
from hilum.reconcile.settling import DIFFERENT, FAILED
from hilum.reconcile.store import DifferenceRow, RunRow
from hilum.runtime import Hub
from hilum.simulator.odoo import SandboxOdoo
from support.doubles import Feed
from support.looks import rows
from support.projects import make_flow
from support.waits import Start, messages

pytestmark = pytest.mark.req("REC-1", "REC-3")

DAY = date(2026, 11, 10)
PERIOD: dict[str, Any] = {"period_days": 0, "settles_minutes": 0}


def order(number: str, quantity: int = 10, **more: Any) -> PurchaseOrder:
    lines = [
        {"number": 1, "item": "GLV", "quantity": quantity, "unit": "EA", "unit_price": "38.50"},
        {"number": 2, "item": "SUT", "quantity": 2, "unit": "EA", "unit_price": "100"},
    ]
    said = {"number": number, "supplier": "V1", "currency": "EUR", "lines": lines}
    return PurchaseOrder.model_validate({**said, "ordered_at": datetime(2026, 11, 10, 8, tzinfo=UTC), **more})


def bill(number: str, amount: str = "1240.00", **more: Any) -> SupplierBill:
    line = {"number": 1, "description": "Rent", "quantity": 1, "unit_price": amount, "tax_percent": 0}
    said = {"number": number, "supplier": "V1", "currency": "EUR", "billed_on": DAY, "total": amount, "lines": [line]}
    return SupplierBill.model_validate({**said, **more})


def payment(number: str, amount: str = "100.10") -> Payment:
    said = {"number": number, "direction": "sent", "supplier": "V1", "amount": amount, "currency": "EUR"}
    return Payment.model_validate({**said, "paid_on": DAY, "journal": "BNK1"})


class Office:
    """A hub that writes to an Odoo, and the people who sit there."""

    def __init__(self, hub: Hub, database: Database, box: SandboxOdoo, feed: Feed) -> None:
        self.hub, self.database, self.box, self.feed = hub, database, box, feed
        self.sent = 0

    async def say(self, *things: BusinessObject) -> None:
        """These come, and are in Odoo."""
        for thing in things:
            await self.feed.send(write(thing))
        self.sent += len(things)
        await messages(self.database, completed=self.sent)

    def row(self, model: str, **where: Any) -> dict[str, Any]:
        """The only record of Odoo that fits."""
        found = [each for each in self.box.records(model) if all(each[name] == value for name, value in where.items())]
        assert len(found) == 1, found
        return found[0]

    def edit(self, model: str, number: int, **values: Any) -> None:
        """Somebody in Odoo."""
        self.box.change(lambda env: env[model].write(number, values))

    def delete(self, model: str, number: int) -> None:
        self.box.change(lambda env: env[model].unlink(number))

    @property
    def project(self) -> Project:
        return self.hub.project

    async def compare(self, comparison: Comparison, **more: Any) -> RunRow:
        done = await run(self.database, self.project, comparison, **more)
        assert done.state == "done", done.words
        return done

    async def found(self, comparison: Comparison) -> list[DifferenceRow]:
        async with self.database.cold() as connection:
            return sorted(await store.found(connection, comparison.name), key=lambda each: each.key)

    async def cases(self, category: str = DIFFERENT) -> list[Case]:
        async with self.database.cold() as connection:
            found = await cases(connection, conditions=True)
        return sorted((each for each in found if each.category == category), key=lambda each: each.title)


@pytest.fixture
async def office(hub: Start, database: Database) -> AsyncIterator[Office]:
    feed = Feed()
    papers = make_flow(feed, name="test.papers", format="bytes", translate=lambda body, _: read(body),
                       order_by=lambda _: "one after the other", dedup_by=None)  # fmt: skip
    papers.deliver_to(
        odoo.supplier("odoo.main"), odoo.item("odoo.main"), odoo.purchase_order("odoo.main"),
        odoo.purchase_order_cancel("odoo.main"), odoo.supplier_bill("odoo.main"), odoo.payment("odoo.main"),
    )  # fmt: skip
    async with SandboxOdoo("19.0") as box:
        there = {"url": box.url, "database": box.database, "api_key": box.api_key}
        started = await hub(papers, endpoints={"odoo": {"main": there}})
        made = Office(started, database, box, feed)
        await made.say(Supplier(code="V1", title="Gloves Ltd"), Supplier(code="V2", title="Other"))
        await made.say(Item(code="GLV", title="Glove", unit="EA"), Item(code="SUT", title="Suture", unit="EA"))
        yield made


def told(found: list[DifferenceRow]) -> list[tuple[str, Kind, list[tuple[str, str, str]]]]:
    return [(each.key, each.kind, [(one.label, one.here, one.there) for one in each.apart]) for each in found]


def pairs(found: DifferenceRow) -> dict[str, tuple[str, str]]:
    return {each.label: (each.here, each.there) for each in found.apart}


async def test_orders_that_people_change_in_odoo_are_found_and_no_others(office: Office) -> None:
    comparison = procurement.orders_in_odoo(**PERIOD)
    cancelled = PurchaseOrderCancelled(number="PO-5", reason="not wanted")
    await office.say(*(order(f"PO-{n}") for n in range(1, 6)), order("PO-1", 12, revision=1), cancelled)
    clean = await office.compare(comparison)
    assert (clean.here, clean.there, clean.same, clean.differences) == (5, 5, 5, 0)
    assert clean.sums == {"amount": {"EUR": ["2417", "2417"]}}  # 662 and 3 × 585, and nothing of PO-5

    line = next(
        each for each in office.box.records("purchase.order.line")
        if each["order_id"] == office.row("purchase.order", origin="PO-2")["id"] and each["price_unit"] == 100
    )  # fmt: skip
    office.edit("purchase.order.line", line["id"], price_unit=99.5)
    office.edit("purchase.order", office.row("purchase.order", origin="PO-3")["id"], state="cancel")
    theirs = office.row("purchase.order", origin="PO-4")
    office.box.change(lambda env: env["purchase.order"].create({
        "partner_id": theirs["partner_id"],
        "order_line": [[0, 0, {"product_id": line["product_id"], "product_qty": 3, "price_unit": 7}]],
    }))  # fmt: skip
    done = await office.compare(comparison)
    found = {each.key: each for each in await office.found(comparison)}
    (name,) = found.keys() - {"PO-2", "PO-3"}
    assert name.startswith("P0"), "an order of Odoo's own is called by its number there"
    assert (done.same, done.different, done.missing, done.extra) == (3, 2, 0, 1)
    assert pairs(found["PO-2"]) == {
        "amount": ("585.00 EUR", "584.00 EUR"), "line 2, price": ("100", "99.5"),
    }  # fmt: skip
    assert pairs(found["PO-3"]) == {"status": ("ordered", "cancelled")}
    assert found[name].kind is Kind.EXTRA
    assert found["PO-2"].there == f"purchase.order {office.row('purchase.order', origin='PO-2')['id']}"
    (message,) = await rows(office.database, "SELECT id FROM message WHERE id = %s::uuid", [found["PO-2"].here])
    assert message, "here it leads to the message"


async def test_bills_become_cases_after_the_second_run_and_end_when_they_agree_again(office: Office) -> None:
    comparison = procurement.bills_in_odoo(**PERIOD)
    await office.say(bill("4711"), bill("4712", "50.05"), bill("4713"), bill("CN-1", "20.15", credit=True))
    assert (await office.compare(comparison)).same == 4
    moved = office.row("account.move", ref="4711")
    line = next(each for each in office.box.records("account.move.line")
                if each["move_id"] == moved["id"] and each["display_type"] == "product")  # fmt: skip
    gone = office.row("account.move", ref="4712")
    office.box.change(lambda env: env["account.move"].button_draft([moved["id"], gone["id"]]))
    office.edit("account.move.line", line["id"], price_unit=1204)
    office.box.change(lambda env: env["account.move"].action_post([moved["id"]]))
    office.delete("account.move", gone["id"])

    first = await office.compare(comparison)
    assert (first.same, first.different, first.missing) == (2, 1, 1)
    assert await office.cases() == [], "what is seen once may mend itself"
    await office.compare(comparison)
    edited, deleted = await office.cases()
    assert edited.title == "Bill 4711 of supplier V1: the hub and Odoo differ"
    said = edited.words.replace("\u2009", " ")
    assert "Bill 4711 of supplier V1: amount before tax 1 240.00 EUR in the hub, 1 204.00 EUR in Odoo" in said
    assert "the hub has it" in deleted.words
    assert "Odoo has not" in deleted.words
    assert {edited.owner, deleted.owner} == {"Accounts payable"}

    office.box.change(lambda env: env["account.move"].button_draft([moved["id"]]))
    office.edit("account.move.line", line["id"], price_unit=1240)
    office.box.change(lambda env: env["account.move"].action_post([moved["id"]]))
    await office.compare(comparison)
    assert [each.title for each in await office.cases()] == [deleted.title]
    (ended,) = await rows(office.database, "SELECT resolution, reason FROM exception_case WHERE id = %s", [edited.id])
    assert ended == ("ended", "The two agree: the hub and Odoo say the same now.")
    async with office.database.cold() as connection:
        history = await store.runs(connection, comparison.name)
        then = await store.found(connection, comparison.name, first.id)
    assert [each.differences for each in history] == [1, 2, 2, 0]
    assert [each.key for each in then] == ["V1:4711", "V1:4712"], "what a run found can be told for ever"


async def test_payments_are_compared_and_what_is_on_its_way_is_not(office: Office, hub: Start) -> None:
    comparison = finance.payments_in_odoo(**PERIOD)
    await office.say(payment("PAY-1"), payment("PAY-2"), payment("PAY-3", "7.00"))
    assert (await office.compare(comparison)).same == 3
    office.edit("account.payment", office.row("account.payment", payment_reference="PAY-2")["id"], amount=100.01)
    office.delete("account.payment", office.row("account.payment", payment_reference="PAY-3")["id"])
    young = await office.compare(_with(comparison, settles_minutes=5))
    assert (young.differences, young.on_the_way) == (0, 2), "both sides have just changed"
    await rows(office.database, "UPDATE delivery SET state = 'held' WHERE message_id = (SELECT message_id FROM"
               " identifier WHERE value = 'PAY-3') AND operation = 'payment' RETURNING ordinal")  # fmt: skip
    done = await office.compare(comparison)
    assert (done.same, done.different, done.missing, done.on_the_way) == (1, 1, 0, 1), "PAY-3 has a case of its own"
    ((key, kind, apart),) = told(await office.found(comparison))
    assert (key, kind, apart) == ("PAY-2", Kind.DIFFERENT, [("amount", "100.10 EUR", "100.01 EUR")])


async def test_a_period_leaves_the_rest_as_it_is(office: Office) -> None:
    comparison = procurement.bills_in_odoo(**PERIOD)
    late = date(2026, 12, 10)
    await office.say(bill("1"), bill("2", billed_on=late))
    for number in ("1", "2"):
        move = office.row("account.move", ref=number)
        office.box.change(lambda env, move=move: env["account.move"].button_draft([move["id"]]))
        office.delete("account.move", move["id"])
    assert (await office.compare(comparison)).missing == 2
    part = await office.compare(comparison, days=Days(since=date(2026, 12, 1), until=date(2027, 1, 1)))
    assert (part.missing, part.here) == (1, 1)
    assert [(each.key, each.runs) for each in await office.found(comparison)] == [("V1:1", 1), ("V1:2", 2)]


async def test_an_odoo_that_is_down_fails_the_run_and_concludes_nothing(office: Office) -> None:
    comparison = procurement.bills_in_odoo(**PERIOD)
    await office.say(bill("1"))
    office.edit("account.move", office.row("account.move", ref="1")["id"], ref="1-A")
    before = await office.compare(comparison)
    assert before.differences
    known = await office.found(comparison)
    await office.box.stop()
    done = await run(office.database, office.project, comparison)
    assert done.state == "failed"
    assert "No connection to Odoo" in done.words
    assert await office.found(comparison) == known
    (case,) = await office.cases(FAILED)
    assert (case.owner, case.kind) == ("Integration", "technical")


async def test_one_run_of_a_comparison_at_a_time(office: Office) -> None:
    comparison = procurement.bills_in_odoo(**PERIOD)
    assert await Memories(office.database).of("reconciliation.payables.bills").hold()
    with pytest.raises(Refused, match="being compared just now"):
        await run(office.database, office.project, comparison)


def _with(comparison: Comparison, **more: Any) -> Comparison:
    made = finance.payments_in_odoo(**{**PERIOD, **more})
    assert made.name == comparison.name
    return made

"""What processes know of orders, bills and payments, as the side of a comparison: against what was told to them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hilum import facts
from hilum.canonical import BankTransaction, Money, Payment, SupplierBill
from hilum.flow import Project
from hilum.message import new_id
from hilum.packs import finance, procurement
from hilum.packs.finance import told_twice
from hilum.packs.procurement.same_bills import billed_of, note_posted, seen
from hilum.postgres import Database
from hilum.reconcile import Asked, Measure, Row, Side
from support.projects import make_project

pytestmark = pytest.mark.req("REC-1")

DAY = date(2026, 3, 10)


@pytest.fixture
def project(tmp_path: Any) -> Project:
    return make_project(tmp_path)


async def told(database: Database, project: Project, side: Side, **days: date) -> dict[str, Row]:
    found = [row async for some in side.rows(Asked(database=database, project=project, **days)) for row in some]
    assert len({row.key for row in found}) == len(found)
    return {row.key: row for row in found}


async def test_orders_that_are_followed_with_their_last_lines(database: Database, project: Project) -> None:
    def line(number: int, **more: Any) -> facts.OrderLine:
        said = {"document": "PO-1", "supplier": "V1", "currency": "EUR", "item": "GLV", "unit": "BX", "basis": "list"}
        return facts.OrderLine.model_validate({**said, "line": number, "quantity": "3", "unit_price": "2.5", **more})

    async with database.transaction() as connection:
        await facts.note(connection, [line(1), line(2, unit_price=None)])
        await facts.note(connection, [line(1, revision=1, quantity="4")])
        await facts.note(
            connection, [line(1, document="PO-2", cancelled=True), line(1, document="PO-3", followed=False)]
        )
    found = await told(database, project, procurement.known_orders())
    assert found.keys() == {"PO-1", "PO-2"}, "a mere look at PO-3 is no order"
    assert found["PO-1"].values == {
        "status": "ordered", "supplier": "V1", "currency": "EUR", "1.item": "GLV",
        "1.quantity": Measure(quantity=Decimal(4), unit="BX", item="GLV"), "1.unit_price": Decimal("2.5"),
        "amount": Money(amount=Decimal(10), currency="EUR"),
    }  # fmt: skip
    assert found["PO-2"].values == {"status": "cancelled"}
    later = datetime.now().date() + timedelta(days=2)
    assert not await told(database, project, procurement.known_orders(), since=later)


async def test_bills_that_were_settled(database: Database, project: Project) -> None:
    def bill(number: str, **more: Any) -> SupplierBill:
        line = {"number": 1, "item": "GLV", "quantity": 2, "unit_price": "10.25"}
        said = {"number": number, "supplier": "V1", "order": "PO-1", "currency": "EUR", "billed_on": DAY}
        return SupplierBill.model_validate({**said, "lines": [line], **more})

    async def settled(connection: Any, one: SupplierBill, outcome: str) -> None:
        said = {"document": one.business_key, "order": "PO-1", "outcome": outcome, "first_time": True, "amount": "1"}
        fact = facts.MatchedBill.model_validate({**said, "came_at": "2026-03-10T08:00:00Z"})
        await facts.note(connection, [fact])

    rent = bill("RENT", order=None)
    async with database.transaction() as connection:
        everything = [bill("1"), bill("2"), bill("3"), bill("CN", credit=True), bill("OLD", billed_on=date(2025, 1, 1))]
        for each in [*everything, rent, bill("WAITS")]:
            await seen(connection, billed_of(each))
        for each in everything:
            await settled(connection, each, "refused" if each.number == "3" else "accepted")
        await note_posted(connection, rent)
    found = await told(database, project, procurement.known_bills(), since=DAY, until=DAY + timedelta(days=1))
    assert found.keys() == {"V1:1", "V1:2", "V1:CN:credit", "V1:RENT"}
    assert found["V1:CN:credit"].values["amount"] == Money(amount=Decimal("-20.50"), currency="EUR")
    assert found["V1:RENT"].values["order"] is None
    assert found["V1:1"].on == DAY


async def test_payments_that_statements_have_moved(database: Database, project: Project) -> None:
    said = {"number": "H2X", "direction": "sent", "supplier": "V1", "amount": "7.50", "currency": "EUR"}
    paid = Payment.model_validate({**said, "paid_on": DAY, "journal": "BNK"})
    async with database.transaction() as connection:
        for number, movement in (("1", {"moved": {"payment": paid.model_dump(mode="json")}}), ("2", None)):
            line = BankTransaction.model_validate(
                {
                    "journal": "BNK",
                    "number": number,
                    "booked_on": DAY,
                    "amount": "-7.50",
                    "currency": "EUR",
                    "words": "x",
                }
            )
            await told_twice.note(connection, line, new_id(), movement=movement)
    found = await told(database, project, finance.booked_payments(), since=DAY, until=DAY + timedelta(days=1))
    assert found.keys() == {"H2X"}
    assert found["H2X"].values["amount"] == Money(amount=Decimal("7.50"), currency="EUR")
    assert not await told(database, project, finance.booked_payments(), until=DAY)

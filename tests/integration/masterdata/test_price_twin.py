"""The contract-price twin from the bytes of an 845 and an 832: dated facts, and what each line should cost and why."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from hilum.canonical import (
    Contract,
    Money,
    PriceLine,
    PriceTier,
    PurchaseOrder,
    Requisition,
    SupplierBill,
    SupplierPrice,
)
from hilum.formats import x12
from hilum.formats.x12 import documents as docs
from hilum.masterdata import terms
from hilum.message import new_id
from hilum.packs.contracts import Comparison
from hilum.packs.procurement import x12_prices
from hilum.postgres import Database

pytestmark = pytest.mark.req("NEW-4")

PARTNER = x12.Partner(name="Gloveco", ours=x12.Party(id="HILLTOP"), theirs=x12.Party(id="GLOVECO"))
FIRST, LAST = date(2026, 3, 1), date(2026, 9, 1)  # the first day that does not count any more
LINE = {"number": 1, "item": "GLV", "unit": "BX"}


def through(draft: x12.Draft) -> x12.TransactionSet:
    """Over the wire."""
    return x12.read(x12.build(PARTNER, [draft], numbers=x12.Numbers(1, 1), at=datetime(2026, 3, 4, 10, 11)).encode())


def authorised() -> list[Contract]:
    """As an 845 tells it: tiers, days, and who may buy by it."""
    tiers = (PriceTier(unit_price=Decimal(38)), PriceTier(from_quantity=Decimal(100), unit_price=Decimal(36)))
    contract = Contract(
        number="C-7", title="C-7", supplier="V1", currency="USD", valid_from=FIRST, valid_to=LAST,
        facilities=("HILLSIDE",), prices=(PriceLine(item="GLV", unit="BX", tiers=tiers),),
    )  # fmt: skip
    document = x12_prices.contracts_to_x12([contract], PARTNER, number="PA-1", status_on=FIRST)
    read = docs.read_authorisation(through(docs.draft_authorisation(document)))
    return list(x12_prices.contracts_from_x12(read, PARTNER, supplier="V1"))


def listed() -> list[SupplierPrice]:
    """As an 832 tells it."""
    money = Money(amount=Decimal("40.50"), currency="USD")
    price = SupplierPrice(supplier="V1", item="GLV", price=money, unit="BX", valid_from=FIRST)
    document = x12_prices.prices_to_x12([price], PARTNER, number="CAT-1")
    read = docs.read_catalogue(through(docs.draft_catalogue(document)))
    return list(x12_prices.prices_from_x12(read, PARTNER, supplier="V1"))


@pytest.fixture
async def book(database: Database) -> terms.Book:
    """What the hub knows once both have come."""
    origin = terms.Origin(flow="partner.documents", message_id=new_id())
    async with database.transaction() as connection:
        for contract in authorised():
            await terms.keep_contract(connection, contract, origin)
        for price in listed():
            await terms.keep_price(connection, price, origin)
    async with database.cold() as connection:
        return await terms.book(connection)


def order(quantity: int, price: str) -> PurchaseOrder:
    lines = [{**LINE, "quantity": quantity, "unit_price": price}]
    return PurchaseOrder.model_validate({"number": "PO-1", "supplier": "V1", "currency": "USD", "lines": lines})


CASES = {
    # what is bought, by whom, when: which price it should have, because of what, and so much leaks
    "by contract": (10, "HILLSIDE", FIRST, 38, "contract", "C-7", "41.20", "32.00"),
    "at the step that is reached": (100, "HILLSIDE", FIRST, 36, "contract", "C-7", "38", "200"),
    "who may not buy by it": (10, "RIVERSIDE", FIRST, Decimal("40.50"), "list", "RIVERSIDE", "41.50", "10"),
    "after its last day": (10, "HILLSIDE", LAST, Decimal("40.50"), "list", "ran out", "40.50", "0"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", ["order", "bill", "requisition"])
def test_each_line_shows_its_price_why_and_the_leak(book: terms.Book, case: str, kind: str) -> None:
    quantity, facility, on, price, basis, why, paid, leak = CASES[case]
    comparison = Comparison(prices=book, on=on, facility=facility)
    (check,) = checked(comparison, kind, order(quantity, paid))
    assert (check.expected_price, check.basis) == (price, basis)
    assert why in check.words
    assert check.unit_price == Decimal(paid)
    if basis == "contract":
        assert check.leak == Decimal(leak)


def checked(comparison: Comparison, kind: str, of: PurchaseOrder) -> Any:
    """The same line in each of the documents."""
    (line,) = of.lines
    said = line.model_dump(include={"number", "item", "unit", "quantity", "unit_price"}, exclude_none=True)
    if kind == "order":
        return comparison.order(of)
    if kind == "bill":
        bill = {"number": "INV-1", "supplier": "V1", "currency": "USD", "billed_on": comparison.on, "lines": [said]}
        return comparison.bill(SupplierBill.model_validate(bill))
    wanted = {"number": "REQ-1", "lines": [{**said, "supplier": "V1"}]}
    return comparison.requisition(Requisition.model_validate(wanted), currency="USD")

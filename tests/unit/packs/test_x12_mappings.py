"""Business objects become X12 documents and come back as the same, through bytes; and what cannot be is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from hilum.canonical import (
    AcknowledgedLine,
    Contract,
    ContractStatus,
    InvoiceLine,
    LineAnswer,
    Money,
    OrderAcknowledgement,
    OrderLine,
    Payment,
    PaymentDirection,
    PriceLine,
    PriceTier,
    PurchaseOrder,
    PurchaseOrderCancelled,
    ShipNotice,
    ShippedLine,
    SupplierBill,
    SupplierPrice,
    SupplyConsumed,
    TradeNumbers,
)
from hilum.errors import Invalid, Unmapped
from hilum.flow import Lookup
from hilum.formats import x12
from hilum.formats.x12 import documents as docs
from hilum.packs.procurement import x12_bills, x12_changes, x12_items, x12_orders, x12_prices, x12_shipping

PARTNER = x12.Partner(name="Gloveco", ours=x12.Party(id="HILLTOP"), theirs=x12.Party(id="GLOVECO"))
DAY = date(2026, 3, 4)
MIDNIGHT = datetime(2026, 3, 4, tzinfo=UTC)
S = "S-200"

pytestmark = [pytest.mark.req("SYS-10")]


def through(draft: x12.Draft) -> x12.TransactionSet:
    """Over the wire."""
    data = x12.build(PARTNER, [draft], numbers=x12.Numbers(1, 1), at=datetime(2026, 3, 4, 10, 11)).encode()
    transaction = x12.read(data)
    assert [str(problem) for problem in x12.check(transaction)] == []
    return transaction


ORDER = PurchaseOrder(
    number="PO-4711",
    supplier=S,
    agreement="C-2026-17",
    currency="USD",
    requisition="RQ-1",
    deliver_to="DOCK2",
    ordered_at=MIDNIGHT,
    lines=(
        OrderLine(number=1, item="GLV-M", quantity=Decimal(40), unit="BX", unit_price=Decimal("12.5"), needed_by=DAY),
        OrderLine(number=3, item="MSH-15", quantity=Decimal("0.5")),
    ),
)


def test_an_order_comes_back() -> None:
    document = x12_orders.order_to_x12(ORDER, PARTNER, ordered_on=DAY)
    assert isinstance(document, docs.Order)
    again = x12_orders.order_from_x12(docs.read_order(through(docs.draft_order(document))), PARTNER, supplier=S)
    assert again == ORDER


def test_a_changed_order_replaces_the_one_before() -> None:
    changed = ORDER.model_copy(update={"revision": 1, "lines": ORDER.lines[1:]})
    document = x12_orders.order_to_x12(changed, PARTNER, ordered_on=DAY)
    assert isinstance(document, docs.OrderChange)
    read = docs.read_change(through(docs.draft_change(document)))
    assert x12_changes.change_from_x12(read, ORDER, PARTNER) == changed


def test_a_change_by_parts_is_applied_to_the_order() -> None:
    change = docs.OrderChange(
        number="PO-4711",
        ordered_on=DAY,
        lines=(
            docs.ChangedLine(number="1", change=docs.ChangeCode.LESS, quantity=Decimal(30)),
            docs.ChangedLine(number="3", change=docs.ChangeCode.DELETE),
            docs.ChangedLine(
                number="4", change=docs.ChangeCode.ADD, quantity=Decimal(1), unit="EA", ids=(("IN", "SUT-40"),)
            ),
        ),
    )
    found = x12_changes.change_from_x12(change, ORDER, PARTNER)
    assert isinstance(found, PurchaseOrder)
    assert found.revision == 1
    assert [(line.number, line.item, line.quantity) for line in found.lines] == [
        (1, "GLV-M", Decimal(30)),
        (4, "SUT-40", Decimal(1)),
    ]
    assert found.lines[0].unit_price == Decimal("12.5")
    with pytest.raises(Invalid, match="another order"):
        x12_changes.change_from_x12(replace(change, number="PO-1"), ORDER, PARTNER)


def test_a_cancelled_order() -> None:
    document = x12_changes.cancellation_to_x12(PurchaseOrderCancelled(number="PO-4711"), ordered_on=DAY)
    read = docs.read_change(through(docs.draft_change(document)))
    assert x12_changes.change_from_x12(read, ORDER, PARTNER) == PurchaseOrderCancelled(number="PO-4711")


def acknowledged(**members: Any) -> AcknowledgedLine:
    return AcknowledgedLine(**{"number": 1, "item": "GLV-M", "unit": "BX", "unit_price": Decimal("12.5"), **members})


ANSWER = OrderAcknowledgement(
    number="SO-9",
    order="PO-4711",
    supplier=S,
    acknowledged_at=MIDNIGHT,
    currency="USD",
    lines=(
        acknowledged(answer=LineAnswer.ACCEPTED, quantity=Decimal(30), delivery_date=DAY),
        acknowledged(answer=LineAnswer.BACKORDERED, quantity=Decimal(10)),
        acknowledged(number=2, item="A", answer=LineAnswer.REJECTED, quantity=Decimal(1)),
    ),
)


@pytest.mark.parametrize("change", [False, True])
def test_an_answer_comes_back(change: bool) -> None:
    document = x12_orders.answer_to_x12(ANSWER, PARTNER, ordered_on=DAY, change=change)
    assert document.type == docs.AnswerType.WITH_CHANGES
    read = docs.read_answer(through(docs.draft_answer(document)))
    assert x12_orders.answer_from_x12(read, PARTNER, supplier=S) == ANSWER


def test_a_substitute_is_named() -> None:
    answer = ANSWER.model_copy(
        update={"lines": (acknowledged(answer=LineAnswer.CHANGED, quantity=Decimal(40), substitute="GLV-L"),)}
    )
    document = x12_orders.answer_to_x12(answer, PARTNER, ordered_on=DAY)
    (line,) = x12_orders.answer_from_x12(
        docs.read_answer(through(docs.draft_answer(document))), PARTNER, supplier=S
    ).lines
    assert (line.substitute, line.words, line.answer) == ("GLV-L", "another item is delivered", LineAnswer.CHANGED)


def test_answers_that_cannot_be_understood_are_named() -> None:
    whole = docs.OrderAnswer(order="PO-1", ordered_on=DAY, type=docs.AnswerType.REJECTED)
    assert x12_orders.answer_from_x12(whole, PARTNER, supplier=S).rest is LineAnswer.REJECTED
    line = docs.AnsweredLine(ids=(("IN", "A"),), quantity=Decimal(1), answers=(docs.LineAnswer(status="ZZ"),))
    with pytest.raises(Invalid, match="line status"):
        x12_orders.answer_from_x12(replace(whole, type="AC", lines=(line,)), PARTNER, supplier=S)
    with pytest.raises(Invalid, match="no product identifier"):
        x12_orders.answer_from_x12(replace(whole, type="AC", lines=(replace(line, ids=()),)), PARTNER, supplier=S)
    accepted = x12_orders.answer_from_x12(replace(whole, type="AK"), PARTNER, supplier=S)
    assert accepted.lines == ()


def test_a_ship_notice_comes_back() -> None:
    notice = ShipNotice(
        number="SH-1",
        supplier=S,
        shipped_at=MIDNIGHT,
        expected_on=date(2026, 3, 9),
        carrier="UPSN",
        waybill="1Z88",
        lines=(
            ShippedLine(order="PO-1", order_line=1, item="A", quantity=Decimal(4), unit="BX", package="0034"),
            ShippedLine(order="PO-1", order_line=2, item="B", quantity=Decimal(1), lot="L1", expires_on=DAY),
            ShippedLine(order="PO-2", item="C", quantity=Decimal(2)),
        ),
    )
    document = x12_shipping.ship_notice_to_x12(notice, PARTNER, made_at=datetime(2026, 3, 4, 10, 11))
    read = docs.read_ship_notice(through(docs.draft_ship_notice(document)))
    assert x12_shipping.ship_notice_from_x12(read, PARTNER, supplier=S) == notice
    with pytest.raises(Invalid, match="order number"):
        x12_shipping.ship_notice_from_x12(replace(read, items=(replace(read.items[0], order=""),)), PARTNER, supplier=S)


BILL = SupplierBill(
    number="INV-1",
    supplier=S,
    order="PO-4711",
    currency="USD",
    billed_on=DAY,
    due_on=date(2026, 4, 3),
    total=Decimal("558.00"),
    lines=(
        InvoiceLine(
            number=1,
            item="GLV-M",
            description="GLOVES",
            quantity=Decimal(40),
            unit="BX",
            unit_price=Decimal("12.5"),
            tax_percent=Decimal(10),
            order_line=1,
        ),
        InvoiceLine(number=2, description="FREIGHT", unit_price=Decimal("12.95")),
        InvoiceLine(number=3, description="VOLUME", unit_price=Decimal("-4.95")),
    ),
)


@pytest.mark.parametrize("credit", [False, True])
def test_a_bill_comes_back(credit: bool) -> None:
    bill = BILL.model_copy(update={"credit": credit, "corrects": "INV-0" if credit else None})
    read = docs.read_invoice(through(docs.draft_invoice(x12_bills.bill_to_x12(bill, PARTNER))))
    assert x12_bills.bill_from_x12(read, PARTNER, supplier=S) == bill


def test_what_invoices_say_in_other_ways() -> None:
    invoice = docs.Invoice(
        number="1",
        invoiced_on=DAY,
        net_days=30,
        total=Decimal("-12.00"),
        lines=(docs.InvoicedLine(quantity=Decimal(-100), price=Decimal(10), price_basis="HP", ids=(("VN", "A"),)),),
        allowances=(docs.Allowance(kind="T", code="TX", amount=Decimal(2)), docs.Allowance(kind="N", code="B840")),
    )
    bill = x12_bills.bill_from_x12(invoice, PARTNER, supplier=S)
    assert bill.credit
    assert bill.currency == "USD"
    assert bill.due_on == date(2026, 4, 3)
    assert bill.total == Decimal(12)
    assert [(line.quantity, line.unit_price, line.description) for line in bill.lines] == [
        (Decimal(100), Decimal("0.1"), ""),
        (Decimal(1), Decimal(2), "Tax TX"),
    ]
    with pytest.raises(Invalid, match="price is missing"):
        x12_bills.bill_from_x12(replace(invoice, lines=(replace(invoice.lines[0], price=None),)), PARTNER, supplier=S)


def test_a_payment_comes_back() -> None:
    payment = Payment(
        number="PAY-1",
        direction=PaymentDirection.SENT,
        supplier=S,
        amount=Decimal("910.10"),
        currency="USD",
        paid_on=DAY,
        documents=("INV-1", "INV-2"),
    )
    paid = [
        docs.PaidDocument(number="INV-1", paid=Decimal("510.10")),
        docs.PaidDocument(number="INV-2", paid=Decimal(400)),
    ]
    read = docs.read_remittance(through(docs.draft_remittance(x12_bills.payment_to_x12(payment, PARTNER, paid=paid))))
    again = x12_bills.payment_from_x12(read, PARTNER, direction=PaymentDirection.SENT, supplier=S)
    assert again == payment
    with pytest.raises(Invalid, match="does not come to"):
        x12_bills.payment_to_x12(payment, PARTNER, paid=[replace(paid[0], paid=Decimal(1)), paid[1]])
    single = payment.model_copy(update={"documents": ("INV-1",)})
    assert x12_bills.payment_to_x12(single, PARTNER).documents[0].paid == Decimal("910.10")


def test_prices_come_back() -> None:
    def price(**members: Any) -> SupplierPrice:
        money = Money(amount=Decimal("12.5"), currency="USD")
        return SupplierPrice(**{"supplier": S, "item": "GLV-M", "price": money, "unit": "BX", **members})

    prices = [
        price(supplier_item="GC-7711", supplier_title="GLOVES", valid_from=DAY, valid_to=date(2027, 1, 1)),
        price(from_quantity=Decimal(100), supplier_item="GC-7711", supplier_title="GLOVES"),
        price(item="MSH-15", unit=None),
    ]
    read = docs.read_catalogue(through(docs.draft_catalogue(x12_prices.prices_to_x12(prices, PARTNER, number="C"))))
    assert read.lines[0].prices[0].valid_to == date(2026, 12, 31)  # the last day, where the hub has the first after
    assert x12_prices.prices_from_x12(read, PARTNER, supplier=S) == prices


def test_contracts_come_back() -> None:
    contract = Contract(
        number="C-2026-17",
        title="C-2026-17",
        supplier=S,
        currency="USD",
        valid_from=DAY,
        valid_to=date(2027, 1, 1),
        facilities=("HT1", "HT2"),
        prices=(
            PriceLine(
                item="GLV-M",
                supplier_item="GC-7711",
                unit="BX",
                tiers=(
                    PriceTier(unit_price=Decimal("12.5")),
                    PriceTier(from_quantity=Decimal(100), unit_price=Decimal(11)),
                ),
                valid_to=date(2026, 7, 1),
            ),
        ),
    )
    document = x12_prices.contracts_to_x12([contract], PARTNER, number="PA-1", status_on=DAY)
    read = docs.read_authorisation(through(docs.draft_authorisation(document)))
    assert x12_prices.contracts_from_x12(read, PARTNER, supplier=S) == [contract]
    odd = replace(read, contracts=(replace(read.contracts[0], status="QQ"),))
    with pytest.raises(Invalid, match="contract status"):
        x12_prices.contracts_from_x12(odd, PARTNER, supplier=S)
    (ended,) = x12_prices.contracts_from_x12(odd, PARTNER, supplier=S, statuses={"QQ": ContractStatus.ENDED})
    assert ended.status is ContractStatus.ENDED


def test_uses_come_back() -> None:
    def use(place: int, **members: Any) -> SupplyConsumed:
        own = {"item": "MSH-15", "location": "OR2", "currency": "USD", "used_at": MIDNIGHT}
        return SupplyConsumed(**{"transaction": f"Gloveco:RR-1:{place}", **own, **members})

    uses = [use(1, quantity=Decimal(2), lot="L1"), use(2, quantity=Decimal(-1), unit="BX")]
    document = x12_shipping.used_to_x12(uses, PARTNER, number="RR-1", reported_on=DAY)
    read = docs.read_resale_report(through(docs.draft_resale_report(document)))
    assert x12_shipping.used_from_x12(read, PARTNER) == uses


def test_items_are_looked_up_where_only_the_supplier_names_them(tmp_path: Any) -> None:
    (tmp_path / "items.csv").write_text("code,item\nGC-7711,GLV-M\n")
    item_of = x12_items.items_by_lookup(PARTNER, Lookup(tmp_path))
    assert item_of(docs.OrderedLine(ids=(("VN", "GC-7711"),)), "PO1") == "GLV-M"
    assert item_of(docs.OrderedLine(ids=(("VN", "other"), ("IN", "MSH-15"))), "PO1") == "MSH-15"
    with pytest.raises(Unmapped):
        item_of(docs.OrderedLine(ids=(("VN", "other"),)), "PO1")


NUMBERS = TradeNumbers(
    gtin="15412345000041", supplier_item="MQ-88120", manufacturer="Nitrion", manufacturer_item="NX-7", hibc="A123BX1"
)


def test_numbers_of_trade_come_back_in_each_document() -> None:
    order = ORDER.model_copy(update={"lines": (ORDER.lines[0].model_copy(update={"numbers": NUMBERS}),)})
    document = x12_orders.order_to_x12(order, PARTNER, ordered_on=DAY)
    assert isinstance(document, docs.Order)
    assert x12_orders.order_from_x12(docs.read_order(through(docs.draft_order(document))), PARTNER, supplier=S) == order

    answer = ANSWER.model_copy(
        update={"lines": (acknowledged(answer=LineAnswer.ACCEPTED, quantity=1, numbers=NUMBERS),)}
    )
    answered = docs.read_answer(through(docs.draft_answer(x12_orders.answer_to_x12(answer, PARTNER, ordered_on=DAY))))
    assert x12_orders.answer_from_x12(answered, PARTNER, supplier=S) == answer

    line = InvoiceLine(number=1, item="GLV-M", quantity=Decimal(3), unit="BX", unit_price=Decimal(9), numbers=NUMBERS)
    bill = SupplierBill(number="I-1", supplier=S, currency="USD", billed_on=DAY, total=Decimal("27.00"), lines=(line,))
    invoice = docs.read_invoice(through(docs.draft_invoice(x12_bills.bill_to_x12(bill, PARTNER))))
    assert x12_bills.bill_from_x12(invoice, PARTNER, supplier=S) == bill

    shipped = ShippedLine(order="PO-4711", item="GLV-M", quantity=Decimal(3), unit="BX", numbers=NUMBERS)
    notice = ShipNotice(number="SH-1", supplier=S, lines=(shipped,))
    draft = docs.draft_ship_notice(x12_shipping.ship_notice_to_x12(notice, PARTNER, made_at=MIDNIGHT))
    again = x12_shipping.ship_notice_from_x12(docs.read_ship_notice(through(draft)), PARTNER, supplier=S)
    assert again.lines[0].numbers == NUMBERS

    price = SupplierPrice(
        supplier=S, item="GLV-M", price=Money(amount=Decimal(9), currency="USD"), unit="BX", supplier_item="MQ-88120",
        numbers=NUMBERS.model_copy(update={"supplier_item": "", "unspsc": "42132203"}),
    )  # fmt: skip
    partner = PARTNER.model_copy(update={"unspsc_qualifier": "C3"})
    catalogue = docs.draft_catalogue(x12_prices.prices_to_x12([price], partner, number="CAT-1"))
    assert x12_prices.prices_from_x12(docs.read_catalogue(through(catalogue)), partner, supplier=S) == [price]


@pytest.mark.parametrize(
    ("ids", "gtin"),
    [
        ((("UK", "15412345000041"), ("UP", "012345678905")), "15412345000041"),
        ((("UP", "012345678905"),), "00012345678905"),
        ((("UI", "01234567890"),), "00012345678905"),
        ((("EN", "5412345000044"),), "05412345000044"),
        ((("EO", "12345670"),), "00000012345670"),
        ((("UK", "15412345000042"), ("EN", "5412345000044")), "05412345000044"),  # a wrong check digit is passed over
        ((("UP", "NOT-A-UPC"),), None),
    ],
)
def test_a_gtin_is_taken_from_the_qualifier_that_has_one(ids: tuple[tuple[str, str], ...], gtin: str | None) -> None:
    thing = docs.OrderedLine(ids=(("IN", "GLV-M"), *ids), quantity=Decimal(1))
    found = x12_items.numbers_of(thing, PARTNER, "GLV-M")
    assert (found.gtin if found is not None else None) == gtin

"""A month is the same for the same seed, has what was asked for, and its books are right by another way of counting."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from hilum.formats import cxml, edifact, ubl, x12
from hilum.formats.x12 import documents
from hilum.simulator.month import RATES, Trouble, books_of, differences, month_of
from hilum.simulator.month.documents import Writer
from hilum.simulator.month.expected import moves
from hilum.simulator.month.truth import Answer, Bill, Paper, Receipt, Return, Story, cents
from hilum.simulator.month.xml_documents import writer_for

pytestmark = pytest.mark.req("WF-2", "SYS-15")

EVERY = [each for each in Trouble if each is not Trouble.NONE]


def test_the_same_seed_is_the_same_month() -> None:
    assert month_of(7, orders=60, vendors=6) == month_of(7, orders=60, vendors=6)
    assert month_of(7, orders=60, vendors=6) != month_of(8, orders=60, vendors=6)


def test_troubles_come_at_their_rates_and_most_orders_are_clean() -> None:
    month = month_of(1, orders=2_000, vendors=40)
    counted = Counter(story.trouble for story in month.stories)
    for trouble, rate in RATES.items():
        assert abs(counted[trouble] - 2_000 * rate) <= 4 * (2_000 * rate) ** 0.5, trouble
    assert counted[Trouble.NONE] > 900
    spoken = Counter(vendor.speaks for vendor in month.vendors if not vendor.blocked)
    assert spoken == {"x12": 16, "edifact": 12, "cxml": 8, "peppol": 4}
    assert sum(vendor.blocked for vendor in month.vendors) == 2
    assert not any(story.vendor.blocked for story in month.stories)
    assert {story.hospital for story in month.stories} == set(month.hospitals)
    assert len({bill.number for story in month.stories for bill in story.bills}) == sum(
        1 for story in month.stories for _ in story.bills
    )


def test_stock_is_what_came_less_what_went_back() -> None:
    month = month_of(3, orders=40, vendors=5, troubles=EVERY)
    pieces: Counter[str] = Counter()
    for story in month.stories:
        for each in story.arrivals:
            for line in each.lines:
                pieces[line.item] += int(line.quantity) if isinstance(each, Receipt) else -int(line.quantity)
    found: Counter[str] = Counter()
    for (_, item), quantity in books_of(month).stock.items():
        found[item] += int(quantity)
    assert +pieces == found
    assert any(isinstance(each, Return) for story in month.stories for each in story.arrivals)


def test_the_ledger_is_balanced_and_payments_only_lessen_what_is_owed() -> None:
    month = month_of(3, orders=120, vendors=5, troubles=EVERY)
    ledger = books_of(month).ledger
    rounded_once = [bill for story in month.stories for bill in story.bills if bill.at_once]
    assert any(bill.with_tax(Decimal(21)) != bill.net() + bill.tax(Decimal(21)) for bill in rounded_once)
    assert ledger["liability_payable"] + ledger["expense"] + ledger["tax"] + ledger["payments"] == 0
    assert ledger["payments"] == ledger["statements"] < 0
    assert any(move.amount < 0 for move in moves(month)), "nothing came back"
    assert all(amount >= 0 for amount in books_of(month).owed.values())


@pytest.mark.parametrize("trouble", EVERY)
def test_what_is_posted_was_received_and_ordered_or_accepted(trouble: Trouble) -> None:
    """The truth of each story by itself: no bill is right for goods that did not come before it was posted."""
    (story,) = month_of(5, orders=1, vendors=1, troubles=[trouble]).stories
    billed: Counter[str] = Counter()
    for bill in sorted((each for each in story.bills if each.posted is not None), key=lambda each: each.posted or 0):
        for line in bill.lines:
            billed[line.item] += -int(line.quantity) if bill.credit else int(line.quantity)
        came: Counter[str] = Counter()
        for each in story.arrivals:
            if isinstance(each, Receipt) and each.day <= (bill.posted or 0):
                came.update({line.item: int(line.quantity) for line in each.lines})
        assert all(billed[item] <= came[item] for item in billed)
    assert bool(billed) == (trouble not in (Trouble.ANSWER_PRICE, Trouble.CANCELLED))


def test_a_bill_asks_for_its_lines_with_tax_to_the_cent() -> None:
    (story,) = month_of(5, orders=1, vendors=1, troubles=[Trouble.PARTIAL]).stories
    bill = next(story.bills)
    lines = [(line.quantity * line.price).quantize(Decimal("0.01")) for line in bill.lines]
    assert bill.net() == sum(lines)
    assert bill.tax(Decimal(21)) == sum(cents(each * 21 / 100) for each in lines)
    assert (cents(Decimal("2.345")), cents(Decimal("-2.345"))) == (Decimal("2.35"), Decimal("-2.35"))


def test_suppliers_write_what_the_formats_read() -> None:
    month = month_of(2, orders=len(EVERY) * 4, vendors=4, troubles=[each for each in EVERY for _ in range(4)])
    kinds: Counter[str] = Counter()
    for vendor in month.vendors:
        writer = writer_for(month, vendor)
        for story in month.stories:
            if story.vendor == vendor:
                for paper in story.papers:
                    kinds[_read(writer, story, paper)] += 1
    assert set(kinds) == {
        *("855", "856", "810", "ORDRSP", "DESADV", "INVOIC", "UBL"),
        *("ConfirmationRequest", "ShipNoticeRequest", "InvoiceDetailRequest"),
    }


def _read(writer: Writer, story: Story, paper: Paper) -> str:
    """Write it, and read it; the kind of the document."""
    data, total = writer.write(story, paper), paper.with_tax(story.vendor.tax) if isinstance(paper, Bill) else None
    if data.startswith(b"ISA"):
        (read,) = x12.parse(data).sets
        assert x12.parse(data).problems() == []
        assert x12.check(read) == []
        assert total is None or documents.read_invoice(read).total == total
        return read.code
    if data.startswith((b"UNA", b"UNB")):
        (message,) = edifact.parse(data).messages
        document = edifact.read_document(message)
        assert document.order in (story.order, "") or isinstance(paper, Answer)
        assert total is None or document.total == total
        return message.type
    if b"<cXML" in data:
        request = cxml.read(data)
        if isinstance(paper, Bill):
            assert total is not None
            invoice = cxml.read_invoice(request)
            assert invoice.total == (-total if paper.credit else total)
            assert len(invoice.extra) == len(paper.extras)
        return request.kind
    assert ubl.read(data).payable == total
    return "UBL"


def test_freight_is_part_of_a_bill_and_taxed_only_where_it_says_so() -> None:
    month = month_of(5, orders=4, vendors=4, troubles=[Trouble.FREIGHT] * 4)
    for story in month.stories:
        (bill,) = story.bills
        goods = sum((cents(line.quantity * line.price) for line in bill.lines), Decimal(0))
        assert bill.net() == goods + Decimal("14.85")
        taxes = [cents(cents(line.quantity * line.price) * story.vendor.tax / 100) for line in bill.lines]
        beside = Decimal("2.63") + Decimal("0.49") if story.vendor.speaks == "peppol" else Decimal(0)
        assert bill.tax(story.vendor.tax) == sum(taxes, beside)


def test_a_cent_that_is_missing_is_told() -> None:
    month = month_of(3, orders=4, vendors=2)
    books = books_of(month)
    assert differences(books, books) == []
    (supplier, owed), *_ = books.owed.items()
    short = type(books)(
        stock=books.stock, owed={**books.owed, supplier: owed - Decimal("0.01")}, ledger=books.ledger,
        documents=books.documents,
    )  # fmt: skip
    assert differences(books, short) == [f"owed {supplier}: Odoo has {owed - Decimal('0.01')}, it must be {owed}"]

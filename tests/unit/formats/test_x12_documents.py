"""Typed transaction sets: what one function writes the other reads as the same, and nothing is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.errors import Invalid
from hilum.formats import x12
from hilum.formats.x12 import documents as docs

SAMPLES = Path(__file__).parents[2] / "samples" / "x12"
GIVEN = Path(os.environ.get("HILUM_SAMPLES", "")) / "x12"
PARTNER = x12.Partner(name="Gloveco", ours=x12.Party(id="HILLTOP"), theirs=x12.Party(id="GLOVECO"))
AT = datetime(2026, 3, 4, 10, 11)
DAY = date(2026, 3, 4)

pytestmark = [pytest.mark.req("MOD-3"), pytest.mark.req("SYS-10")]

PARTIES = (
    docs.NamedParty(role=docs.Entity.BUYER, name="HILLTOP HOSPITAL", qualifier="92", id="HT1"),
    docs.NamedParty(
        role=docs.Entity.SHIP_TO,
        name="RECEIVING",
        more=("GATE 2",),
        street=("12 QUARRY LANE", "BACK YARD"),
        city="NORTHFIELD",
        state="MN",
        postal_code="55057",
        country="US",
    ),
)
REFERENCES = (docs.Reference(qualifier="CT", id="C-2026-17"), docs.Reference(qualifier="ZZ", id="1", words="by hand"))
IDS = (("IN", "GLV-M"), ("VN", "GC-7711"))
LINE = {"number": "1", "quantity": Decimal(40), "unit": "BX", "price": Decimal("12.5"), "ids": IDS}

ORDER = docs.Order(
    number="PO-4711",
    ordered_on=DAY,
    contract="C-2026-17",
    currency="USD",
    references=REFERENCES,
    wanted_on=date(2026, 3, 10),
    parties=PARTIES,
    lines=(
        docs.OrderedLine(**LINE, price_basis="CT", description="GLOVES, STERILE " * 7 + "END", wanted_on=DAY),
        docs.OrderedLine(number="2", quantity=Decimal("0.5"), unit="EA"),
    ),
)
CHANGE = docs.OrderChange(
    number="PO-4711",
    ordered_on=DAY,
    sequence="2",
    changed_on=date(2026, 3, 5),
    currency="USD",
    parties=PARTIES,
    lines=(
        docs.ChangedLine(**LINE, change=docs.ChangeCode.LESS, open_quantity=Decimal(30)),
        docs.ChangedLine(number="2", change=docs.ChangeCode.DELETE),
    ),
)
ANSWERED = docs.AnsweredLine(
    **LINE,
    description="GLOVES",
    answers=(
        docs.LineAnswer(
            status=docs.LineStatus.CHANGED, quantity=Decimal(30), unit="BX", date_qualifier="067", date=DAY
        ),
        docs.LineAnswer(status=docs.LineStatus.SUBSTITUTED, quantity=Decimal(10), unit="BX", ids=(("VN", "GC-7712"),)),
    ),
)
ANSWER = docs.OrderAnswer(
    order="PO-4711",
    ordered_on=DAY,
    type=docs.AnswerType.WITH_CHANGES,
    number="SO-9",
    acknowledged_on=date(2026, 3, 5),
    currency="USD",
    references=REFERENCES,
    parties=PARTIES,
    lines=(ANSWERED, docs.AnsweredLine(number="2", quantity=Decimal(1), unit="EA")),
)
NOTICE = docs.ShipNotice(
    number="SH-20881",
    made_on=DAY,
    made_at=time(10, 11),
    shipped_on=DAY,
    expected_on=date(2026, 3, 9),
    carrier="UPSN",
    references=REFERENCES,
    parties=PARTIES,
    items=(
        docs.ShippedItem(order="PO-1", line="1", ids=IDS, quantity=Decimal(20), unit="BX", pack="00340000", lot="L1"),
        docs.ShippedItem(order="PO-1", line="2", ids=IDS, quantity=Decimal(20), unit="BX", pack="00340000"),
        docs.ShippedItem(order="PO-1", line="3", ids=IDS, quantity=Decimal(1), unit="EA", serial="S1", expires_on=DAY),
        docs.ShippedItem(order="PO-2", quantity=Decimal(2), unit="EA", ordered=Decimal(5), description="MESH"),
        docs.ShippedItem(order="PO-1", line="9", ids=IDS, quantity=Decimal(3), unit="EA"),
    ),
)
INVOICE = docs.Invoice(
    number="INV-1",
    invoiced_on=DAY,
    order="PO-4711",
    ordered_on=DAY,
    type="DI",
    currency="USD",
    references=REFERENCES,
    parties=PARTIES,
    due_on=date(2026, 4, 3),
    net_days=30,
    discount_percent=Decimal(2),
    discount_days=10,
    total=Decimal("523.45"),
    lines=(
        docs.InvoicedLine(
            **LINE,
            description="GLOVES",
            references=(docs.Reference(qualifier="LI", id="1"),),
            allowances=(
                docs.Allowance(kind="T", code="TX", amount=Decimal("10.5"), percent=Decimal("2.1")),
                docs.Allowance(kind="A", code="C310", amount=Decimal("5.00"), percent=Decimal(1), words="VOLUME"),
            ),
        ),
    ),
    allowances=(docs.Allowance(kind="C", code="D240", amount=Decimal("12.95"), words="FREIGHT"),),
)
REMITTANCE = docs.RemittanceAdvice(
    amount=Decimal("900.10"),
    method="ACH",
    paid_on=DAY,
    trace="PAY-1",
    currency="USD",
    references=REFERENCES,
    parties=PARTIES,
    deductions=(docs.Deduction(amount=Decimal("-10"), reason="04"),),
    documents=(
        docs.PaidDocument(
            number="INV-1",
            paid=Decimal("510.10"),
            invoiced=Decimal("520.10"),
            discount=Decimal(10),
            dated=DAY,
            references=REFERENCES,
            deductions=(docs.Deduction(amount=Decimal("-5.5"), reason="01", qualifier="CM", reference="CR-1"),),
        ),
        docs.PaidDocument(number="INV-2", paid=Decimal(400)),
    ),
)
PRICE = docs.Price(identifier="CON", price=Decimal("12.5"), quantity=Decimal(1), unit="BX", valid_from=DAY)
CATALOGUE = docs.Catalogue(
    number="CAT-7",
    version="3",
    revision="1",
    currency="USD",
    valid_from=DAY,
    valid_to=date(2026, 12, 31),
    references=REFERENCES,
    parties=PARTIES,
    lines=(
        docs.CatalogueLine(
            number="1",
            ids=IDS,
            description="GLOVES",
            pack=Decimal(10),
            size=Decimal(100),
            unit="EA",
            prices=(PRICE, docs.Price(price=Decimal(11), quantity=Decimal(100), unit="BX")),
        ),
        docs.CatalogueLine(number="2", ids=(("VN", "X"),)),
    ),
)
AUTHORISATION = docs.PriceAuthorisation(
    status_on=DAY,
    qualifier="CT",
    number="PA-1",
    currency="USD",
    references=REFERENCES,
    parties=PARTIES,
    contracts=(
        docs.AuthorisedContract(
            number="C-2026-17",
            references=REFERENCES,
            valid_from=DAY,
            valid_to=date(2026, 12, 31),
            parties=PARTIES,
            prices=(
                docs.AuthorisedPrice(number="1", change="AI", ids=IDS, description="GLOVES", prices=(PRICE,)),
                docs.AuthorisedPrice(number="2", ids=(("VN", "X"),), valid_to=DAY, prices=(PRICE, PRICE)),
            ),
        ),
    ),
)
REPORT = docs.ResaleReport(
    number="RR-1",
    reported_on=DAY,
    type="39",
    currency="USD",
    first_day=date(2026, 3, 1),
    last_day=DAY,
    references=REFERENCES,
    parties=PARTIES,
    items=(
        docs.ReportedItem(
            quantity=Decimal(2),
            unit="EA",
            price=Decimal(310),
            description="MESH",
            lot="L1",
            serial="S1",
            ids=IDS,
            happened_on=DAY,
            references=REFERENCES,
            parties=PARTIES,
        ),
        docs.ReportedItem(qualifier="76", quantity=Decimal(1), unit="BX"),
    ),
)

CASES: list[tuple[str, Any, Callable[[Any], x12.Draft], Callable[[x12.TransactionSet], Any]]] = [
    ("850", ORDER, docs.draft_order, docs.read_order),
    ("860", CHANGE, docs.draft_change, docs.read_change),
    ("855", ANSWER, docs.draft_answer, docs.read_answer),
    ("856", NOTICE, docs.draft_ship_notice, docs.read_ship_notice),
    ("810", INVOICE, docs.draft_invoice, docs.read_invoice),
    ("820", REMITTANCE, docs.draft_remittance, docs.read_remittance),
    ("832", CATALOGUE, docs.draft_catalogue, docs.read_catalogue),
    ("845", AUTHORISATION, docs.draft_authorisation, docs.read_authorisation),
    ("867", REPORT, docs.draft_resale_report, docs.read_resale_report),
]


def sent(draft: x12.Draft) -> x12.TransactionSet:
    return x12.read(x12.build(PARTNER, [draft], numbers=x12.Numbers(1, 1), at=AT).encode())


@pytest.mark.parametrize(("code", "document", "draft", "read"), CASES, ids=[case[0] for case in CASES])
def test_what_is_written_is_read_and_clean(code: str, document: Any, draft: Any, read: Any) -> None:
    transaction = sent(draft(document))
    assert transaction.code == code
    assert [str(problem) for problem in x12.check(transaction)] == []
    assert read(transaction) == document


def test_the_865_is_the_855_of_a_change() -> None:
    line = docs.AnsweredLine(
        number="1",
        change="NC",
        quantity=Decimal(40),
        unit="BX",
        price=Decimal("12.5"),
        ids=IDS,
        answers=ANSWERED.answers,
    )
    answer = docs.OrderAnswer(
        order="PO-4711", ordered_on=DAY, change=True, sequence="2", number="SO-9", acknowledged_on=DAY, lines=(line,)
    )
    transaction = sent(docs.draft_answer(answer))
    assert transaction.code == "865"
    assert x12.check(transaction) == []
    assert docs.read_answer(transaction) == answer


@pytest.mark.parametrize(("code", "document", "draft", "read"), CASES, ids=[case[0] for case in CASES])
def test_another_transaction_set_is_refused(code: str, document: Any, draft: Any, read: Any) -> None:
    other = sent(docs.draft_order(ORDER) if code != "850" else docs.draft_invoice(INVOICE))
    with pytest.raises(Invalid) as caught:
        read(other)
    assert caught.value.where == "ST-01"


def test_the_own_sample_reads_as_an_order() -> None:
    order = docs.read_order(x12.read((SAMPLES / "order_850.edi").read_bytes()))
    assert (order.number, order.currency, order.wanted_on) == ("PO-4711", "USD", date(2026, 3, 10))
    assert [each.id("BP", "IN") for each in order.lines] == ["GLV-M", "MSH-15"]
    assert order.lines[0].description == "GLOVES, STERILE, SIZE M"
    assert order.lines[0].id("EN") == ""


def test_missing_parts_are_named() -> None:
    transaction = x12.read((SAMPLES / "order_850.edi").read_bytes())
    transaction["BEG-03"] = None
    with pytest.raises(Invalid) as caught:
        docs.read_order(transaction)
    assert caught.value.where == "BEG-03 (segment 2)"
    notice = sent(docs.draft_ship_notice(NOTICE))
    notice["HL[2]-02"] = "77"
    with pytest.raises(Invalid) as caught:
        docs.read_ship_notice(notice)
    assert str(caught.value).startswith("HL[2]-02 (segment")


def test_credits() -> None:
    assert not INVOICE.credit
    credit = docs.read_invoice(
        sent(docs.draft_invoice(docs.Invoice(number="1", invoiced_on=DAY, type="CR", total=Decimal(1))))
    )
    assert credit.credit
    assert docs.Invoice(number="1", invoiced_on=DAY, total=Decimal("-1")).credit
    with pytest.raises(ValueError, match="2 decimals"):
        docs.draft_invoice(docs.Invoice(number="1", invoiced_on=DAY, total=Decimal("1.005")))


@pytest.mark.skipif(
    "HILUM_SAMPLES" not in os.environ, reason="set HILUM_SAMPLES to the folder of the sample collection"
)
def test_given_samples_read_as_documents() -> None:
    readers = {case[0]: case[3] for case in CASES}
    seen: dict[str, int] = {}
    for path in sorted(GIVEN.rglob("*.*")):
        if "Issue" in path.name:
            continue  # fragments without what makes them an order
        for each in x12.transaction_sets(path.read_bytes()):
            if each.code in readers:
                document = readers[each.code](each)
                assert document
                seen[each.code] = seen.get(each.code, 0) + 1
    assert seen == {"810": 9, "820": 1, "832": 1, "850": 3, "856": 1}
    notice = docs.read_ship_notice(x12.read((GIVEN / "edi-engine/856.Crossdock.OK.edi").read_bytes()))
    assert [(item.order, item.pack, item.quantity) for item in notice.items][:2] == [
        ("POREF00", "00000715670002152360", Decimal(12)),
        ("POREF00", "00000715670002152377", Decimal(12)),
    ]
    advice = docs.read_remittance(x12.read((GIVEN / "edi-net/x12.820.issue140.edi").read_bytes()))
    paid = sum(each.paid or Decimal(0) for each in advice.documents)
    assert paid + sum(d.amount for each in advice.documents for d in each.deductions) != Decimal(0)
    assert len(advice.documents) == 7
    assert advice.documents[0].deductions[0].amount == Decimal("-143.76")

"""What machines read of bills: what is doubtful is named, what is clear is a bill; all metadata says the same."""

from __future__ import annotations

from decimal import Decimal
from email.message import EmailMessage
from hashlib import sha256
from typing import Any

import orjson
import pytest

from hilum.canonical import BillApproval, BillReading, Document
from hilum.errors import Invalid
from hilum.flow import Lookup
from hilum.packs.payables import ReadingRules, told_by_ap
from hilum.packs.payables.pdf_bills import document_of, mailed, reading_of
from hilum.packs.payables.reading import bill_of, doubts, fields_of, filed

pytestmark = pytest.mark.req("SYS-14", "WF-2")

PDF = b"%PDF-1.7 a made-up bill"
DIGEST = sha256(PDF).hexdigest()
RULES = ReadingRules()
BILL: dict[str, Any] = {
    "number": "INV-7", "supplier": "V1", "order": "PO-1", "currency": "EUR", "billed_on": "2026-03-12",
    "total": "551.76",
    "lines": [{"item": "GLV", "quantity": "12", "unit": "BX", "unit_price": "38.00", "tax_percent": "21"}],
}  # fmt: skip


def reading(told: dict[str, Any] = BILL, **more: Any) -> BillReading:
    return BillReading(system="AP", number="AP-1", fields=tuple(fields_of(told)), **more)


def test_what_is_sure_is_a_bill() -> None:
    assert doubts(reading(), RULES) == []
    bill = bill_of(reading(), {}, RULES)
    assert (bill.business_key, bill.order, bill.total, bill.amount) == (
        "V1:INV-7", "PO-1", Decimal("551.76"), Decimal("551.76"),
    )  # fmt: skip
    assert [(x.item, x.quantity, x.unit_price, x.tax_percent) for x in bill.lines] == [
        ("GLV", 12, Decimal("38.00"), 21)
    ]


def test_what_is_doubtful_or_missing_is_named_with_what_was_read() -> None:
    line = BILL["lines"][0] | {"quantity": {"value": "12", "confidence": 0.61}}
    told = {**BILL, "supplier": "", "due_on": {"value": "2026-04-01", "confidence": "0.5"}, "lines": [line]}
    assert doubts(reading(told), RULES) == [
        "supplier was not found", "due on is perhaps “2026-04-01” (50 %)", "quantity of line 1 is perhaps “12” (61 %)",
    ]  # fmt: skip
    assert doubts(reading({**BILL, "lines": []}), RULES) == ["no line was found"]
    with pytest.raises(Invalid, match="supplier"):
        bill_of(reading(told), {}, RULES)
    bill = bill_of(reading(told), {"supplier": "V1", "lines.1.quantity": "13"}, RULES)
    assert (bill.supplier, bill.lines[0].quantity) == ("V1", 13)


def test_each_field_may_have_a_confidence_of_its_own() -> None:
    told = {**BILL, "total": {"value": "551.76", "confidence": "0.85"}, "iban": {"value": "BE", "confidence": "0.1"}}
    assert doubts(reading(told), ReadingRules(confidence_of={"total": Decimal("0.8")})) == []
    assert doubts(reading(told), RULES) == ["total is perhaps “551.76” (85 %)"]


@pytest.mark.parametrize("field", ["iban", "lines.1.colour", "lines.x.item", "post"])
def test_only_fields_of_a_bill_are_corrected(field: str) -> None:
    with pytest.raises(Invalid):
        bill_of(reading(), {field: "1"}, RULES)


@pytest.mark.parametrize("value", ["12,00", "many", "-", "1e5000"])
def test_what_is_no_number_makes_no_bill_and_is_not_quoted(value: str) -> None:
    with pytest.raises(Invalid) as caught:
        bill_of(reading({**BILL, "total": value}), {}, RULES)
    assert value not in str(caught.value) or value == "-"


@pytest.mark.parametrize(
    "told", [{"lines": "x"}, {"lines": [1]}, {"Total": "1"}, {"total": {"value": "1", "confidence": "nan"}},
             {"total": {"value": "1", "confidence": "x"}}, {"total": {"value": "1", "confidence": 2}}],
)  # fmt: skip
def test_readings_that_are_none_are_invalid(told: Any) -> None:
    with pytest.raises(Invalid):
        fields_of(told)


JSON = orjson.dumps({**BILL, "document": {"sha256": DIGEST.upper()}, "confidence": {"total": 0.5}})
XML = f"""<invoice><number>INV-7</number><supplier>V1</supplier><order>PO-1</order><currency>EUR</currency>
<billed_on>2026-03-12</billed_on><total confidence="0.5">551.76</total><line><item>GLV</item><quantity>12</quantity>
<unit>BX</unit><unit_price>38.00</unit_price><tax_percent>21</tax_percent></line><document sha256="{DIGEST}"/>
</invoice>""".encode()
CSV = f"""number,supplier,order,currency,billed_on,total,item,quantity,unit,unit_price,tax_percent,sha256
INV-7,V1,PO-1,EUR,2026-03-12,551.76,GLV,12,BX,38.00,21,{DIGEST}
""".encode()


@pytest.mark.parametrize("body", [JSON, XML, CSV], ids=["json", "xml", "csv"])
def test_every_form_of_metadata_says_the_same(body: bytes) -> None:
    found = reading_of(body)
    assert found.business_key == document_of(PDF).number == f"PDF:{DIGEST}"
    assert bill_of(found, {}, RULES) == bill_of(reading(), {}, RULES)
    assert doubts(found, RULES) == ([] if body is CSV else ["total is perhaps “551.76” (50 %)"])


@pytest.mark.parametrize(
    "body", [b"{", b"<invoice>", b"", b"number\n", orjson.dumps(BILL), b"\xff\xfe", b'{"fields": 3, "sha256": "a"}']
)
def test_metadata_that_cannot_be_read_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        reading_of(body)


def mail(*attachments: tuple[bytes, str, str]) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "supplier@example.org", "bills@hospital.example", "Your bill"
    made.set_content("Please find the bill attached.")
    for content, kind, name in attachments:
        main, _, sub = kind.partition("/")
        made.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return bytes(made)


def test_a_mail_brings_the_paper_with_what_was_read_of_it() -> None:
    plain = orjson.dumps(BILL)  # names no hash: it is the paper beside it
    told, paper = mailed(mail((PDF, "application/pdf", "INV-7.pdf"), (plain, "application/json", "INV-7.json")))
    assert isinstance(told, BillReading) and isinstance(paper, Document)
    assert (paper.number, paper.title, told.expects_document) == (told.business_key, "INV-7.pdf", True)


def test_a_mail_with_paper_only_or_another_paper_waits_for_a_person() -> None:
    with pytest.raises(Invalid, match="1 PDFs and 0 files"):
        list(mailed(mail((PDF, "application/pdf", "INV-7.pdf"))))
    with pytest.raises(Invalid, match="not attached"):
        list(mailed(mail((b"%PDF-1.4 other", "application/pdf", "x.pdf"), (JSON, "application/json", "x.json"))))
    with pytest.raises(Invalid, match="no PDF"):
        document_of(b"PK")


def test_the_paper_is_filed_with_its_bill() -> None:
    paper = filed(document_of(PDF), bill_of(reading(), {}, RULES))
    assert paper is not None and paper.belongs_to is not None
    assert (paper.belongs_to.object, paper.belongs_to.key) == ("hilum.supplier.bill", "V1:INV-7")


def test_a_webhook_is_a_reading_or_an_approval_or_nothing() -> None:
    told = told_by_ap("AP")
    invoice = {"id": "AP-1", "fields": BILL, "document": {"url": "https://ap.example/1", "sha256": DIGEST}}
    found = told({"id": "e1", "type": "invoice.extracted", "invoice": invoice}, Lookup())
    assert found == told(invoice, Lookup()), "a poll finds the same"
    assert isinstance(found, BillReading) and found.document is not None
    assert (found.business_key, found.document.place, found.expects_document) == (
        "AP:AP-1", "https://ap.example/1", False,
    )  # fmt: skip
    about = {"id": "AP-1", "reference": "V1:INV-7", "order": "PO-1"}
    said = told({"id": "e2", "type": "invoice.rejected", "invoice": about, "by": "carla"}, Lookup())
    assert isinstance(said, BillApproval) and (said.approved, said.bill, said.by) == (False, "V1:INV-7", "carla")
    assert told({"id": "e3", "type": "invoice.viewed", "invoice": about}, Lookup()) is None
    for wrong in ([], {"type": "invoice.extracted", "invoice": 3}, {"type": "invoice.approved", "invoice": {}}):
        with pytest.raises(Invalid):
            told(wrong, Lookup())

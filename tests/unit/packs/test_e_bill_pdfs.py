"""Bills that lie in their PDF as data: the same bill as by EDI, filed with the PDF; what is only paper is refused."""

from __future__ import annotations

import io
from dataclasses import replace
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from packs_support import WholeFiles
from pypdf import PdfWriter

from hilum.canonical import BillReading
from hilum.connector import Target
from hilum.errors import Invalid, Unmapped
from hilum.flow import Flow, Lookup
from hilum.formats import ubl
from hilum.packs import payables
from hilum.packs.payables import ReadingRules
from hilum.packs.payables.reading import bill_of, doubts
from hilum.packs.procurement.e_bills import bill_from_en16931
from support.projects import write_lookup

pytestmark = [pytest.mark.req("SYS-14"), pytest.mark.req("SYS-10")]

SAMPLES = Path(__file__).parents[2] / "samples"
XML = (SAMPLES / "cii" / "invoice.xml").read_bytes()
RULES = ReadingRules()


def pdf(**files: bytes) -> bytes:
    """A page with these files in it; `factur_x` is factur-x.xml."""
    made = PdfWriter()
    made.add_blank_page(595, 842)
    for name, content in files.items():
        made.add_attachment(f"{name.replace('_', '-')}.xml", content)
    out = io.BytesIO()
    made.write(out)
    return out.getvalue()


def mail(*attached: bytes) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "supplier@example.org", "bills@hospital.example", "Your bill"
    made.set_content("Please find the bill attached.")
    for number, content in enumerate(attached, 1):
        made.add_attachment(content, maintype="application", subtype="pdf", filename=f"bill-{number}.pdf")
    return bytes(made)


@pytest.fixture
def hub(tmp_path: Path) -> Lookup:
    write_lookup(tmp_path, "bill_senders", "code,supplier\nBE0123456789,S-200\n")
    return Lookup(tmp_path / "lookups")


@pytest.fixture
def flow(anything: Target) -> Flow:
    return payables.e_bill_pdfs(source=WholeFiles(), to=[replace(anything, accepts=(BillReading,))])


def read(flow: Flow, body: bytes, hub: Lookup) -> list[Any]:
    return [made.thing for made in flow.run(flow.read(body), hub)]


@pytest.mark.parametrize("name", ["factur_x", "FACTUR_X", "xrechnung", "zugferd_invoice"])
def test_the_bill_in_a_pdf_is_the_one_that_ubl_says_and_its_paper_is_the_pdf(
    name: str, flow: Flow, hub: Lookup
) -> None:
    body = pdf(**{name: XML})
    (reading,) = read(flow, body, hub)
    assert doubts(reading, RULES) == []
    same = bill_from_en16931(ubl.read((SAMPLES / "ubl" / "invoice.xml").read_bytes()), supplier="S-200")
    assert bill_of(reading, {}, RULES) == same
    assert reading.document.sha256 == reading.number == sha256(body).hexdigest()
    assert reading.document.content and not reading.expects_document
    assert {"S-200", "INV-7", "PO-7"} <= set(reading.identifiers)


def test_xml_without_a_pdf_and_mails_with_several_are_taken_too(flow: Flow, hub: Lookup) -> None:
    (alone,) = read(flow, b"\xef\xbb\xbf" + XML, hub)
    assert alone.document is None and alone.bill.number == "INV-7"
    two = [pdf(factur_x=XML), pdf(factur_x=XML.replace(b"INV-7", b"INV-8"))]
    found = read(flow, mail(*two), hub)
    assert [(each.bill.number, each.document.title) for each in found] == [
        ("INV-7", "bill-1.pdf"), ("INV-8", "bill-2.pdf"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (pdf(), "no invoice is embedded in the PDF"),
        (pdf(order_x=XML), "no invoice is embedded in the PDF"),
        (mail(pdf(factur_x=XML), pdf()), "no invoice is embedded in the PDF"),
        (pdf(factur_x=XML.replace(b"urn:cen.eu:en16931:2017<", b"urn:factur-x.eu:1p0:minimum<")), "MINIMUM has no"),
        (pdf(factur_x=XML.replace(b">300.00<", b">300.03<")), "prepaid"),
        (pdf(factur_x=b"<html/>"), "is expected"),
        (pdf(factur_x=XML)[:900], "cut off or damaged"),
        (b"%PDF-1.7 nothing else", "cut off or damaged"),
        (mail(), "no mail with a PDF"),
        (b"PK\x03\x04", "no mail with a PDF"),
        (b"", "no mail with a PDF"),
    ],
)
def test_what_is_no_bill_is_refused_with_the_reason(body: bytes, words: str, flow: Flow, hub: Lookup) -> None:
    with pytest.raises(Invalid, match=words):
        read(flow, body, hub)


def test_an_encrypted_pdf_is_refused_as_such(flow: Flow, hub: Lookup) -> None:
    made = PdfWriter()
    made.add_blank_page(595, 842)
    made.add_attachment("factur-x.xml", XML)
    made.encrypt("a secret", algorithm="AES-256")
    out = io.BytesIO()
    made.write(out)
    with pytest.raises(Invalid, match="encrypted"):
        read(flow, out.getvalue(), hub)


def test_nobody_guesses_whose_bill_it_is(flow: Flow, hub: Lookup) -> None:
    stranger = XML.replace(b"BE0123456789", b"BE0999999999")
    with pytest.raises(Unmapped) as caught:
        read(flow, stranger, hub)
    assert (caught.value.table, caught.value.code) == ("bill_senders", "BE0999999999")
    nobody = XML.replace(b'schemeID="VA"', b'schemeID="FC"').replace(
        b'<ram:URIID schemeID="0088">5412345000020</ram:URIID>', b"<ram:URIID/>"
    )
    with pytest.raises(Invalid, match="no number of its seller"):
        read(flow, nobody, hub)


def test_the_suppliers_own_item_numbers_go_through_the_table_of_items(flow: Flow, hub: Lookup, tmp_path: Path) -> None:
    write_lookup(tmp_path, "items", "code,item\nG-100,GLV\n")
    hub.refresh()
    (ours,) = read(flow, XML, hub)
    assert ours.bill.lines[0].item == "GLV-M", "our own number is told"
    theirs = XML.replace(b"<ram:BuyerAssignedID>GLV-M</ram:BuyerAssignedID>", b"")
    (mapped,) = read(flow, theirs, hub)
    assert mapped.bill.lines[0].item == "GLV"
    with pytest.raises(Unmapped):
        read(flow, theirs.replace(b"G-100", b"G-101"), hub)

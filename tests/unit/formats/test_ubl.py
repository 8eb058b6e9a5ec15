"""UBL invoices and credit notes: read, their sums looked at, and made into bills."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from hilum.errors import Invalid
from hilum.formats import FORMATS, ubl
from hilum.packs.procurement.e_bills import bill_from_en16931

DATA = (Path(__file__).parents[2] / "samples" / "ubl" / "invoice.xml").read_bytes()
GIVEN = Path(os.environ.get("HILUM_SAMPLES", "")) / "ubl" / "odoo"

pytestmark = [pytest.mark.req("SYS-10"), pytest.mark.req("MOD-3")]


def credit_note(data: bytes = DATA) -> bytes:
    made = data.replace(b"Invoice-2", b"CreditNote-2").replace(b"InvoiceTypeCode", b"CreditNoteTypeCode")
    made = made.replace(b">380<", b">381<").replace(b"InvoicedQ", b"CreditedQ")
    made = made.replace(b"cac:InvoiceLine>", b"cac:CreditNoteLine>").replace(b"<Invoice ", b"<CreditNote ")
    reference = b"</cac:OrderReference><cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>INV-3</cbc:ID>"
    reference += b"</cac:InvoiceDocumentReference></cac:BillingReference>"
    return made.replace(b"</Invoice>", b"</CreditNote>").replace(b"</cac:OrderReference>", reference)


def test_an_invoice_becomes_a_bill() -> None:
    bill = bill_from_en16931(FORMATS["ubl"](DATA), supplier="S-200")
    assert (bill.number, bill.credit, bill.order, bill.total) == ("INV-7", False, "PO-7", Decimal("306.13"))
    assert (bill.billed_on, bill.due_on, bill.currency) == (date(2026, 3, 12), date(2026, 4, 11), "EUR")
    goods, bonus, freight = bill.lines
    assert (goods.item, goods.quantity, goods.unit, goods.unit_price) == ("GLV-M", 30, "BX", Decimal("8.2"))
    assert goods.numbers is not None
    assert goods.numbers.supplier_item == "G-100"
    assert (goods.order_line, goods.tax_percent, goods.description) == (2, 21, "Gloves M")
    assert (bonus.item, bonus.unit_price, bonus.tax_percent, bonus.description) == (None, -5, 21, "Bonus")
    assert (freight.unit_price, freight.tax_percent) == (12, 21)
    net = sum(line.quantity * line.unit_price for line in bill.lines)
    assert net * Decimal("1.21") == bill.total


def test_a_credit_note_becomes_a_credit_and_a_bill_below_zero_too() -> None:
    bill = bill_from_en16931(ubl.read(credit_note()), supplier="S-200")
    assert (bill.credit, bill.corrects, bill.total) == (True, "INV-3", Decimal("306.13"))
    bill = bill_from_en16931(ubl.read(below_zero()), supplier="S-200")
    assert (bill.credit, bill.total) == (True, Decimal("291.61"))
    goods, bonus = bill.lines
    assert (goods.quantity, goods.unit_price, bonus.unit_price) == (30, Decimal("8.2"), -5)


def below_zero() -> bytes:
    """The bill without its freight, with everything below zero."""
    begin, end = DATA.index(b"<cac:AllowanceCharge>"), DATA.index(b"<cac:TaxTotal>")
    made = DATA[:begin] + DATA[end:]
    made = made.replace(b'<cbc:ChargeTotalAmount currencyID="EUR">12.00</cbc:ChargeTotalAmount>', b"")
    pairs = {
        b">241.00": b">-241.00", b">253.00": b">-241.00", b">53.13": b">-50.61", b">306.13": b">-291.61",
        b">6.13": b">-6.13", b">300.00": b">-285.48", b">30<": b">-30<", b">5.00": b">-5.00",
    }  # fmt: skip
    for old, new in pairs.items():
        made = made.replace(old, new)
    return made


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        (b'EUR">241.00</cbc:LineExtensionAmount>\n', b'EUR">242.00</cbc:LineExtensionAmount>\n', "InvoiceLine/LineExt"),
        (b">253.00</cbc:TaxExcl", b">254.00</cbc:TaxExcl", "LegalMonetaryTotal/TaxExclusiveAmount"),
        (b">306.13</cbc:TaxIncl", b">306.63</cbc:TaxIncl", "LegalMonetaryTotal/TaxInclusiveAmount"),
        (b">300.00</cbc:Payable", b">301.00</cbc:Payable", "LegalMonetaryTotal/PayableAmount"),
        (b">12.00</cbc:ChargeTotal", b">13.00</cbc:ChargeTotal", "LegalMonetaryTotal/ChargeTotalAmount"),
        (b'>253.00</cbc:Taxable', b'>200.00</cbc:Taxable', "TaxTotal/TaxSubtotal/TaxAmount"),
        (b'currencyID="EUR">820.00', b'currencyID="USD">820.00', "InvoiceLine/Price/PriceAmount.*currency"),
        (b">820.00<", b">820,00<", "InvoiceLine/Price/PriceAmount"),
        (b">30</cbc:Invoiced", b">x</cbc:Invoiced", "InvoiceLine/InvoicedQuantity"),
        (b'"BX">100<', b'"BX">0<', "InvoiceLine/Price/BaseQuantity"),
        (b"<cbc:IssueDate>2026-03-12</cbc:IssueDate>", b"", "IssueDate is missing"),
        (b">2026-04-11<", b">11.04.2026<", "DueDate"),
        (b"<cbc:ChargeIndicator>true<", b"<cbc:ChargeIndicator>yes<", "AllowanceCharge/ChargeIndicator"),
        (b"<Invoice ", b"<!DOCTYPE x [<!ENTITY a 'b'>]><Invoice ", "DOCTYPE"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_told_with_its_element(old: bytes, new: bytes, where: str) -> None:
    assert old in DATA
    with pytest.raises(Invalid, match=where):
        ubl.read(DATA.replace(old, new))


def test_bills_that_change_others_wait_for_a_person() -> None:
    with pytest.raises(Invalid, match="384 changes"):
        bill_from_en16931(ubl.read(DATA.replace(b">380<", b">384<")), supplier="S-200")


def test_a_corrected_bill_names_the_one_that_it_takes_the_place_of() -> None:
    named = b"</cac:OrderReference><cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>INV-3</cbc:ID>"
    named += b"</cac:InvoiceDocumentReference></cac:BillingReference>"
    corrected = DATA.replace(b">380<", b">384<").replace(b"</cac:OrderReference>", named)
    bill = bill_from_en16931(ubl.read(corrected), supplier="S-200")
    assert (bill.number, bill.credit, bill.corrects) == ("INV-7", False, "INV-3")


@pytest.mark.skipif(not GIVEN.is_dir(), reason="set HILUM_SAMPLES to the folder of the sample collection")
def test_given_samples_add_up() -> None:
    totals = {}
    for path in sorted(GIVEN.glob("*.xml")):
        if b"CrossIndustryInvoice" in path.read_bytes() or "no_prices" in path.name:
            with pytest.raises(Invalid):
                ubl.read(path.read_bytes())
            continue
        bill = bill_from_en16931(ubl.read(path.read_bytes()), supplier="S")
        found = sum(
            line.quantity * line.unit_price * (1 + (line.tax_percent or 0) / Decimal(100)) for line in bill.lines
        )
        assert bill.total is not None
        totals[path.name] = abs(found - bill.total)
    assert len(totals) == 13
    assert max(totals.values()) < Decimal("0.03")

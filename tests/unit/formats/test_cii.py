"""CII, the other syntax of EN 16931: the same bill as UBL, with every sum looked at; profiles without lines refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from hilum.errors import Invalid
from hilum.formats import FORMATS, cii, ubl
from hilum.packs.procurement.e_bills import bill_from_en16931

SAMPLES = Path(__file__).parents[2] / "samples"
DATA = (SAMPLES / "cii" / "invoice.xml").read_bytes()

pytestmark = [pytest.mark.req("SYS-10"), pytest.mark.req("MOD-3")]


def without_places(bill: cii.Bill) -> object:
    lines = tuple(
        replace(line, where="", charges=tuple(replace(each, where="") for each in line.charges)) for line in bill.lines
    )
    return replace(bill, lines=lines, charges=tuple(replace(each, where="") for each in bill.charges))


def test_both_syntaxes_say_the_same_bill() -> None:
    """The two samples are one bill: all of what is read of it is equal, and so is what becomes of it."""
    other = ubl.read((SAMPLES / "ubl" / "invoice.xml").read_bytes())
    assert without_places(cii.read(DATA)) == without_places(other)
    made = bill_from_en16931(FORMATS["cii"](DATA), supplier="S-200")
    assert made == bill_from_en16931(other, supplier="S-200")
    assert (made.business_key, made.order, made.total, made.due_on) == (
        "S-200:INV-7", "PO-7", Decimal("306.13"), date(2026, 4, 11),
    )  # fmt: skip


def test_a_credit_note_names_what_it_takes_back() -> None:
    named = b"<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>INV-3</ram:IssuerAssignedID></ram:InvoiceReferenced"
    data = DATA.replace(b">380<", b">381<").replace(
        b"</ram:ApplicableHeaderTradeSettlement>", named + b"Document></ram:ApplicableHeaderTradeSettlement>"
    )
    made = bill_from_en16931(cii.read(data), supplier="S-200")
    assert (made.credit, made.corrects, made.amount) == (True, "INV-3", Decimal("-306.13"))


def test_freight_of_the_extended_profile_is_a_charge_and_lines_that_add_up_others_count_once() -> None:
    start = DATA.index(b"<ram:IncludedSupplyChainTradeLineItem>")
    end = DATA.index(b"<ram:ApplicableHeaderTradeAgreement>")
    group = DATA[start:end].replace(
        b"<ram:LineID>1</ram:LineID>",
        b"<ram:LineID>0</ram:LineID><ram:LineStatusReasonCode>GROUP</ram:LineStatusReasonCode>",
    )
    first = DATA.index(b"<ram:SpecifiedTradeAllowanceCharge>", end)
    last = DATA.index(b"<ram:SpecifiedTradePaymentTerms>")
    freight = (
        b"<ram:SpecifiedLogisticsServiceCharge><ram:Description>Freight</ram:Description><ram:AppliedAmount>12.00"
        b"</ram:AppliedAmount><ram:AppliedTradeTax><ram:RateApplicablePercent>21</ram:RateApplicablePercent>"
        b"</ram:AppliedTradeTax></ram:SpecifiedLogisticsServiceCharge>"
    )
    data = DATA[:start] + group + DATA[start:first] + freight + DATA[last:]
    data = data.replace(b":en16931:2017<", b":en16931:2017#conformant#urn:factur-x.eu:1p0:extended<")
    assert without_places(cii.read(data)) == without_places(cii.read(DATA))


@pytest.mark.parametrize("prefix", ["urn:factur-x.eu:1p0", "urn:zugferd.de:2p0", "URN:FACTUR-X.EU:1p0"])
@pytest.mark.parametrize(("profile", "name"), [("minimum", "MINIMUM"), ("basicwl", "BASIC WL")])
def test_a_profile_without_lines_is_refused_by_its_name(prefix: str, profile: str, name: str) -> None:
    data = DATA.replace(b"urn:cen.eu:en16931:2017<", f"{prefix}:{profile}<".encode())
    with pytest.raises(Invalid, match=f"the profile {name} has no lines") as caught:
        cii.read(data)
    assert "GuidelineSpecifiedDocumentContextParameter/ID" in str(caught.value.where)


@pytest.mark.parametrize(
    ("old", "new", "where", "words"),
    [
        (b"MonetarySummation><ram:LineTotalAmount>241", b"MonetarySummation><ram:LineTotalAmount>240",
         "LineTotalAmount", "quantity, price"),
        (b"241.00</ram:LineTotalAmount>\n", b"240.00</ram:LineTotalAmount>\n", "LineTotalAmount", "the lines"),
        (b"<ram:ChargeTotalAmount>12", b"<ram:ChargeTotalAmount>13", "ChargeTotalAmount", "allowances or charges"),
        (b"<ram:ChargeTotalAmount>12.00</ram:ChargeTotalAmount>", b"", "HeaderMonetarySummation",
         "ChargeTotalAmount is missing"),
        (b"BasisTotalAmount>253", b"BasisTotalAmount>254", "TaxBasisTotalAmount", "lines, allowances"),
        (b"<ram:CalculatedAmount>53", b"<ram:CalculatedAmount>52", "CalculatedAmount", "base and rate"),
        (b'"EUR">53.13', b'"EUR">54.13', "TaxTotalAmount", "parts of the tax"),
        (b'TaxTotalAmount currencyID="EUR">', b'TaxTotalAmount currencyID="USD">', "HeaderMonetarySummation",
         "TaxTotalAmount is missing"),
        (b"GrandTotalAmount>306", b"GrandTotalAmount>307", "GrandTotalAmount", "and the tax"),
        (b"DuePayableAmount>300", b"DuePayableAmount>301", "DuePayableAmount", "prepaid"),
        (b'format="102">20260312', b'format="102">20260231', "DateTimeString", "no such day"),
        (b'format="102">20260312', b'format="102">2026-03-12', "DateTimeString", "format 102"),
        (b'format="102">20260312', b'format="610">20260312', "DateTimeString", "format 102"),
        (b"<udt:Indicator>true", b"<udt:Indicator>perhaps", "Indicator", "allowance false"),
        (b'unitCode="BX">100', b'unitCode="BX">0', "BasisQuantity", "more than 0 units"),
        (b"<ram:ID>INV-7</ram:ID>", b"", "ExchangedDocument", "ID is missing"),
        (b"rsm:CrossIndustryInvoice", b"rsm:CrossIndustryDocument", "CrossIndustryDocument", "ZUGFeRD 1.0"),
        (b"rsm:CrossIndustryInvoice", b"rsm:SCRDMCCBDACIOMessageStructure", "SCRDM", "is expected"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_or_is_missing_is_said_by_its_element(
    old: bytes, new: bytes, where: str, words: str
) -> None:
    assert old in DATA
    with pytest.raises(Invalid, match=words) as caught:
        cii.read(DATA.replace(old, new))
    assert where in str(caught.value.where)


def test_a_bill_of_no_line_is_none() -> None:
    start = DATA.index(b"<ram:IncludedSupplyChainTradeLineItem>")
    end = DATA.index(b"<ram:ApplicableHeaderTradeAgreement>")
    with pytest.raises(Invalid, match="there is no line"):
        cii.read(DATA[:start] + DATA[end:])

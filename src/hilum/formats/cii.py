"""CII (UN/CEFACT Cross Industry Invoice), as EN 16931 has it: XRechnung, and what Factur-X and ZUGFeRD put into a PDF.

    bill = cii.read(data)
    bill.number, bill.total, bill.lines[0].amount

Taken are the profiles of which a bill can be matched: BASIC, EN 16931 (COMFORT), EXTENDED, XRechnung. MINIMUM and BASIC
WL have no lines by their definition, and are refused as such. Totals are checked as those of UBL are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from hilum.errors import Invalid
from hilum.formats.en16931 import (
    CREDIT_NOTES,
    Bill,
    BillLine,
    Charge,
    Party,
    Totals,
    charge_of,
    item_ids,
    line_must_add_up,
    must_be,
    party_ids,
    price_of_one,
    sign_of,
)
from hilum.formats.xml_nodes import XmlNode
from hilum.formats.xml_tree import Bounds, read_tree

_BOUNDS: Final = Bounds(size=64 * 1024 * 1024, depth=40, elements=2_000_000)
_GUIDELINE: Final = "ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID"
_WITHOUT_LINES: Final = {
    "urn:factur-x.eu:1p0:minimum": "MINIMUM",
    "urn:factur-x.eu:1p0:basicwl": "BASIC WL",
    "urn:zugferd.de:2p0:minimum": "MINIMUM",
    "urn:zugferd.de:2p0:basicwl": "BASIC WL",
}
_SUMS: Final = Totals(
    net="LineTotalAmount", before_tax="TaxBasisTotalAmount", with_tax="GrandTotalAmount", prepaid="TotalPrepaidAmount",
    rounding="RoundingAmount", payable="DuePayableAmount",
)  # fmt: skip
_DETAIL: Final = ("", "DETAIL")
"""EXTENDED: a line that is billed. GROUP adds up lines that are there too, INFORMATION says something."""

_DAY: Final = re.compile(r"\d{8}", re.ASCII)


def read(data: bytes) -> Bill:
    """The bill. Raises `Invalid` with the path of the element, also where sums do not add up."""
    root = XmlNode(read_tree(data.strip(), _BOUNDS))
    if root.name == "CrossIndustryDocument":
        raise Invalid("this is ZUGFeRD 1.0, from before EN 16931: ask for Factur-X or ZUGFeRD 2", where=root.where)
    if root.name != "CrossIndustryInvoice":
        raise Invalid("a CrossIndustryInvoice (CII) is expected", where=root.where)
    _must_have_lines(root)
    head, trade = root.need("ExchangedDocument"), root.need("SupplyChainTradeTransaction")
    settled, agreed = trade.need("ApplicableHeaderTradeSettlement"), trade.need("ApplicableHeaderTradeAgreement")
    told = list(trade.each("IncludedSupplyChainTradeLineItem"))
    lines = tuple(_line(each) for each in told if _status(each) in _DETAIL)
    if not lines:
        raise Invalid("there is no line", where=trade.where)
    charges = (*_charges(settled), *(_logistics(each) for each in settled.each("SpecifiedLogisticsServiceCharge")))
    currency = settled.need("InvoiceCurrencyCode").text()
    total, payable = _totals(settled, currency, lines, charges)
    type_code = head.text("TypeCode")
    return Bill(
        number=head.need("ID").text(),
        credit=type_code in CREDIT_NOTES,
        type=type_code,
        issued_on=_day(head.need("IssueDateTime/DateTimeString")),
        due_on=_due(settled),
        currency=currency,
        order=agreed.text("BuyerOrderReferencedDocument/IssuerAssignedID"),
        corrects=settled.texts("InvoiceReferencedDocument/IssuerAssignedID"),
        seller=_party(agreed.need("SellerTradeParty")),
        buyer=_party(agreed.need("BuyerTradeParty")),
        total=total,
        payable=payable,
        lines=lines,
        charges=charges,
    )


def _must_have_lines(root: XmlNode) -> None:
    guideline = root.need(_GUIDELINE)
    profile = _WITHOUT_LINES.get(guideline.text().lower())
    if profile is not None:
        raise Invalid(
            f"the profile {profile} has no lines, so nothing can be matched: ask the supplier for EN 16931 (COMFORT)",
            where=guideline.where,
        )


def _status(line: XmlNode) -> str:
    return line.text("AssociatedDocumentLineDocument/LineStatusReasonCode")


# ---- lines


def _line(node: XmlNode) -> BillLine:
    """A line, whose amount is what quantity, price and charges come to."""
    quantity = node.need("SpecifiedLineTradeDelivery/BilledQuantity")
    settled = node.need("SpecifiedLineTradeSettlement")
    charges = tuple(_charges(settled))
    net = settled.need("SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount")
    agreed = node.need("SpecifiedLineTradeAgreement/NetPriceProductTradePrice")
    of_one = price_of_one(agreed.need("ChargeAmount").decimal(), agreed.first("BasisQuantity"))
    count = quantity.decimal()
    line_must_add_up(net, net.decimal(), count * of_one, charges)
    return BillLine(
        id=node.need("AssociatedDocumentLineDocument/LineID").text(),
        quantity=count,
        unit=quantity.attribute("unitCode"),
        price=of_one,
        amount=net.decimal(),
        tax_percent=_percent(settled, "ApplicableTradeTax"),
        description=node.text("SpecifiedTradeProduct/Name", "SpecifiedTradeProduct/Description"),
        ids=item_ids(
            node.text("SpecifiedTradeProduct/BuyerAssignedID"),
            node.first("SpecifiedTradeProduct/GlobalID"),
            node.text("SpecifiedTradeProduct/SellerAssignedID"),
        ),
        order_line=node.text("SpecifiedLineTradeAgreement/BuyerOrderReferencedDocument/LineID"),
        charges=charges,
        where=node.where,
    )


def _charges(settled: XmlNode) -> list[Charge]:
    return [_charge(each) for each in settled.each("SpecifiedTradeAllowanceCharge")]


def _charge(node: XmlNode) -> Charge:
    return charge_of(
        sign_of(node.need("ChargeIndicator/Indicator")), node.need("ActualAmount").decimal(), node.text("Reason"),
        _percent(node, "CategoryTradeTax"), node.where,
    )  # fmt: skip


def _logistics(node: XmlNode) -> Charge:
    """EXTENDED: freight has an element of its own, and counts as a charge."""
    return Charge(
        amount=node.need("AppliedAmount").decimal(),
        words=node.text("Description") or "Freight",
        tax_percent=_percent(node, "AppliedTradeTax"),
        where=node.where,
    )


def _percent(node: XmlNode, path: str) -> Decimal | None:
    """The rate of a tax; 0 where it is exempt and tells none."""
    tax = node.first(path)
    return _rate(tax) if tax is not None else None


def _rate(tax: XmlNode) -> Decimal:
    rate = tax.first("RateApplicablePercent")
    return rate.decimal() if rate is not None else Decimal(0)


# ---- sums


def _totals(
    settled: XmlNode, currency: str, lines: Sequence[BillLine], charges: Sequence[Charge]
) -> tuple[Decimal, Decimal]:
    """What is billed with tax, and what is to be paid; after looking whether all sums add up."""
    sums = settled.need("SpecifiedTradeSettlementHeaderMonetarySummation")
    return _SUMS.of(sums, XmlNode.decimal, lines, charges, lambda: _tax(settled, sums, currency))


def _tax(settled: XmlNode, sums: XmlNode, currency: str) -> Decimal:
    """The tax in the currency of the document; what its parts come to (BR-CO-14, BR-CO-17)."""
    parts = Decimal(0)
    for part in settled.each("ApplicableTradeTax"):
        own = part.need("CalculatedAmount")
        must_be(own, own.decimal(), part.need("BasisAmount").decimal() * _rate(part) / 100, "base and rate")
        parts += own.decimal()
    # the same again in the currency of the tax office has that currency on it
    told = [each for each in sums.each("TaxTotalAmount") if each.attribute("currencyID") in ("", currency)]
    if not told:
        if parts:
            raise Invalid("the element TaxTotalAmount is missing", where=sums.where)
        return Decimal(0)
    must_be(told[0], told[0].decimal(), parts, "the parts of the tax")
    return told[0].decimal()


# ---- days and parties


def _due(settled: XmlNode) -> date | None:
    """The first day on which all of it is due; a bill that is paid in parts has several."""
    found = settled.each("SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString")
    return min((_day(each) for each in found), default=None)


def _day(node: XmlNode) -> date:
    """A day as `20260312` (format 102 of UNCL2379)."""
    text = node.text()
    if node.attribute("format") not in ("", "102") or not _DAY.fullmatch(text):
        raise Invalid("this is not a day such as 20260331 (format 102)", where=node.where)
    try:
        return date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    except ValueError:
        raise Invalid("there is no such day", where=node.where) from None


def _party(party: XmlNode) -> Party:
    nodes = [
        *party.each("URIUniversalCommunication/URIID"), *party.each("GlobalID"), *party.each("ID"),
        *party.each("SpecifiedLegalOrganization/ID"),
    ]  # fmt: skip
    registered = {each.attribute("schemeID"): each.text() for each in party.each("SpecifiedTaxRegistration/ID")}
    return Party(
        name=party.text("Name", "SpecifiedLegalOrganization/TradingBusinessName"),
        ids=party_ids(nodes),
        tax_id=registered.get("VA", ""),
    )

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
from hilum.formats.en16931 import CREDIT_NOTES, Bill, BillLine, Charge, Party, must_be
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
    price = node.need("SpecifiedLineTradeAgreement/NetPriceProductTradePrice/ChargeAmount")
    basis = node.first("SpecifiedLineTradeAgreement/NetPriceProductTradePrice/BasisQuantity")
    per = basis.decimal() if basis is not None else Decimal(1)
    if per <= 0:
        raise Invalid("a price is for more than 0 units", where=basis.where if basis is not None else price.where)
    settled = node.need("SpecifiedLineTradeSettlement")
    charges = tuple(_charges(settled))
    net = settled.need("SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount")
    count, of_one = quantity.decimal(), price.decimal() / per
    extra = sum((each.amount for each in charges), Decimal(0))
    must_be(net, net.decimal(), count * of_one + extra, "quantity, price and charges")
    return BillLine(
        id=node.need("AssociatedDocumentLineDocument/LineID").text(),
        quantity=count,
        unit=quantity.attribute("unitCode"),
        price=of_one,
        amount=net.decimal(),
        tax_percent=_percent(settled, "ApplicableTradeTax"),
        description=node.text("SpecifiedTradeProduct/Name", "SpecifiedTradeProduct/Description"),
        ids=_item_ids(node),
        order_line=node.text("SpecifiedLineTradeAgreement/BuyerOrderReferencedDocument/LineID"),
        charges=charges,
        where=node.where,
    )


def _item_ids(line: XmlNode) -> tuple[tuple[str, str], ...]:
    found = [("buyer", line.text("SpecifiedTradeProduct/BuyerAssignedID"))]
    standard = line.first("SpecifiedTradeProduct/GlobalID")
    if standard is not None:
        found.append((standard.attribute("schemeID") or "standard", standard.text()))
    found.append(("seller", line.text("SpecifiedTradeProduct/SellerAssignedID")))
    return tuple((kind, value) for kind, value in found if value)


def _charges(settled: XmlNode) -> list[Charge]:
    return [_charge(each) for each in settled.each("SpecifiedTradeAllowanceCharge")]


def _charge(node: XmlNode) -> Charge:
    indicator = node.need("ChargeIndicator/Indicator")
    if indicator.text() not in ("true", "false", "1", "0"):
        raise Invalid("a charge is true, an allowance false", where=indicator.where)
    sign = 1 if indicator.text() in ("true", "1") else -1
    return Charge(
        amount=sign * node.need("ActualAmount").decimal(),
        words=node.text("Reason") or ("Charge" if sign > 0 else "Allowance"),
        tax_percent=_percent(node, "CategoryTradeTax"),
        where=node.where,
    )


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
    net = sums.need("LineTotalAmount")
    must_be(net, net.decimal(), sum((each.amount for each in lines), Decimal(0)), "the lines")
    for name, sign in (("AllowanceTotalAmount", -1), ("ChargeTotalAmount", 1)):
        told = sums.first(name)
        found = sum((sign * each.amount for each in charges if sign * each.amount > 0), Decimal(0))
        if told is not None:
            must_be(told, told.decimal(), found, "the allowances or charges")
        elif found:
            raise Invalid(f"the element {name} is missing", where=sums.where)
    before = sums.need("TaxBasisTotalAmount")
    extra = sum((each.amount for each in charges), Decimal(0))
    must_be(before, before.decimal(), net.decimal() + extra, "lines, allowances and charges")
    with_tax = sums.need("GrandTotalAmount")
    tax = _tax(settled, sums, currency)
    must_be(with_tax, with_tax.decimal(), before.decimal() + tax, "the amount without tax, and the tax")
    payable = sums.need("DuePayableAmount")
    prepaid, rounding = _amount(sums, "TotalPrepaidAmount"), _amount(sums, "RoundingAmount")
    must_be(payable, payable.decimal(), with_tax.decimal() - prepaid + rounding, "the total and what is prepaid")
    return with_tax.decimal(), payable.decimal()


def _amount(sums: XmlNode, name: str) -> Decimal:
    found = sums.first(name)
    return found.decimal() if found is not None else Decimal(0)


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
        ids=tuple((each.attribute("schemeID"), each.text()) for each in nodes if each.text()),
        tax_id=registered.get("VA", ""),
    )

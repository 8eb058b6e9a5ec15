"""UBL 2.1 invoices and credit notes, as Peppol BIS Billing 3 and the national profiles of EN 16931 have them.

    bill = ubl.read(data)
    bill.number, bill.total, bill.lines[0].amount

Totals are checked by the rules of EN 16931 (BR-CO-10 … BR-CO-17, PEPPOL-EN16931-R120); what does not add up is
`Invalid` with the path of the element. Code lists and national rules are not checked: the network has done so before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from hilum.errors import Invalid
from hilum.formats.en16931 import Bill, BillLine, Charge, Party, must_be
from hilum.formats.xml_nodes import XmlNode
from hilum.formats.xml_tree import Bounds, read_tree

_BOUNDS: Final = Bounds(size=64 * 1024 * 1024, depth=40, elements=2_000_000)

NO_NUMBER: Final = "NA"
"""What Peppol writes for an order that there is not."""


_ROOTS: Final = {"Invoice": ("InvoiceLine", "InvoicedQuantity"), "CreditNote": ("CreditNoteLine", "CreditedQuantity")}


def read(data: bytes) -> Bill:
    """The bill. Raises `Invalid` with the path of the element, also where sums do not add up."""
    root = XmlNode(read_tree(data.strip(), _BOUNDS))
    names = _ROOTS.get(root.name)
    if names is None:
        raise Invalid("an Invoice or CreditNote of UBL is expected", where=root.where)
    credit = root.name == "CreditNote"
    reader = _Reader(root.need("DocumentCurrencyCode").text())
    lines = tuple(reader.line(each, names[1]) for each in root.each(names[0]))
    if not lines:
        raise Invalid("there is no line", where=root.where)
    charges = tuple(reader.charge(each) for each in root.each("AllowanceCharge"))
    total, payable = reader.totals(root, lines, charges)
    order = root.text("OrderReference/ID")
    return Bill(
        number=root.need("ID").text(),
        credit=credit,
        type=root.text("InvoiceTypeCode", "CreditNoteTypeCode"),
        issued_on=_needed_day(root),
        due_on=root.day("DueDate", "PaymentMeans/PaymentDueDate"),
        currency=reader.currency,
        order="" if order == NO_NUMBER else order,
        corrects=root.texts("BillingReference/InvoiceDocumentReference/ID"),
        seller=_party(root.need("AccountingSupplierParty/Party")),
        buyer=_party(root.need("AccountingCustomerParty/Party")),
        total=total,
        payable=payable,
        lines=lines,
        charges=charges,
    )


class _Reader:
    """Amounts of one currency."""

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def amount(self, node: XmlNode, path: str) -> Decimal | None:
        """The amount at a path; None where there is none."""
        found = node.first(path)
        return self.money(found) if found is not None else None

    def money(self, node: XmlNode) -> Decimal:
        """The amount, which must be in the currency of the document."""
        if node.attribute("currencyID") != self.currency:
            raise Invalid("the amount is not in the currency of the document (currencyID)", where=node.where)
        return node.decimal()

    def charge(self, node: XmlNode) -> Charge:
        """An AllowanceCharge."""
        indicator = node.need("ChargeIndicator")
        if indicator.text() not in ("true", "false", "1", "0"):
            raise Invalid("a charge is true, an allowance false", where=indicator.where)
        sign = 1 if indicator.text() in ("true", "1") else -1
        reason = node.text("AllowanceChargeReason") or ("Charge" if sign > 0 else "Allowance")
        return Charge(
            amount=sign * self.money(node.need("Amount")), words=reason, tax_percent=_percent(node, "TaxCategory"),
            where=node.where,
        )  # fmt: skip

    def line(self, node: XmlNode, quantity_name: str) -> BillLine:
        """A line, whose amount is what quantity, price and charges come to (PEPPOL-EN16931-R120)."""
        quantity = node.need(quantity_name)
        price = node.need("Price/PriceAmount")
        basis = node.first("Price/BaseQuantity")
        per = basis.decimal() if basis is not None else Decimal(1)
        if per <= 0:
            raise Invalid("a price is for more than 0 units", where=basis.where if basis is not None else price.where)
        charges = tuple(self.charge(each) for each in node.each("AllowanceCharge"))
        net = node.need("LineExtensionAmount")
        amount, count = self.money(net), quantity.decimal()
        of_one = self.money(price) / per
        must_be(net, amount, count * of_one + sum(each.amount for each in charges), "quantity, price and charges")
        return BillLine(
            id=node.need("ID").text(),
            quantity=count,
            unit=quantity.attribute("unitCode"),
            price=of_one,
            amount=amount,
            tax_percent=_percent(node, "Item/ClassifiedTaxCategory"),
            description=node.text("Item/Name", "Item/Description"),
            ids=_item_ids(node),
            order_line=node.text("OrderLineReference/LineID"),
            charges=charges,
            where=node.where,
        )

    def totals(self, root: XmlNode, lines: Sequence[BillLine], charges: Sequence[Charge]) -> tuple[Decimal, Decimal]:
        """What is billed with tax, and what is to be paid; after looking whether all sums add up."""
        sums = root.need("LegalMonetaryTotal")
        net = sums.need("LineExtensionAmount")
        must_be(net, self.money(net), sum((each.amount for each in lines), Decimal(0)), "the lines")
        for name, sign in (("AllowanceTotalAmount", -1), ("ChargeTotalAmount", 1)):
            told = sums.first(name)
            found = sum((sign * each.amount for each in charges if sign * each.amount > 0), Decimal(0))
            if told is not None:
                must_be(told, self.money(told), found, "the allowances or charges")
            elif found:
                raise Invalid(f"the element {name} is missing", where=sums.where)
        before = sums.need("TaxExclusiveAmount")
        extra = sum((each.amount for each in charges), Decimal(0))
        must_be(before, self.money(before), self.money(net) + extra, "lines, allowances and charges")
        tax = self._tax(root)
        with_tax = sums.need("TaxInclusiveAmount")
        must_be(with_tax, self.money(with_tax), self.money(before) + tax, "the amount without tax, and the tax")
        payable = sums.need("PayableAmount")
        prepaid = self.amount(sums, "PrepaidAmount") or Decimal(0)
        rounding = self.amount(sums, "PayableRoundingAmount") or Decimal(0)
        must_be(
            payable, self.money(payable), self.money(with_tax) - prepaid + rounding, "the total and what is prepaid"
        )
        return self.money(with_tax), self.money(payable)

    def _tax(self, root: XmlNode) -> Decimal:
        """The tax in the currency of the document; what its parts come to (BR-CO-14, BR-CO-17)."""
        found = Decimal(0)
        for total in root.each("TaxTotal"):
            amount = total.need("TaxAmount")
            if amount.attribute("currencyID") != self.currency:
                continue  # the same again in the currency of the tax office
            parts = Decimal(0)
            subtotals = list(total.each("TaxSubtotal"))
            for part in subtotals:
                own = part.need("TaxAmount")
                percent = _percent(part, "TaxCategory") or Decimal(0)
                must_be(own, self.money(own), self.money(part.need("TaxableAmount")) * percent / 100, "base and rate")
                parts += self.money(own)
            if subtotals:
                must_be(amount, self.money(amount), parts, "the parts of the tax")
            found += self.money(amount)
        return found


def _percent(node: XmlNode, path: str) -> Decimal | None:
    """The rate of a tax category; 0 where it is outside of tax and tells none."""
    category = node.first(path)
    if category is None:
        return None
    rate = category.first("Percent")
    return rate.decimal() if rate is not None else Decimal(0)


def _item_ids(line: XmlNode) -> tuple[tuple[str, str], ...]:
    found = [("buyer", line.text("Item/BuyersItemIdentification/ID"))]
    standard = line.first("Item/StandardItemIdentification/ID")
    if standard is not None:
        found.append((standard.attribute("schemeID") or "standard", standard.text()))
    found.append(("seller", line.text("Item/SellersItemIdentification/ID")))
    return tuple((kind, value) for kind, value in found if value)


def _needed_day(root: XmlNode) -> date:
    found = root.day("IssueDate")
    if found is None:
        raise Invalid("the element IssueDate is missing", where=root.where)
    return found


def _party(party: XmlNode) -> Party:
    nodes = [
        *party.each("EndpointID"), *party.each("PartyIdentification/ID"), *party.each("PartyLegalEntity/CompanyID"),
    ]  # fmt: skip
    return Party(
        name=party.text("PartyLegalEntity/RegistrationName", "PartyName/Name"),
        ids=tuple((each.attribute("schemeID"), each.text()) for each in nodes if each.text()),
        tax_id=party.text("PartyTaxScheme/CompanyID"),
    )

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
from hilum.formats.en16931 import (
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

NO_NUMBER: Final = "NA"
"""What Peppol writes for an order that there is not."""


_SUMS: Final = Totals(
    net="LineExtensionAmount", before_tax="TaxExclusiveAmount", with_tax="TaxInclusiveAmount", prepaid="PrepaidAmount",
    rounding="PayableRoundingAmount", payable="PayableAmount",
)  # fmt: skip
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

    def money(self, node: XmlNode) -> Decimal:
        """The amount, which must be in the currency of the document."""
        if node.attribute("currencyID") != self.currency:
            raise Invalid("the amount is not in the currency of the document (currencyID)", where=node.where)
        return node.decimal()

    def charge(self, node: XmlNode) -> Charge:
        """An AllowanceCharge."""
        return charge_of(
            sign_of(node.need("ChargeIndicator")), self.money(node.need("Amount")), node.text("AllowanceChargeReason"),
            _percent(node, "TaxCategory"), node.where,
        )  # fmt: skip

    def line(self, node: XmlNode, quantity_name: str) -> BillLine:
        """A line, whose amount is what quantity, price and charges come to (PEPPOL-EN16931-R120)."""
        quantity = node.need(quantity_name)
        of_one = price_of_one(self.money(node.need("Price/PriceAmount")), node.first("Price/BaseQuantity"))
        charges = tuple(self.charge(each) for each in node.each("AllowanceCharge"))
        net = node.need("LineExtensionAmount")
        amount, count = self.money(net), quantity.decimal()
        line_must_add_up(net, amount, count * of_one, charges)
        return BillLine(
            id=node.need("ID").text(),
            quantity=count,
            unit=quantity.attribute("unitCode"),
            price=of_one,
            amount=amount,
            tax_percent=_percent(node, "Item/ClassifiedTaxCategory"),
            description=node.text("Item/Name", "Item/Description"),
            ids=item_ids(
                node.text("Item/BuyersItemIdentification/ID"),
                node.first("Item/StandardItemIdentification/ID"),
                node.text("Item/SellersItemIdentification/ID"),
            ),
            order_line=node.text("OrderLineReference/LineID"),
            charges=charges,
            where=node.where,
        )

    def totals(self, root: XmlNode, lines: Sequence[BillLine], charges: Sequence[Charge]) -> tuple[Decimal, Decimal]:
        """What is billed with tax, and what is to be paid; after looking whether all sums add up."""
        return _SUMS.of(root.need("LegalMonetaryTotal"), self.money, lines, charges, lambda: self._tax(root))

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
        ids=party_ids(nodes),
        tax_id=party.text("PartyTaxScheme/CompanyID"),
    )

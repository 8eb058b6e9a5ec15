"""UBL 2.1 invoices and credit notes of ours, written as Peppol BIS Billing 3.0 (EN 16931) wants them.

    body = ubl_writing.write(draft)         # Raises `Invalid` naming the rule that it would break

Sums are made here, never given: net of each line, tax of each category, totals, each rounded once (BR-CO-10 …
BR-CO-17). What was written is read again by `ubl.read`, so what leaves is what the hub itself would take. Code lists
and national rules are not checked: the access point does that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any, Final

from lxml import etree

from hilum.canonical.conversions import plain
from hilum.canonical.currencies import minor_units
from hilum.errors import Invalid
from hilum.formats import ubl
from hilum.formats.xml_tree import write_tree

CUSTOMIZATION: Final = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PROFILE: Final = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
CREDIT_TRANSFER: Final = "30"
"""UNCL4461: how it is paid."""

_UBL: Final = "urn:oasis:names:specification:ubl:schema:xsd:"
_AGGREGATE: Final = f"{_UBL}CommonAggregateComponents-2"
_BASIC: Final = f"{_UBL}CommonBasicComponents-2"


@dataclass(frozen=True, kw_only=True, slots=True)
class TradeParty:
    """The seller or the buyer."""

    name: str
    endpoint: tuple[str, str]  # scheme (EAS: 0088 GLN, 0208 Belgian number, 9925 …) and identifier
    country: str  # ISO 3166-1
    tax_id: str = ""
    registry: str = ""  # number in the register of companies
    street: str = ""
    city: str = ""
    postal_code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class TaxCategory:
    """UNCL5305: S standard and reduced rates, Z zero, E exempt, O outside of the scope."""

    code: str = "S"
    percent: Decimal = Decimal(0)
    reason: str = ""  # why there is no tax: of E and O


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftLine:
    """One line, before tax. A price below zero is written as a quantity below zero (BR-27)."""

    id: str
    quantity: Decimal
    unit: str  # UN/ECE Recommendation 20, packages with X before them: C62, XBX
    price: Decimal
    name: str
    tax: TaxCategory
    item: str = ""  # the seller's number
    order_line: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """An invoice or credit note that is to be written."""

    number: str
    credit: bool = False
    issued_on: date
    due_on: date | None = None
    currency: str
    seller: TradeParty
    buyer: TradeParty
    buyer_reference: str = ""  # what the buyer wants to be named; or …
    order: str = ""  # … its order
    corrects: str = ""  # number of the invoice that a credit note is about
    lines: Sequence[DraftLine]
    account: str = ""  # IBAN that it is to be paid to
    terms: str = ""  # of payment, in words
    total: Decimal | None = None  # with tax, as the ledger has it; none: as the lines come to


def write(draft: Draft) -> bytes:
    """The document. Raises `Invalid` naming the rule that it would break."""
    return write_tree(tree(draft))


def tree(draft: Draft) -> etree._Element:
    """The same as an element, for a target that takes XML."""
    _check(draft)
    made = _Writing(draft).document()
    ubl.read(write_tree(made))
    return made


def _check(draft: Draft) -> None:
    for wrong, words in _problems(draft):
        if wrong:
            raise Invalid(words, where=f"invoice {draft.number}")


def _problems(draft: Draft) -> Iterator[tuple[bool, str]]:
    yield not draft.lines, "an invoice has a line (BR-16)"
    named = draft.buyer_reference or draft.order
    yield not named, "the buyer's reference or order is missing (PEPPOL-EN16931-R003)"
    for who, party in (("seller", draft.seller), ("buyer", draft.buyer)):
        yield not party.name, f"the {who} has no name (BR-06, BR-07)"
        yield not all(party.endpoint), f"the {who} has no electronic address (PEPPOL-EN16931-R010, R020)"
        yield len(party.country) != len("BE"), f"the {who} has no country of two letters (BR-09, BR-11)"
    for line in draft.lines:
        yield not line.name, f"line {line.id} says not what it is (BR-25)"
        yield not line.quantity, f"line {line.id} has no quantity (BR-22)"
        yield from ((wrong, f"line {line.id}: {words}") for wrong, words in _tax_problems(line.tax, draft.seller))
    outside = {line.tax.code == "O" for line in draft.lines}
    yield len(outside) > 1, "what is outside of tax stands on an invoice of its own (BR-O-11)"


def _tax_problems(tax: TaxCategory, seller: TradeParty) -> Iterator[tuple[bool, str]]:
    yield tax.code not in "SZEO" or len(tax.code) != 1, "the tax category is none of S, Z, E, O (BR-CO-04)"
    yield tax.code == "S" and tax.percent <= 0, "a standard rate is above 0 (BR-S-05)"
    yield tax.code != "S" and tax.percent != 0, "there is no rate without tax (BR-Z-05, BR-E-05)"
    yield tax.code in "EO" and not tax.reason, "why there is no tax must be said (BR-E-10, BR-O-10)"
    yield tax.code != "O" and not seller.tax_id, "the seller has no tax number (BR-S-02, BR-E-02)"


class _Node:
    """Adds elements below one, in the order of the schema. In UBL, what has a text is basic, what has elements not."""

    def __init__(self, element: etree._Element) -> None:
        self.element = element

    def add(self, path: str, text: str = "", **attributes: str) -> _Node:
        element, steps = self.element, path.split("/")
        for place, name in enumerate(steps, 1):
            space = _BASIC if text and place == len(steps) else _AGGREGATE
            element = etree.SubElement(element, f"{{{space}}}{name}")
        for name, value in attributes.items():
            element.set(name, value)
        element.text = text or None
        return _Node(element)

    def optional(self, path: str, text: str, **attributes: str) -> None:
        if text:
            self.add(path, text, **attributes)


class _Writing:
    """One document."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.digits = Decimal(1).scaleb(-minor_units(draft.currency))
        self.net = [self._rounded(line.quantity * line.price) for line in draft.lines]

    def document(self) -> etree._Element:
        draft, kind = self.draft, "CreditNote" if self.draft.credit else "Invoice"
        spaces: dict[Any, str] = {None: f"{_UBL}{kind}-2", "cac": _AGGREGATE, "cbc": _BASIC}
        root = _Node(etree.Element(f"{{{_UBL}{kind}-2}}{kind}", nsmap=spaces))
        root.add("CustomizationID", CUSTOMIZATION)
        root.add("ProfileID", PROFILE)
        root.add("ID", draft.number)
        root.add("IssueDate", draft.issued_on.isoformat())
        if draft.due_on is not None and not draft.credit:
            root.add("DueDate", draft.due_on.isoformat())
        root.add(f"{kind}TypeCode", "381" if draft.credit else "380")
        root.add("DocumentCurrencyCode", draft.currency)
        root.optional("BuyerReference", draft.buyer_reference)
        root.optional("OrderReference/ID", draft.order)
        root.optional("BillingReference/InvoiceDocumentReference/ID", draft.corrects)
        self._party(root.add("AccountingSupplierParty/Party"), draft.seller)
        self._party(root.add("AccountingCustomerParty/Party"), draft.buyer)
        self._payment(root)
        self._totals(root)
        for line, net in zip(draft.lines, self.net, strict=True):
            self._line(root.add(f"{kind}Line"), line, net)
        return root.element

    @staticmethod
    def _party(node: _Node, party: TradeParty) -> None:
        scheme, identifier = party.endpoint
        node.add("EndpointID", identifier, schemeID=scheme)
        node.add("PartyName/Name", party.name)
        address = node.add("PostalAddress")
        address.optional("StreetName", party.street)
        address.optional("CityName", party.city)
        address.optional("PostalZone", party.postal_code)
        address.add("Country/IdentificationCode", party.country)
        if party.tax_id:
            scheme_node = node.add("PartyTaxScheme")
            scheme_node.add("CompanyID", party.tax_id)
            scheme_node.add("TaxScheme/ID", "VAT")
        legal = node.add("PartyLegalEntity")
        legal.add("RegistrationName", party.name)
        legal.optional("CompanyID", party.registry)

    def _payment(self, root: _Node) -> None:
        """How and when it is to be paid; an invoice says when, in a day or in words (BR-CO-25)."""
        draft = self.draft
        credit_due = draft.due_on.isoformat() if draft.credit and draft.due_on is not None else ""
        if draft.account or credit_due:
            means = root.add("PaymentMeans")
            means.add("PaymentMeansCode", CREDIT_TRANSFER)
            means.optional("PaymentDueDate", credit_due)
            means.add("PaymentID", draft.number)
            means.optional("PayeeFinancialAccount/ID", "".join(draft.account.split()))
        terms = draft.terms or ("" if draft.due_on is not None or draft.credit else "Due on receipt")
        root.optional("PaymentTerms/Note", terms)

    def _totals(self, root: _Node) -> None:
        net = sum(self.net, Decimal(0))
        parts = list(self._by_tax())
        tax = sum((amount for _, _, amount in parts), Decimal(0))
        rounding = Decimal(0) if self.draft.total is None else self.draft.total - net - tax
        if net < 0 or net + tax + rounding < 0:  # with several rates, tax may be taken off although nothing else is
            raise self._wrong("it gives more back than it asks for: make it a credit note")
        if abs(rounding) > self.digits * len(self.draft.lines):
            raise self._wrong("its total is not what its lines and their tax come to (BR-CO-15)")
        total = root.add("TaxTotal")
        self._amount(total, "TaxAmount", tax)
        for category, taxable, amount in parts:
            part = total.add("TaxSubtotal")
            self._amount(part, "TaxableAmount", taxable)
            self._amount(part, "TaxAmount", amount)
            self._category(part.add("TaxCategory"), category, reason=True)
        sums = root.add("LegalMonetaryTotal")
        self._amount(sums, "LineExtensionAmount", net)
        self._amount(sums, "TaxExclusiveAmount", net)
        self._amount(sums, "TaxInclusiveAmount", net + tax)
        if rounding:
            self._amount(sums, "PayableRoundingAmount", rounding)
        self._amount(sums, "PayableAmount", net + tax + rounding)

    def _by_tax(self) -> Iterator[tuple[TaxCategory, Decimal, Decimal]]:
        """Category, what is taxed, and the tax of it: rounded once for all its lines (BR-CO-17)."""
        pairs = sorted(((line.tax, net) for line, net in zip(self.draft.lines, self.net, strict=True)))
        for category, group in groupby(pairs, key=lambda pair: pair[0]):
            taxable = sum((net for _, net in group), Decimal(0))
            yield category, taxable, self._rounded(taxable * category.percent / 100)

    def _line(self, node: _Node, line: DraftLine, net: Decimal) -> None:
        quantity = line.quantity if line.price >= 0 else -line.quantity
        name = "CreditedQuantity" if self.draft.credit else "InvoicedQuantity"
        node.add("ID", line.id)
        node.add(name, plain(quantity), unitCode=line.unit)
        self._amount(node, "LineExtensionAmount", net)
        node.optional("OrderLineReference/LineID", line.order_line)
        item = node.add("Item")
        item.add("Name", line.name)
        item.optional("SellersItemIdentification/ID", line.item)
        self._category(item.add("ClassifiedTaxCategory"), line.tax)
        node.add("Price/PriceAmount", plain(abs(line.price)), currencyID=self.draft.currency)

    @staticmethod
    def _category(node: _Node, category: TaxCategory, *, reason: bool = False) -> None:
        node.add("ID", category.code)
        if category.code != "O":  # BR-O-05: no rate at all
            node.add("Percent", plain(category.percent))
        node.optional("TaxExemptionReason", category.reason if reason else "")
        node.add("TaxScheme/ID", "VAT")

    def _amount(self, node: _Node, name: str, amount: Decimal) -> None:
        node.add(name, f"{self._rounded(amount):f}", currencyID=self.draft.currency)

    def _rounded(self, amount: Decimal) -> Decimal:
        return amount.quantize(self.digits, rounding=ROUND_HALF_UP)

    def _wrong(self, words: str) -> Invalid:
        return Invalid(words, where=f"invoice {self.draft.number}")

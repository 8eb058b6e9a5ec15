"""Invoices to companies leave as electronic invoices: UBL as Peppol BIS Billing 3.0, for an access point or a folder.

    from hilum.packs import finance

    invoices = finance.e_invoices(
        source=…, seller=finance.TradeParty(name="Hillside Hospital", endpoint=("0208", "0123456789"), country="BE",
                                            tax_id="BE0123456789"),
        to=[http.post("http.access_point")],
    )

The lookup table `invoice_receivers` has a row for each customer: `code,name,scheme,endpoint,country`, and where wanted
`street,city,postal_code,tax_id,registry,reference`. A customer without a row is held; what a patient owes is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from lxml import etree

from hilum.canonical import BusinessObject, CustomerInvoice, InvoiceLine
from hilum.canonical.units import PACKAGES, bare
from hilum.connector import Source, Target
from hilum.errors import Invalid
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.formats.ubl_writing import Draft, DraftLine, TaxCategory, TradeParty, tree
from hilum.packs.building import mapped

OWNERS: Final = Owners(business="Accounts receivable", technical="Integration")
TABLE: Final = "invoice_receivers"
_TOLD: Final = ("name", "country", "street", "city", "postal_code", "tax_id", "registry")


def e_invoices(
    *,
    source: Source,
    seller: TradeParty,
    to: Sequence[Target],
    account: str = "",
    exempt: str = "",
    name: str = "finance.e_invoices",
    owners: Owners = OWNERS,
) -> Flow:
    """`CustomerInvoice` (as JSON of a business object) → UBL invoice or credit note, once for each number.

    `account`: the IBAN that is to be paid to. `exempt`: why a line at 0 % has no tax, in words (medical care is exempt
    in most countries); empty: such a line is zero rated.
    """
    flow = Flow(
        name,
        version="1.0",
        summary="Invoices to companies leave as electronic invoices",
        owners=owners,
        data_class=DataClass.CONFIDENTIAL,
        criticality=Criticality.HIGH,
        slo=Slo(percent=99, within="15m"),
        retention="P10Y",
        source=source,
        format="object",
        order_by=lambda thing: thing.business_key,
        dedup_by=lambda thing: thing.business_key,
        identify_by=[lambda thing: thing.business_key],
        runbook="An unmapped customer: add its row to lookups/invoice_receivers.csv, then replay. One that breaks a "
        "rule: correct it in the ledger and send it again.",
    )

    @flow.filter
    def to_a_company(thing: BusinessObject) -> bool | str:
        if not isinstance(thing, CustomerInvoice):
            return "Only invoices are sent as electronic invoices."
        if thing.customer is None:
            return "An invoice to a patient is not sent as an electronic invoice."
        return thing.post or "A draft is not sent."

    @flow.translate
    def written(thing: CustomerInvoice, hub: Lookup) -> etree._Element:
        buyer, reference = receiver(hub, thing.customer or "")
        return tree(invoice_to_ubl(thing, seller=seller, buyer=buyer, buyer_reference=reference, account=account,
                                   exempt=exempt))  # fmt: skip

    for target in to:
        flow.deliver_to(target)
    return flow


def receiver(hub: Lookup, customer: str) -> tuple[TradeParty, str]:
    """Who gets the invoice, and the reference that it wants. Raises `Unmapped`."""
    mapped(hub, TABLE, customer)
    row = hub.row(TABLE, customer)
    told = {column: row.get(column, "") for column in _TOLD}
    party = TradeParty(endpoint=(row.get("scheme", ""), row.get("endpoint", "")), **told)
    return party, row.get("reference", "") or customer


def invoice_to_ubl(
    invoice: CustomerInvoice,
    *,
    seller: TradeParty,
    buyer: TradeParty,
    buyer_reference: str = "",
    account: str = "",
    exempt: str = "",
) -> Draft:
    """What is written of an invoice. Raises `Invalid` where a line does not say its tax."""
    return Draft(
        number=invoice.number,
        credit=invoice.credit,
        issued_on=invoice.billed_on,
        due_on=invoice.due_on,
        currency=invoice.currency,
        seller=seller,
        buyer=buyer,
        buyer_reference=buyer_reference,
        corrects=invoice.corrects or "",
        account=account,
        total=abs(invoice.total) if invoice.total is not None else None,
        lines=[_line(line, exempt) for line in invoice.lines],
    )


def _line(line: InvoiceLine, exempt: str) -> DraftLine:
    if line.tax_percent is None:
        raise Invalid("an electronic invoice says the tax of each line", where=f"line {line.number}")
    return DraftLine(
        id=str(line.number),
        quantity=line.quantity,
        unit=_unit(line.unit) if line.item else "C62",
        price=line.unit_price,
        name=line.description or line.item or "",
        tax=_category(line.tax_percent, exempt),
        item=line.item or "",
        order_line=str(line.order_line or ""),
    )


def _category(percent: Decimal, exempt: str) -> TaxCategory:
    if percent:
        return TaxCategory(code="S", percent=percent)
    return TaxCategory(code="E", reason=exempt) if exempt else TaxCategory(code="Z")


def _unit(code: str) -> str:
    """Packages have an X before their code of Recommendation 21."""
    found = bare(code)
    return f"X{found}" if found in PACKAGES and len(found) == len("BX") else found

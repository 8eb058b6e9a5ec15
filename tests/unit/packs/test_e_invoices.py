"""Our invoices as Peppol UBL: what is written is what the hub reads, to the cent; a rule that breaks is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree
from packs_support import WholeFiles

from hilum.canonical import CustomerInvoice
from hilum.canonical.catalogue import write as written
from hilum.connectors import files
from hilum.errors import Invalid, Unmapped
from hilum.flow import Lookup
from hilum.formats import ubl, ubl_writing
from hilum.packs import finance
from hilum.packs.finance.e_invoices import invoice_to_ubl, receiver
from hilum.packs.procurement.e_bills import bill_from_en16931

pytestmark = [pytest.mark.req("SYS-10"), pytest.mark.req("MOD-3")]

DAY = date(2026, 3, 12)
SELLER = finance.TradeParty(
    name="Hillside Hospital & Sons", endpoint=("0208", "0123456789"), country="BE", tax_id="BE0123456789"
)
BUYER = finance.TradeParty(name="Payer", endpoint=("0088", "5412345000013"), country="NL", city="Utrecht")
EXEMPT = "Medical care, article 132"


def invoice(*lines: dict[str, Any], **more: Any) -> CustomerInvoice:
    whole = [{"number": n, "unit_price": "10", "tax_percent": 21, "description": "Rent"} | line
             for n, line in enumerate(lines or ({},), 1)]  # fmt: skip
    said = {"number": "CI-1", "customer": "C-1", "currency": "EUR", "billed_on": DAY, "lines": whole}
    return CustomerInvoice.model_validate(said | more)


def body(of: CustomerInvoice, **more: Any) -> bytes:
    draft = invoice_to_ubl(of, seller=SELLER, buyer=BUYER, buyer_reference="REF-9", exempt=EXEMPT, **more)
    return ubl_writing.write(draft)


PRICE = st.decimals(min_value="-999.999999", max_value="9999.999999", places=6)
LINE = st.fixed_dictionaries(
    {
        "quantity": st.decimals(min_value="0.000001", max_value="500", places=3).filter(bool),
        "unit_price": PRICE,
        "tax_percent": st.sampled_from([Decimal(0), Decimal(6), Decimal("12.5"), Decimal(21)]),
        "item": st.sampled_from([None, "GLV"]),
        "unit": st.sampled_from(["EA", "BX", "KGM"]),
    }
)


TAX_OFF: list[Any] = [
    {
        "quantity": Decimal("0.987"),
        "unit_price": Decimal("-0.410387"),
        "tax_percent": Decimal(6),
        "item": None,
        "unit": "EA",
    },
    {
        "quantity": Decimal("62.86"),
        "unit_price": Decimal("0.006602"),
        "tax_percent": Decimal(0),
        "item": None,
        "unit": "EA",
    },
]
"""Nothing before tax, and less with it."""


@example(lines=TAX_OFF, credit=False)
@given(lines=st.lists(LINE, min_size=1, max_size=6), credit=st.booleans())
def test_whatever_is_written_is_read_again_with_the_same_lines_and_sums(lines: list[Any], credit: bool) -> None:
    told = invoice(*lines, credit=credit, corrects="CI-0" if credit else None, due_on=DAY)
    net = sum((round_half_up(line.quantity * line.unit_price) for line in told.lines), Decimal(0))
    parts: dict[Decimal, Decimal] = {}
    for x in told.lines:
        rate = x.tax_percent or Decimal(0)
        parts[rate] = parts.get(rate, Decimal(0)) + round_half_up(x.quantity * x.unit_price)
    total = net + sum(round_half_up(amount * rate / 100) for rate, amount in parts.items())
    if net < 0 or total < 0:
        with pytest.raises(Invalid, match="credit note"):
            body(told)
        return
    bill = bill_from_en16931(ubl.read(body(told, account="BE68 5390 0754 7034")), supplier="US")
    assert (bill.number, bill.credit, bill.currency, bill.billed_on, bill.due_on) == ("CI-1", credit, "EUR", DAY, DAY)
    assert bill.corrects == told.corrects
    assert [(x.quantity * x.unit_price, x.tax_percent, x.item) for x in bill.lines] == [
        (x.quantity * x.unit_price, x.tax_percent, x.item) for x in told.lines
    ]
    assert bill.total == total


def round_half_up(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")


def test_it_says_what_peppol_asks_for() -> None:
    root = etree.fromstring(
        body(invoice({}, {"tax_percent": 0}, due_on=DAY, total="22.10"), account="BE68539007547034")
    )

    def text(path: str) -> list[str]:
        steps = "/".join(f"*[local-name()='{name}']" for name in path.split("/"))
        return [each.text for each in root.xpath(steps)]

    assert text("CustomizationID") == [ubl_writing.CUSTOMIZATION]
    assert text("ProfileID") == [ubl_writing.PROFILE]
    assert text("BuyerReference") == ["REF-9"]
    assert text("AccountingCustomerParty/Party/PostalAddress/Country/IdentificationCode") == ["NL"]
    assert text("PaymentMeans/PayeeFinancialAccount/ID") == ["BE68539007547034"]
    assert text("TaxTotal/TaxSubtotal/TaxCategory/ID") == ["E", "S"]
    assert text("TaxTotal/TaxSubtotal/TaxCategory/TaxExemptionReason") == [EXEMPT]
    assert text("InvoiceLine/InvoicedQuantity") == ["1", "1"]


def test_the_order_of_elements_is_that_of_the_schema() -> None:
    root = etree.fromstring(body(invoice(due_on=DAY), account="BE68539007547034"))
    assert [etree.QName(each).localname for each in root] == [
        "CustomizationID", "ProfileID", "ID", "IssueDate", "DueDate", "InvoiceTypeCode", "DocumentCurrencyCode",
        "BuyerReference", "AccountingSupplierParty", "AccountingCustomerParty", "PaymentMeans", "TaxTotal",
        "LegalMonetaryTotal", "InvoiceLine",
    ]  # fmt: skip


def test_a_cent_of_the_ledger_is_rounding_and_more_is_refused() -> None:
    lines = [
        {"unit_price": "10.02", "tax_percent": 6}
    ] * 3  # the ledger rounds the tax of each line: 0.60; together 1.80
    found = ubl.read(body(invoice(*lines, total="31.87")))
    assert (found.total, found.payable) == (Decimal("31.86"), Decimal("31.87"))
    assert bill_from_en16931(found, supplier="V1").total == Decimal("31.87")  # what the seller's ledger is owed
    prepaid = replace(found, payable=Decimal("1.87"))
    assert bill_from_en16931(prepaid, supplier="V1").total == Decimal("31.86")
    with pytest.raises(Invalid, match="BR-CO-15"):
        body(invoice(*lines, total="31.90"))


@pytest.mark.parametrize(
    ("seller", "buyer", "line", "rule"),
    [
        ({"tax_id": ""}, {}, {}, "BR-S-02"),
        ({}, {"endpoint": ("", "")}, {}, "R010"),
        ({}, {"country": ""}, {}, "BR-11"),
        ({}, {"name": ""}, {}, "BR-07"),
        ({}, {}, {"description": ""}, "BR-25"),
        ({}, {}, {"tax_percent": None}, "tax of each line"),
    ],
)
def test_what_breaks_a_rule_is_not_written(seller: Any, buyer: Any, line: Any, rule: str) -> None:
    with pytest.raises(Invalid, match=rule):
        ubl_writing.write(
            invoice_to_ubl(
                invoice(line), seller=replace(SELLER, **seller), buyer=replace(BUYER, **buyer), buyer_reference="R"
            )
        )


def test_without_a_reference_or_order_nobody_takes_it() -> None:
    with pytest.raises(Invalid, match="R003"):
        ubl_writing.write(invoice_to_ubl(invoice(), seller=SELLER, buyer=BUYER))


def test_the_flow_finds_the_receiver_and_leaves_patients_out(tmp_path: Path) -> None:
    (tmp_path / "invoice_receivers.csv").write_text(
        "code,name,scheme,endpoint,country,reference\nC-1,Payer,0088,5412345000013,NL,PO 12\n"
    )
    hub = Lookup(tmp_path)
    flow = finance.e_invoices(source=WholeFiles(), seller=SELLER, to=[files.write(url=str(tmp_path / "out"))])
    assert flow.left_out(invoice()) == ""
    assert "patient" in flow.left_out(invoice(customer=None, account="A-1"))
    assert "draft" in flow.left_out(invoice(post=False))
    (made,) = flow.run(flow.read(written(invoice())), hub)
    assert ubl.read(etree.tostring(made.thing)).buyer.name == "Payer"
    assert receiver(hub, "C-1")[1] == "PO 12"
    with pytest.raises(Unmapped):
        receiver(hub, "C-2")

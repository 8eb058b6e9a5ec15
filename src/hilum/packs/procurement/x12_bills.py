"""Invoices and payments: 810 from and to `SupplierBill`, 820 from and to `Payment`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hilum.canonical import InvoiceLine, Payment, PaymentDirection, PaymentTerms, SupplierBill
from hilum.errors import Invalid
from hilum.formats.x12 import Partner, documents
from hilum.formats.x12.documents import Entity, ItemId, References
from hilum.formats.x12.documents.parts import reference
from hilum.packs.building import make
from hilum.packs.procurement.x12_items import (
    ItemOf,
    ids_for,
    items_as_sent,
    line_number,
    needed_quantity,
    numbers_of,
    price_of_one,
)
from hilum.packs.procurement.x12_units import unit_for, unit_of

_TAX, _ALLOWANCE, _CHARGE = "T", "A", "C"


def bill_from_x12(
    invoice: documents.Invoice, partner: Partner, *, supplier: str, item_of: ItemOf | None = None
) -> SupplierBill:
    """An 810, or a credit memo. Charges and allowances become lines of their own, taxes percentages of the lines.

    A tax that is told as an amount only becomes a line too, so that the total is what was printed. Raises `Invalid`.
    """
    item_of = item_of or items_as_sent(partner)
    head_tax = _percent(invoice.allowances)
    lines: list[InvoiceLine] = []
    for place, line in enumerate(invoice.lines, 1):
        where = f"IT1[{place}]"
        tax = _percent(line.allowances)
        quantity = needed_quantity(line.quantity, where)
        item = item_of(line, where)
        lines.append(
            make(
                InvoiceLine,
                where,
                number=len(lines) + 1,
                item=item,
                description=line.description,
                quantity=abs(quantity),
                unit=unit_of(line.unit),
                unit_price=_price(line, where),
                tax_percent=tax if tax is not None else head_tax,
                order_line=_order_line(line),
                numbers=numbers_of(line, partner, item),
            )
        )
        lines += _extra(line.allowances, len(lines), where)
    lines += _extra(invoice.allowances, len(lines), "SAC")
    return make(
        SupplierBill,
        "BIG",
        number=invoice.number,
        supplier=supplier,
        credit=invoice.credit,
        order=invoice.order,
        corrects=reference(invoice.references, References.INVOICE) if invoice.credit else "",
        currency=invoice.currency or partner.currency,
        billed_on=invoice.invoiced_on,
        due_on=_due(invoice),
        terms=_terms(invoice),
        total=abs(invoice.total),
        lines=tuple(lines),
    )


def bill_to_x12(bill: SupplierBill, partner: Partner) -> documents.Invoice:
    """An 810 as suppliers send it, for simulators and for a hub at a supplier. Lines without an item are charges.

    Raises `Invalid` where the total is not given and lines have taxes of their own.
    """
    goods = [line for line in bill.lines if line.item]
    if bill.total is None and any(line.tax_percent for line in bill.lines):
        raise Invalid("an 810 tells the total with tax", where=bill.number)
    total = bill.total if bill.total is not None else sum(line.quantity * line.unit_price for line in bill.lines)
    corrected = ((References.INVOICE, bill.corrects),) if bill.corrects else ()
    return documents.Invoice(
        number=bill.number,
        invoiced_on=bill.billed_on,
        order=bill.order or "",
        type="CR" if bill.credit else "",
        currency=bill.currency,
        references=tuple(documents.Reference(qualifier=code, id=each) for code, each in corrected),
        due_on=bill.due_on,
        net_days=bill.terms.net_days if bill.terms is not None else None,
        discount_percent=bill.terms.discount_percent if bill.terms is not None else None,
        discount_days=bill.terms.discount_days if bill.terms is not None else None,
        total=Decimal(total).quantize(Decimal("0.01")),
        lines=tuple(_invoiced(line, partner) for line in goods),
        allowances=tuple(_charge(line) for line in bill.lines if not line.item),
    )


def payment_from_x12(
    advice: documents.RemittanceAdvice,
    partner: Partner,
    *,
    direction: PaymentDirection = PaymentDirection.RECEIVED,
    supplier: str | None = None,
    customer: str | None = None,
) -> Payment:
    """An 820: who paid us (`customer`), or of a bank's copy of our own, whom we paid (`supplier`). Raises `Invalid`."""
    return make(
        Payment,
        "BPR",
        number=advice.trace,
        direction=direction,
        supplier=supplier,
        customer=customer,
        amount=advice.amount,
        currency=advice.currency or partner.currency,
        paid_on=advice.paid_on,
        documents=tuple(each.number for each in advice.documents),
    )


def payment_to_x12(
    payment: Payment, partner: Partner, *, paid: Sequence[documents.PaidDocument] = (), method: str = "ACH"
) -> documents.RemittanceAdvice:
    """The remittance advice for a payment to a supplier. `paid` says what is paid of which bill, where that is known.

    Raises `Invalid` where these amounts do not come to that of the payment.
    """
    told = tuple(paid) or tuple(documents.PaidDocument(number=number) for number in payment.documents)
    if len(told) == 1 and told[0].paid is None:
        told = (documents.PaidDocument(number=told[0].number, paid=payment.amount),)
    sums = [each.paid for each in told if each.paid is not None]
    if len(sums) == len(told) and told and sum(sums) != payment.amount:
        raise Invalid("what is paid of the bills does not come to the amount of the payment", where=payment.number)
    return documents.RemittanceAdvice(
        amount=payment.amount,
        method=method,
        paid_on=payment.paid_on,
        trace=payment.number,
        currency=payment.currency,
        parties=(
            documents.NamedParty(role=Entity.PAYER, qualifier="92", id=partner.ours.id),
            documents.NamedParty(role=Entity.PAYEE, qualifier="92", id=partner.theirs.id),
        ),
        documents=told,
    )


def _price(line: documents.InvoicedLine, where: str) -> Decimal:
    found = price_of_one(line.price, line.price_basis)
    if found is None:
        raise Invalid("the price is missing", where=where)
    return found


def _order_line(line: documents.InvoicedLine) -> int | None:
    """By the buyer's number of it, else by the seller's, who repeats that of the order as a rule."""
    found = line.id(ItemId.BUYERS_ORDER_LINE) or reference(
        line.references, References.BUYERS_ORDER_LINE, References.SELLERS_LINE
    )
    return line_number(found, 0) or None


def _percent(allowances: Sequence[documents.Allowance]) -> Decimal | None:
    """The tax in percent; several ones come together."""
    found = [each.percent for each in allowances if each.kind == _TAX and each.percent is not None]
    return sum(found, Decimal(0)) if found else None


def _extra(allowances: Sequence[documents.Allowance], before: int, where: str) -> Iterator[InvoiceLine]:
    """Lines for what is billed beside the goods."""
    number = before
    for each in allowances:
        if not each.amount or each.kind not in (_ALLOWANCE, _CHARGE, _TAX) or (each.kind == _TAX and each.percent):
            continue
        number += 1
        members: dict[str, Any] = {"number": number, "unit_price": abs(each.amount)}
        if each.kind == _ALLOWANCE:
            members["unit_price"] = -abs(each.amount)
        words = {_ALLOWANCE: "Allowance", _CHARGE: "Charge", _TAX: "Tax"}[each.kind]
        yield make(InvoiceLine, where, description=each.words or f"{words} {each.code}".strip(), **members)


def _due(invoice: documents.Invoice) -> date | None:
    if invoice.due_on is None and invoice.net_days is not None:
        return invoice.invoiced_on + timedelta(days=invoice.net_days)
    return invoice.due_on


def _terms(invoice: documents.Invoice) -> PaymentTerms | None:
    """Of a discount without percentage or days nothing is taken off."""
    percent, days = invoice.discount_percent, invoice.discount_days
    if invoice.credit or not percent or days is None:
        return None
    return make(PaymentTerms, "ITD", net_days=invoice.net_days, discount_percent=percent, discount_days=days)


def _invoiced(line: InvoiceLine, partner: Partner) -> documents.InvoicedLine:
    taxes = (documents.Allowance(kind=_TAX, code="TX", percent=line.tax_percent),) if line.tax_percent else ()
    return documents.InvoicedLine(
        number=str(line.number),
        quantity=line.quantity,
        unit=unit_for(line.unit),
        price=line.unit_price,
        ids=ids_for(partner, line.item or "", numbers=line.numbers),
        description=line.description,
        references=_ordered_as(line),
        allowances=taxes,
    )


def _ordered_as(line: InvoiceLine) -> tuple[documents.Reference, ...]:
    if not line.order_line:
        return ()
    return (documents.Reference(qualifier=References.BUYERS_ORDER_LINE, id=str(line.order_line)),)


def _charge(line: InvoiceLine) -> documents.Allowance:
    amount = line.quantity * line.unit_price
    kind = _CHARGE if amount >= 0 else _ALLOWANCE
    return documents.Allowance(kind=kind, code="F050", amount=abs(amount), words=line.description or "other")

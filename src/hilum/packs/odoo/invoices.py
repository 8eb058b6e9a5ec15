"""Bills of suppliers, invoices to customers, credit notes, and charges on patient accounts."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from hilum.canonical import Charge, CustomerInvoice, InvoiceLine, SupplierBill
from hilum.connectors.odoo.references import ACCOUNT, COST_CENTRE, CUSTOMER, LEDGER_ACCOUNT, SUPPLIER, Kind
from hilum.packs.building import make
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.records import Record

BILL, INVOICE, CHARGE, REVERSAL = "bill", "invoice", "charge", "reversal"


def supplier_bill(record: Record, odoo: Conventions) -> SupplierBill | None:
    """A bill or credit note of a supplier, posted or a draft. A draft without the supplier's number is none yet."""
    credit = _credit(record, "in")
    ref = record.text("ref")
    number = ref or (record.text("name") if record.text("state") == "posted" else "")
    if credit is None or not number or odoo.is_own(record.external_id, REVERSAL):
        return None
    order, lines = _billed(record, odoo)
    return make(
        SupplierBill,
        record.where("invoice_line_ids"),
        number=number,
        supplier=company(record, SUPPLIER, odoo),
        credit=credit,
        order=order,
        corrects=_corrected(record, BILL, odoo) if credit else None,
        currency=odoo.needed(record, "currency_id"),
        billed_on=record.day("invoice_date") or record.day("date"),
        due_on=record.day("invoice_date_due"),
        total=record.number("amount_total"),
        post=record.text("state") == "posted",
        lines=lines,
    )


def customer_invoice(record: Record, odoo: Conventions) -> CustomerInvoice | None:
    """An invoice or credit note to a company or on a patient account. A draft of Odoo's own has no number yet."""
    credit = _credit(record, "out")
    ours = odoo.is_own(record.external_id, INVOICE)
    others = any(odoo.is_own(record.external_id, kind) for kind in (CHARGE, REVERSAL))
    number = odoo.key(record, INVOICE, "ref") if ours else record.text("name") if _posted(record) else ""
    if credit is None or others or not number:
        return None
    account = _account(record, odoo)
    return make(
        CustomerInvoice,
        record.where("invoice_line_ids"),
        number=number,
        customer=None if account else company(record, CUSTOMER, odoo),
        account=account,
        credit=credit,
        corrects=_corrected(record, INVOICE, odoo) if credit else None,
        encounter=record.text("invoice_origin") if ours else None,
        currency=odoo.needed(record, "currency_id"),
        billed_on=record.day("invoice_date") or record.day("date"),
        due_on=record.day("invoice_date_due"),
        total=record.number("amount_total"),
        post=_posted(record),
        lines=_lines(record, INVOICE, number, odoo),
    )


def charge(record: Record, odoo: Conventions) -> Charge | None:
    """A charge that the hub has posted on a patient account."""
    credit = _credit(record, "out")
    if credit is None or not odoo.is_own(record.external_id, CHARGE):
        return None
    (line, *_) = products(record)
    quantity = line.number("quantity")
    return make(
        Charge,
        record.where("invoice_line_ids"),
        transaction=odoo.key(record, CHARGE, "ref"),
        account=odoo.of(record, "partner_id", ACCOUNT),
        item=odoo.item(line, "product_id") if line.reference("product_id") is not None else None,
        description=line.text("name"),
        quantity=-quantity if credit else quantity,
        unit_price=line.number("price_unit"),
        currency=odoo.needed(record, "currency_id"),
        service_date=record.day("invoice_date"),
        encounter=record.text("invoice_origin"),
    )


def company(record: Record, kind: Kind, odoo: Conventions) -> str:
    """The number of who bills or pays; of an address or a person of a company, that of the company."""
    partner = record.reference("partner_id")
    numbered = partner is not None and (partner.code or odoo.is_own(partner.external_id, kind.kind))
    head = "commercial_partner_id"
    return odoo.of(record, head if not numbered and record.given(head) else "partner_id", kind)


def products(record: Record) -> list[Record]:
    """The lines that somebody has written, without headings and what Odoo adds: taxes, what is due."""
    lines = record.lines("account.move.line", "invoice_line_ids", "line_ids")
    return [line for line in lines if line.text("display_type") in ("product", "")]


def cost_centre(line: Record, odoo: Conventions) -> str | None:
    """The cost centre that has all of a line; None: it has none, or several share it."""
    shares = line.references("analytic_accounts") if line.given("analytic_accounts") else []
    return odoo.called(shares[0], line.where("analytic_distribution"), COST_CENTRE) if len(shares) == 1 else None


def _credit(record: Record, side: str) -> bool | None:
    """Is it a credit note of this side? None: it is of the other side, an entry, or it was cancelled."""
    kind = {f"{side}_invoice": False, f"{side}_refund": True}.get(record.text("move_type"))
    return None if record.text("state") == "cancel" else kind


def _posted(record: Record) -> bool:
    return record.text("state") == "posted"


def _account(record: Record, odoo: Conventions) -> str | None:
    """The patient account that pays; None: a company does."""
    partner = record.reference("partner_id")
    ours = partner is not None and odoo.is_own(partner.external_id, ACCOUNT.kind)
    return odoo.of(record, "partner_id", ACCOUNT) if ours else None


def _corrected(record: Record, kind: str, odoo: Conventions) -> str | None:
    """The number of the document that a credit note is about."""
    original = record.reference("reversed_entry_id")
    if original is None:
        return None
    return odoo.own(original.external_id, kind) or original.code or original.name


def _billed(record: Record, odoo: Conventions) -> tuple[str, tuple[InvoiceLine, ...]]:
    """The order that is billed, and the lines with those of the order."""
    origin = record.text("invoice_origin")
    lines = products(record)
    billed = {line.id: told for line in lines if (told := _order_line(line, origin, odoo)) is not None}
    order = next((told[0] for told in billed.values()), origin)
    # the business key of a bill is not its number alone
    partner = company(record, SUPPLIER, odoo)
    key = f"{partner}:{record.text('ref')}" + (":credit" if record.text("move_type") == "in_refund" else "")
    numbered = odoo.numbered(lines, "billline", key)
    of_order = {number: told[1] for number, told in billed.items() if told[0] == order}
    return order, tuple(_line(n, line, odoo, order_line=of_order.get(line.id)) for n, line in numbered)


def _order_line(line: Record, origin: str, odoo: Conventions) -> tuple[str, int] | None:
    found = line.reference("purchase_line_id") if line.given("purchase_line_id") else None
    return odoo.line_of(found.external_id, "orderline", origin) if found is not None else None


def _lines(record: Record, kind: str, key: str, odoo: Conventions) -> tuple[InvoiceLine, ...]:
    return tuple(_line(n, line, odoo) for n, line in odoo.numbered(products(record), f"{kind}line", key))


def _line(number: int, line: Record, odoo: Conventions, *, order_line: int | None = None) -> InvoiceLine:
    """A negative quantity, which Odoo takes for what is deducted, becomes a negative price."""
    has_item = line.reference("product_id") is not None
    quantity, price = line.number("quantity"), line.number("price_unit")
    if line.given("discount") and (discount := line.number("discount")):
        price = round(price * (1 - discount / 100), 6)
    return make(
        InvoiceLine,
        line.where("quantity"),
        number=number,
        item=odoo.item(line, "product_id") if has_item else None,
        description=line.text("name"),
        quantity=abs(quantity),
        unit=odoo.unit(line, "product_uom_id") if has_item and line.reference("product_uom_id") else None,
        unit_price=-price if quantity < 0 else price,
        tax_percent=_percent(line),
        account=odoo.of(line, "account_id", LEDGER_ACCOUNT),
        cost_centre=cost_centre(line, odoo),
        order_line=order_line,
    )


def _percent(line: Record) -> Decimal | None:
    """The tax of a line that has one; None: it has none, several, or one that is no percentage.

    A tax of a fixed amount has an amount too: only what comes to the line's own tax is a percentage.
    """
    taxes = [tax.code for tax in line.references("tax_ids")]
    try:
        percent = Decimal(taxes[0]) if len(taxes) == 1 and taxes[0] else None
    except InvalidOperation:
        return None
    if percent is None or not line.given("price_subtotal") or not line.given("price_total"):
        return percent
    net, gross = line.number("price_subtotal"), line.number("price_total")
    step = Decimal(1) if net == int(net) and gross == int(gross) else Decimal("0.01")  # yen have no decimals
    return percent if abs(net * percent / 100 - (gross - net)) <= step / 2 else None

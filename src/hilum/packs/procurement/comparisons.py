"""Ready comparisons of buying: are the purchase orders and the bills in Odoo those that the hub knows?

    orders = procurement.orders_in_odoo(when=Calendar("0 5 * * *", zone="Europe/Brussels"))
    bills = procurement.bills_in_odoo(when=Calendar("10 5 * * *", zone="Europe/Brussels"))

One line each in a file of `flows/`; what stays different becomes a case of the owner's.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from hilum.canonical import Money, PurchaseOrder, PurchaseOrderCancelled, SupplierBill
from hilum.canonical.currencies import invoiced
from hilum.flow import Owners
from hilum.packs.odoo.comparing import InOdoo
from hilum.packs.odoo.conventions import Conventions
from hilum.reconcile import Comparison, Field, Measure, Row, Sent, Side, Value
from hilum.reconcile.known import Known
from hilum.reconcile.sent import Tellings

BUYING: Final = Owners(business="Purchasing", technical="Integration")
PAYING: Final = Owners(business="Accounts payable", technical="Integration")

ORDER_FIELDS: Final = (
    Field("status"),
    Field("supplier"),
    Field("currency"),
    Field("amount", summed=True),
    Field("lines.item"),
    Field("lines.quantity"),
    Field("lines.unit_price", "price"),
)
"""Exact; a hospital that rounds otherwise names its own."""

BILL_FIELDS: Final = (
    Field("status"),
    Field("amount", "amount before tax", summed=True),
    Field("total", "amount with tax", within=Decimal("0.02")),
    Field("billed_on", "date of the bill"),
    Field("order"),
)
"""Two cents for what two systems round of the tax."""

CANCELLED: Final = "cancelled"
OF_SUPPLIERS: Final = (("move_type", "in", ["in_invoice", "in_refund"]),)
"""Of all that Odoo has in this model."""


def orders_in_odoo(
    odoo: str = "odoo.main",
    *,
    name: str = "procurement.orders",
    owners: Owners = BUYING,
    here: Side | None = None,
    conventions: Conventions | None = None,
    company: str = "",
    period_days: int = 60,
    **more: Any,
) -> Comparison:
    """Purchase orders. `here`: none: what the hub has sent to that Odoo; `known_orders()`: what its processes follow.

    Drafts that the hub has sent for a buyer to confirm may be confirmed or not. `more` as for `Comparison`.
    """
    tell: Tellings = {PurchaseOrder: order_row, PurchaseOrderCancelled: order_cancelled_row}
    return Comparison(
        name,
        summary="The purchase orders in Odoo are those that the hub knows",
        owners=owners,
        here=here or Sent(odoo, tell),
        there=InOdoo(odoo, tell, conventions=conventions, company=company),
        period_days=period_days,
        **{"fields": ORDER_FIELDS, **more},
    )


def bills_in_odoo(
    odoo: str = "odoo.main",
    *,
    name: str = "payables.bills",
    owners: Owners = PAYING,
    here: Side | None = None,
    conventions: Conventions | None = None,
    company: str = "",
    period_days: int = 60,
    **more: Any,
) -> Comparison:
    """Bills and credit notes of suppliers. `here`: none: what the hub has sent; `known_bills()`: what was settled.

    One that was cancelled in Odoo is missing there. `more` as for `Comparison`.
    """
    tell: Tellings = {SupplierBill: bill_row}
    return Comparison(
        name,
        summary="The bills in Odoo are those that the hub knows",
        owners=owners,
        here=here or Sent(odoo, tell),
        there=InOdoo(odoo, tell, conventions=conventions, company=company, where=OF_SUPPLIERS),
        period_days=period_days,
        **{"fields": BILL_FIELDS, **more},
    )


def order_row(order: PurchaseOrder) -> Row:
    """An order with its lines. Of one that a buyer is to confirm nobody says whether it is."""
    values: dict[str, Value] = {
        "status": "ordered" if order.confirm else None,
        "supplier": order.supplier,
        "currency": order.currency,
        "amount": _ordered(order),
    }
    for line in order.lines:
        values[f"{line.number}.item"] = line.item
        values[f"{line.number}.quantity"] = Measure(quantity=line.quantity, unit=line.unit, item=line.item)
        values[f"{line.number}.unit_price"] = line.unit_price
    on = order.ordered_at.date() if order.ordered_at is not None else None
    return Row(key=order.number, values=values, title=f"Order {order.number} to supplier {order.supplier}", on=on)


def order_cancelled_row(cancelled: PurchaseOrderCancelled) -> Row:
    """All that counts of it is that it is not wanted any more."""
    return Row(key=cancelled.number, values={"status": CANCELLED}, title=f"Order {cancelled.number}")


def bill_row(bill: SupplierBill) -> Row:
    """A bill or credit note; amounts of credit notes are negative."""
    total = bill.amount
    return Row(
        key=bill.business_key,
        title=_bill_title(bill.supplier, bill.number, credit=bill.credit),
        on=bill.billed_on,
        values={
            "status": "posted" if bill.post else None,
            "amount": _before_tax(bill),
            "total": _money(total, bill.currency) if total is not None else None,
            "billed_on": bill.billed_on,
            "order": bill.order,
        },
    )


def known_orders() -> Side:
    """Orders that processes follow, as the facts of their lines say: also what buyers changed in Odoo and told."""
    return Known(_ORDERS, _known_order)


def known_bills() -> Side:
    """Bills that a process settled: they matched, were accepted, or were approved without an order."""
    return Known(_BILLS, _known_bill)


_ORDERS: Final = (
    "SELECT document, supplier, max(currency) AS currency, bool_or((said ->> 'cancelled')::boolean) AS cancelled,"
    " min(coalesce(on_day, at::date)) AS day, max(noted_at) AS noted_at, (array_agg(run_id))[1] AS run_id,"
    " array_agg(ARRAY[line::text, said ->> 'item', said ->> 'quantity', said ->> 'unit', said ->> 'unit_price'])"
    " AS lines FROM business_fact WHERE kind = 'order_lines' AND NOT replaced AND followed"
    " AND (%(since)s::date IS NULL OR coalesce(on_day, at::date) >= %(since)s)"
    " AND (%(until)s::date IS NULL OR coalesce(on_day, at::date) < %(until)s) GROUP BY document, supplier"
)
_BILLS: Final = (
    "SELECT b.supplier, b.number, b.credit, b.amount, b.currency, b.billed_on, b.order_number,"
    " coalesce(f.noted_at, b.seen_at) AS noted_at, f.run_id FROM bill_seen b"
    " LEFT JOIN business_fact f ON f.kind = 'matched_bills' AND NOT f.replaced"
    "  AND f.document = b.supplier || ':' || b.number || CASE WHEN b.credit THEN ':credit' ELSE '' END"
    "  AND f.said ->> 'outcome' IN ('matched', 'accepted')"
    " WHERE (b.posted OR f.id IS NOT NULL) AND (%(since)s::date IS NULL OR b.billed_on >= %(since)s)"
    " AND (%(until)s::date IS NULL OR b.billed_on < %(until)s)"
)


def _known_order(said: Mapping[str, Any]) -> Row:
    number, day = said["document"], said["day"]
    title = f"Order {number} to supplier {said['supplier']}"
    values: dict[str, Value] = {"status": CANCELLED}
    if not said["cancelled"]:
        values = {"status": "ordered", "supplier": said["supplier"], "currency": said["currency"] or None}
        for line, item, quantity, unit, price in said["lines"]:
            values[f"{line}.item"] = item
            values[f"{line}.quantity"] = Measure(quantity=Decimal(quantity), unit=unit, item=item)
            values[f"{line}.unit_price"] = Decimal(price) if price is not None else None
        values["amount"] = _sum_of(said["lines"], said["currency"])
    return Row(key=number, values=values, title=title, on=day, at=said["noted_at"], reference=_run(said))


def _known_bill(said: Mapping[str, Any]) -> Row:
    supplier, number, credit = said["supplier"], said["number"], said["credit"]
    amount = -said["amount"] if credit else said["amount"]
    return Row(
        key=f"{supplier}:{number}" + (":credit" if credit else ""),
        title=_bill_title(supplier, number, credit=credit),
        on=said["billed_on"],
        at=said["noted_at"],
        reference=_run(said),
        values={
            "status": "posted", "amount": _money(amount, said["currency"]), "billed_on": said["billed_on"],
            "order": said["order_number"],
        },
    )  # fmt: skip


def _run(said: Mapping[str, Any]) -> str:
    return f"run {said['run_id']}" if said["run_id"] is not None else ""


def _bill_title(supplier: str, number: str, *, credit: bool) -> str:
    return f"{'Credit note' if credit else 'Bill'} {number} of supplier {supplier}"


def _ordered(order: PurchaseOrder) -> Money | None:
    """What it comes to; none where a line has no price, or nobody says the currency."""
    return _sum_of([(line.number, line.item, line.quantity, line.unit, line.unit_price) for line in order.lines],
                   order.currency)  # fmt: skip


def _sum_of(lines: Any, currency: str | None) -> Money | None:
    if not currency or any(price is None for *_, price in lines):
        return None
    total = sum((Fraction(Decimal(quantity)) * Fraction(Decimal(price)) for _, _, quantity, _, price in lines),
                Fraction(0))  # fmt: skip
    return Money(amount=invoiced(total, currency), currency=currency)


def _before_tax(bill: SupplierBill) -> Money:
    total = sum((Fraction(line.quantity) * Fraction(line.unit_price) for line in bill.lines), Fraction(0))
    return Money(amount=invoiced(-total if bill.credit else total, bill.currency), currency=bill.currency)


def _money(amount: Decimal, currency: str) -> Money:
    return Money(amount=invoiced(Fraction(amount), currency), currency=currency)


__all__ = [
    "BILL_FIELDS", "ORDER_FIELDS", "bill_row", "bills_in_odoo", "known_bills", "known_orders", "order_row",
    "orders_in_odoo",
]  # fmt: skip

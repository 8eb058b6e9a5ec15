"""A ready comparison of payments: is what left the bank for suppliers in the books of Odoo, once and in full?

payments = finance.payments_in_odoo(when=Calendar("20 5 * * *", zone="Europe/Brussels"))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from hilum.canonical import Money, Payment, PaymentDirection
from hilum.flow import Owners
from hilum.packs.odoo.comparing import InOdoo
from hilum.packs.odoo.conventions import Conventions
from hilum.reconcile import Comparison, Field, Row, Sent, Side
from hilum.reconcile.known import Known
from hilum.reconcile.sent import Tellings

TREASURY: Final = Owners(business="Treasury", technical="Integration")

PAYMENT_FIELDS: Final = (
    Field("supplier"),
    Field("amount", summed=True),
    Field("paid_on", "paid on"),
    Field("journal"),
)
"""Money is exact."""


OF_SUPPLIERS: Final = (("partner_type", "=", "supplier"),)
"""Of all payments that Odoo has."""


def payments_in_odoo(
    odoo: str = "odoo.main",
    *,
    name: str = "payables.payments",
    owners: Owners = TREASURY,
    here: Side | None = None,
    conventions: Conventions | None = None,
    company: str = "",
    period_days: int = 60,
    **more: Any,
) -> Comparison:
    """Payments to suppliers, and what came back of them (negative). Those of patients and customers are left out.

    `here`: none: what the hub has sent; `booked_payments()`: what statements have moved. `more` as for `Comparison`.
    """
    tell: Tellings = {Payment: payment_row}
    return Comparison(
        name,
        summary="The payments to suppliers in Odoo are those that the hub knows",
        owners=owners,
        here=here or Sent(odoo, tell),
        there=InOdoo(odoo, tell, conventions=conventions, company=company, where=OF_SUPPLIERS),
        period_days=period_days,
        **{"fields": PAYMENT_FIELDS, **more},
    )


def payment_row(payment: Payment) -> Row | None:
    """A payment with a supplier; none: it is with somebody else."""
    if payment.supplier is None:
        return None
    amount = payment.amount if payment.direction is PaymentDirection.SENT else -payment.amount
    return Row(
        key=payment.number,
        title=f"Payment {payment.number} to supplier {payment.supplier}",
        on=payment.paid_on,
        values={
            "supplier": payment.supplier, "amount": Money(amount=amount, currency=payment.currency),
            "paid_on": payment.paid_on, "journal": payment.journal,
        },
    )  # fmt: skip


def booked_payments() -> Side:
    """Payments that lines of bank statements have moved: what the settlement of this hub has to be in the books."""
    return Known(_BOOKED, _booked)


_BOOKED: Final = (
    "SELECT movement -> 'moved' -> 'payment' AS payment, run_id FROM payment_line WHERE movement IS NOT NULL"
    " AND (%(since)s::date IS NULL OR booked_on IS NULL OR booked_on >= %(since)s)"
    " AND (%(until)s::date IS NULL OR booked_on IS NULL OR booked_on < %(until)s)"
)


def _booked(said: Mapping[str, Any]) -> Row | None:
    row = payment_row(Payment.model_validate(said["payment"]))
    return replace(row, reference=f"run {said['run_id']}") if row is not None else None

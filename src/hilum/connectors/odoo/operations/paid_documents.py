"""What a payment pays: booked bills and invoices of one party, by their number there or in Odoo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hilum.canonical import Payment
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.operations.invoicing import Found
from hilum.connectors.odoo.references import AMBIGUOUS, MISSING
from hilum.connectors.odoo.session import Session
from hilum.errors import Rejected

DOCUMENT_FIELDS: Final = ("name", "ref", "partner_id", "move_type", "amount_residual", "currency_id", "payment_state")


def party_of(thing: Payment) -> str:
    """Who is paid, or pays: `supplier 4711`."""
    if thing.supplier:
        return f"supplier {thing.supplier}"
    return f"customer {thing.customer}" if thing.customer else f"account {thing.account}"


async def documents_of(session: Session, payments: Sequence[Payment], parties: Found) -> list[Row]:
    """The booked bills and invoices that may be meant, by their number at the sender or in Odoo. One call, or none."""
    numbers = sorted({number for each in payments for number in each.documents})
    partners = sorted({row["id"] for row in parties.values() if not isinstance(row, Rejected)})
    if not numbers or not partners:
        return []
    domain = [
        ["partner_id", "in", partners],
        ["state", "=", "posted"],
        ["move_type", "in", ["in_invoice", "in_refund", "out_invoice", "out_refund"]],
        "|",
        ["ref", "in", numbers],
        ["name", "in", numbers],
    ]
    return await session.client.search_read("account.move", domain, DOCUMENT_FIELDS)


def document_of(thing: Payment, number: str, partner: int, documents: Sequence[Row]) -> Row:
    """The one document of this party with the number. Raises `Rejected`."""
    types = _paid_by(thing)
    same = [
        row
        for row in documents
        if row["partner_id"] == partner and row["move_type"] in types and number in (row["ref"], row["name"])
    ]
    if len(same) == 1:
        return same[0]
    if same:
        words = f"Odoo has {len(same)} documents {number} of this party. Correct one there, then replay."
        raise Rejected(AMBIGUOUS, words)
    words = f"The payment {thing.number} pays {number}, which is not booked in Odoo. Book it there, then replay."
    raise Rejected(MISSING, words)


def _paid_by(thing: Payment) -> tuple[str, str]:
    """What money in this direction pays, and what it may be offset with: a bill, less a credit note."""
    side = "in" if thing.supplier else "out"
    return f"{side}_invoice", f"{side}_refund"

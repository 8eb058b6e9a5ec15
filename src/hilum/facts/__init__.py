"""Facts of business: what was ordered, billed, matched, approved and paid, noted as it happens, to be counted.

    await facts.note(connection, [OrderLine(document="PO-1", line=1, supplier="V1", amount=Decimal(456), …)])

Whoever does something notes it in the transaction in which it is done. Facts hold numbers and codes, never payloads.
Nothing is overwritten: what is said of the same thing later takes the place of what was said before, which stays.
"""

from __future__ import annotations

from pathlib import Path

from hilum.facts.kinds import (
    KINDS,
    Acknowledgement,
    Approval,
    BilledPrice,
    BillLine,
    Fact,
    FirstDelivery,
    MatchedBill,
    Onboarding,
    OrderLine,
    PaidOut,
)
from hilum.facts.noting import note

MIGRATIONS = Path(__file__).with_name("migrations")

__all__ = [
    "KINDS",
    "MIGRATIONS",
    "Acknowledgement",
    "Approval",
    "BillLine",
    "BilledPrice",
    "Fact",
    "FirstDelivery",
    "MatchedBill",
    "Onboarding",
    "OrderLine",
    "PaidOut",
    "note",
]

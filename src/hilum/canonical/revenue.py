"""What the hospital charges."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from hilum.canonical.base import Amount, BusinessObject, Code, Currency, Kind, Quantity, Text


class Charge(BusinessObject):
    """One charge on a patient account (HL7 v2: FT1 with FT1-6 `CG`; a credit, `CR`, has a negative quantity)."""

    name: ClassVar[str] = "hilum.charge"
    kind: ClassVar[Kind] = Kind.EVENT

    transaction: Code  # the sender's identifier of this charge
    account: Code
    item: Code | None = None  # item or service of the catalogue
    description: Text
    quantity: Quantity
    unit_price: Amount
    currency: Currency
    service_date: date
    encounter: Code | None = None
    payer: Text = ""
    department: Text = ""
    facility: Text = ""

    @property
    def business_key(self) -> str:
        """The transaction."""
        return self.transaction

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Transaction, account, encounter, item."""
        return tuple(x for x in (self.transaction, self.account, self.encounter, self.item) if x)

"""What a cost centre may spend in a time, and what it has spent of that."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from hilum.canonical.base import Amount, BusinessObject, Code, Currency, Kind


class Budget(BusinessObject):
    """What Odoo or the ledger says of a cost centre for a period: the money that it has, and what is booked of it."""

    name: ClassVar[str] = "hilum.budget"
    kind: ClassVar[Kind] = Kind.RECORD

    cost_centre: Code
    period_from: date
    period_to: date  # the first day that is not in it any more
    currency: Currency
    amount: Annotated[Amount, Field(ge=0)]
    spent: Amount = Decimal(0)  # booked already; orders that are not billed yet are not in it

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Budget:
        if self.period_to <= self.period_from:
            raise ValueError("the period ends before it begins")
        return self

    @property
    def business_key(self) -> str:
        """Cost centre and first day."""
        return f"{self.cost_centre}:{self.period_from}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The key and the cost centre."""
        return (self.business_key, self.cost_centre)

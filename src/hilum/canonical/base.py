"""What all business objects have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, Self, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Code = Annotated[str, Field(min_length=1, max_length=128)]
"""An identifier as people know it (item number, account number). Never empty."""

Text = Annotated[str, Field(max_length=2000)]
"""Free text for people."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""

Quantity = Annotated[Decimal, Field(max_digits=18, decimal_places=6)]
"""An exact quantity; the unit is beside it. Negative: given back."""

Amount = Annotated[Decimal, Field(max_digits=18, decimal_places=6)]
"""An exact amount of money; the currency is beside it."""


Moment = AwareDatetime
"""A point in time with its offset from UTC: a clock time without one is refused, because nobody knows when it was."""


class Kind(StrEnum):
    """What sort of thing an object tells of; a flow that carries it has the defaults of that pattern."""

    RECORD = "record"  # master data: what somebody or something is; the latest one counts
    DOCUMENT = "document"  # a business transaction with a number of its own: an order, an invoice, a claim
    EVENT = "event"  # something that has happened; it is never changed


class Value(BaseModel):
    """A part of a business object. Unknown names are refused; input values never appear in error texts."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Money(Value):
    """An exact amount in one currency."""

    amount: Amount
    currency: Currency


class BusinessObject(Value, ABC):
    """A thing or an event of the business, named and versioned.

    `name` and `version` identify the schema: `hilum.supply.consumed`, `1.0`. A change that an old reader would not
    understand needs a new major version.
    """

    name: ClassVar[str]
    version: ClassVar[str] = "1.0"
    kind: ClassVar[Kind] = Kind.DOCUMENT
    thing: ClassVar[str] = ""  # what the crosswalk calls such a thing: item, supplier; empty: it has none of them
    left_out: ClassVar[frozenset[str] | None] = None  # fields of a partial object that are not told; none: it is whole

    @classmethod
    def whole(cls) -> type[Self]:
        """The class of whole objects: itself, unless only some fields are told (`hilum.canonical.partial`)."""
        return cls if cls.left_out is None else cast("type[Self]", cls.__bases__[0])

    @property
    @abstractmethod
    def business_key(self) -> str:
        """What makes it the same thing when it comes twice. Destinations derive their idempotency key from it."""

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Every identifier that somebody may search for."""
        return (self.business_key,)

    @property
    def known_as(self) -> tuple[tuple[str, str], ...]:
        """Who else numbers it, and its number there: pairs as the crosswalk has them (`hilum.canonical.trade`)."""
        return ()

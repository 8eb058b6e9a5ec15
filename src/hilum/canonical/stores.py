"""What stores should have, what they will need, and what they lack."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from hilum.canonical.base import BusinessObject, Code, Kind, Moment, Quantity, Text

Least = Annotated[Quantity, Field(ge=0)]
"""A quantity that is 0 or more."""


class ReorderRule(BusinessObject):
    """How much of an item a store should have. What is not told stays as it was, so that two systems may tell of it."""

    name: ClassVar[str] = "hilum.reorder.rule"
    kind: ClassVar[Kind] = Kind.RECORD

    location: Code
    item: Code
    unit: Code = "EA"  # of all quantities
    reorder_at: Least | None = None  # at so much or less it is ordered
    up_to: Least | None = None  # so much there should be, with what is on order
    pack: Annotated[Quantity, Field(gt=0)] | None = None  # only whole packs of so many are ordered
    lead_days: Annotated[int, Field(ge=0)] | None = None  # from the order to the goods
    daily_use: Least | None = None
    critical: Least | None = None  # below this somebody must know at once; 0: nobody
    active: bool = True  # false: the store is not filled up with it any more

    @model_validator(mode="after")
    def _goes_up(self) -> Self:
        if self.up_to is not None and self.reorder_at is not None and self.up_to < self.reorder_at:
            raise ValueError("it is filled up to less than it is ordered at")
        return self

    @property
    def business_key(self) -> str:
        """Location and item."""
        return f"{self.location}:{self.item}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The key, location and item."""
        return (self.business_key, self.location, self.item)


class PlannedDemand(BusinessObject):
    """So much of an item will be taken for something that is planned: an operation, a series of laboratory tests."""

    name: ClassVar[str] = "hilum.planned.demand"
    kind: ClassVar[Kind] = Kind.RECORD

    number: Code  # of what is planned: appointment, laboratory order, plan of a department
    location: Code
    item: Code
    quantity: Least = Decimal(0)  # 0: it is not planned any more
    unit: Code = "EA"
    needed_at: Moment

    @property
    def business_key(self) -> str:
        """What is planned, location and item."""
        return f"{self.number}:{self.location}:{self.item}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The key, and its parts."""
        return (self.business_key, self.number, self.location, self.item)


class StockAlarm(BusinessObject):
    """A store has less of an item than must be there, or has enough again."""

    name: ClassVar[str] = "hilum.stock.alarm"
    kind: ClassVar[Kind] = Kind.EVENT

    alarm: Code  # of this fall: told when stock fell below the limit, and once more when it rose
    location: Code
    item: Code
    on_hand: Quantity
    critical: Least  # the limit
    unit: Code = "EA"
    over: bool = False  # there is enough again
    words: Text = ""
    at: Moment

    @property
    def business_key(self) -> str:
        """The alarm, and which end of it."""
        return f"{self.alarm}:{'over' if self.over else 'fell'}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Alarm, location, item."""
        return (self.alarm, self.location, self.item)

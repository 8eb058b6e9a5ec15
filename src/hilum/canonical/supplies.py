"""Items, where they are, and what is used of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from hilum.canonical.base import BusinessObject, Code, Currency, Kind, Money, Quantity, Text


class Tracking(StrEnum):
    """How an item is followed: not at all, by batch, or piece by piece."""

    NONE = "none"
    LOT = "lot"
    SERIAL = "serial"


class Unit(BusinessObject):
    """A unit of measure (UCUM or UN/ECE Recommendation 20 code where there is one)."""

    name: ClassVar[str] = "hilum.unit"
    kind: ClassVar[Kind] = Kind.RECORD

    code: Code
    title: Text

    @property
    def business_key(self) -> str:
        """The code."""
        return self.code


class Item(BusinessObject):
    """Something the hospital buys, stores, uses or charges."""

    name: ClassVar[str] = "hilum.item"
    kind: ClassVar[Kind] = Kind.RECORD

    code: Code
    title: Text
    unit: Code = "EA"
    stocked: bool = True
    tracking: Tracking = Tracking.NONE
    barcode: Code | None = None  # GTIN or the UDI device identifier
    category: Text = ""
    cost: Money | None = None
    price: Money | None = None
    supplier: Code | None = None

    @property
    def business_key(self) -> str:
        """The item number."""
        return self.code

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Item number and barcode."""
        return tuple(x for x in (self.code, self.barcode) if x)


class Location(BusinessObject):
    """A place where stock is kept: a store room, a ward cupboard, an operating theatre."""

    name: ClassVar[str] = "hilum.location"
    kind: ClassVar[Kind] = Kind.RECORD

    code: Code
    title: Text
    facility: Text = ""
    parent: Code | None = None

    @property
    def business_key(self) -> str:
        """The code of the location."""
        return self.code


class StockLevel(BusinessObject):
    """What a count found: so much of an item at a location, at a time."""

    name: ClassVar[str] = "hilum.stock.level"
    kind: ClassVar[Kind] = Kind.EVENT

    count: Code  # identifier of the count, so that one count is applied once
    item: Code
    location: Code
    quantity: Quantity
    unit: Code = "EA"
    counted_at: datetime | None = None
    lot: Code | None = None

    @property
    def business_key(self) -> str:
        """Count, item, location (and lot)."""
        return ":".join(x for x in (self.count, self.item, self.location, self.lot) if x)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Count, item, location."""
        return (self.count, self.item, self.location)


class SupplyConsumed(BusinessObject):
    """Supplies were used on a patient (HL7 v2: FT1 of a DFT^P03 with a stock item, or a pharmacy dispense)."""

    name: ClassVar[str] = "hilum.supply.consumed"
    kind: ClassVar[Kind] = Kind.EVENT

    transaction: Code  # the sender's identifier of this use; the same use has the same one
    item: Code
    quantity: Quantity
    unit: Code = "EA"
    location: Code
    account: Code | None = None
    encounter: Code | None = None
    used_at: datetime | None = None
    lot: Code | None = None
    facility: Text = ""
    currency: Currency | None = None

    @property
    def business_key(self) -> str:
        """The transaction."""
        return self.transaction

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Transaction, item, account, encounter, lot."""
        return tuple(x for x in (self.transaction, self.item, self.account, self.encounter, self.lot) if x)

"""Items, where they are, and what is used of them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from hilum.canonical.base import BusinessObject, Code, Currency, Kind, Moment, Money, Quantity, Text, Value
from hilum.canonical.trade import GTIN, PART_NUMBER, DeviceIdentifier, DeviceLabel, Gln, Packing, UnspscCode, place


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
    thing: ClassVar[str] = "item"
    version: ClassVar[str] = "1.1"
    kind: ClassVar[Kind] = Kind.RECORD

    code: Code
    title: Text
    unit: Code = "EA"
    purchase_unit: Code | None = None  # in which it is bought; none: as it is kept
    stocked: bool = True
    tracking: Tracking = Tracking.NONE
    barcode: Code | None = None  # what is scanned on a piece: its GTIN or UDI device identifier
    packings: tuple[Packing, ...] = ()  # the levels of packing that have a GTIN
    device: DeviceIdentifier | None = None  # of a medical device: the fixed part of its UDI
    unspsc: UnspscCode | None = None
    manufacturer: Text = ""  # its name or number
    manufacturer_item: Text = ""  # the manufacturer's part number
    category: Text = ""  # code of the category, or its path at the receiver (`Goods / Implants`)
    cost: Money | None = None
    price: Money | None = None
    supplier: Code | None = None
    active: bool = True

    @property
    def business_key(self) -> str:
        """The item number."""
        return self.code

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Item number, barcode, GTINs, device identifier, part number."""
        numbers = (number for system, number in self.known_as if system != PART_NUMBER)
        return tuple(dict.fromkeys(x for x in (self.code, self.barcode, *numbers, self.manufacturer_item) if x))

    @property
    def known_as(self) -> tuple[tuple[str, str], ...]:
        """GTINs, device identifier, the manufacturer's part number."""
        found = [(GTIN, each.gtin) for each in self.packings or ()]  # of a partial item they may be none
        if self.device is not None:
            found.append(self.device.known_as)
        if self.manufacturer and self.manufacturer_item:
            found.append((PART_NUMBER, f"{self.manufacturer}:{self.manufacturer_item}"))
        return tuple(dict.fromkeys(found))

    @property
    def gtin(self) -> str:
        """The GTIN of one piece; empty: it is not told."""
        return next((each.gtin for each in self.packings or () if each.quantity == 1), "")


class ItemCategory(BusinessObject):
    """A group of items. Finance attaches accounts and valuation to it at the receiver."""

    name: ClassVar[str] = "hilum.item.category"
    kind: ClassVar[Kind] = Kind.RECORD

    code: Code
    title: Text
    parent: Code | None = None

    @property
    def business_key(self) -> str:
        """The code."""
        return self.code


class Lot(BusinessObject):
    """A batch of an item, or one piece by its serial number."""

    name: ClassVar[str] = "hilum.item.lot"
    kind: ClassVar[Kind] = Kind.RECORD

    item: Code
    lot: Code
    expires_on: date | None = None

    @property
    def business_key(self) -> str:
        """Item and lot."""
        return f"{self.item}:{self.lot}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Item and lot."""
        return (self.item, self.lot)


class Warehouse(BusinessObject):
    """A building or site whose stock is kept apart."""

    name: ClassVar[str] = "hilum.warehouse"
    thing: ClassVar[str] = "warehouse"
    version: ClassVar[str] = "1.1"
    kind: ClassVar[Kind] = Kind.RECORD

    code: str = Field(min_length=1, max_length=5)  # Odoo's short name: five characters
    title: Text
    gln: Gln | None = None
    active: bool = True

    @property
    def business_key(self) -> str:
        """The short name."""
        return self.code

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Short name and GLN."""
        return tuple(x for x in (self.code, self.gln) if x)

    @property
    def known_as(self) -> tuple[tuple[str, str], ...]:
        """Its GLN."""
        return place(self.gln)


class Location(BusinessObject):
    """A place where stock is kept: a store room, a ward cupboard, an operating theatre."""

    name: ClassVar[str] = "hilum.location"
    thing: ClassVar[str] = "location"
    version: ClassVar[str] = "1.1"
    kind: ClassVar[Kind] = Kind.RECORD

    code: Code
    title: Text
    gln: Gln | None = None
    facility: Text = ""
    parent: Code | None = None
    active: bool = True

    @property
    def business_key(self) -> str:
        """The code of the location."""
        return self.code

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Code and GLN."""
        return tuple(x for x in (self.code, self.gln) if x)

    @property
    def known_as(self) -> tuple[tuple[str, str], ...]:
        """Its GLN."""
        return place(self.gln)


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


class TransferLine(Value):
    """So much of one item moves."""

    number: int = Field(ge=1)
    item: Code
    quantity: Quantity = Field(gt=0)
    unit: Code = "EA"
    lot: Code | None = None


class StockTransfer(BusinessObject):
    """Stock moves from one place of the hospital to another: replenishment of a ward, return to the store."""

    name: ClassVar[str] = "hilum.stock.transfer"

    number: Code  # of this transfer; the same transfer has the same one
    source: Code
    target: Code
    moved_at: Moment | None = None
    lines: Annotated[tuple[TransferLine, ...], Field(min_length=1)]

    @property
    def business_key(self) -> str:
        """The transfer number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Transfer, places, items, lots."""
        found = (self.number, self.source, self.target, *(x for line in self.lines for x in (line.item, line.lot)))
        return tuple(dict.fromkeys(x for x in found if x))


class SupplyConsumed(BusinessObject):
    """Supplies were used on a patient (HL7 v2: FT1 of a DFT^P03 with a stock item, or a pharmacy dispense)."""

    name: ClassVar[str] = "hilum.supply.consumed"
    version: ClassVar[str] = "1.1"
    kind: ClassVar[Kind] = Kind.EVENT

    transaction: Code  # the sender's identifier of this use; the same use has the same one
    item: Code
    quantity: Quantity
    unit: Code = "EA"
    location: Code
    account: Code | None = None
    encounter: Code | None = None
    used_at: datetime | None = None
    lot: Code | None = None  # a serial number is a lot of one
    device: DeviceLabel | None = None  # what was scanned of it
    facility: Text = ""
    currency: Currency | None = None

    @property
    def business_key(self) -> str:
        """The transaction."""
        return self.transaction

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Transaction, item, account, encounter, lot, and what the label of the device says."""
        found = (self.transaction, self.item, self.account, self.encounter, self.lot)
        labelled = (self.device.device, self.device.lot, self.device.serial) if self.device is not None else ()
        return tuple(dict.fromkeys(x for x in (*found, *labelled) if x))

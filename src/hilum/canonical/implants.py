"""Implants that the hospital buys only when they are used, and stock on its shelves that belongs to suppliers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from hilum.canonical.base import BusinessObject, Code, Kind, Moment, Money, Quantity, Text, Value
from hilum.canonical.trade import DeviceLabel


class ImplantUsed(BusinessObject):
    """An implant was used in theatre that was not the hospital's until then (HL7 v2: FT1 of a DFT^P03 with its label).

    It lay on a shelf as consigned stock, or the supplier brought it for the case. A negative quantity takes a use back.
    """

    name: ClassVar[str] = "hilum.implant.used"
    kind: ClassVar[Kind] = Kind.EVENT

    transaction: Code  # the sender's identifier of this use; the same use has the same one
    takes_back: Code | None = None  # of a negative quantity: the transaction of the use
    case: Code  # the operation: what is used in it is ordered together
    code: Text = ""  # as the sender calls it
    item: Code | None = None  # none: nobody could tell yet
    device: DeviceLabel | None = None  # what was scanned of it
    lot: Code | None = None  # what its stock is kept by; a serial number is a lot of one
    quantity: Quantity
    unit: Code = "EA"
    consigned: bool | None = None  # it was consigned stock; false: it was brought for the case; none: not told
    supplier: Code | None = None  # whose it was, where the sender knows
    location: Code  # the store of the theatre
    account: Code
    encounter: Code | None = None
    used_on: date
    used_at: Moment | None = None
    description: Text = ""
    amount: Money | None = None  # what the patient is charged for all of it; none: as the list of items says
    payer: Text = ""
    department: Text = ""
    facility: Text = ""

    @model_validator(mode="after")
    def _is_named(self) -> ImplantUsed:
        if not (self.item or self.code or self.device):
            raise ValueError("one of item, code and device must be given")
        if self.quantity == 0:
            raise ValueError("the quantity must not be 0")
        return self

    @property
    def business_key(self) -> str:
        """The transaction."""
        return self.transaction

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Transaction, case, account, encounter, item, lot, and what the label of the device says."""
        found = (self.transaction, self.case, self.account, self.encounter, self.item, self.lot)
        labelled = (self.device.device, self.device.lot, self.device.serial) if self.device is not None else ()
        return tuple(dict.fromkeys(x for x in (*found, *labelled) if x))


class ConsignmentMoved(BusinessObject):
    """Consigned stock, which belongs to its supplier, came to a store, or left it because it was bought or taken back.

    Nothing is bought by it, and nothing is used: a use is booked when the piece has become the hospital's own.
    """

    name: ClassVar[str] = "hilum.consignment.moved"
    kind: ClassVar[Kind] = Kind.EVENT

    number: Code
    supplier: Code  # the owner
    location: Code
    item: Code
    quantity: Quantity  # negative: it left
    unit: Code = "EA"
    lot: Code | None = None
    moved_at: Moment | None = None
    reason: Text = Field(default="", repr=False)

    @property
    def business_key(self) -> str:
        """The number of the move."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Number, supplier, item, lot."""
        return tuple(x for x in (self.number, self.supplier, self.item, self.lot) if x)


class ReplenishedLine(Value):
    """So much of one item was used, and is to lie there again."""

    number: int = Field(ge=1)
    item: Code
    quantity: Quantity = Field(gt=0)
    unit: Code = "EA"
    used_lot: Code | None = None
    used_on: date | None = None


class ConsignmentReplenishment(BusinessObject):
    """A supplier is asked to fill up its consigned stock: what it sends stays its own, and is not billed (X12 867)."""

    name: ClassVar[str] = "hilum.consignment.replenishment"

    number: Code  # of the bill-only order that bills what was used
    supplier: Code
    location: Code
    lines: Annotated[tuple[ReplenishedLine, ...], Field(min_length=1)]

    @property
    def business_key(self) -> str:
        """The number of the order."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Order, supplier, items, lots."""
        parts = (part for line in self.lines for part in (line.item, line.used_lot))
        return tuple(dict.fromkeys(x for x in (self.number, self.supplier, *parts) if x))

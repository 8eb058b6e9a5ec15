"""What suppliers send and deliver, and what goes back to them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from hilum.canonical.base import BusinessObject, Code, Moment, Quantity, Text, Value
from hilum.canonical.trade import DeviceLabel, TradeNumbers


class ShippedLine(Value):
    """So much of one item is on its way, of one lot where lots are told (a serial number is a lot of one)."""

    order: Code
    order_line: int | None = Field(default=None, ge=1)  # the order's line; none: the line of that item
    item: Code
    quantity: Quantity = Field(ge=0)
    unit: Code = "EA"
    lot: Code | None = None
    expires_on: date | None = None
    package: Text = ""  # the carton or pallet that it is in (SSCC)
    numbers: TradeNumbers | None = None


class ShipNotice(BusinessObject):
    """A supplier tells what it has sent, before it arrives (X12 856, EDIFACT DESADV, cXML ShipNotice).

    It is what a receipt is expected to be, and books nothing: a `GoodsReceipt` does when the goods were counted.
    """

    name: ClassVar[str] = "hilum.ship.notice"
    version: ClassVar[str] = "1.1"

    number: Code  # the supplier's number of the shipment
    supplier: Code
    shipped_at: Moment | None = None
    expected_on: date | None = None
    carrier: Text = ""
    waybill: Text = ""
    lines: Annotated[tuple[ShippedLine, ...], Field(min_length=1)]

    @property
    def business_key(self) -> str:
        """Supplier and number of the shipment."""
        return f"{self.supplier}:{self.number}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Shipment, supplier, waybill, orders, items, lots, packages."""
        parts = (part for line in self.lines for part in (line.order, line.item, line.lot, line.package))
        found = (self.business_key, self.number, self.supplier, self.waybill, *parts)
        return tuple(dict.fromkeys(x for x in found if x))


class ReceiptLine(Value):
    """So much of one item came, of one lot where lots are tracked (a serial number is a lot of one)."""

    item: Code
    quantity: Quantity = Field(ge=0)
    unit: Code = "EA"
    order_line: int | None = Field(default=None, ge=1)  # the order's line; none: the line of that item
    lot: Code | None = None
    expires_on: date | None = None
    device: DeviceLabel | None = None  # what was scanned of it


class GoodsReceipt(BusinessObject):
    """Goods of one purchase order arrived (delivery note, ASN that was counted, EDIFACT RECADV, X12 861)."""

    name: ClassVar[str] = "hilum.goods.receipt"
    version: ClassVar[str] = "1.1"

    number: Code  # the receipt's own number: one arrival has one
    order: Code
    delivery_note: Text = ""  # the supplier's number
    received_at: Moment | None = None
    final: bool = False  # nothing more will come: what is missing is no longer waited for
    lines: Annotated[tuple[ReceiptLine, ...], Field(min_length=1)]

    @property
    def business_key(self) -> str:
        """The receipt number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Receipt, order, items, lots."""
        lots = (line.lot for line in self.lines)
        found = (self.number, self.order, self.delivery_note, *(line.item for line in self.lines), *lots)
        return tuple(dict.fromkeys(x for x in found if x))


class ReturnLine(Value):
    """So much of one item goes back."""

    number: int = Field(ge=1)
    item: Code
    quantity: Quantity = Field(gt=0)
    unit: Code = "EA"
    lot: Code | None = None


class SupplierReturn(BusinessObject):
    """Goods of a purchase order go back to the supplier (X12 180, EDIFACT RETANN)."""

    name: ClassVar[str] = "hilum.supplier.return"

    number: Code
    order: Code
    location: Code | None = None  # where they are taken from; none: where they were received
    reason: Text = ""
    returned_at: Moment | None = None
    lines: Annotated[tuple[ReturnLine, ...], Field(min_length=1)]

    @property
    def business_key(self) -> str:
        """The return number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Return, order, items, lots."""
        lots = (line.lot for line in self.lines)
        found = (self.number, self.order, *(line.item for line in self.lines), *lots)
        return tuple(dict.fromkeys(x for x in found if x))

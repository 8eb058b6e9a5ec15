"""Suppliers, what departments ask for, and what is ordered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field

from hilum.canonical.base import Amount, BusinessObject, Code, Currency, Kind, Moment, Quantity, Text, Value
from hilum.canonical.parties import BankAccount
from hilum.canonical.patients import Address
from hilum.canonical.trade import Gln, TradeNumbers, place


class Supplier(BusinessObject):
    """Someone the hospital buys from."""

    name: ClassVar[str] = "hilum.supplier"
    thing: ClassVar[str] = "supplier"
    version: ClassVar[str] = "1.1"
    kind: ClassVar[Kind] = Kind.RECORD

    code: Code
    title: Text
    tax_id: Text = ""
    registry: Text = ""  # number in the register of companies
    gln: Gln | None = None
    email: Text = ""
    phone: Text = ""
    address: Address | None = None
    bank_accounts: tuple[BankAccount, ...] | None = None  # all of them; none: not sent
    blocked: bool = False  # nothing new may be ordered; `active` false: no longer a supplier
    block_reason: Text = ""
    active: bool = True

    @property
    def business_key(self) -> str:
        """The supplier number."""
        return self.code

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Code and GLN."""
        return tuple(x for x in (self.code, self.gln) if x)

    @property
    def known_as(self) -> tuple[tuple[str, str], ...]:
        """Its GLN."""
        return place(self.gln)


class RequisitionLine(Value):
    """One item that a department asks for."""

    number: int = Field(ge=1)
    item: Code
    quantity: Quantity
    unit: Code = "EA"
    supplier: Code | None = None
    unit_price: Amount | None = None  # what the requester believes it costs


class Requisition(BusinessObject):
    """A department asks for supplies (HL7 v2: ORM/OMP order, or a row of a spreadsheet)."""

    name: ClassVar[str] = "hilum.requisition"
    version: ClassVar[str] = "1.1"  # 1.1: when it was told so

    number: Code
    department: Text = ""
    requested_by: Text = ""
    deliver_to: Code | None = None
    needed_by: date | None = None
    urgent: bool = False
    requested_at: datetime | None = None
    told_at: Moment | None = None  # when its system said so: an older word does not count any more
    lines: Annotated[tuple[RequisitionLine, ...], Field(min_length=1)]

    @property
    def business_key(self) -> str:
        """The requisition number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Requisition number and its items."""
        return (self.number, *dict.fromkeys(line.item for line in self.lines))


class RequisitionDecision(BusinessObject):
    """Somebody has decided in the procurement portal what one desk was asked of a requisition."""

    name: ClassVar[str] = "hilum.requisition.decision"
    kind: ClassVar[Kind] = Kind.EVENT

    requisition: Code
    step: Text = ""  # the desk, as the rules of approval name it; empty: the one that is asked now
    approved: bool
    by: Annotated[Text, Field(min_length=1)]  # as the portal names them
    comment: Text = ""
    decided_at: Moment | None = None

    @property
    def business_key(self) -> str:
        """Requisition, desk, and who decided."""
        return ":".join(x for x in (self.requisition, self.step, self.by) if x)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The key and the requisition."""
        return (self.business_key, self.requisition)


class RequisitionWithdrawn(BusinessObject):
    """Who asked for supplies does not want them any more."""

    name: ClassVar[str] = "hilum.requisition.withdrawn"
    version: ClassVar[str] = "1.1"  # 1.1: when it was told so
    kind: ClassVar[Kind] = Kind.EVENT

    number: Code
    by: Text = ""
    reason: Text = ""
    told_at: Moment | None = None

    @property
    def business_key(self) -> str:
        """The requisition number."""
        return self.number


class OrderLine(Value):
    """One line of a purchase order."""

    number: int = Field(ge=1)
    item: Code
    quantity: Quantity
    unit: Code = "EA"
    unit_price: Amount | None = None  # none: the receiver's price list decides
    needed_by: date | None = None
    numbers: TradeNumbers | None = None


class PurchaseOrder(BusinessObject):
    """An order to a supplier. A changed order is sent whole, with a higher revision."""

    name: ClassVar[str] = "hilum.purchase.order"
    version: ClassVar[str] = "1.2"

    number: Code  # the hub's or the requester's number: one order has one
    revision: int = Field(default=0, ge=0)  # 0: as first ordered; a change has a higher one (X12 860, EDIFACT ORDCHG)
    supplier: Code
    agreement: Code | None = None  # the blanket order that it draws on
    currency: Currency | None = None
    requisition: Code | None = None
    deliver_to: Code | None = None
    ordered_at: datetime | None = None
    confirm: bool = True  # confirm it at once; otherwise it stays a draft for a buyer
    bill_only: bool = False  # what it orders was used already: the supplier bills it and sends nothing
    lines: Annotated[tuple[OrderLine, ...], Field(min_length=1)]

    @property
    def business_key(self) -> str:
        """The order number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Order, requisition, supplier, items."""
        found = (self.number, self.requisition, self.supplier, *(line.item for line in self.lines))
        return tuple(dict.fromkeys(x for x in found if x))


class PurchaseOrderCancelled(BusinessObject):
    """An order is not wanted any more, and nothing of it has come."""

    name: ClassVar[str] = "hilum.purchase.order.cancelled"
    version: ClassVar[str] = "1.1"  # 1.1: what its supplier must be told

    number: Code
    reason: Text = ""
    supplier: Code | None = None
    ordered_at: datetime | None = None
    revision: int | None = Field(default=None, ge=0)  # of the order, as it was at last
    currency: Currency | None = None
    lines: tuple[OrderLine, ...] = ()  # as they were at last; none: not told

    @classmethod
    def of(cls, order: PurchaseOrder, reason: str = "") -> PurchaseOrderCancelled:
        """That this order is not wanted any more, with all that its supplier must be told."""
        told = order.model_dump(include={"number", "supplier", "ordered_at", "revision", "currency"})
        return cls(**told, reason=reason, lines=order.lines)

    @property
    def business_key(self) -> str:
        """The order number."""
        return self.number


class DocumentStatus(BusinessObject):
    """What became of a document that somebody sent: told back to the sender."""

    name: ClassVar[str] = "hilum.document.status"
    kind: ClassVar[Kind] = Kind.EVENT

    document: Code  # the sender's identifier (control id, requisition number)
    flow: Text
    status: Text  # `completed`, `held`, `discarded`
    references: tuple[Text, ...] = ()  # what the receivers call what was made of it
    words: Text = ""  # why it is held, in business words
    at: datetime

    @property
    def business_key(self) -> str:
        """Document and status."""
        return f"{self.document}:{self.status}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The document and what was made of it."""
        return (self.document, *self.references)

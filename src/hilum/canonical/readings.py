"""Bills that a machine has read from paper: what it read and how sure it is, and what its people approve."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field

from hilum.canonical.base import BusinessObject, Code, Kind, Moment, Quantity, Text, Value
from hilum.canonical.finance import SupplierBill
from hilum.canonical.papers import Document

Confidence = Annotated[Quantity, Field(ge=0, le=1)]
"""1: surely so; 0: a guess."""


class ReadField(Value):
    """One field as it was read. Named as of a `SupplierBill`: `total`, `lines.2.unit_price`."""

    field: Annotated[str, Field(pattern=r"^[a-z_]+(\.[1-9]\d{0,3}\.[a-z_]+)?$")]
    value: Text
    confidence: Confidence = Decimal(1)


class BillReading(BusinessObject):
    """A supplier's bill as an AP product, or what came with a PDF, has read it. Not a bill before nobody doubts it."""

    name: ClassVar[str] = "hilum.bill.reading"
    version: ClassVar[str] = "1.1"  # 1.1: the bill that lies in the paper as data

    system: Code  # who has read it
    number: Code  # its own number of the document
    fields: Annotated[tuple[ReadField, ...], Field(min_length=1)]
    document: Document | None = None  # the paper: where it lies, its hash, perhaps its content
    expects_document: bool = False  # its content comes by itself
    bill: SupplierBill | None = None  # as it lies in the paper as data (Factur-X): nothing of it was guessed

    @property
    def business_key(self) -> str:
        """System and number."""
        return f"{self.system}:{self.number}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The key, both numbers, those that were read."""
        named = {each.field: each.value for each in self.fields}
        found = (self.business_key, self.number, named.get("number"), named.get("order"), named.get("supplier"))
        return tuple(dict.fromkeys(x for x in found if x))


class ReadBill(BusinessObject):
    """A bill that was read is clear now: which one it is, and the paper that is to be filed with it."""

    name: ClassVar[str] = "hilum.bill.read"
    kind: ClassVar[Kind] = Kind.EVENT

    system: Code
    number: Code  # of the reading
    bill: Code  # business key of the bill
    order: Code | None = None
    document: Document | None = None

    @property
    def business_key(self) -> str:
        """System and number of the reading."""
        return f"{self.system}:{self.number}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The key, the bill, its order."""
        return tuple(x for x in (self.business_key, self.bill, self.order) if x)


class BillApproval(BusinessObject):
    """Somebody has decided about a bill in another system: in the AP product, on a portal."""

    name: ClassVar[str] = "hilum.bill.approval"
    kind: ClassVar[Kind] = Kind.EVENT

    system: Code  # where it was decided
    bill: Code  # business key
    order: Code | None = None  # that it bills; none: it names none
    approved: bool  # post it as it is; otherwise it is refused
    by: Code  # the user there
    words: Text = ""
    decided_at: Moment | None = None

    @property
    def business_key(self) -> str:
        """System, bill, and who decided."""
        return f"{self.system}:{self.bill}:{self.by}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Bill and order."""
        return tuple(x for x in (self.bill, self.order) if x)

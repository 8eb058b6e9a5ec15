"""What the simulated hospital sends, with what it must lead to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

Channel = Literal["hl7", "file"]
"""How it is sent: as an HL7 v2 message, or as a file put into a folder."""


class Flaw(StrEnum):
    """What is wrong with an event, on purpose."""

    NONE = "none"
    DUPLICATE = "duplicate"  # sent before, byte for byte: no second effect
    EARLY = "early"  # charges before their admission
    UNMAPPED = "unmapped"  # a charge code without a row in the lookup table: held until a steward adds it
    MALFORMED = "malformed"  # can be read, but a quantity is no number: held
    UNREADABLE = "unreadable"  # is no HL7 at all: refused at the door (AR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One charge line: so much of an article was used; negative: given back."""

    transaction: str  # what the consumption pack calls it: `<facility>:<FT1-2>`, with `:credit` for a credit
    account: str
    item: str
    quantity: Decimal
    price: Decimal
    store: str  # where it leaves the stock; empty for a service


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedLine:
    """One line of an order."""

    item: str
    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a requisition leads to: one order at one supplier."""

    number: str  # what the procurement pack calls it: `<requisition>-<supplier>`
    supplier: str
    store: str
    lines: tuple[OrderedLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What an ADT message says of an account."""

    account: str
    family: str
    given: str
    phone: str
    street: str
    visit: str
    status: str  # of the encounter: in-progress, finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that a system of the hospital sends."""

    kind: str  # `ADT^A01`, `DFT^P03`, `ORM^O01`, `CSV`
    channel: Channel
    body: bytes = field(repr=False)
    control_id: str  # MSH-10; the name of a file
    key: str  # account or requisition: events of one key are sent in their order
    at: datetime  # the time in the hospital's story
    flaw: Flaw = Flaw.NONE
    uses: tuple[Use, ...] = ()
    orders: tuple[Order, ...] = ()
    person: Person | None = field(default=None, repr=False)

"""How things and places are known in trade: GTINs of packings, device identifiers (UDI), UNSPSC, GLN.

Numbers with a check digit are checked and kept in their one form, so that two spellings of a number are one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, model_validator

from hilum.canonical import identifiers, udi
from hilum.canonical.base import Code, Quantity, Text, Value
from hilum.errors import Invalid

GTIN: Final = "GTIN"
UDI: Final = "UDI"
PART_NUMBER: Final = "MPN"
GLN: Final = "GLN"
OWN: Final = "HUB"
"""What the crosswalk calls those who number things: GS1 items, the other issuers devices, the manufacturer its parts
(`manufacturer:part number`), GS1 places and parties, and the hub's own number."""


def _form(check: Callable[[str], str]) -> BeforeValidator:
    def read(value: object) -> object:
        try:
            return check(value) if isinstance(value, str) else value
        except Invalid as error:
            raise ValueError(str(error)) from None

    return BeforeValidator(read)


Gtin = Annotated[str, Field(pattern=r"^\d{14}$"), _form(identifiers.gtin)]
"""A Global Trade Item Number; GTIN-8, -12 and -13 become 14 digits."""

Gln = Annotated[str, Field(pattern=r"^\d{13}$"), _form(identifiers.gln)]
"""A Global Location Number: of a company, a building, a store."""


def place(gln: str | None) -> tuple[tuple[str, str], ...]:
    """What a place or a party is known as by its GLN; nothing: it has none."""
    return ((GLN, gln),) if gln else ()


UnspscCode = Annotated[str, Field(pattern=r"^\d{8}$"), _form(lambda text: identifiers.unspsc(text).code)]
"""A commodity of the United Nations Standard Products and Services Code."""


class Packing(Value):
    """A level of packing with a number of its own: the piece, a box of 100, a case of 10 boxes."""

    gtin: Gtin
    unit: Code = "EA"
    quantity: Quantity = Field(default=Decimal(1), gt=0)  # so many of the item's unit are in it


class TradeNumbers(Value):
    """What a trading partner's document says of an item beside the number that the hub knows it by."""

    gtin: Gtin | None = None
    supplier_item: Text = ""  # the supplier's item number
    manufacturer: Text = ""  # its name or number
    manufacturer_item: Text = ""  # its part number
    hibc: Text = ""  # Health Industry Bar Code
    unspsc: UnspscCode | None = None


class Issuer(StrEnum):
    """Who issues device identifiers."""

    GS1 = udi.GS1  # the device identifier is a GTIN
    HIBCC = udi.HIBCC  # HIBC: labeller, product, unit of measure
    ICCBBA = udi.ICCBBA  # ISBT 128, for products of human origin


class DeviceIdentifier(Value):
    """The fixed part of a UDI: which device it is, of all that are made of it."""

    issuer: Issuer = Issuer.GS1
    device: Code

    @model_validator(mode="before")
    @classmethod
    def _one_form(cls, data: object) -> object:
        """GS1's is a GTIN."""
        if isinstance(data, dict) and data.get("issuer", Issuer.GS1) == Issuer.GS1 and "device" in data:
            try:
                return data | {"device": identifiers.gtin(str(data["device"]))}
            except Invalid as error:
                raise ValueError(str(error)) from None
        return data

    @property
    def known_as(self) -> tuple[str, str]:
        """Who numbers it, and its number: how the crosswalk has it."""
        return (GTIN if self.issuer is Issuer.GS1 else UDI), self.device


class DeviceLabel(DeviceIdentifier):
    """What the label of one device or batch says: for recalls, and for registers of implants."""

    lot: Text = ""
    serial: Text = ""
    expires_on: date | None = None
    made_on: date | None = None
    donation: Text = ""  # ISBT 128: identification of the donation

    @property
    def tracked_as(self) -> str:
        """What the stock of it is kept by: its serial number, else its lot; empty: neither."""
        return self.serial or self.lot


def read_label(text: str, *, year: int | None = None) -> DeviceLabel:
    """What a scanned or printed UDI says (`hilum.canonical.udi`). Raises `Invalid`."""
    read = udi.udi(text, year=year)
    return DeviceLabel(
        issuer=Issuer(read.issuer),
        device=read.device,
        lot=read.lot,
        serial=read.serial,
        expires_on=read.expires_on,
        made_on=read.made_on,
        donation=read.donation,
    )

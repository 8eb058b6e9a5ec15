"""The hospital group itself: its facilities."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from hilum.canonical.base import BusinessObject, Code, Currency, Kind, Text
from hilum.canonical.patients import Address


class Facility(BusinessObject):
    """A hospital, clinic or laboratory of the group: the place that messages, stock and bills belong to."""

    name: ClassVar[str] = "hilum.facility"
    kind: ClassVar[Kind] = Kind.RECORD

    code: Code
    title: Text
    gln: Code | None = None  # GS1 Global Location Number, 13 digits
    legal_entity: Code | None = None  # the company that its books belong to
    parent: Code | None = None
    address: Address | None = None
    zone: str = Field(min_length=1, max_length=64)  # its time zone by IANA: Europe/Berlin
    currency: Currency | None = None
    active: bool = True

    @property
    def business_key(self) -> str:
        """The code of the facility."""
        return self.code

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Code and GLN."""
        return tuple(x for x in (self.code, self.gln) if x)

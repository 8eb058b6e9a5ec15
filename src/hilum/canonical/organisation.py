"""The hospital group itself: its facilities."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from hilum.canonical.base import BusinessObject, Code, Currency, Kind, Text
from hilum.canonical.patients import Address
from hilum.canonical.trade import Gln, place


class Facility(BusinessObject):
    """A hospital, clinic or laboratory of the group: the place that messages, stock and bills belong to."""

    name: ClassVar[str] = "hilum.facility"
    thing: ClassVar[str] = "facility"
    version: ClassVar[str] = "2.0"
    kind: ClassVar[Kind] = Kind.RECORD

    code: Code
    title: Text
    gln: Gln | None = None
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

    @property
    def known_as(self) -> tuple[tuple[str, str], ...]:
        """Its GLN."""
        return place(self.gln)

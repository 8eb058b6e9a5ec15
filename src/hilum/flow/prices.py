"""What a translation may ask of the agreed prices; `hilum.masterdata.terms` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from hilum.canonical import PriceBasis
from hilum.canonical.units import Pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What should so much of an item cost on a day?"""

    supplier: str
    item: str
    quantity: Decimal
    unit: str = "EA"
    on: date
    facility: str | None = None  # who buys; none: nobody in particular, so contracts for named facilities do not count
    agreement: str | None = None  # the contract that the document names
    currency: str | None = None  # of the document; none: any
    packs: Sequence[Pack] = ()  # what the packages of this item hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The price that it should have, and why in words."""

    basis: PriceBasis
    words: str  # `contract C-7, from 100 BX on, since 2026-03-01`; without a price: why there is none
    supplier: str
    price: Fraction | None = None  # for one of the unit that was asked for, exactly; none: there is none
    currency: str | None = None
    contract: str | None = None
    from_quantity: Decimal = Decimal(0)  # the step of the price, in the unit of the contract

    @property
    def is_agreed(self) -> bool:
        """Does a contract say it?"""
        return self.basis is PriceBasis.CONTRACT


class Prices(Protocol):
    """What was agreed with suppliers."""

    def price(self, ask: Ask) -> Expected:
        """The price that it should have with this supplier."""

    def sources(self, ask: Ask) -> Sequence[Expected]:
        """Whoever has agreed a price for the item, whatever supplier the question names: the best first."""


class NoPrices:
    """Where there is no database to ask, as in a test of a translation: nothing was agreed."""

    def price(self, ask: Ask) -> Expected:
        """None."""
        return Expected(basis=PriceBasis.NONE, words="no prices were agreed with this supplier", supplier=ask.supplier)

    def sources(self, ask: Ask) -> Sequence[Expected]:
        """Nobody."""
        return ()

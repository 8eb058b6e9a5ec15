"""What is at stake in a message or a question: how much money, and how near it is to the patient."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from hilum.canonical import Money
from hilum.canonical.worth import together
from hilum.flow.promises import Criticality

RANK: Mapping[Criticality, int] = MappingProxyType({each: rank for rank, each in enumerate(Criticality)})
"""Low 0 … vital 3; the more vital one comes first in every list."""

_TEXT = re.compile(r"(?:(\d{1,12}(?:\.\d{1,6})?) ([A-Z]{3}))?(?:^| )?(low|normal|high|vital)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """What decides, beside the time, what a person should look at first."""

    value: Money | None = None  # none: there is no amount, or nobody knows it
    criticality: Criticality | None = None  # none: that of the flow or the process

    def __str__(self) -> str:
        """`494.40 EUR high`: as it travels with a delivery; empty where nothing is known."""
        value = f"{self.value.amount} {self.value.currency}" if self.value is not None else ""
        return f"{value} {self.criticality or ''}".strip()

    @classmethod
    def read(cls, text: str) -> Stake:
        """What `str` wrote. A text that is none says nothing."""
        found = _TEXT.fullmatch(text)
        if found is None:
            return NOTHING
        amount, currency, criticality = found.groups()
        return cls(
            value=Money(amount=Decimal(amount), currency=currency) if amount else None,
            criticality=Criticality(criticality) if criticality else None,
        )

    def over(self, other: Stake) -> Stake:
        """What this one says; where it says nothing, what the other one does."""
        return Stake(value=self.value or other.value, criticality=self.criticality or other.criticality)


NOTHING: Final = Stake()

StakeOf = Callable[[Any], "Stake | None"]
"""Reads what is at stake in a parsed message."""


def all_of(stakes: Iterable[Stake]) -> Stake:
    """Of several together: their sum, where that is one currency, and the most vital criticality."""
    found = list(stakes)
    return Stake(
        value=together(each.value for each in found if each.value is not None),
        criticality=max((each.criticality for each in found if each.criticality), key=RANK.__getitem__, default=None),
    )


def highest(*criticalities: Criticality | None) -> Criticality:
    """The most vital of these; normal where none is said."""
    return max((each for each in criticalities if each), key=RANK.__getitem__, default=Criticality.NORMAL)

"""From whom a requisition is bought, at what price, and the orders that it becomes. Pure.

Contract source first: a supplier that has agreed a price comes before the one that is named and has not. Nothing is
bought of who is blocked: the next one that has agreed a price comes in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from pydantic import BaseModel, ConfigDict

from hilum.canonical import Money, OrderLine, PurchaseOrder, Requisition, RequisitionLine
from hilum.canonical.conversions import six_places
from hilum.canonical.currencies import invoiced
from hilum.canonical.worth import together
from hilum.flow.prices import Ask, Expected, Prices
from hilum.packs.contracts import PacksOf
from hilum.packs.contracts.checking import NOBODY, no_packs
from hilum.packs.suppliers.standing import words_of_block


class Sourced(BaseModel):
    """One line with its supplier and price, as it will be ordered."""

    model_config = ConfigDict(frozen=True)

    number: int
    item: str
    quantity: Decimal
    unit: str
    supplier: str = ""  # empty: nobody has agreed a price, and none was named
    unit_price: Decimal | None = None  # none: nobody has said one
    currency: str = ""
    contract: str = ""  # empty: off contract
    words: str = ""  # whose price it is, or why there is none

    @property
    def offer(self) -> tuple[str, Decimal | None, str, str]:
        """Of whom, at what price, and by which contract."""
        return self.supplier, self.unit_price, self.currency, self.contract

    @property
    def amount(self) -> Decimal | None:
        """What the line costs, as it would be invoiced; none: nobody knows."""
        if self.unit_price is None or not self.currency:
            return None
        return invoiced(Fraction(self.quantity) * Fraction(self.unit_price), self.currency)


def cost_of(lines: Iterable[Sourced]) -> Money | None:
    """What these lines cost together, as far as it is known; none: nothing is, or it is in several currencies."""
    known = [(line.amount, line.currency) for line in lines]
    return together(Money(amount=amount, currency=currency) for amount, currency in known if amount is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a buyer said of a line that nobody has agreed a price for."""

    supplier: str
    unit_price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Where prices come from, and for whom."""

    prices: Prices
    on: date
    facility: str | None = None
    currency: str = ""  # of prices that requesters and buyers name
    packs_of: PacksOf = no_packs
    blocked: Mapping[str, str] = field(default_factory=dict)  # suppliers of whom nothing is bought now, and why

    def source(self, requisition: Requisition, choices: Mapping[int, Choice]) -> list[Sourced]:
        """Each line with supplier and price; `choices`, by line, are what buyers said.

        A line is without a supplier where nobody is known, or all that are known are blocked.
        """
        return [self._line(line, choices.get(line.number)) for line in requisition.lines]

    def _line(self, line: RequisitionLine, choice: Choice | None) -> Sourced:
        named = choice.supplier if choice is not None else line.supplier
        ask = Ask(
            supplier=named or NOBODY, item=line.item, quantity=line.quantity, unit=line.unit, on=self.on,
            facility=self.facility, currency=self.currency or None, packs=self.packs_of(line.item),
        )  # fmt: skip
        found = self.prices.price(ask)
        said = choice.unit_price if choice is not None else line.unit_price
        settled = choice is not None or (found.is_agreed and named not in self.blocked)
        others = [] if settled else self.prices.sources(ask)
        if others and not found.is_agreed:
            found = others[0]
            named = found.supplier
        if not named or named not in self.blocked:
            return self._sourced(line, named or "", found, said)
        why = words_of_block(named, self.blocked[named])
        for other in others:
            if other.supplier not in self.blocked:
                sourced = self._sourced(line, other.supplier, other, said)
                return sourced.model_copy(update={"words": f"{why}; {sourced.words}"})
        return Sourced(number=line.number, item=line.item, quantity=line.quantity, unit=line.unit,
                       words=f"{why}; {found.words}")  # fmt: skip

    def _sourced(self, line: RequisitionLine, supplier: str, found: Expected, said: Decimal | None) -> Sourced:
        """The agreed price counts; off contract what somebody said, else what the supplier's catalogue says."""
        bare = Sourced(number=line.number, item=line.item, quantity=line.quantity, unit=line.unit, supplier=supplier,
                       words=found.words)  # fmt: skip
        listed = six_places(found.price) if found.price is not None else None
        if found.is_agreed:
            told = {"unit_price": listed, "currency": found.currency or "", "contract": found.contract or ""}
            return bare.model_copy(update=told)
        if said is not None and self.currency:
            return bare.model_copy(update={"unit_price": said, "currency": self.currency})
        return bare.model_copy(update={"unit_price": listed, "currency": found.currency or self.currency})


def total(lines: Iterable[Sourced], currency: str) -> Decimal | None:
    """What they cost; none: one has no price, or one in another currency."""
    found = Decimal(0)
    for line in lines:
        if line.amount is None or line.currency != currency:
            return None
        found += line.amount
    return found


def orders_of(
    requisition: Requisition,
    lines: Sequence[Sourced],
    *,
    number_of: Callable[[int], str],
    first: int,
    at: datetime,
    name_agreements: bool,
) -> list[PurchaseOrder]:
    """One order per supplier (and currency), in the order in which the suppliers come up; numbered from `first` on."""
    groups: dict[tuple[str, str], list[Sourced]] = {}
    for line in lines:
        groups.setdefault((line.supplier, line.currency), []).append(line)
    return [
        _order(requisition, group, number_of(first + place), at, name_agreements)
        for place, group in enumerate(groups.values())
    ]


def _order(
    requisition: Requisition, lines: Sequence[Sourced], number: str, at: datetime, name_agreements: bool
) -> PurchaseOrder:
    contracts = {line.contract for line in lines}
    return PurchaseOrder(
        number=number,
        supplier=lines[0].supplier,
        agreement=(next(iter(contracts)) or None) if name_agreements and len(contracts) == 1 else None,
        currency=lines[0].currency or None,
        requisition=requisition.number,
        deliver_to=requisition.deliver_to,
        ordered_at=at,
        lines=tuple(_order_line(line, requisition.needed_by) for line in lines),
    )


def _order_line(line: Sourced, needed_by: date | None) -> OrderLine:
    return OrderLine(
        number=line.number,
        item=line.item,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        needed_by=needed_by,
    )

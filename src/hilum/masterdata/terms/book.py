"""What was agreed about prices, in memory: contracts and price facts, and what a line should cost by them. Pure.

Which contract counts: the one that the document names; else one for this very facility before one for all; else the
cheapest. Within a contract the latest first day that has come counts, and of its steps the highest that is reached (as
GPO tiers and X12 832 CTP steps are meant). A supplier's catalogue counts where no contract does, and is never agreed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from hilum.canonical import ContractStatus, PriceBasis
from hilum.canonical.conversions import plain
from hilum.canonical.units import factor
from hilum.errors import Invalid
from hilum.flow.prices import Ask, Expected

LIST = ""
"""Instead of a contract's number: the supplier's catalogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A contract, without its prices."""

    number: str
    supplier: str
    title: str = ""
    status: ContractStatus = ContractStatus.ACTIVE
    currency: str
    valid_from: date
    valid_to: date | None = None  # the first day on which it does not hold any more
    facilities: frozenset[str] = frozenset()  # empty: all
    revision: int = 1

    def obstacle(self, ask: Ask) -> str:
        """Why it does not count for this question, in words; empty: it does."""
        if self.status is not ContractStatus.ACTIVE:
            return f"contract {self.number} is {self.status.value}"
        if ask.on < self.valid_from:
            return f"contract {self.number} holds from {self.valid_from} on"
        if self.valid_to is not None and ask.on >= self.valid_to:
            return f"contract {self.number} ran out on {self.valid_to}"
        if self.facilities and ask.facility not in self.facilities:
            return f"contract {self.number} is not for {ask.facility or 'an unnamed facility'}"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PriceFact:
    """One step of the price of one item."""

    supplier: str
    item: str
    contract: str = LIST
    unit: str = "EA"
    valid_from: date = date.min  # always was
    valid_to: date = date.max  # the first day on which it does not hold any more
    from_quantity: Decimal = Decimal(0)  # in `unit`
    unit_price: Decimal
    currency: str
    supplier_item: str = ""

    @property
    def schedule(self) -> tuple[str, str, date, date]:
        """The steps of one schedule have this in common."""
        return self.contract, self.unit, self.valid_from, self.valid_to


@dataclass(slots=True)
class Book:
    """All that was agreed. For one event loop."""

    heads: dict[str, Head] = field(default_factory=dict)
    _facts: dict[tuple[str, str], tuple[PriceFact, ...]] = field(default_factory=dict)  # by supplier and item
    _suppliers: dict[str, set[str]] = field(default_factory=dict)  # by item

    @classmethod
    def of(cls, heads: Iterable[Head], facts: Iterable[PriceFact]) -> Book:
        """A book with just these."""
        book = cls({head.number: head for head in heads})
        for key, own in groupby(sorted(facts), key=lambda fact: (fact.supplier, fact.item)):
            book.put(*key, own)
        return book

    def __len__(self) -> int:
        return sum(map(len, self._facts.values()))

    def know(self, number: str, head: Head | None) -> None:
        """This is the contract now; none: there is none of that number."""
        if head is not None:
            self.heads[number] = head
        else:
            self.heads.pop(number, None)

    def put(self, supplier: str, item: str, facts: Iterable[PriceFact]) -> None:
        """This is all that is said of the item with this supplier."""
        found = tuple(sorted(facts))
        key = (supplier, item)
        suppliers = self._suppliers.setdefault(item, set())
        if found:
            self._facts[key] = found
            suppliers.add(supplier)
            return
        self._facts.pop(key, None)
        suppliers.discard(supplier)
        if not suppliers:
            del self._suppliers[item]

    def price(self, ask: Ask) -> Expected:
        """The price that it should have with this supplier, or why there is none."""
        found, obstacles = [], []
        for contract, facts in groupby(self._facts.get((ask.supplier, ask.item), ()), key=lambda fact: fact.contract):
            answer = self._by_contract(contract, facts, ask)
            if isinstance(answer, str):
                obstacles.append(answer)
            else:
                found.append((self._rank(answer, ask), answer))
        if not found:
            words = "; ".join(obstacles) or f"{ask.supplier} has no price for {ask.item}"
            return Expected(basis=PriceBasis.NONE, words=words, supplier=ask.supplier)
        best = min(found, key=lambda pair: pair[0])[1]
        if not best.is_agreed:
            return replace(best, words="; ".join((best.words, *obstacles)))
        if ask.agreement and best.contract != ask.agreement:
            return replace(best, words=f"{best.words}; {self._why_not(ask.agreement, ask)}")
        return best

    def sources(self, ask: Ask) -> Sequence[Expected]:
        """Whoever has agreed a price for the item on that day: the cheapest first, in each currency."""
        found = []
        for supplier in sorted(self._suppliers.get(ask.item, ())):
            answer = self.price(replace(ask, supplier=supplier, agreement=None))
            if answer.is_agreed and answer.price is not None:
                found.append((answer.currency or "", answer.price, supplier, answer))
        return [each[3] for each in sorted(found, key=lambda each: each[:3])]

    def _by_contract(self, contract: str, facts: Iterable[PriceFact], ask: Ask) -> Expected | str:
        """What one contract says: the schedule with the latest first day that has come. A text: why it says nothing."""
        head = self.heads.get(contract)
        if head is not None and (obstacle := head.obstacle(ask)):
            return obstacle
        best: tuple[int, Fraction] | None = None
        answer: Expected | str = ""
        for _, steps in groupby(facts, key=lambda fact: fact.schedule):
            schedule = tuple(steps)
            said = _by(schedule, head, ask)
            if isinstance(said, str):
                answer = answer or said
                continue
            rank = (-schedule[0].valid_from.toordinal(), said.price or Fraction(0))
            if best is None or rank < best:
                best, answer = rank, said
        return answer

    def _rank(self, answer: Expected, ask: Ask) -> tuple[bool, bool, bool, str, Fraction, str]:
        """The least counts."""
        head = self.heads.get(answer.contract or LIST)
        own = head is not None and bool(head.facilities)
        named = answer.contract is not None and answer.contract == ask.agreement
        price = answer.price or Fraction(0)
        return not named, not answer.is_agreed, not own, answer.currency or "", price, answer.contract or ""

    def _why_not(self, number: str, ask: Ask) -> str:
        head = self.heads.get(number)
        if head is None:
            return f"contract {number}, which is named, is not known"
        if head.supplier != ask.supplier:
            return f"contract {number}, which is named, is with {head.supplier}"
        return head.obstacle(ask) or f"contract {number}, which is named, has no price for {ask.item}"


def _by(steps: Sequence[PriceFact], head: Head | None, ask: Ask) -> Expected | str:
    """What one schedule says; a text: why it says nothing."""
    first = steps[0]
    whose = f"contract {first.contract}" if first.contract else f"the catalogue of {first.supplier}"
    if not first.valid_from <= ask.on < first.valid_to:
        return f"{whose} has a price for {ask.item} at other times only"
    if ask.currency and ask.currency != first.currency:
        return f"{whose} is in {first.currency}, not in {ask.currency}"
    try:
        in_unit, rule = factor(ask.unit, first.unit, packs=ask.packs)
    except Invalid:
        return f"{whose} has a price for one {first.unit}, and nothing says how many of these one {ask.unit} is"
    quantity = abs(Fraction(ask.quantity)) * in_unit
    reached = [step for step in steps if Fraction(step.from_quantity) <= quantity]
    if not reached:
        return f"{whose} has a price from {plain(first.from_quantity)} {first.unit} on only"
    step = reached[-1]
    return Expected(
        basis=PriceBasis.CONTRACT if step.contract else PriceBasis.LIST,
        words=_words(whose, step, head, rule if ask.unit != step.unit else ""),
        supplier=ask.supplier,
        price=Fraction(step.unit_price) * in_unit,
        currency=step.currency,
        contract=step.contract or None,
        from_quantity=step.from_quantity,
    )


def _words(whose: str, step: PriceFact, head: Head | None, rule: str) -> str:
    parts = [whose]
    if step.from_quantity:
        parts.append(f"from {plain(step.from_quantity)} {step.unit} on")
    start = max(step.valid_from, head.valid_from) if head is not None else step.valid_from
    if start != date.min:
        parts.append(f"since {start}")
    if rule:
        parts.append(rule)
    return ", ".join(parts)

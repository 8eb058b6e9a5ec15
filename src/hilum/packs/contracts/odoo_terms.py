"""What Odoo must know of a contract: supplier prices for each step, and a blanket order of what is committed. Pure.

Prices that were in force are never taken back: they end on the day on which they stop counting, and others begin. So a
suspended contract has prices that ended, and when it goes on, new ones that begin that day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from pydantic import BaseModel, ConfigDict

from hilum.canonical import AgreementLine, BlanketAgreement, Contract, Money, PriceLine, PriceTier, SupplierPrice
from hilum.packs.contracts.contract_rules import ContractTold

NEVER: Final = date(9999, 12, 31)
"""Instead of no last day, for a price that had one in Odoo: leaving it out would leave it there."""


class ContractPrices(BaseModel):
    """Supplier prices that begin or end together: one command, however many they are."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    contract: str
    prices: tuple[SupplierPrice, ...]


@dataclass(slots=True)
class OdooPrices:
    """What was sent to Odoo of one contract: it says what must be sent next."""

    live: dict[tuple[object, ...], SupplierPrice] = field(default_factory=dict)
    ends: dict[str, date | None] = field(default_factory=dict)  # of each that was ever sent, by its key

    def become(self, contract: Contract | None, today: date) -> list[SupplierPrice]:
        """From today on the prices are those of this contract (none: it has no prices that count): what to send."""
        wanted = _steps(contract) if contract is not None else {}
        first = not self.ends
        over = [self.live.pop(place) for place in [*self.live] if place not in wanted]
        sent = {}
        for price in over:
            if price.valid_to is None or price.valid_to > today:
                end = max(today, price.valid_from or today)
                sent[price.business_key] = price.model_copy(update={"valid_to": end})
        for place, (line, tier) in wanted.items():
            if contract is None or place in self.live:
                continue
            made = self._made(contract, line, tier, None if first else today)
            if made is not None:
                self.live[place] = sent[made.business_key] = made
        self.ends.update({key: price.valid_to for key, price in sent.items()})
        return [*sent.values()]

    def _made(self, contract: Contract, line: PriceLine, tier: PriceTier, since: date | None) -> SupplierPrice | None:
        begins, ends = _days(contract, line)
        begins = begins if since is None else max(begins, since)
        if ends is not None and ends <= begins:
            return None
        price = SupplierPrice(
            supplier=contract.supplier,
            item=line.item,
            price=Money(amount=tier.unit_price, currency=contract.currency),
            unit=line.unit,
            from_quantity=tier.from_quantity,
            valid_from=begins,
            valid_to=ends,
            supplier_item=line.supplier_item,
        )
        if ends is None and self.ends.get(price.business_key) is not None:
            return price.model_copy(update={"valid_to": NEVER})
        return price


def agreement_of(told: ContractTold, number: str, since: date) -> BlanketAgreement | None:
    """The blanket order of what is committed, each at the step that its quantity reaches; none: nothing is."""
    contract = told.contract
    begins = max(since, contract.valid_from)
    if not told.commitments or (contract.valid_to is not None and contract.valid_to <= begins):
        return None
    lines = []
    for place, each in enumerate(told.commitments, 1):
        line = _line_on(contract, each.item, begins)
        if line is None:  # the days of all its prices are over
            continue
        reached = [tier for tier in line.tiers if tier.from_quantity <= each.quantity]
        lines.append(
            AgreementLine(
                number=place,
                item=each.item,
                quantity=each.quantity,
                unit=line.unit,
                unit_price=max(reached, key=lambda tier: tier.from_quantity).unit_price,
            )
        )
    if not lines:
        return None
    return BlanketAgreement(
        number=number,
        supplier=contract.supplier,
        currency=contract.currency,
        valid_from=begins,
        valid_to=contract.valid_to,
        lines=tuple(lines),
    )


def same_agreement(one: BlanketAgreement | None, other: BlanketAgreement | None) -> bool:
    """Do both say the same, but for number and first day?"""
    if one is None or other is None:
        return one is other
    return one == other.model_copy(update={"number": one.number, "valid_from": one.valid_from})


def _steps(contract: Contract) -> Mapping[tuple[object, ...], tuple[PriceLine, PriceTier]]:
    """Every step of every line, by what it is for and what it is: another one if anything of it is other."""
    return {_place(contract, line, tier): (line, tier) for line in contract.prices for tier in line.tiers}


def _days(contract: Contract, line: PriceLine) -> tuple[date, date | None]:
    """First day, and the first that does not count: never outside of those of the contract."""
    ends = [each for each in (line.valid_to, contract.valid_to) if each is not None]
    return max(line.valid_from or contract.valid_from, contract.valid_from), min(ends, default=None)


def _place(contract: Contract, line: PriceLine, tier: PriceTier) -> tuple[object, ...]:
    said = (contract.supplier, contract.currency, line.item, line.unit, line.supplier_item, *_days(contract, line))
    return *said, tier.from_quantity, tier.unit_price


def _line_on(contract: Contract, item: str, day: date) -> PriceLine | None:
    """The line of an item that counts on a day, of several the one that began last; else the next that will."""
    lines = [(*_days(contract, line), place, line) for place, line in enumerate(contract.prices) if line.item == item]
    open_lines = [each for each in lines if each[1] is None or day < each[1]]
    begun = [each for each in open_lines if each[0] <= day]
    if begun:
        return max(begun, key=lambda each: (each[0], each[2]))[3]
    return min(open_lines, key=lambda each: (each[0], each[2]))[3] if open_lines else None

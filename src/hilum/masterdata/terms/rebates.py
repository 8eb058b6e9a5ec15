"""Rebates: what was bought by a contract, the step that reaches, what is accrued, what is missing to the next.

Bills count; credit notes are taken off. What has no bill yet was ordered, and is not bought.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from hilum.canonical import Money, Rebate
from hilum.canonical.conversions import plain, priced
from hilum.canonical.currencies import rounded
from hilum.masterdata.terms.checks import Checked, checked
from hilum.masterdata.terms.store import rebates
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """What was bought by one contract, in its currency."""

    contract: str
    currency: str
    amount: Decimal = Decimal(0)
    leak: Decimal = Decimal(0)  # of that, so much above what was agreed
    lines: int = 0
    left_out: int = 0  # lines in other currencies, or without a price

    @property
    def words(self) -> str:
        """`41200.00 EUR were bought by contract C-7 in 12 lines of bills, 38.40 EUR of that above what was agreed`."""
        told = f"{priced(self.amount)} {self.currency} were bought by contract {self.contract}"
        told += f" in {self.lines} {'line' if self.lines == 1 else 'lines'} of bills"
        if self.leak > 0:
            told += f", {priced(self.leak)} {self.currency} of that above what was agreed"
        if self.left_out:
            lines, are = ("line", "is") if self.left_out == 1 else ("lines", "are")
            told += f"; {self.left_out} {lines} in other currencies {are} not in it"
        return told


def bought(lines: Iterable[Checked], contract: str, currency: str) -> Bought:
    """All lines of bills that were checked by this contract."""
    amount, leak, count, left_out = Decimal(0), Decimal(0), 0, 0
    for line in lines:
        if line.document_type != "bill" or line.contract != contract:
            continue
        if line.unit_price is None or line.ask.currency != currency:
            left_out += 1
            continue
        amount += rounded(Money(amount=line.ask.quantity * line.unit_price, currency=currency)).amount
        leak += line.leak or 0
        count += 1
    return Bought(contract=contract, currency=currency, amount=amount, leak=leak, lines=count, left_out=left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrual:
    """What a supplier owes by its contract, as of what was bought until now."""

    bought: Bought
    since: date
    reached: Rebate | None  # none: no step is reached
    accrued: Decimal  # of all that was bought, in minor units
    next: Rebate | None  # none: the highest is reached, or none was agreed
    missing: Decimal  # to buy, until the next step is reached; 0: there is none

    @property
    def words(self) -> str:
        """In a sentence, with the step, the money, and what the next one takes and gives."""
        currency = self.bought.currency
        told = f"{priced(self.bought.amount)} {currency} were bought by contract {self.bought.contract}"
        told += f" since {self.since}"
        if self.reached is not None:
            step = f"from {priced(self.reached.from_amount)} {currency} on"
            told += f": {plain(self.reached.percent)} % {step}, {priced(self.accrued)} {currency} are accrued"
        elif self.next is not None:
            told += ": no rebate is reached"
        else:
            told += ": no rebate was agreed"
        if self.next is not None:
            told += f"; {priced(self.missing)} {currency} more reach {plain(self.next.percent)} %"
        return told


async def accruals(connection: Connection, on: date, contract: str = "") -> list[Accrual]:
    """Of each contract with rebates, or one, by the bills from its first day until `on`, or its last day."""
    found = []
    for head, steps in await rebates(connection, contract):
        until = min(on + timedelta(days=1), head.valid_to or date.max)
        if (steps or contract) and until > head.valid_from:
            lines = await checked(
                connection, since=head.valid_from, until=until, document_type="bill", supplier=head.supplier
            )
            found.append(accrual(bought(lines, head.number, head.currency), steps, head.valid_from))
    return found


def accrual(purchased: Bought, steps: Sequence[Rebate], since: date) -> Accrual:
    """Of the steps the highest that is reached counts, of all that was bought."""
    steps = sorted(steps, key=lambda step: step.from_amount)
    over = [step for step in steps if step.from_amount <= purchased.amount] if purchased.amount > 0 else []
    ahead = [step for step in steps if step not in over]
    reached = over[-1] if over else None
    percent = reached.percent if reached is not None else Decimal(0)
    accrued = rounded(Money(amount=purchased.amount * percent / 100, currency=purchased.currency)).amount
    missing = max(ahead[0].from_amount - purchased.amount, Decimal(0)) if ahead else Decimal(0)
    return Accrual(
        bought=purchased,
        since=since,
        reached=reached,
        accrued=accrued,
        next=ahead[0] if ahead else None,
        missing=missing,
    )

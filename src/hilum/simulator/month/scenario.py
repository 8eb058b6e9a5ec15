"""Draws a month of three hospitals: who orders what when, and what goes wrong. Pure, by its seed.

The hub is told only what hospitals, suppliers and bank tell it; what it must come to is calculated from the truth
(`expected`), by code of its own.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from hilum.simulator.month.stories import tell
from hilum.simulator.month.troubles import BLOCKED_RATE, RATES, RETURNED_RATE, Trouble
from hilum.simulator.month.truth import (
    BEGIN,
    Article,
    Contracted,
    Hospital,
    Language,
    Line,
    Month,
    Story,
    Vendor,
    cents,
)

ITEMS_EACH: Final = 5
"""Items that a supplier delivers by a contract that holds."""

_EXPIRED, _SUSPENDED, _CRITICAL = ITEMS_EACH, ITEMS_EACH + 1, ITEMS_EACH + 2
_OTHER: Final[Mapping[int, Contracted]] = {_EXPIRED: "ran out", _SUSPENDED: "suspended", _CRITICAL: "ran out"}
_PLACES: Final[Mapping[Trouble, int]] = {
    Trouble.EXPIRED: _EXPIRED, Trouble.SUSPENDED: _SUSPENDED, Trouble.URGENT: _CRITICAL,
}  # fmt: skip
"""One more item each is on another contract."""

LANGUAGES: Final[Sequence[Language]] = (
    *("x12", "edifact", "cxml", "peppol", "x12", "edifact", "x12", "cxml", "edifact", "x12"),
)
"""How ten suppliers speak: four X12, three EDIFACT, two cXML, one EDIFACT with bills by Peppol."""

FIRST_PAYMENT: Final = 8
"""The day of the first payment run; one follows each week until everything is billed."""


def month_of(
    seed: int = 1,
    *,
    orders: int = 2_000,
    vendors: int = 40,
    order_days: int = 21,
    run: str = "M",
    troubles: Sequence[Trouble] | None = None,
    begin: date = BEGIN,
) -> Month:
    """The month of that seed. `order_days`: on so many days something is ordered. `run` begins every number.

    `troubles`: the story of each order, the first ones; without them each is drawn at its rate.
    """
    return _Drawing(seed, run, vendors).month(orders, order_days, troubles, begin)


class _Drawing:
    """Draws a month."""

    def __init__(self, seed: int, run: str, vendors: int) -> None:
        self.drawn = random.Random(seed)  # noqa: S311 - a made-up month, no secrets
        self.run = run
        self.hospitals = tuple(
            Hospital(code=f"{run}H{n}"[-5:], title=f"Hospital {n} of {run}", store=f"{run}-STORE-{n}")
            for n in range(1, 4)
        )
        returned = set(self.drawn.sample(range(vendors), max(1, round(vendors * RETURNED_RATE))))
        self.vendors = tuple(self._vendor(n, returned=n in returned) for n in range(vendors))
        blocked = range(vendors, vendors + max(1, round(vendors * BLOCKED_RATE)))
        self.blocked = tuple(replace(self._vendor(n), blocked=True) for n in blocked)

    def month(self, orders: int, order_days: int, troubles: Sequence[Trouble] | None, begin: date) -> Month:
        """Draw it."""
        kinds = [*(troubles or ())][:orders]
        names, rates = [*RATES], [*RATES.values()]
        while len(kinds) < orders:
            clean = troubles is not None or self.drawn.random() >= sum(rates)
            kinds.append(Trouble.NONE if clean else self.drawn.choices(names, rates)[0])
        stories = tuple(
            tell(self._wanted(number, number * order_days // orders, kind)) for number, kind in enumerate(kinds)
        )
        last = max((bill.posted or 0 for story in stories for bill in story.bills), default=0)
        return Month(
            run=self.run, hospitals=self.hospitals, vendors=(*self.vendors, *self.blocked), stories=stories,
            begin=begin, payment_days=tuple(range(FIRST_PAYMENT, last + 8, 7)),
        )  # fmt: skip

    def _vendor(self, number: int, *, returned: bool = False) -> Vendor:
        code = f"{self.run}-S{number + 1:02d}"
        articles = [
            Article(
                code=f"{self.run}-I{number + 1:02d}{place}",
                title=f"Article {place} of {code}",
                price=Decimal(self.drawn.randint(95, 9_900)) / 100,
                contract=_OTHER.get(place, "holds"),
                critical=place == _CRITICAL,
            )
            for place in range(ITEMS_EACH + len(_OTHER))
        ]
        return Vendor(
            code=code,
            key=f"s{number + 1:02d}",
            title=f"Supplier {number + 1} of {self.run}",
            speaks=LANGUAGES[number % len(LANGUAGES)],
            account=_iban(self.drawn.randrange(10**14)),
            terms=self.drawn.choice((3, 7, 14)),
            tax=Decimal(0) if number % 5 == 4 else Decimal(21),
            articles=tuple(articles),
            returned=returned,
        )

    def _wanted(self, number: int, day: int, trouble: Trouble) -> Story:
        vendor = self.vendors[number % len(self.vendors)]
        first_asked = self.blocked[number % len(self.blocked)] if trouble is Trouble.BLOCKED else None
        able = [each for each in (first_asked or vendor).articles if each.contract == "holds"]
        chosen = self.drawn.sample(able, self.drawn.randint(1, 3))
        if trouble in _PLACES:
            chosen = [vendor.articles[_PLACES[trouble]]]
        name = f"{self.run}-R{number + 1:05d}"
        wanted = tuple(
            Line(number=place, item=each.code, quantity=Decimal(self.drawn.randint(4, 40)), price=each.price)
            for place, each in enumerate(chosen, 1)
        )
        cost = sum((cents(line.quantity * line.price) for line in wanted), Decimal(0))
        budgets = {Trouble.OVER_BUDGET: cost - Decimal("0.01"), Trouble.BUDGET_SPENT: cost}
        return Story(
            requisition=name,
            order=f"{name}-R1",
            day=day,
            hospital=self.drawn.choice(self.hospitals),
            vendor=vendor,
            trouble=trouble,
            wanted=wanted,
            needed=day + 10,
            first_asked=first_asked,
            urgent=trouble is Trouble.URGENT,
            budget=budgets.get(trouble),
        )


def _iban(number: int) -> str:
    """A Belgian-looking account with right check digits: `BE` and 14 digits."""
    body = f"{number % 10**12:012d}"
    check = 98 - int(f"{body}111400") % 97
    return f"BE{check:02d}{body}"

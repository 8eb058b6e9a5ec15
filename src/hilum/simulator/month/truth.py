"""What is true of a month: who orders what of whom, which papers come, and which of them are right. Data, no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from hilum.simulator.month.troubles import Trouble

BEGIN: Final = date(2026, 3, 2)
CURRENCY: Final = "EUR"


Contracted = Literal["holds", "ran out", "suspended"]
"""Where the contract of an article is in its life."""

Language = Literal["x12", "edifact", "cxml", "peppol"]
"""How a supplier speaks; `peppol`: EDIFACT, but for its bills, which are UBL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hospital:
    """A facility with a warehouse of its own."""

    code: str
    title: str
    store: str  # where goods are delivered to


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """Something that is bought, and what its contract says it costs."""

    code: str
    title: str
    price: Decimal
    contract: Contracted = "holds"
    critical: bool = False  # where it is urgent, it is ordered before anybody is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A supplier."""

    code: str
    key: str  # name of its profile
    title: str
    speaks: Language
    account: str = field(repr=False)
    terms: int  # days until a bill is due
    tax: Decimal  # percent on everything that it bills
    articles: tuple[Article, ...]
    returned: bool = False  # the bank sends the first payment back
    blocked: bool = False  # nothing may be ordered of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So much of an item, at a price for one."""

    number: int
    item: str
    quantity: Decimal
    price: Decimal
    unit: str = "EA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The supplier's answer to the order."""

    day: int
    lines: tuple[Line, ...]
    substitutes: tuple[tuple[int, str], ...] = ()  # line, item that comes instead
    later: int = 0  # days after the day on which it is needed; 0: in time
    accepted: bool = True  # what the buyers say of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The supplier says that goods are on their way."""

    day: int
    number: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Goods came."""

    day: int
    number: str
    lines: tuple[Line, ...]
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Goods go back."""

    day: int
    number: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """What is billed beside the goods."""

    words: str
    amount: Decimal
    taxed: bool  # as the goods are; otherwise nothing is said of tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A bill or a credit note, and what is right to do with it."""

    day: int
    number: str
    lines: tuple[Line, ...]
    credit: bool = False
    corrects: str = ""
    posted: int | None = None  # the day on which it can be posted; none: it never is
    again: int | None = None  # the day on which it is sent once more, as it is
    extras: tuple[Extra, ...] = ()
    at_once: bool = False  # its tax is rounded once, as UBL wants it, not line by line

    def with_tax(self, percent: Decimal) -> Decimal:
        """What it asks for, to the cent."""
        if self.at_once:
            return self.net() + cents(sum(self._taxed(), Decimal(0)) * percent / 100)
        return self.net() + self.tax(percent)

    def net(self) -> Decimal:
        """Before tax."""
        beside = sum((each.amount for each in self.extras), Decimal(0))
        return sum((cents(line.quantity * line.price) for line in self.lines), beside)

    def tax(self, percent: Decimal) -> Decimal:
        """Of all lines, each rounded, as ledgers do it."""
        return sum((cents(each * percent / 100) for each in self._taxed()), Decimal(0))

    def _taxed(self) -> list[Decimal]:
        goods = [cents(line.quantity * line.price) for line in self.lines]
        return [*goods, *(each.amount for each in self.extras if each.taxed)]


Paper = Answer | Notice | Bill


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The buyer makes something else of an order that was sent."""

    day: int
    lines: tuple[Line, ...] = ()  # none: it is cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What becomes of one requisition."""

    requisition: str
    order: str
    day: int
    hospital: Hospital
    vendor: Vendor
    trouble: Trouble
    wanted: tuple[Line, ...]
    needed: int  # the day on which the goods are needed
    papers: tuple[Paper, ...] = ()  # of the supplier
    arrivals: tuple[Receipt | Return, ...] = ()
    acknowledges: bool = True  # the supplier's translator answers at all
    twice: bool = False  # every message comes a second time
    change: Change | None = None  # of the buyer
    untold: tuple[Paper, ...] = ()  # what the supplier sends where it was not told of the change
    first_asked: Vendor | None = None  # has agreed the price, and is blocked; the buyers choose `vendor` instead
    urgent: bool = False
    budget: Decimal | None = None  # what a cost centre of its own has; none: it is of its hospital's

    @property
    def cost_centre(self) -> str:
        """Whose money it is."""
        return f"{self.hospital.code}-CC" if self.budget is None else f"{self.requisition}-CC"

    @property
    def bills(self) -> Iterator[Bill]:
        """In the order in which they are sent."""
        return (paper for paper in self.papers if isinstance(paper, Bill))

    @property
    def answer(self) -> Answer | None:
        """Of the supplier."""
        return next((paper for paper in self.papers if isinstance(paper, Answer)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """Everything that is true."""

    run: str  # begins every number
    hospitals: tuple[Hospital, ...]
    vendors: tuple[Vendor, ...]
    stories: tuple[Story, ...]
    payment_days: tuple[int, ...]  # on which bills are paid that are due
    begin: date = BEGIN

    @property
    def days(self) -> list[int]:
        """The days on which something happens; between them the hub has nothing to do."""
        found = {day for day in self.payment_days for day in (day, day + 1)}
        for story in self.stories:
            found |= {story.day, *(each.day for each in (*story.papers, *story.arrivals))}
            found |= {bill.again for bill in story.bills if bill.again is not None}
            found |= {story.change.day} if story.change is not None else set()
        return sorted(found)

    def on(self, day: int) -> date:
        """The calendar day."""
        return self.begin + timedelta(days=day)

    def at(self, day: int) -> datetime:
        """In the morning of that day."""
        found = self.on(day)
        return datetime(found.year, found.month, found.day, 8, tzinfo=UTC)


def cents(amount: Decimal) -> Decimal:
    """Rounded as commerce does it: half a cent counts up."""
    sign = -1 if amount < 0 else 1
    return sign * ((abs(amount) * 100 + Decimal("0.5")) // 1) / 100

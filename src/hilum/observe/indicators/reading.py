"""Indicators as people ask for them: of which days and whom, told apart by what; and the documents behind a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from hilum.observe.indicators.catalogue import INDICATORS, Indicator, Measure
from hilum.observe.indicators.counting import CLOSED, mark
from hilum.observe.indicators.stored import Contribution, contributions
from hilum.postgres import Connection

By = Literal["day", "facility", "supplier", "category"]
APART: Final[tuple[By, ...]] = ("facility", "supplier", "category")
"""What figures are told apart by, besides the day."""


_ABOUT: Final = (
    "day BETWEEN %(since)s AND %(until)s"
    " AND (%(facility)s::text IS NULL OR facility = %(facility)s)"
    " AND (%(supplier)s::text IS NULL OR supplier = %(supplier)s)"
    " AND (%(category)s::text IS NULL OR category = %(category)s)"
    " AND (%(currency)s::text IS NULL OR currency = %(currency)s)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which part of the facts. None: all; an empty text: those of which nobody says it."""

    since: date
    until: date  # included
    facility: str | None = None
    supplier: str | None = None
    category: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What an indicator comes to."""

    indicator: str
    of: tuple[str, ...]  # the values that it is told apart by, in the order that was asked for; days as ISO 8601
    currency: str  # empty: it is no money
    numerator: Decimal
    denominator: Decimal
    facts: int

    @property
    def value(self) -> Decimal | None:
        """A share from 0 to 1, the mean of seconds, or an amount. None: there is nothing to divide by."""
        if INDICATORS[self.indicator].measure is Measure.MONEY:
            return self.numerator
        return self.numerator / self.denominator if self.denominator else None


async def figures(
    connection: Connection, about: About, *, indicators: Sequence[str] = (), by: Sequence[By] = ()
) -> list[Figure]:
    """All figures of these indicators (none named: all), told apart by currency and `by`."""
    named = list(indicators or INDICATORS)
    apart = "".join(f"{name}::text, " for name in by)
    cursor = await connection.execute(
        f"SELECT indicator, {apart}currency, sum(numerator), sum(denominator), sum(facts) FROM business_figure"
        f" WHERE indicator = ANY(%(named)s) AND {_ABOUT} GROUP BY indicator, {apart}currency"
        f" ORDER BY array_position(%(named)s, indicator), {apart}currency".encode(),
        {"named": named, **_values(about)},
    )
    width = len(by)
    return [
        Figure(indicator=row[0], of=tuple(row[1 : 1 + width]), currency=row[1 + width], numerator=row[2 + width],
               denominator=row[3 + width], facts=int(row[4 + width]))
        for row in await cursor.fetchall()
    ]  # fmt: skip


async def documents(connection: Connection, indicator: Indicator, about: About) -> list[Contribution]:
    """The facts behind a figure, each with what it adds: together they come to it exactly. By day, document, line."""
    found = await contributions(connection, indicator, about.since, about.until)
    return [each for each in found if _is_about(each, about, indicator)]


async def latest_documents(
    connection: Connection, indicator: Indicator, about: About, limit: int
) -> list[Contribution]:
    """As `documents`, but the latest day first, and no further days once there are so many."""
    cursor = await connection.execute(
        f"SELECT DISTINCT day FROM business_figure WHERE indicator = %(name)s AND {_ABOUT} ORDER BY day DESC".encode(),
        {"name": indicator.name, **_values(about)},
    )
    found: list[Contribution] = []
    for (day,) in await cursor.fetchall():
        if len(found) >= limit:
            break
        found += reversed(await documents(connection, indicator, replace(about, since=day, until=day)))
    return found[:limit]


async def choices(connection: Connection, about: About, by: By) -> list[str]:
    """Facilities, suppliers or categories that any figure of these days has."""
    cursor = await connection.execute(
        f"SELECT DISTINCT {by}::text FROM business_figure WHERE day BETWEEN %s AND %s ORDER BY 1".encode(),
        [about.since, about.until],
    )
    return [row[0] for row in await cursor.fetchall()]


async def first_open_day(connection: Connection) -> date | None:
    """The first day that is not closed, as of the last count; none: nothing was counted yet."""
    ordinal = await mark(connection, CLOSED)
    return date.fromordinal(ordinal) if ordinal else None


def _values(about: About) -> dict[str, object]:
    return {"since": about.since, "until": about.until, "facility": about.facility, "supplier": about.supplier,
            "category": about.category, "currency": about.currency}  # fmt: skip


def _is_about(each: Contribution, about: About, indicator: Indicator) -> bool:
    fact = each.counted.fact
    asked = [(about.facility, fact.facility), (about.supplier, fact.supplier), (about.category, fact.category)]
    if indicator.of_money:
        asked.append((about.currency, fact.currency))
    return all(wanted is None or wanted == said for wanted, said in asked)

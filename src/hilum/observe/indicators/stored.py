"""Facts as they lie in the database, and what each adds to an indicator."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from hilum.canonical import Rebate
from hilum.facts import KINDS, BillLine, Fact
from hilum.masterdata.terms.book import Head
from hilum.masterdata.terms.rebates import Bought, accrual
from hilum.masterdata.terms.store import rebates
from hilum.observe.indicators.catalogue import NOTHING, Indicator, Part
from hilum.postgres import Connection

COUNTS = "counted IS NOT NULL AND ended IS NULL"
"""Facts that are in the figures now."""

_BREATH: Final = 250
"""Facts that are read in one go."""

_COLUMNS = (
    "id, day, noted_at, document, line, revision, at, facility, supplier, category, currency, run_id, message_id, said"
)


@dataclass(frozen=True, slots=True)
class Counted:
    """A fact on its day."""

    id: int
    day: date
    noted_at: datetime
    fact: Fact


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a fact adds to an indicator."""

    counted: Counted
    part: Part


async def facts_where(connection: Connection, kind: str, where: str, values: Sequence[Any]) -> list[Counted]:
    """Facts of a kind by day, document and line. `where` is SQL of ours."""
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM business_fact WHERE kind = %s AND {where} ORDER BY day, document, line, id".encode(),
        [kind, *values],
    )
    found: list[Counted] = []
    while rows := await cursor.fetchmany(_BREATH):
        found += [_counted(kind, row) for row in rows]
        await asyncio.sleep(0)  # a day has thousands, and the loop has listeners to serve
    return found


def _counted(kind: str, row: Sequence[Any]) -> Counted:
    names = ("document", "line", "revision", "at", "facility", "supplier", "category", "currency", "run_id",
             "message_id")  # fmt: skip
    fact = KINDS[kind].model_validate({**dict(zip(names, row[3:13], strict=True)), **row[13]})
    return Counted(row[0], row[1], row[2], fact)


async def contributions(connection: Connection, indicator: Indicator, since: date, until: date) -> list[Contribution]:
    """What the facts of these days (both included) add to it, by day, document and line."""
    if indicator.part is None:
        return await _accruing(connection, indicator, since, until)
    found = await facts_where(connection, indicator.kind, f"day BETWEEN %s AND %s AND {COUNTS}", [since, until])
    return [Contribution(each, part) for each in found if (part := indicator.part(each.fact)) is not None]


async def _accruing(connection: Connection, indicator: Indicator, since: date, until: date) -> list[Contribution]:
    """Lines bought by contracts with rebates, each with what it adds after all that were bought before it."""
    steps = {head.number: (head, each) for head, each in await rebates(connection) if each}
    where = f"day BETWEEN %s AND %s AND said ->> 'contract' = ANY(%s) AND {COUNTS}"
    found = await facts_where(connection, indicator.kind, where, [since, until, list(steps)])
    lines: dict[str, list[Counted]] = defaultdict(list)
    for each in found:
        head, _ = steps[_contract_of(each)]
        if _belongs(each, head):
            lines[head.number].append(each)
    made: list[Contribution] = []
    for number, bought in lines.items():
        head, each_step = steps[number]
        made += _added(bought, head, each_step, await _bought_before(connection, head, since))
    return sorted(made, key=lambda each: (each.counted.day, each.counted.fact.document, each.counted.fact.line))


def _added(lines: Iterable[Counted], head: Head, steps: Sequence[Rebate], before: Decimal) -> Iterable[Contribution]:
    def owed(amount: Decimal) -> Decimal:
        bought = Bought(contract=head.number, currency=head.currency, amount=amount)
        return accrual(bought, steps, head.valid_from).accrued

    was, amount = owed(before), before
    for line in lines:
        bought = _amount_of(line)
        amount += bought
        now = owed(amount)
        yield Contribution(line, Part(numerator=now - was, denominator=bought))
        was = now


async def _bought_before(connection: Connection, head: Head, day: date) -> Decimal:
    cursor = await connection.execute(
        "SELECT coalesce(sum((said ->> 'amount')::numeric), 0) FROM business_fact WHERE kind = 'bill_lines'"
        f" AND said ->> 'contract' = %s AND supplier = %s AND currency = %s AND day >= %s AND day < %s AND {COUNTS}",
        [head.number, head.supplier, head.currency, head.valid_from, min(day, head.valid_to or date.max)],
    )
    row = await cursor.fetchone()
    return Decimal(row[0]) if row else NOTHING


def _belongs(counted: Counted, head: Head) -> bool:
    fact = counted.fact
    return (
        (fact.supplier, fact.currency) == (head.supplier, head.currency)
        and isinstance(fact, BillLine) and fact.amount is not None
        and head.valid_from <= counted.day < (head.valid_to or date.max)
    )  # fmt: skip


def _contract_of(counted: Counted) -> str:
    return counted.fact.contract if isinstance(counted.fact, BillLine) else ""


def _amount_of(counted: Counted) -> Decimal:
    return (counted.fact.amount or NOTHING) if isinstance(counted.fact, BillLine) else NOTHING
